// The tree of assets: how deep, whose, copied, handed over; what lists of them cost.
import assert from 'node:assert/strict'
import test from 'node:test'
import { type Door, openDoor } from '../door.fixture.ts'

const V3 = '/api/v3_0'
const fault = (body: Record<string, unknown>, field: string, location = 'json') =>
  String((body['message'] as Record<string, Record<string, unknown>>)[location]?.[field])
const events = async (door: Door, asset: number): Promise<string[]> =>
  (await door.store.query<{ event: string }>('select event from asset_audit_log where affected_asset_id = $1 order by id', [asset])).map(
    (row) => row.event,
  )
const admin = async (door: Door): Promise<{ authorization: string }> => {
  const user = await door.server.users.create({ email: 'root@example.com', account: 2, roles: ['admin'] })
  return { authorization: await door.server.tokens.issue(user.id, 'program') }
}

test('a tree of a hundred levels is built, listed, copied and deleted; one more level is refused', async (t) => {
  const door = await openDoor(t)
  const path = [door.asset]
  for (let level = 2; level < 99; level++)
    path.push((await door.server.assets.create({ name: `level ${level}`, type: 6, account: 1, parent: path.at(-1)! })).id)
  for (let level = 99; level <= 100; level++) {
    const made = await door.ask('POST', `${V3}/assets`, {
      as: 'mel',
      body: { name: `level ${level}`, generic_asset_type_id: 6, account_id: 1, parent_asset_id: path.at(-1) },
    })
    assert.equal(made.status, 201, `level ${level}`)
    path.push(made.body['id'] as number)
  }
  const bottom = path.at(-1)!
  const deeper = { name: 'too deep', generic_asset_type_id: 6, account_id: 1, parent_asset_id: bottom }
  const refused = await door.ask('POST', `${V3}/assets`, { as: 'mel', body: deeper })
  assert.deepEqual([refused.status, fault(refused.body, 'parent_asset_id')], [422, 'An asset tree can have 100 levels at most.'])
  const list = async (query: string) =>
    ((await door.ask('GET', `${V3}/assets?fields=id&${query}`, { as: 'mel' })).body as unknown as object[]).length
  assert.deepEqual([await list(`root=${door.asset}`), await list(`root=${door.asset}&depth=7`), await list(`root=${bottom}`)], [100, 8, 1])
  const ring = await door.ask('PATCH', `${V3}/assets/${door.asset}`, { as: 'mel', body: { parent_asset_id: bottom } })
  assert.deepEqual(
    [ring.status, fault(ring.body, 'parent_asset_id')],
    [422, 'An asset cannot be its own parent or the child of its own offspring.'],
  )
  const copy = await door.ask('POST', `${V3}/assets/${door.asset}/copy`, { as: 'ann' })
  assert.equal(copy.status, 201)
  assert.equal(await list(`root=${String(copy.body['asset'])}`), 100)
  const deepCopy = await door.ask('POST', `${V3}/assets/${door.asset}/copy?parent=${String(copy.body['asset'])}`, { as: 'ann' })
  assert.deepEqual([deepCopy.status, fault(deepCopy.body, 'x')], [422, 'undefined'])
  assert.equal((await door.ask('DELETE', `${V3}/assets/${String(copy.body['asset'])}`, { as: 'ann' })).status, 204)
  assert.equal(await door.server.assets.count({ accounts: [1] }), 100)
})

test('a ring that somebody made in the database hangs nothing', async (t) => {
  const door = await openDoor(t)
  const child = await door.server.assets.create({ name: 'child', type: 6, account: 1, parent: door.asset })
  await door.store.query('update generic_asset set parent_asset_id = $1 where id = $2', [child.id, door.asset])
  for (const path of [
    `/assets?root=${door.asset}`,
    `/assets?root=${door.asset}&depth=3`,
    `/sensors?asset=${door.asset}`,
    `/assets/${child.id}`,
  ])
    assert.equal((await door.ask('GET', V3 + path, { as: 'mel' })).status, 200, path)
  const below = { name: 'below', generic_asset_type_id: 6, account_id: 1, parent_asset_id: child.id }
  assert.equal((await door.ask('POST', `${V3}/assets`, { as: 'mel', body: below })).status, 422)
  assert.equal((await door.ask('DELETE', `${V3}/assets/${child.id}`, { as: 'ann' })).status, 204)
})

