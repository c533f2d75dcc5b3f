// Around the resources: monitoring, what a user chose, entity addresses, sources, sunset versions, the page of the API, the 0.33 dialect.
import assert from 'node:assert/strict'
import test from 'node:test'
import { SECURITY_DEFAULTS } from '#kernel'
import { openDoor } from '../door.fixture.ts'

const V3 = '/api/v3_0'

test('task runners note when tasks ran, monitors with their token ask for it', async (t) => {
  const door = await openDoor(t, { config: { security: { ...SECURITY_DEFAULTS, taskToken: 'watchman' } } })
  await door.store.query("insert into role (name) values ('task-runner') on conflict do nothing")
  const runner = await door.server.users.create({ email: 'cron@example.com', account: 1, roles: ['task-runner'] })
  const authorization = await door.server.tokens.issue(runner.id, 'program')
  const post = async (form: Record<string, string>, headers: Record<string, string> = { authorization }) => {
    const answer = await fetch(`${door.url}/api/ops/postLatestTaskRun`, { method: 'POST', headers, body: new URLSearchParams(form) })
    return [answer.status, await answer.json()]
  }
  const monitor = (query: string, token = 'watchman') =>
    door.ask('GET', `/api/ops/getLatestTaskRun${query}`, token === '' ? {} : { headers: { authorization: token } })
  assert.deepEqual(await post({ name: 'import prices' }), [200, { status: 'OK' }])
  assert.deepEqual((await monitor('?name=import%20prices')).body, {
    status: 'OK',
    reason: '',
    lastrun: '2026-11-24T12:00:00+00:00',
    frequency: 10,
    process: 'FlexMeasures',
    server: '',
  })
  await post({ name: 'import prices', status: 'False', datetime: '2026-11-24T13:00:00+02:00' })
  const failed = (await monitor('?name=import%20prices')).body
  assert.deepEqual([failed['status'], failed['lastrun']], ['ERROR', '2026-11-24T11:00:00+00:00'])
  assert.equal((await post({ name: 'x', datetime: 'yesterday' }))[0], 400)
  assert.deepEqual(await post({}), [400, { status: 'ERROR', reason: 'No task name given.' }])
  assert.equal((await post({ name: 'x' }, {}))[0], 401)
  assert.equal((await post({ name: 'x' }, { authorization: door.tokens.ann }))[0], 403)
  const refusals = [await monitor('?name=x', ''), await monitor('?name=x', 'burglar'), await monitor(''), await monitor('?name=unheard')]
  assert.deepEqual(
    refusals.map(({ status, body }) => [status, body['reason']]),
    [
      [401, 'Not authenticated to check task status.'],
      [403, 'Not authorized to check task status.'],
      [400, 'No task name given.'],
      [404, 'Task unheard has no last run time.'],
    ],
  )
  const without = await openDoor(t)
  const nobody = await without.ask('GET', '/api/ops/getLatestTaskRun?name=x', { headers: { authorization: '' } })
  assert.notEqual(nobody.status, 200, 'without a token in the settings nobody may ask')
})

test('what a user chose for the pages of assets is kept for that user', async (t) => {
  const door = await openDoor(t)
  const post = (path: string, body: unknown, as: 'ann' | 'mel' = 'mel') => door.ask('POST', `${V3}/assets/${path}`, { as, body })
  const kept = async () =>
    (
      await door.store.query<{ text: string }>(
        "select user_id || ' ' || name || ' ' || value as text from cariflex.user_setting order by 1",
      )
    ).map(({ text }) => text)
  const first = await post('default_asset_view', { default_asset_view: 'Graphs' })
  assert.deepEqual([first.status, first.body['message']], [200, 'Default asset view updated successfully.'])
  await post('default_asset_view', { default_asset_view: 'Audit Log', use_as_default: true })
  await post('keep_legends_below_graphs', { keep_legends_below_graphs: true }, 'ann')
  assert.deepEqual(await kept(), ['1 keep_legends_below_graphs true', '2 default_asset_view "Audit Log"'])
  await post('default_asset_view', { default_asset_view: 'Status', use_as_default: false })
  await post('keep_legends_below_graphs', { keep_legends_below_graphs: false }, 'ann')
  assert.deepEqual(await kept(), [])
  const wrong = await post('default_asset_view', { default_asset_view: 'Nonsense' })
  assert.equal(wrong.status, 422)
  assert.match(JSON.stringify(wrong.body), /Must be one of: Audit Log, Context, Graphs, Properties, Status/)
  assert.equal((await post('default_asset_view', {})).status, 422)
})

