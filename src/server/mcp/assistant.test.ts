// Tools, prompts and documents as an assistant finds them, with the protocol's own client over HTTP.
import assert from 'node:assert/strict'
import test from 'node:test'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { openDoor } from '../door.fixture.ts'
import { TOOLS } from './tools.ts'

type Context = Parameters<typeof openDoor>[0]

async function connect(t: Context, url: string, token: string) {
  const client = new Client({ name: 'test', version: '1' })
  await client.connect(
    new StreamableHTTPClientTransport(new URL('/mcp', url), { requestInit: { headers: { authorization: `Bearer ${token}` } } }),
  )
  t.after(() => client.close())
  const call = async (name: string, given: Record<string, unknown> = {}) => {
    const result = await client.callTool({ name, arguments: given })
    const [first] = result.content as { text: string }[]
    return { failed: result.isError === true, text: first!.text }
  }
  return { client, call, read: async (name: string, given?: Record<string, unknown>) => JSON.parse((await call(name, given)).text) }
}

test('an assistant finds the tools by the names it expects, and none that deletes', async (t) => {
  const { url, tokens } = await openDoor(t)
  const { client } = await connect(t, url, tokens.ann)
  const names = (await client.listTools()).tools.map(({ name }) => name)
  const wanted = TOOLS.filter(({ kind }) => kind !== 'gated').map(({ name }) => name)
  assert.deepEqual(names.sort(), wanted.sort())
  for (const expected of [
    'health_check',
    'connection_info',
    'list_assets',
    'trigger_schedule',
    'get_job_status',
    'create_report_automation',
  ])
    assert.ok(names.includes(expected), expected)
  assert.ok(!names.includes('delete_asset'))
  assert.deepEqual(
    (await client.listPrompts()).prompts.map(({ name }) => name),
    ['build_site_and_run_schedule', 'add_measurements_and_forecast', 'setup_report_automation', 'diagnose_failed_job'],
  )
  const { contents } = await client.readResource({ uri: 'flexmeasures://server/openapi' })
  assert.match((contents[0] as { text: string }).text, /"\/api\/v3_0\/assets"|"\/assets"/)
})

test('what an assistant does is done with the rights of its user', async (t) => {
  const { url, tokens, asset } = await openDoor(t)
  const ann = await connect(t, url, tokens.ann)
  assert.equal((await ann.read('connection_info')).versions[0], 'v3_0')
  assert.deepEqual(
    (await ann.read('list_assets')).data.map(({ id }: { id: number }) => id),
    [asset],
  )
  const sensor = await ann.read('create_sensor', { name: 'meter', unit: 'kW', event_resolution: 'PT15M', generic_asset_id: asset })
  const posted = { sensor: sensor.id, start: '2026-11-24T10:00:00Z', duration: 'PT30M', values: [1, 2], unit: 'kW' }
  assert.equal((await ann.read('post_sensor_data', posted)).status, 'PROCESSED')
  const { values } = await ann.read('get_sensor_data', { sensor: sensor.id, start: posted.start, duration: 'PT30M', unit: 'kW' })
  assert.deepEqual(values, [1, 2])

  const bob = await connect(t, url, tokens.bob)
  const refused = await bob.call('get_sensor', { sensor: sensor.id })
  assert.equal(refused.failed, true)
  assert.match(refused.text, /answered 403/)
  const wrong = await ann.call('create_sensor', { name: 'x', unit: 'kW' })
  assert.equal(wrong.failed, true, 'what is missing is said before anything is asked')
  assert.match(wrong.text, /event_resolution/)
})

test('an assistant automates: a forecast and a report are made, looked at, paused and resumed; what deletes is not there', async (t) => {
  const { url, tokens, asset, sensor } = await openDoor(t)
  const { call, read } = await connect(t, url, tokens.ann)
  const [power, daily] = [await sensor({ resolution: 3_600_000 }), await sensor({ resolution: 3_600_000 })]
  const forecast = await read('create_automation', {
    ...{ asset, name: 'meter', cron: '0 5 * * *', type: 'forecasting', timezone: 'Europe/Paris' },
    parameters: { sensor: power, duration: 'P1D' },
  })
  assert.deepEqual([forecast.type, forecast['output-sensors'], forecast['next-run']], ['forecasting', [power], '2026-11-25T05:00:00+01:00'])
  const report = await read('create_report_automation', {
    ...{ asset, name: 'day', cron: '10 0 * * *' },
    parameters: {
      ...{ reporter: 'AggregatorReporter', config: { method: 'sum' }, input: [{ sensor: power }], output: [{ sensor: daily }] },
      ...{ 'start-offset': 'DB,-1D', 'end-offset': 'DB' },
    },
  })
  assert.deepEqual([report.type, report['input-sensors'], report['output-sensors']], ['reporting', [power], [daily]])
  const listed = await read('list_automations', { asset })
  assert.deepEqual(
    (listed.data ?? listed).map(({ name }: { name: string }) => name),
    ['meter', 'day'],
  )
  const paused = await read('update_automation', { asset, automation: forecast.id, active: false, name: 'meter, at rest' })
  assert.deepEqual([paused.name, paused.active, paused['next-run']], ['meter, at rest', false, null])
  assert.equal((await read('update_automation', { asset, automation: forecast.id, active: true })).active, true)
  assert.equal((await read('get_automation', { asset, automation: forecast.id })).name, 'meter, at rest')
  const wrong = await call('create_automation', {
    asset,
    name: 'x',
    cron: '0 0 30 2 *',
    type: 'forecasting',
    parameters: { sensor: power },
  })
  assert.deepEqual([wrong.failed, /answered 422/.test(wrong.text)], [true, true])
  const bob = await connect(t, url, tokens.bob)
  assert.match((await bob.call('list_automations', { asset })).text, /answered 403/)
})

test('without a token there is nothing to talk to', async (t) => {
  const { url } = await openDoor(t)
  const answer = await fetch(`${url}/mcp`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })
  assert.equal(answer.status, 401)
})

test('cariflex mcp serves the same over standard input and output; what deletes only when the operator says so', async (t) => {
  const { url, tokens, asset } = await openDoor(t)
  const client = new Client({ name: 'test', version: '1' })
  const env = { PATH: process.env['PATH'] ?? '', CARIFLEX_URL: url, CARIFLEX_TOKEN: tokens.mel }
  await client.connect(new StdioClientTransport({ command: process.execPath, args: ['bin/cariflex.js', 'mcp', '--gated'], env }))
  t.after(() => client.close())
  const names = (await client.listTools()).tools.map(({ name }) => name)
  assert.equal(names.length, TOOLS.length)
  const refused = await client.callTool({ name: 'delete_asset', arguments: { asset } })
  assert.equal(refused.isError, true, 'a member may not delete assets')
  assert.match(JSON.stringify(refused.content), /answered 403/)
  const seen = await client.callTool({ name: 'get_asset', arguments: { asset } })
  assert.match(JSON.stringify(seen.content), /generic_asset_type/)
  const gone = await client.callTool({ name: 'delete_automation', arguments: { asset, automation: 1 } })
  assert.match(JSON.stringify(gone.content), /answered 404.*No automation found with ID 1/)
})