test('a copy has its own sensors, speaks of them, and of nobody else’s but public ones', async (t) => {
  const door = await openDoor(t)
  const { assets, sensors } = door.server
  const sensor = (name: string, asset: number) => sensors.create({ name, unit: 'kW', resolution: 900_000, asset, timezone: 'UTC' })
  const site = await assets.create({ name: 'site', type: 6, account: 1 })
  const open = await assets.create({ name: 'open', type: 6, account: null })
  const battery = await assets.create({
    name: 'battery',
    type: 5,
    account: 1,
    parent: site.id,
    externalId: 'x',
    attributes: { template: { key: 't' }, a: 1 },
    description: 'A battery. Copy this to start modeling.',
  })
  const [own, sites, price] = [await sensor('power', battery.id), await sensor('meter', site.id), await sensor('price', open.id)]
  await assets.update(battery.id, {
    flexContext: { 'consumption-price': { sensor: price.id }, 'inflexible-device-sensors': [sites.id, own.id] },
    flexModel: { 'state-of-charge': { sensor: sites.id }, 'soc-max': '9 kWh', consumption: { sensor: own.id } },
    sensorsToShow: [{ title: 'A', plots: [{ sensor: own.id }, { sensor: sites.id }, { asset: battery.id, 'flex-model': 'soc-max' }] }],
    kpis: [{ title: 'K', sensor: own.id, function: 'sum' }],
  })
  const copy = async (query = '', as: 'ann' | 'mel' | 'bob' = 'ann') => door.ask('POST', `${V3}/assets/${battery.id}/copy${query}`, { as })
  const first = await copy()
  assert.deepEqual(first.body, { message: `Successfully copied asset ${battery.id}.`, asset: first.body['asset'], status: 201 })
  const made = (await assets.get(first.body['asset'] as number))!
  const twin = made.sensors[0]!.id
  assert.deepEqual(
    [made.name, made.parent, made.account, made.externalId, made.attributes, made.description],
    ['battery (Copy)', site.id, 1, null, { a: 1 }, 'A battery.'],
  )
  assert.deepEqual(made.flexContext, { 'consumption-price': { sensor: price.id }, 'inflexible-device-sensors': [twin] })
  assert.deepEqual(made.flexModel, { 'soc-max': '9 kWh', consumption: { sensor: twin } })
  assert.deepEqual(made.sensorsToShow, [{ title: 'A', plots: [{ sensor: twin }, { asset: made.id, 'flex-model': 'soc-max' }] }])
  assert.deepEqual(made.kpis, [{ title: 'K', sensor: twin, function: 'sum' }])
  assert.deepEqual(await events(door, made.id), [`Copied asset 'battery': ${battery.id} to 'battery (Copy)': ${made.id}`])
  const second = await copy()
  await assets.remove(made.id)
  const third = await copy()
  const names = await Promise.all([second, third].map(async ({ body }) => (await assets.get(body['asset'] as number))!.name))
  assert.deepEqual(names, ['battery (Copy 2)', 'battery (Copy 3)'], 'numbers are not used again')
  const top = await copy('?account=1')
  assert.match(String(top.body['message']), /to account 1\.$/)
  assert.equal((await assets.get(top.body['asset'] as number))!.parent, null)
  assert.equal((await copy('?account=1', 'mel')).status, 403, 'top-level assets are for account administrators')
  assert.equal((await copy(`?parent=${site.id}`, 'mel')).status, 201)
  assert.equal((await copy('', 'bob')).status, 403)
  assert.equal((await copy('?account=2', 'ann')).status, 403, 'nothing is put into accounts of others')
  assert.equal((await copy(`?parent=${battery.id}`)).status, 422)
  assert.equal((await copy('?parent=999')).status, 422)
  assert.equal((await copy('?account=999')).status, 404)
  const template = await door.ask('POST', `${V3}/assets/${open.id}/copy?account=2`, { as: 'bob' })
  assert.equal(template.status, 201, 'public assets are templates for everybody')
})