test('sensor data goes in and out by entity address, whosever host it names', async (t) => {
  const door = await openDoor(t, { flexMeasures: { hostsAndAuthStart: { 'flex.example.org': '2024-02' } } })
  const id = await door.sensor()
  const shown = (await door.ask('GET', `${V3}/sensors/${id}`, { as: 'mel' })).body['entity_address']
  assert.equal(shown, `ea1.2024-02.org.example.flex:fm1.${id}`)
  const values = { start: '2026-11-24T00:00:00Z', duration: 'PT30M', values: [1, 2], unit: 'kW' }
  const post = (body: unknown, as: 'mel' | 'bob' = 'mel') => door.ask('POST', `${V3}/sensors/data`, { as, body })
  assert.deepEqual((await post({ sensor: shown, ...values })).body, { status: 'PROCESSED', message: 'Request has been processed.' })
  const get = (address: string, as: 'mel' | 'bob' = 'mel') =>
    door.ask('GET', `${V3}/sensors/data?sensor=${encodeURIComponent(address)}&start=2026-11-24T00:00:00Z&duration=PT30M&unit=W`, { as })
  assert.deepEqual((await get(`ea1.2021-01.io.flexmeasures:fm1.${id}`)).body['values'], [1000, 2000])
  assert.equal((await get(String(shown), 'bob')).status, 403)
  assert.equal((await post({ sensor: shown, ...values }, 'bob')).status, 403)
  const faults = [
    await post({ ...values }),
    await post({ sensor: 5, ...values }),
    await post({ sensor: 'x', ...values }),
    await post({ sensor: 'ea1.2021-13.io.flexmeasures:fm1.1', ...values }),
    await post({ sensor: 'ea1.2021-01.io.flexmeasures:fm0.1:2', ...values }),
    await post({ sensor: shown, ...values, start: 'x' }),
    await get('nonsense'),
  ]
  assert.deepEqual(
    faults.map(({ status, body }) => [status, Object.keys(body['message'] as object)[0]]),
    [...Array.from({ length: 6 }, () => [422, 'json']), [422, 'query']],
  )
  assert.equal((await post({ sensor: 'ea1.2021-01.io.flexmeasures:fm1.999', ...values })).status, 404)
  assert.equal((await post([1])).status, 422)
})

test('sources are those of one’s accounts and of nobody, at their highest version, with the types there can be', async (t) => {
  const door = await openDoor(t)
  const { sources } = door.server
  for (const version of ['9', '10', 'odd']) await sources.of({ name: 'Seita', type: 'scheduler', model: 'StorageScheduler', version })
  await sources.of({ name: 'Seita', type: 'reporter', model: 'Sums', version: '1' })
  await sources.of({ name: 'weather', type: 'crawling script' })
  await sources.of({ name: 'bob', type: 'user', user: 3, account: 2 })
  const list = async (query = '', as: 'ann' | 'bob' = 'ann') => (await door.ask('GET', `${V3}/sources${query}`, { as })).body
  const mine = await list()
  assert.deepEqual(mine['types'], ['user', 'scheduler', 'forecaster', 'reporter', 'demo script', 'gateway', 'market', 'crawling script'])
  const named = (body: Record<string, unknown>) => (body['sources'] as { description: string }[]).map(({ description }) => description)
  assert.deepEqual(named(mine), ["Seita's StorageScheduler model v10", "Seita's Sums reporter v1", 'weather'])
  assert.equal(named(await list('?only_latest=False')).length, 5)
  assert.equal(named(await list('', 'bob')).includes('bob'), true)
  const user = (await list('', 'bob'))['sources'] as Record<string, unknown>[]
  assert.deepEqual(Object.keys(user.at(-1)!), ['id', 'name', 'type', 'description', 'account_id', 'user_id'], 'null keys are left out')
})

