// Rows of Annex A and of sections 2 and 10 of the reference that no other test holds, fired one after the other at one server.
import assert from 'node:assert/strict'
import test, { after } from 'node:test'
import { type SolverPool, startSolverPool } from '#ems'
import { type Answer, type Door, openDoor } from '../door.fixture.ts'

const V3 = '/api/v3_0'
const DAY = '2026-11-24T00:00:00+00:00'
type Body = Record<string, unknown>
type Who = 'ann' | 'mel' | 'bob'

/** A door with an administrator of the platform, and ways to ask as one of its people. */
async function annex(t: Parameters<typeof openDoor>[0], given: Parameters<typeof openDoor>[1] = {}) {
  const door = await openDoor(t, given)
  const root = await door.server.users.create({ email: 'root@example.com', account: 2, roles: ['admin'] })
  const token = await door.server.tokens.issue(root.id, 'program')
  const ask = (
    method: string,
    path: string,
    as: Who | 'root' | undefined,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> =>
    door.ask(method, path.startsWith('/api') ? path : V3 + path, {
      ...(as !== undefined && as !== 'root' && { as }),
      ...(body !== undefined && { body }),
      headers: { ...(as === 'root' && { authorization: token }), ...headers },
    })
  return { door, ask, account: (await door.server.assets.get(door.asset))!.account! }
}

const ends: (() => unknown)[] = []
after(async () => {
  for (const end of ends.reverse()) await end()
})
let common: ReturnType<typeof annex> | undefined
/** One server for tests that leave nothing behind that others would see, and a user to lock out, with a token. */
async function commonAnnex() {
  common ??= annex({ name: 'the server that the rows of Annex A share', after: (end) => void ends.push(end) })
  const given = await common
  const { users, tokens } = given.door.server
  const name = `eve${ends.length}`
  ends.push(() => {})
  const { id } = await users.create({ email: `${name}@example.com`, account: given.account, password: 'long enough' })
  return { ...given, eve: { id, email: `${name}@example.com`, headers: { authorization: await tokens.issue(id, 'program') } } }
}
const at = (body: unknown, ...keys: string[]): unknown => keys.reduce((here, key) => (here as Body | undefined)?.[key], body)
const audits = async (door: Door, asset: number): Promise<string[]> =>
  (await door.store.query<{ event: string }>('select event from asset_audit_log where affected_asset_id = $1 order by id', [asset])).map(
    (row) => row.event,
  )
const names = (answer: Answer): string[] =>
  ((Array.isArray(answer.body) ? answer.body : answer.body['data']) as { name: string }[]).map(({ name }) => name)

test('refusals have the exact words that clients look for (A.1.3, A.1.4, 2.1)', async () => {
  const { door, ask, eve } = await commonAnnex()
  const sensor = await door.sensor()
  const nobody = await ask('GET', `/sensors/${sensor}`, undefined)
  assert.deepEqual(
    [nobody.status, nobody.body],
    [401, { message: 'You could not be properly authenticated for this content or functionality.', status: 'UNAUTHORIZED' }],
  )
  const foreign = await ask('GET', `/sensors/${sensor}`, 'bob')
  assert.deepEqual(
    [foreign.status, foreign.body],
    [403, { message: 'You cannot be authorized for this content or functionality.', status: 'INVALID_SENDER', result: 'Rejected' }],
  )
  const token = (body: unknown) => ask('POST', '/api/requestAuthToken', undefined, body)
  assert.deepEqual(
    [await token({ email: 'no@example.com', password: 'x' }), await token({ email: eve.email, password: 'x' })].map(({ status, body }) => [
      status,
      body['errors'],
    ]),
    [
      [404, ["User with email 'no@example.com' does not exist"]],
      [401, ['User password does not match.']],
    ],
  )
  const got = await token({ email: eve.email, password: 'long enough' })
  assert.deepEqual(
    [got.status, Object.keys(got.body), got.body['user_id'], got.body['status']],
    [200, ['auth_token', 'user_id', 'status'], eve.id, 200],
  )
  assert.equal((await token({ email: eve.email })).status, 422)
  assert.equal((await ask('GET', '/api/requestAuthToken', undefined)).status, 405)
  const job = await ask('GET', `/sensors/${sensor}/schedules/00000000-0000-4000-8000-00000000000f`, 'ann')
  assert.deepEqual(
    [job.status, job.body],
    [
      400,
      {
        result: 'Rejected',
        status: 'UNRECOGNIZED_UDI_EVENT',
        message: 'The requested UDI event (id = 00000000-0000-4000-8000-00000000000f, type = job) is not known.',
      },
    ],
    'A.2.1',
  )
})

test('lists sort, filter and page as clients ask, in either spelling (A.1.5 to A.1.12, 2.3)', async (t) => {
  const { door, ask, account } = await annex(t)
  await door.server.assets.create({ name: 'everybody’s', type: 6, account: null })
  for (const name of ['alpha', 'beta'])
    await door.server.assets
      .create({ name: `${name} b`, type: 6, account: 2 })
      .then(() => door.server.assets.create({ name, type: 6, account }))
  assert.deepEqual(names(await ask('GET', '/assets/public', 'mel')), ['everybody’s'])
  const owners = (answer: Answer) => (answer.body['data'] as { owner: { name: string } | null }[]).map(({ owner }) => owner?.name)
  for (const query of ['all-accessible=True&page=1&sort-by=owner&sort-dir=desc', 'all_accessible=1&page=1&sort_by=owner&sort_dir=desc'])
    assert.deepEqual(owners(await ask('GET', `/assets?${query}`, 'root')), [undefined, 'B', 'B', 'A', 'A', 'A'], query)
  const searched = await ask('GET', '/assets?all_accessible=on&page=1&sort_by=owner&sort_dir=asc&filter=beta', 'root')
  assert.deepEqual(owners(searched), ['A', 'B'], 'sorting survives a search')
  const [power, warmth] = [await door.sensor(), await door.sensor({ unit: '°C' })]
  const listed = await ask('GET', `/assets/${door.asset}/sensors`, 'mel')
  assert.deepEqual(
    [listed.status, listed.body['status'], listed.body['num-records'], listed.body['filtered-records'], names(listed)],
    [200, 200, 2, 2, ['s0', 's1']],
  )
  const any = await ask('GET', `/assets/${door.asset}/sensors?filter=${encodeURIComponent(`"does-not-match ${power}" ${warmth}`)}`, 'mel')
  assert.deepEqual(names(any), ['s1'], 'one term is enough')
  for (const [sort, dir, first] of [
    ['id', 'desc', 's1'],
    ['name', 'desc', 's1'],
    ['resolution', 'asc', 's0'],
  ])
    assert.equal(names(await ask('GET', `/assets/${door.asset}/sensors?sort-by=${sort}&sort-dir=${dir}`, 'mel'))[0], first, sort)
  const apart = await ask('GET', `/sensors?account_id=2&asset_id=${door.asset}`, 'root')
  assert.equal(apart.status, 422, 'A.1.10: both may be read, but the asset is not of that account')
  assert.equal((await ask('GET', '/sensors?account_id=2', 'mel')).status, 403)
  const sensor = (await ask('GET', `/sensors/${power}`, 'mel')).body
  assert.deepEqual(
    [sensor['name'], sensor['unit'], sensor['timezone'], sensor['event_resolution'], sensor['attributes']],
    ['s0', 'kW', 'UTC', 'PT15M', '{}'],
  )
  const moment = (await ask('GET', `/sensors/${await door.sensor({ resolution: 0 })}`, 'mel')).body
  assert.match(String(moment['event_resolution']), /^(PT0[SHM]|P0D)$/)
  for (const truth of ['True', 'true', '1', 'on']) {
    const all = await ask('GET', `/assets?include_public=${truth}`, 'mel')
    assert.ok(names(all).includes('everybody’s'), truth)
  }
  for (const lie of ['False', 'false', '0', 'off'])
    assert.ok(!names(await ask('GET', `/assets?include-public=${lie}`, 'mel')).includes('everybody’s'), lie)
  for (const [query, whose] of [
    ['sort_by=id', 'assets'],
    ['sort_by=name', 'assets'],
    ['sort-by=users', 'accounts'],
    ['sort-by=assets', 'accounts'],
    ['sort_by=username', 'users'],
    ['sort_by=email', 'users'],
    ['sort_by=lastLogin', 'users'],
    ['sort-by=lastSeen', 'users'],
  ]) {
    const page = await ask('GET', `/${whose}?page=1&per_page=2&${query}`, 'ann')
    assert.deepEqual(
      [page.status, Object.keys(page.body)],
      [200, ['data', 'num-records', 'filtered-records', 'status']],
      `${whose} ${query}`,
    )
  }
  const counted = (await ask('GET', '/accounts?page=1', 'ann')).body['data'] as Body[]
  assert.deepEqual([counted[0]!['user_count'], counted[0]!['asset_count']], [2, 3])
})

test('assets and sensors are made, changed and copied with the answers and notes of FlexMeasures (A.1.20 to A.1.30)', async () => {
  const { door, ask, account } = await commonAnnex()
  const made = await ask('POST', '/assets', 'root', {
    name: 'roof',
    generic_asset_type_id: 1,
    account_id: account,
    latitude: 30.1,
    longitude: 100.42,
  })
  assert.deepEqual([made.status, made.body['latitude'], made.body['flex_context'], made.body['sensors_to_show']], [201, 30.1, '{}', '[]'])
  const roof = made.body['id'] as number
  assert.deepEqual(await audits(door, roof), [`Created asset 'roof': ${roof}`])
  const renamed = await ask('PATCH', `/assets/${roof}`, 'mel', { name: 'PV', latitude: 11.1 })
  assert.deepEqual([renamed.status, renamed.body['name']], [200, 'PV'])
  assert.deepEqual((await audits(door, roof)).slice(1), ['Updated: latitude, From: 30.1, To: 11.1', 'Updated: name, From: roof, To: PV'])
  const created = await ask('POST', '/sensors', 'ann', { name: 'power', unit: 'kWh', event_resolution: 'PT1H', generic_asset_id: roof })
  assert.deepEqual([created.status, created.body['event_resolution'], created.body['generic_asset_id']], [201, 'PT1H', roof])
  const power = created.body['id'] as number
  assert.equal((await audits(door, roof)).at(-1), `Created sensor 'power': ${power}`)
  const foreign = await ask('POST', '/sensors', 'bob', { name: 'x', unit: 'kWh', event_resolution: 'PT1H', generic_asset_id: roof })
  assert.deepEqual([foreign.status, foreign.body['status']], [403, 'INVALID_SENDER'])
  for (const field of ['generic_asset_id', 'id', 'entity_address']) {
    const refused = await ask('PATCH', `/sensors/${power}`, 'ann', { [field]: 1 })
    assert.deepEqual(
      [refused.status, refused.body['status'], at(refused.body, 'message', 'json', field)],
      [422, 'UNPROCESSABLE_ENTITY', ['Unknown field.']],
    )
  }
  // A.1.25: neither, the account, the parent, both.
  const parent = (await ask('POST', '/assets', 'root', { name: 'site', generic_asset_type_id: 6, account_id: 2 })).body['id'] as number
  const copies: [string, Body][] = [
    ['', { parent_asset_id: null, account_id: account, name: 'PV (Copy)' }],
    ['?account=2', { parent_asset_id: null, account_id: 2, name: 'PV (Copy)' }],
    [`?parent=${parent}`, { parent_asset_id: parent, account_id: 2, name: 'PV (Copy)' }],
    [`?account=${account}&parent=${parent}`, { parent_asset_id: parent, account_id: account, name: 'PV (Copy 2)' }],
  ]
  for (const [query, wanted] of copies) {
    const copy = await ask('POST', `/assets/${roof}/copy${query}`, 'root')
    assert.equal(copy.status, 201, JSON.stringify(copy.body))
    const { body } = await ask('GET', `/assets/${copy.body['asset']}`, 'root')
    assert.deepEqual(Object.fromEntries(Object.keys(wanted).map((key) => [key, body[key]])), wanted, query)
  }
  assert.equal((await ask('POST', '/assets/999999/copy', 'root')).status, 404)
  // A.1.30: data goes, the sensor stays. A.1.29: the sensor goes, also from the figures of other assets.
  await ask('POST', `/sensors/${power}/data`, 'ann', { start: DAY, duration: 'PT2H', values: [1, 2], unit: 'kWh' })
  assert.equal((await ask('DELETE', `/sensors/${power}/data`, 'ann', {})).status, 204)
  assert.match((await audits(door, roof)).at(-1)!, new RegExp(`^Deleted data for sensor 'power': ${power}`))
  assert.equal((await ask('GET', `/sensors/${power}`, 'ann')).status, 200)
  await door.server.assets.update(door.asset, {
    kpis: [{ title: 'K', sensor: power, function: 'sum' }],
    flexContext: { 'inflexible-consumption': [{ sensor: power }], 'inflexible-device-sensors': [power] },
  })
  assert.equal((await ask('DELETE', `/sensors/${power}`, 'ann')).status, 204)
  const { kpis, flexContext } = (await door.server.assets.get(door.asset))!
  assert.deepEqual([kpis, Object.values(flexContext).flat()], [[], []])
})

test('notes, figures, users and jobs answer as their rows say (A.1.31 to A.1.36)', async () => {
  const { door, ask, account, eve } = await commonAnnex()
  const note = await ask('POST', `/assets/${door.asset}/annotations`, 'mel', {
    content: 'seen',
    start: DAY,
    end: '2026-11-25T00:00:00+00:00',
  })
  assert.deepEqual(
    [note.status, note.body['type'], Object.keys(note.body).sort()],
    [
      201,
      'label',
      ['content', 'end', 'id', 'prior', 'source', 'start', 'status', 'type'].filter((key) => key in note.body || key !== 'status'),
    ],
  )
  const sensor = await door.sensor()
  await ask('POST', `/sensors/${sensor}/data`, 'mel', { start: DAY, duration: 'PT45M', values: [91.3, 91.7, 92.1], unit: 'kW' })
  const figures = async () => (await ask('GET', `/sensors/${sensor}/stats`, 'mel')).body
  const once = await figures()
  const key = Object.keys(once).find((name) => name !== 'status')!
  assert.match(key, /^mel \(ID: \d+\)$/)
  const of = once[key] as Record<string, number>
  assert.ok(Math.abs(of['Sum over values']! - 275.1) < 1e-9 && Math.abs(of['Mean value']! - 91.7) < 1e-9 && of['Number of values'] === 3)
  assert.deepEqual([once['status'], await figures()], [200, once])
  // A.1.33, A.1.34
  const reset = (headers: Record<string, string> = {}) =>
    ask('PATCH', `/users/${eve.id}/password-reset`, headers['authorization'] ? undefined : 'ann', undefined, headers)
  assert.equal((await reset()).status, 200)
  await door.server.users.update(eve.id, { active: false })
  assert.equal((await reset(eve.headers)).status, 401, 'who is deactivated gets nothing')
  assert.equal((await ask('PATCH', '/users/1', 'ann', { flexmeasures_roles: [] })).status, 403, 'not one’s own roles')
  assert.equal((await ask('PATCH', '/users/1', 'ann', { password: 'x' })).status, 422)
  assert.deepEqual((await ask('POST', '/accounts', 'root', { name: 'y', consultancy_account_id: 999999 })).body['message'], {
    json: { consultancy_account_id: ['No account found with id 999999.'] },
  })
  assert.equal((await ask('GET', `/accounts/${account}`, 'ann')).body['attributes'], '{}')
})

test('orders wait as jobs in the words that clients poll for, and are nobody else’s business (A.1.36, A.2.11 to A.2.17, 2.7, 2.9)', async (t) => {
  const pool = startSolverPool()
  t.after(() => pool.close())
  let open = () => {}
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  t.after(() => open())
  const plan: SolverPool['plan'] = async (...given) => {
    await gate
    return pool.plan(...given)
  }
  const { door, ask } = await annex(t, { pool: { ...pool, plan } })
  const [first, second, into, out] = [await door.sensor({ unit: 'MW' }), await door.sensor(), await door.sensor(), await door.sensor()]
  const device = { 'soc-at-start': '20 kWh', 'soc-min': '0 kWh', 'soc-max': '100 kWh', 'power-capacity': '50 kW' }
  const trigger = (body: Body) =>
    ask('POST', `/assets/${door.asset}/schedules/trigger`, 'mel', {
      start: DAY,
      duration: 'PT12H',
      'flex-context': { 'consumption-price': '10 EUR/MWh', 'production-price': '5 EUR/MWh' },
      ...body,
    })
  const outputs = { consumption: { sensor: into }, production: { sensor: out } }
  const target = [{ value: '60 kWh', datetime: '2026-11-24T06:00:00+00:00' }]
  const beside = { ...device, sensor: await door.sensor() }
  const one = await trigger({ 'flex-model': [{ ...device, sensor: first, ...outputs, 'soc-targets': target }, beside] })
  const two = await trigger({ duration: 'PT3H', 'flex-model': [{ ...device, sensor: second }, beside] })
  const outer = await door.sensor()
  const chain = await trigger({
    sequential: true,
    'flex-model': [
      { ...device, sensor: second },
      { ...device, sensor: outer },
    ],
  })
  const job = async (id: unknown, as: Who = 'mel') => ask('GET', `/jobs/${id}`, as)
  const jobs = await door.store.query<{ id: string; status: string; single: number | null }>(
    "select id, status, (payload -> 'order' -> 'flexModel' -> 0 ->> 'sensor')::int as single from cariflex.job order by serial",
  )
  assert.equal(jobs.length, 5, 'one for all devices at once, two and one that wraps up for one after the other')
  assert.deepEqual([jobs[2]!.single, jobs[3]!.single], [second, outer], 'the first job of a chain is that of the first entry')
  assert.deepEqual(
    [jobs[0]!.id, jobs[1]!.id, jobs[4]!.id],
    [one, two, chain].map(({ body }) => body['job']),
    'the last stands for the whole',
  )
  const status = async (id: unknown) => (await job(id)).body['status']
  while ((await status(one.body['job'])) !== 'STARTED' || (await status(two.body['job'])) !== 'STARTED') await new Promise(setImmediate)
  const told: [unknown, string, string][] = [
    [one.body['job'], 'STARTED', 'Scheduling job in progress.'],
    [jobs[2]!.id, 'QUEUED', 'Scheduling job waiting to be processed.'],
    [jobs[3]!.id, 'DEFERRED', `Scheduling job waiting for queued job "${jobs[2]!.id}" to be processed.`],
    [jobs[4]!.id, 'DEFERRED', `Scheduling job waiting for deferred job "${jobs[3]!.id}" to be processed.`],
  ]
  for (const [id, status, message] of told) {
    const { status: http, body } = await job(id)
    assert.deepEqual([http, body['status'], body['message'], body['origin']], [202, status, message, 'scheduling'])
    for (const name of ['func-name', 'enqueued-at', 'started-at', 'ended-at', 'exc-info'])
      assert.deepEqual(body[name], body[name.replace('-', '_')], name)
    assert.equal((await job(id, 'bob')).status, 403)
  }
  const waiting = ask('GET', `/sensors/${second}/schedules/${chain.body['job']}`, 'mel')
  const listed = (await ask('GET', `/assets/${door.asset}/jobs`, 'mel')).body['jobs'] as Body[]
  assert.deepEqual(
    [listed.length, listed.at(-1)!['entity'], listed.at(-1)!['asset_or_sensor_type']],
    [5, `asset: house (Id: ${door.asset})`, 'asset'],
  )
  open()
  assert.equal((await waiting).status, 200)
  while ((await job(one.body['job'])).status === 202) await new Promise(setImmediate)
  const read = async (sensor: number, query: string) => {
    const { body, status } = await ask('GET', `/sensors/${sensor}/schedules/${one.body['job']}?duration=PT1000H${query}`, 'mel')
    assert.equal(status, 200, JSON.stringify(body))
    return body['values'] as number[]
  }
  const stored = async (sensor: number) =>
    (
      await door.store.query<{ value: number }>(
        `select b.event_value as value from timed_belief b join data_source s on s.id = b.source_id
         where sensor_id = $1 and s.type = 'scheduler' order by event_start`,
        [sensor],
      )
    ).map(({ value }) => value)
  const near = (a: number[], b: number[], what: string) => {
    assert.equal(a.length, b.length, what)
    a.forEach((value, i) => void assert.ok(Math.abs(value - b[i]!) < 1e-6, `${what}: ${value} for ${b[i]}`))
  }
  const minus = (list: number[]) => list.map((value) => -value)
  const [power, eaten, given] = [await stored(first), await stored(into), await stored(out)]
  assert.equal(power.length, 48, 'duration by resolution')
  assert.ok(
    eaten.some((value) => value > 0),
    'something is charged',
  )
  near(
    await read(first, '&unit=kW'),
    minus(power).map((value) => value * 1000),
    'A.2.9, A.2.11',
  )
  for (const convention of ['', '&sign-convention=consumption-positive', '&sign-convention=wysiwyg', '&sign_convention=wysiwyg'])
    near(await read(into, convention), eaten, `consumption${convention}`)
  near(await read(into, '&sign-convention=production-positive'), minus(eaten), 'consumption, production-positive')
  near(await read(out, '&sign-convention=consumption-positive'), minus(given), 'production, consumption-positive')
  for (const convention of ['production-positive', 'wysiwyg']) near(await read(out, `&sign-convention=${convention}`), given, convention)
  const odd = await ask('GET', `/sensors/${first}/schedules/${one.body['job']}?sign-convention=upside-down`, 'mel')
  assert.equal(odd.status, 422)
  const result = (await job(one.body['job'])).body['result'] as Body
  assert.deepEqual(Object.keys(result), ['unresolved', 'resolved', 'num-beliefs'])
  const hot = await ask('GET', `/sensors/${first}/schedules/${one.body['job']}?unit=${encodeURIComponent('°C')}`, 'mel')
  assert.deepEqual([hot.status, hot.body['message']], [422, { unit: ['Incompatible units: MW cannot be converted to °C.'] }])
})

test('accounts and users are deleted on the command line only; what is gone, too large or no method says so in its envelope (1.5, 2.2)', async () => {
  const { door, ask } = await commonAnnex()
  for (const path of ['/accounts/1', '/users/2']) {
    const { status, body, headers } = await ask('DELETE', path, 'root')
    assert.deepEqual(
      [status, body['status'], headers.get('flexmeasures-version'), headers.get('api-version')],
      [405, 405, '1.0.1', 'v3_0'],
      path,
    )
  }
  const nowhere = await ask('GET', '/nowhere', 'ann')
  assert.deepEqual([nowhere.status, nowhere.body['status'], typeof nowhere.body['message']], [404, 404, 'string'])
  const index = await ask('GET', '/api/', undefined)
  assert.deepEqual(
    [index.status, index.body['versions'], index.body['flexmeasures_version'], index.body['status']],
    [200, ['v3_0'], '1.0.1', 200],
  )
  const services = (await ask('GET', '/api/v3_0', undefined)).body
  assert.deepEqual(
    [services['version'], services['status'], Object.keys((services['services'] as Body[])[0]!)],
    ['3.0', 'PROCESSED', ['url', 'name', 'description']],
  )
  const ready = await door.ask('GET', '/health/ready')
  assert.deepEqual([ready.status, ready.body['database_sql']], [200, true])
  for (const path of ['/api/v1/getService', '/api/v2_0/assets']) {
    const gone = await ask('GET', path, undefined)
    assert.deepEqual([gone.status, gone.body['status'], gone.headers.has('sunset') && gone.headers.has('link')], [410, 410, true])
  }
})

test('what the real server crashes on or does wrong is a clear answer here (section 10)', async () => {
  const { door, ask, account, eve } = await commonAnnex()
  const quarter = await door.sensor()
  const data = (body: unknown) => ask('POST', `/sensors/${quarter}/data`, 'mel', body)
  const good = { start: DAY, duration: 'PT1H', values: [1, 2, 3, 4], unit: 'kW' }
  assert.equal((await data(good)).status, 200)
  for (const body of [
    { ...good, values: [] },
    { ...good, values: undefined },
    [good],
    [],
    { ...good, start: '2030-01-01T00:00:00Z', type: 'PostMeterDataRequest' },
  ])
    assert.equal((await data(body)).status, 422, JSON.stringify(body))
  const read = (query: string) =>
    ask('GET', `/sensors/${quarter}/data?start=${encodeURIComponent(DAY)}&duration=PT1H&unit=kW${query}`, 'mel')
  assert.equal((await read('&resolution=PT20M')).status, 422)
  assert.deepEqual(
    (await ask('GET', `/sensors/${quarter}/data?start=2026-11-24T00:00:00Z&duration=PT1H&unit=kWh`, 'mel')).body['values'],
    [0.25, 0.5, 0.75, 1],
  )
  const off = await ask('GET', `/sensors/${quarter}/data?start=2026-11-24T00:05:00Z&duration=PT1H&unit=kW`, 'mel')
  assert.deepEqual(off.body['values'], [null, null, null, null], 'as recorded')
  const twin = await ask('POST', '/sensors', 'ann', {
    name: (await ask('GET', `/sensors/${quarter}`, 'ann')).body['name'],
    unit: 'kW',
    event_resolution: 'PT1H',
    generic_asset_id: door.asset,
  })
  assert.equal(twin.status, 422)
  assert.equal((await ask('PATCH', `/assets/${door.asset}`, 'ann', { parent_asset_id: door.asset })).status, 422)
  assert.equal((await ask('GET', '/api/requestAuthToken', undefined)).status, 405)
  await door.server.users.update(eve.id, { active: false })
  const token = await ask('POST', '/api/requestAuthToken', undefined, { email: eve.email, password: 'long enough' })
  assert.deepEqual([token.status, token.body['auth_token']], [401, undefined], 'who is deactivated gets no token')
  const handed = await ask('PATCH', `/assets/${door.asset}`, 'root', { account_id: account })
  assert.equal(handed.status, 200)
  // A price that falls below what is paid for feeding in, no targets, one stored device without a sensor: plans, not crashes.
  const trigger = (body: Body, sensor = quarter) =>
    ask('POST', `/assets/${door.asset}/schedules/trigger`, 'ann', {
      start: DAY,
      duration: 'PT2H',
      'flex-model': [
        { sensor, 'soc-at-start': '1 kWh', 'soc-min': '0 kWh', 'soc-max': '9 kWh', 'power-capacity': '3 kW', 'soc-targets': [] },
      ],
      'flex-context': { 'consumption-price': '10 EUR/MWh', 'production-price': '20 EUR/MWh' },
      ...body,
    })
  const pool = await trigger({})
  assert.equal(pool.status, 202, JSON.stringify(pool.body))
  assert.equal(
    (await trigger({ 'flex-model': [{ sensor: quarter, 'soc-at-start': 1, 'power-capacity': 3 }] })).status,
    422,
    'a bare float of power',
  )
  const child = await door.server.assets.create({ name: 'battery', type: 5, account, parent: door.asset })
  await door.server.sensors.create({ name: 'power', unit: 'kW', resolution: 900_000, asset: child.id, timezone: 'UTC' })
  await door.server.assets.update(child.id, { flexModel: { 'soc-min': '0 kWh', 'soc-max': '9 kWh', 'power-capacity': '3 kW' } })
  const stored = await trigger({ 'flex-model': undefined })
  assert.ok(stored.status === 202 || stored.status === 422, JSON.stringify(stored.body))
  const soc = await door.sensor({ unit: 'kWh', resolution: 0 })
  const shared = { 'state-of-charge': { sensor: soc }, 'soc-max': '9 kWh', 'soc-min': '0 kWh', 'power-capacity': '3 kW' }
  const twice = await trigger({
    'flex-model': [
      { sensor: quarter, ...shared, 'soc-at-start': '1 kWh' },
      { sensor: await door.sensor(), ...shared, 'soc-at-start': '1 kWh' },
    ],
  })
  assert.equal(twice.status, 422, JSON.stringify(twice.body))
})

test('the dialect of 0.33 keeps starts as they are sent (0.2)', async (t) => {
  const [newer, older] = [await commonAnnex(), await annex(t, { flexMeasures: { dialect: '0.33' } })]
  const stored = async ({ door, ask }: typeof older, attributes: Body = {}): Promise<[number, number][]> => {
    const sensor = await door.sensor({ resolution: 600_000, attributes })
    const body = { start: '2026-11-24T00:04:40+00:00', duration: 'PT20M', values: [100, 200, 300, 400], unit: 'kW' }
    assert.equal((await ask('POST', `/sensors/${sensor}/data`, 'mel', body)).status, 200)
    const rows = await door.store.query<{ start: number; value: number }>(
      'select event_start as start, event_value as value from timed_belief where sensor_id = $1 order by event_start',
      [sensor],
    )
    return rows.map(({ start, value }) => [(start - Date.parse(DAY)) / 1000, value])
  }
  const [floored, kept] = [
    [
      [0, 150],
      [600, 350],
    ],
    [
      [280, 150],
      [880, 350],
    ],
  ]
  assert.deepEqual(await stored(newer), floored)
  assert.deepEqual(await stored(older), kept)
  assert.deepEqual(await stored(newer, { floor_datetimes_to_resolution: false }), kept, 'or as the sensor says')
  assert.deepEqual(await stored(older, { floor_datetimes_to_resolution: true }), floored)
})