test('only administrators hand an asset over, then with all below it', async (t) => {
  const door = await openDoor(t)
  const root = await admin(door)
  const child = await door.server.assets.create({ name: 'child', type: 6, account: 1, parent: door.asset, externalId: 'e' })
  const patch = (id: number, body: object, headers: Record<string, string> = { authorization: door.tokens.ann }) =>
    door.ask('PATCH', `${V3}/assets/${id}`, { body, headers })
  for (const account_id of [2, null]) {
    const refused = await patch(door.asset, { account_id })
    assert.deepEqual([refused.status, fault(refused.body, 'account_id')], [422, 'User is not allowed to create assets for this account.'])
  }
  assert.equal((await patch(door.asset, { account_id: 1, name: 'home' })).status, 200, 'whoever sends back what is there changes nothing')
  await door.server.assets.create({ name: 'taken', type: 6, account: 2, externalId: 'e' })
  assert.match(fault((await patch(door.asset, { account_id: 2 }, root)).body, 'external_id'), /already exists/)
  await door.server.assets.update(child.id, { externalId: null })
  const given = await patch(door.asset, { account_id: 2 }, root)
  assert.deepEqual([given.status, given.body['owner']], [200, { id: 2, name: 'B' }])
  assert.equal((await door.server.assets.get(child.id))!.account, 2)
  assert.deepEqual(await events(door, child.id), ['Updated: account_id, From: 1, To: 2'])
  assert.equal((await door.ask('GET', `${V3}/assets/${child.id}`, { as: 'mel' })).status, 403)
  assert.equal((await door.ask('GET', `${V3}/assets/${child.id}`, { as: 'bob' })).status, 200)
})

test('what an asset shows and says of sensors must be right and readable', async (t) => {
  const door = await openDoor(t)
  const own = await door.sensor()
  const theirs = await door.server.assets.create({ name: 'theirs', type: 6, account: 2 })
  const hidden = (
    await door.server.sensors.create({ name: 'hidden', unit: 'EUR/MWh', resolution: 3_600_000, asset: theirs.id, timezone: 'UTC' })
  ).id
  const patch = (body: object) => door.ask('PATCH', `${V3}/assets/${door.asset}`, { as: 'mel', body })
  const refusals: [object, string, RegExp][] = [
    [{ sensors_to_show: [hidden] }, 'sensors_to_show', new RegExp(`No sensor found with ID ${hidden}\\.`)],
    [{ sensors_to_show: [{ title: 'x', plots: [{ sensor: hidden }] }] }, 'sensors_to_show', /No sensor found/],
    [{ sensors_to_show_as_kpis: [{ title: 'x', sensor: hidden }] }, 'sensors_to_show_as_kpis', /No sensor found/],
    [{ flex_context: { 'consumption-price': { sensor: hidden } } }, 'flex_context', /No sensor found/],
    [{ flex_model: { 'soc-usage': ['1 kW', { sensor: hidden }] } }, 'flex_model', /No sensor found/],
    [{ sensors_to_show: [[own, 'x']] }, 'sensors_to_show', /must be integers/],
    [{ sensors_to_show: [[[own]]] }, 'sensors_to_show', /must be integers/],
    [{ sensors_to_show: ['x'] }, 'sensors_to_show', /Expected int, list, or dict/],
    [{ sensors_to_show: [{ title: 'x' }] }, 'sensors_to_show', /must contain either 'sensor', 'sensors' or 'plots' key/],
    [{ sensors_to_show: [{ title: 7, sensor: own }] }, 'sensors_to_show', /'title' value must be a string/],
    [{ sensors_to_show: [{ plots: [{}] }] }, 'sensors_to_show', /Each plot must contain/],
    [{ sensors_to_show: [{ plots: [{ asset: 1 }] }] }, 'sensors_to_show', /When 'asset' is provided/],
    [{ sensors_to_show: [{ sensor: own, 'y-axis': [5, 1] }] }, 'sensors_to_show', /minimum cannot exceed/],
    [{ sensors_to_show: '[' }, 'sensors_to_show', /Not a valid JSON/],
    [{ sensors_to_show: {} }, 'sensors_to_show', /should be a list/],
    [{ sensors_to_show_as_kpis: [{ title: 'x', sensor: own, function: 'median' }] }, 'sensors_to_show_as_kpis', /must be one of/],
    [{ attributes: { sensors_to_show: [own, [own, 'x']] } }, 'attributes', /must be integers/],
    [{ latitude: 14.123456789 }, 'latitude', /7 decimal places/],
    [{ longitude: -181 }, 'longitude', /exceeds the minimum longitude of -180 degrees/],
    [{ flex_model: [] }, 'flex_model', /Not a valid mapping/],
    [{ name: null }, 'name', /may not be null/],
    [{ name: 'x'.repeat(81) }, 'name', /Longer than maximum length 80/],
  ]
  for (const [body, field, text] of refusals) {
    const answer = await patch(body)
    assert.equal(answer.status, 422, JSON.stringify(body))
    assert.match(fault(answer.body, field), text)
  }
  // What was there before stays, whoever may read it: an administrator put it there.
  await door.server.assets.update(door.asset, { flexContext: { 'consumption-price': { sensor: hidden } } })
  const kept = { 'consumption-price': { sensor: hidden }, 'site-power-capacity': '5 kW' }
  assert.equal((await patch({ flex_context: kept })).status, 200)
  assert.deepEqual(await events(door, door.asset), ['Updated flex_context:\n1. Added site-power-capacity: 5 kW'])
  assert.equal((await patch({ sensors_to_show: [own, [own], { title: 'A', sensors: [own], 'y-axis': { min: 0, max: 5 } }] })).status, 200)
})

