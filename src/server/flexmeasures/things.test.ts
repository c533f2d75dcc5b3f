// Accounts, users, assets and sensors over HTTP: rows of the reference's Annex A.1 that the recordings do not hold.
import assert from 'node:assert/strict'
import test from 'node:test'
import { type Door, openDoor } from '../door.fixture.ts'

const V3 = '/api/v3_0'
const json = (body: Record<string, unknown>, location = 'json') => (body['message'] as Record<string, Record<string, string[]>>)[location]!

const audits = async (door: Door, asset: number | null): Promise<string[]> =>
  (
    await door.store.query<{ event: string }>(
      'select event from asset_audit_log where affected_asset_id is not distinct from $1::int order by id',
      [asset],
    )
  ).map((row) => row.event)

test('top-level assets are made by account administrators, children by any member, public ones by administrators of the platform', async (t) => {
  const door = await openDoor(t)
  const make = (as: 'ann' | 'mel' | 'bob', body: object) =>
    door.ask('POST', `${V3}/assets`, { as, body: { generic_asset_type_id: 5, ...body } })
  const account = (await door.server.assets.get(door.asset))!.account
  assert.equal((await make('mel', { name: 'top', account_id: account })).status, 403)
  assert.equal((await make('ann', { name: 'top', account_id: account })).status, 201)
  assert.equal((await make('mel', { name: 'child', account_id: account, parent_asset_id: door.asset })).status, 201)
  assert.equal((await make('ann', { name: 'nobody’s', account_id: null })).status, 422)
  const foreign = await make('bob', { name: 'theirs', account_id: account })
  assert.deepEqual(json(foreign.body)['account_id'], ['User is not allowed to create assets for this account.'])
  const under = await make('bob', { name: 'theirs', parent_asset_id: door.asset })
  assert.match(String(json(under.body)['parent_asset_id']), /doesn't exist/, 'foreign assets are not even there')
  const again = await make('mel', { name: 'child', account_id: account, parent_asset_id: door.asset })
  assert.match(String(json(again.body)['name']), /already exists/)
  const elsewhere = await make('ann', { name: 'child', account_id: account })
  assert.equal(elsewhere.status, 201, 'the same name elsewhere in the tree is fine')
  const far = await make('ann', { name: 'far', longitude: 300.9, account_id: account })
  assert.match(String(json(far.body)['longitude']), /exceeds the maximum longitude/)
  const list = await door.ask('POST', `${V3}/assets`, { as: 'ann', body: [] })
  assert.deepEqual(json(list.body)['_schema'], ['Invalid input type.'])
})

test('an asset changes field by field, each noted in its audit log, and never into its own offspring', async (t) => {
  const door = await openDoor(t)
  const patch = (body: object, as: 'ann' | 'mel' | 'bob' = 'mel', id = door.asset) => door.ask('PATCH', `${V3}/assets/${id}`, { as, body })
  assert.equal((await patch({ name: 'home', latitude: 14.5, attributes: { a: [1, 'x', null, true] } })).status, 200)
  assert.deepEqual(await audits(door, door.asset), [
    'Updated: latitude, From: None, To: 14.5',
    'Updated: name, From: house, To: home',
    "Updated Attr: a, From: None, To: [1, 'x', None, True]",
  ])
  assert.equal((await patch({ name: 'x' }, 'bob')).status, 403)
  for (const [attributes, text] of [
    [null, 'may not be null'],
    ['{', 'Not a valid JSON'],
    ['{"hallo": world}', 'Not a valid JSON'],
  ] as const)
    assert.match(String(json((await patch({ attributes })).body)['attributes']), new RegExp(text))
  assert.match(String(json((await patch({ attributes: { sensors_to_show: [987, 1] } })).body)['attributes']), /No sensor found/)
  const child = await door.server.assets.create({ name: 'room', type: 6, parent: door.asset, account: 1 })
  for (const parent of [door.asset, child.id])
    assert.match(String(json((await patch({ parent_asset_id: parent })).body)['parent_asset_id']), /own (parent|offspring)/)
})

test('deleting is for account administrators and leaves no dangling references', async (t) => {
  const door = await openDoor(t)
  const other = await door.server.assets.create({ name: 'other', type: 6, account: 1 })
  const [doomed, kept] = [await door.sensor(), await door.sensor()]
  await door.server.assets.update(other.id, {
    flexContext: {
      'consumption-price': { sensor: doomed },
      'inflexible-device-sensors': [doomed, kept],
      'site-power-capacity': `${doomed} kW`,
    },
    flexModel: { 'state-of-charge': { sensor: doomed }, 'soc-max': '9 kWh' },
    sensorsToShow: [{ title: 'A', plots: [{ sensor: doomed }] }, { title: 'B', sensors: [doomed, kept] }, doomed],
  })
  assert.equal((await door.ask('DELETE', `${V3}/sensors/${doomed}`, { as: 'mel' })).status, 403)
  const gone = await door.ask('DELETE', `${V3}/sensors/${doomed}`, { as: 'ann', headers: { 'content-type': 'application/json' } })
  assert.deepEqual([gone.status, gone.headers.get('content-type')], [204, 'application/json'])
  const left = (await door.server.assets.get(other.id))!
  assert.deepEqual(left.flexContext, { 'inflexible-device-sensors': [kept], 'site-power-capacity': `${doomed} kW` })
  assert.deepEqual(left.flexModel, { 'soc-max': '9 kWh' })
  assert.deepEqual(left.sensorsToShow, [{ title: 'B', sensors: [kept] }])
  assert.deepEqual(
    await audits(door, other.id),
    ['flex-model', 'flex-context', 'sensors-to-show'].map(
      (field) => `Removed sensor reference 's0': ${doomed} from ${field} (because sensor has been deleted).`,
    ),
  )
  await door.server.assets.update(other.id, {
    sensorsToShow: [{ title: 'C', plots: [{ asset: door.asset, 'flex-model': 'soc-max' }, { sensor: kept }] }],
  })
  assert.equal((await door.ask('GET', `${V3}/sensors/${doomed}`, { as: 'ann' })).status, 404)
  assert.equal((await door.ask('DELETE', `${V3}/assets/${door.asset}`, { as: 'mel' })).status, 403)
  assert.equal((await door.ask('DELETE', `${V3}/assets/${door.asset}`, { as: 'ann' })).status, 204)
  assert.equal((await door.ask('GET', `${V3}/sensors/${kept}`, { as: 'ann' })).status, 404, 'its sensors went with it')
  assert.match((await audits(door, null)).at(-1)!, /^Deleted asset 'house': \d+$/)
  assert.deepEqual((await audits(door, other.id)).slice(-2), [
    `Removed asset reference 'house': ${door.asset} from sensors-to-show (because asset has been deleted).`,
    `Removed sensor reference 's1': ${kept} from sensors-to-show (because sensor has been deleted).`,
  ])
  assert.deepEqual((await door.server.assets.get(other.id))!.sensorsToShow, [])
  const unknown = await door.ask('GET', `${V3}/assets/8171766575`, { as: 'ann' })
  assert.deepEqual([unknown.status, unknown.body['message']], [404, 'No asset found with ID 8171766575.'])
})

test('sensors are listed by account, asset, unit and words, and changed by account administrators only', async (t) => {
  const door = await openDoor(t)
  const child = await door.server.assets.create({ name: 'room', type: 6, parent: door.asset, account: 1 })
  const power = await door.sensor()
  const warmth = await door.server.sensors.create({ name: 'warmth', unit: '°C', resolution: 0, asset: child.id, timezone: 'UTC' })
  const names = async (query: string, as: 'ann' | 'bob' = 'ann') => {
    const { status, body } = await door.ask('GET', `${V3}/sensors${query}`, { as })
    return status === 200
      ? (Array.isArray(body) ? body : (body['data'] as object[])).map((sensor) => (sensor as { name: string }).name)
      : status
  }
  assert.deepEqual(await names(''), ['s0', 'warmth'])
  assert.deepEqual(await names(`?asset_id=${door.asset}`), ['s0', 'warmth'], 'children included')
  assert.deepEqual(await names(`?unit=${encodeURIComponent('°C')}`), ['warmth'])
  assert.deepEqual(await names(`?page=1&filter=${encodeURIComponent(`"does not match" ${warmth.id}`)}`), ['warmth'], 'any word may match')
  assert.deepEqual(
    [await names(`?asset_id=${door.asset}`, 'bob'), await names('?account_id=1', 'bob'), await names('', 'bob')],
    [403, 403, []],
  )
  assert.equal(await names(`?account_id=2&asset_id=${door.asset}`, 'bob'), 403)
  assert.equal((await door.ask('PATCH', `${V3}/sensors/${power}`, { as: 'mel', body: { name: 'x' } })).status, 403)
  const changed = await door.ask('PATCH', `${V3}/sensors/${power}`, {
    as: 'ann',
    body: { attributes: '{"k": 1}', event_resolution: 'PT1H' },
  })
  assert.deepEqual([changed.status, changed.body['attributes'], changed.body['event_resolution']], [200, '{"k":1}', 'PT1H'])
  const bad = await door.ask('POST', `${V3}/sensors`, {
    as: 'ann',
    body: { name: 'z', unit: 'bananas', event_resolution: 'an hour', generic_asset_id: door.asset, timezone: 'Mars/Base' },
  })
  assert.deepEqual(Object.keys(json(bad.body)).sort(), ['event_resolution', 'timezone', 'unit'])
  const foreign = await door.ask('POST', `${V3}/sensors`, {
    as: 'bob',
    body: { name: 'z', unit: 'kW', event_resolution: 'PT1H', generic_asset_id: door.asset },
  })
  assert.equal(foreign.status, 403)
})

test('lists are bare without a page and carry counts with one; Python spellings of truth are understood', async (t) => {
  const door = await openDoor(t)
  for (const name of ['alpha', 'beta', 'gamma']) await door.server.assets.create({ name, type: 6, account: 1 })
  const ask = (query: string) => door.ask('GET', `${V3}/assets?${query}`, { as: 'mel' })
  assert.ok(Array.isArray((await ask('all_accessible=False&include_public=False')).body))
  const second = (await ask('page=2&per_page=2&sort_by=name&sort_dir=desc')).body
  assert.deepEqual(
    [(second['data'] as { name: string }[]).map((asset) => asset.name), second['num-records'], second['filtered-records']],
    [['beta', 'alpha'], 4, 4],
  )
  const found = (await ask('page=1&filter=A alp')).body
  assert.deepEqual(
    [(found['data'] as { name: string }[]).map((asset) => asset.name), found['num-records'], found['filtered-records']],
    [['alpha'], 4, 1],
  )
  assert.equal((await ask('account_id=2')).status, 403)
  assert.equal((await ask('page=0')).status, 422)
  assert.equal((await ask('colour=red')).status, 422)
})

test('users are seen in their account only, roles are given by those who may', async (t) => {
  const door = await openDoor(t)
  const emails = async (as: 'ann' | 'bob') =>
    ((await door.ask('GET', `${V3}/users`, { as })).body as unknown as { email: string }[]).map((user) => user.email)
  assert.deepEqual([await emails('ann'), await emails('bob')], [['ann@example.com', 'mel@example.com'], ['bob@example.com']])
  const roles = await door.server.users.roles()
  const id = (name: string) => roles.find((role) => role.name === name)!.id
  const give = (as: 'ann' | 'mel', role: string) => door.ask('PATCH', `${V3}/users/2`, { as, body: { flexmeasures_roles: [id(role)] } })
  assert.equal((await give('ann', 'admin')).status, 403)
  assert.equal((await give('ann', 'account-admin')).status, 403)
  assert.equal((await give('mel', 'consultant')).status, 403)
  assert.equal((await give('ann', 'consultant')).status, 200)
  const off = await door.ask('PATCH', `${V3}/users/2`, { as: 'ann', body: { active: false } })
  assert.equal(off.status, 200)
  assert.equal((await door.ask('GET', `${V3}/users/2`, { as: 'mel' })).status, 401, 'a deactivated user is out at once')
})