test('an identical note is the same note, wherever it hangs', async (t) => {
  const door = await openDoor(t)
  const body = { content: 'sunny', start: '2026-11-24T00:00:00Z', end: '2026-11-24T06:00:00Z' }
  const sensor = await door.sensor()
  const add = (path: string, more: object = {}, as: 'ann' | 'mel' | 'bob' = 'mel') =>
    door.ask('POST', `${V3}/${path}/annotations`, { as, body: { ...body, ...more } })
  const [first, again, elsewhere] = [await add(`assets/${door.asset}`), await add(`assets/${door.asset}`), await add(`sensors/${sensor}`)]
  assert.deepEqual([first.status, again.status, elsewhere.status], [201, 200, 200])
  assert.equal(new Set([first, again, elsewhere].map((answer) => answer.body['id'])).size, 1)
  assert.equal((await add('accounts/1', {}, 'ann')).status, 201, 'another author’s is another')
  const refusals = [
    await add('accounts/1'),
    await add('accounts/1', {}, 'bob'),
    await add('assets/999'),
    await add('sensors/999'),
    await add('accounts/999', {}, 'ann'),
    await add(`assets/${door.asset}`, { content: 'x'.repeat(1025) }),
    await add(`assets/${door.asset}`, { end: body.start }),
    await add(`assets/${door.asset}`, { start: '2026-11-24T00:00:00' }),
  ]
  assert.deepEqual(
    refusals.map(({ status }) => status),
    [403, 403, 404, 404, 404, 422, 422, 422],
  )
})

test('versions that are gone say so on every path and method, with the way on', async (t) => {
  const door = await openDoor(t, { flexMeasures: { sunset: { active: false, date: '2027-05-01', link: 'https://example.org/why' } } })
  for (const path of ['/api/v1', '/api/v1_1/getConnection', '/api/v1_2/x/y', '/api/v1_3/postUdiEvent', '/api/v2_0/assets'])
    for (const method of ['GET', 'POST', 'DELETE']) {
      const { status, body, headers } = await door.ask(method, path)
      assert.deepEqual([status, body['status'], headers.get('sunset')], [410, 410, 'Fri, 30 Apr 2027 23:59:59 GMT'], `${method} ${path}`)
      assert.match(String(body['message']), /has been sunset.*See https:\/\/example.org\/why for more information/)
      assert.match(headers.get('link')!, /rel="deprecation".*rel="sunset"/)
    }
})

test('the page of the API is ours: its document, its files, nothing that our policy for scripts forbids', async (t) => {
  const door = await openDoor(t)
  const get = async (path: string) => {
    const answer = await fetch(door.url + path)
    return { status: answer.status, type: answer.headers.get('content-type') ?? '', text: await answer.text() }
  }
  const page = await get('/api/v3_0/docs')
  assert.match(page.type, /text\/html/)
  assert.doesNotMatch(page.text, /<script>|onclick=|https?:\/\//, 'nothing inline, nothing from elsewhere')
  for (const [, file] of page.text.matchAll(/(?:src|href)="([^"]+)"/g)) {
    const got = await get(file!)
    assert.equal(got.status, 200, file)
    assert.ok(got.text.length > 100, file)
  }
  assert.equal((await get('/api/v3_0/docs/../../../package.json')).status, 404)
  assert.equal((await get('/api/v3_0/docs/index.html')).status, 404)
  const document = JSON.parse((await get('/ui/static/openapi-specs.json')).text) as { openapi: string; paths: Record<string, object> }
  assert.match(document.openapi, /^3\.1/)
  assert.ok('/api/v3_0/assets/{id}/copy' in document.paths)
  assert.deepEqual(
    Object.keys(document.paths).filter((path) => !path.startsWith('/api/') || path.startsWith('/api/cariflex/')),
    [],
  )
})

test('a server that speaks 0.33 says so and makes no accounts', async (t) => {
  const door = await openDoor(t, { flexMeasures: { dialect: '0.33' } })
  const index = await door.ask('GET', '/api/')
  assert.deepEqual([index.body['flexmeasures_version'], index.headers.get('flexmeasures-version')], ['0.33.1', '0.33.1'])
  assert.equal((await door.ask('POST', `${V3}/accounts`, { as: 'ann', body: { name: 'x' } })).status, 405)
  const newer = await openDoor(t)
  assert.equal((await newer.ask('GET', '/api/v3_0')).headers.get('flexmeasures-version'), '1.0.1')
})