test('lists ask the database the same few questions however long they are', async (t) => {
  const door = await openDoor(t)
  let asked = 0
  const { query, first } = door.store
  Object.assign(door.store, {
    query: (...args: Parameters<typeof query>) => {
      asked++
      return query(...args)
    },
    first: (...args: Parameters<typeof first>) => {
      asked++
      return first(...args)
    },
  })
  const paths = [
    '/accounts?page=1&per-page=1000',
    '/users?page=1&per-page=1000',
    '/sensors',
    '/assets',
    '/assets?page=1&per-page=1000',
    '/sources',
  ]
  const cost = async () => {
    const counts: number[] = []
    for (const path of paths) {
      const before = asked
      assert.equal((await door.ask('GET', V3 + path, { as: 'ann' })).status, 200, path)
      counts.push(asked - before)
    }
    return counts
  }
  await cost()
  const few = await cost()
  await door.store.query("insert into account (name, consultancy_account_id) select 'client ' || n, 1 from generate_series(1, 30) n")
  await door.store.query(
    `insert into fm_user (email, username, account_id, active, fs_uniquifier) select n || '@example.com', 'u' || n, 1, true, 'f' || n from generate_series(1, 100) n`,
  )
  await door.store.query(
    `insert into generic_asset (name, account_id, generic_asset_type_id, attributes, secrets) select 'asset ' || n, 1, 6, '{}', '{}' from generate_series(1, 150) n`,
  )
  await door.store.query(
    `insert into sensor (name, unit, timezone, event_resolution, knowledge_horizon_fnc, knowledge_horizon_par, attributes, generic_asset_id)
     select 's' || n, 'kW', 'UTC', interval '15 minutes', 'ex_post', '{"ex_post_horizon": "PT0H"}', '{}', a.id from generic_asset a, generate_series(1, 4) n`,
  )
  assert.deepEqual(await cost(), few)
  const rows = (await door.ask('GET', `${V3}/assets`, { as: 'ann' })).body as unknown as { sensors: object[] }[]
  assert.deepEqual([rows.length, rows.at(-1)!.sensors.length], [151, 4])
})
