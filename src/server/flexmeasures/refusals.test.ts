// Every refusal of Annex A, and what else is bad, fired one after the other at one server: each a clear 4xx at its field, and not a row is left behind.
import assert from 'node:assert/strict'
import test from 'node:test'
import { type Door, openDoor } from '../door.fixture.ts'

type Who = 'ann' | 'mel' | 'bob' | undefined
/** Method, path, body, who asks, status, and a piece of the answer. */
type Shot = [method: string, path: string, body: unknown, as: Who, status: number, says: RegExp]

const V3 = '/api/v3_0'
const START = '2026-11-24T12:00:00+00:00'
const TABLES = [
  'account',
  'fm_user',
  'generic_asset',
  'sensor',
  'timed_belief',
  'annotation',
  'asset_audit_log',
  'audit_log',
  'cariflex.job',
]

/** How many rows each table has. */
async function rows({ store }: Door): Promise<Record<string, number>> {
  const counts = await store.query<{ name: string; n: number }>(
    TABLES.map((table) => `select '${table}' as name, count(*)::int as n from ${table}`).join(' union all '),
  )
  return Object.fromEntries(counts.map(({ name, n }) => [name, n]))
}

async function fire(door: Door, shots: readonly Shot[]): Promise<void> {
  const before = await rows(door)
  for (const [method, path, body, as, status, says] of shots) {
    const answer = await door.ask(method, `${V3}${path}`, { ...(as && { as }), ...(body !== undefined && { body }) })
    const said = JSON.stringify(answer.body)
    assert.deepEqual(
      [answer.status, says.test(said)],
      [status, true],
      `${method} ${path} ${JSON.stringify(body)?.slice(0, 200)}: ${answer.status} ${said}`,
    )
    assert.doesNotMatch(said, /node_modules|\.ts:\d|select |insert into/, 'nothing of the inside is told')
  }
  assert.deepEqual(await rows(door), before, 'nothing is left of what was refused')
}

async function ready(t: Parameters<typeof openDoor>[0]) {
  const door = await openDoor(t)
  const { server } = door
  const home = (await server.assets.get(door.asset))!.account!
  const foreign = await server.assets.create({ name: 'elsewhere', type: 6, account: (await server.accounts.create({ name: 'C' })).id })
  const secret = await server.sensors.create({ name: 'secret meter', unit: 'kW', resolution: 900_000, asset: foreign.id, timezone: 'UTC' })
  const price = await door.sensor({ unit: 'EUR/MWh', resolution: 3_600_000 })
  return { door, home, foreign: foreign.id, secret: secret.id, price, power: await door.sensor(), asset: door.asset }
}

test('what Annex A says is refused is refused, at its field, and nothing of it is stored', async (t) => {
  const { door, home, foreign, secret, power, asset } = await ready(t)
  const thing = { name: 'new', generic_asset_type_id: 6, account_id: home }
  const note = { content: 'windy', start: START, end: '2026-11-24T13:00:00+00:00' }
  const denied = /You cannot be authorized for this content or functionality\./
  const post = { start: START, duration: 'PT1H', values: [1, 2, 3, 4], unit: 'kW' }
  await fire(door, [
    ['GET', `/assets?account_id=${home}`, undefined, undefined, 401, /"status":"UNAUTHORIZED"/],
    ['GET', `/assets?account_id=${home}`, undefined, 'bob', 403, denied],
    ['GET', '/assets/8171766575', undefined, 'ann', 404, /No asset found with ID 8171766575\./],
    ['GET', `/sensors/${power}`, undefined, undefined, 401, /could not be properly authenticated/],
    ['GET', `/sensors/${secret}`, undefined, 'ann', 403, /"status":"INVALID_SENDER"/],
    ['GET', '/assets/public', undefined, undefined, 401, /UNAUTHORIZED/],
    ['GET', `/sensors?account_id=${home}&asset_id=${foreign}`, undefined, 'ann', 403, denied],
    ['GET', `/sensors?asset_id=${foreign}`, undefined, 'ann', 403, denied],
    ['GET', '/accounts?role=Unheard', undefined, 'ann', 422, /"query":\{"role"/],
    ['POST', '/assets', { ...thing, nnname: 1 }, 'ann', 422, /"nnname":\["Unknown field\."\]/],
    ['POST', '/assets', [thing], 'ann', 422, /"_schema":\["Invalid input type\."\]/],
    [
      'POST',
      '/assets',
      { name: 'x', longitude: 300.9 },
      'ann',
      422,
      /exceeds the maximum longitude.*required field|required field.*exceeds the maximum longitude/,
    ],
    ['POST', '/assets', { ...thing, account_id: 3 }, 'ann', 422, /not allowed to create assets for this account/],
    ['POST', '/assets', { ...thing, name: 'house' }, 'ann', 422, /already exists/],
    ['PATCH', `/assets/${asset}`, { attributes: null }, 'ann', 422, /"attributes":\[.*may not be null/],
    ['PATCH', `/assets/${asset}`, { attributes: '{' }, 'ann', 422, /"attributes":\[.*Not a valid JSON/],
    ['PATCH', `/assets/${asset}`, { attributes: '{"hallo": world}' }, 'ann', 422, /Not a valid JSON/],
    ['PATCH', `/assets/${asset}`, { attributes: '{"sensors_to_show": [0, 1]}' }, 'ann', 422, /No sensor found/],
    ['PATCH', `/assets/${asset}`, { parent_asset_id: asset }, 'ann', 422, /parent/i],
    ['DELETE', `/assets/${asset}`, undefined, 'mel', 403, denied],
    ['POST', `/assets/${asset}/copy?parent=${asset}`, undefined, 'ann', 422, /itself|descendant|offspring/i],
    ['POST', '/sensors', { name: 's', unit: 'kW', event_resolution: 'PT1H', generic_asset_id: foreign }, 'ann', 403, /INVALID_SENDER/],
    ['PATCH', `/sensors/${power}`, { generic_asset_id: 1 }, 'ann', 422, /"generic_asset_id":\["Unknown field\."\]/],
    ['PATCH', `/sensors/${power}`, { id: 1 }, 'ann', 422, /"id":\["Unknown field\."\]/],
    ['PATCH', `/sensors/${power}`, { entity_address: 'x' }, 'ann', 422, /"entity_address":\["Unknown field\."\]/],
    ['PATCH', `/sensors/${power}`, { name: 'x' }, 'mel', 403, /INVALID_SENDER/],
    ['POST', `/assets/${asset}/annotations`, { ...note, type: 'gossip' }, 'ann', 422, /"type"/],
    ['POST', `/assets/${asset}/annotations`, { ...note, content: undefined }, 'ann', 422, /"content"/],
    ['POST', `/assets/${asset}/annotations`, { ...note, content: 'x'.repeat(1025) }, 'ann', 422, /"content"/],
    ['POST', `/assets/${asset}/annotations`, { ...note, end: START }, 'ann', 422, /end|start/],
    ['POST', '/assets/999999/annotations', note, 'ann', 404, /./],
    ['POST', `/accounts/${home}/annotations`, note, 'mel', 403, denied],
    ['PATCH', '/users/1', { active: false }, 'ann', 403, /./],
    ['PATCH', '/users/2', { shoe: 1 }, 'ann', 422, /Unknown field/],
    ['PATCH', '/users/1/password-reset', undefined, 'mel', 403, denied],
    ['POST', '/accounts', { name: 'D' }, undefined, 401, /UNAUTHORIZED/],
    ['POST', '/accounts', { name: 'D' }, 'mel', 403, denied],
    ['GET', '/jobs/00000000-0000-4000-8000-00000000000f', undefined, 'ann', 404, /"status":"ERROR"/],
    ['GET', `/sensors/${power}/schedules/00000000-0000-4000-8000-00000000000f`, undefined, 'ann', 400, /UNRECOGNIZED_UDI_EVENT/],
    ['POST', `/sensors/${power}/data`, { ...post, duration: 'PT25M' }, 'ann', 422, /./],
    ['POST', `/sensors/${power}/data`, { ...post, unit: 'm' }, 'ann', 422, /Required unit/],
    ['POST', `/sensors/${power}/data`, { ...post, type: 'GetSensorDataRequest' }, 'ann', 422, /Must be one of/],
    ['POST', `/sensors/${power}/data`, { ...post, start: '2026-11-24T12:00:00' }, 'ann', 422, /Not a valid aware datetime/],
    ['POST', `/sensors/${power}/data`, { ...post, values: [1, 2, 3] }, 'ann', 422, /./],
    ['POST', '/sensors/999999/data', post, 'ann', 404, /./],
    ['POST', `/sensors/${secret}/data`, post, 'ann', 403, denied],
    ['DELETE', `/sensors/${power}/data`, { start: 'soon' }, 'ann', 422, /start/],
  ])
})

test('bad orders of schedules, forecasts, automations and reports are refused whole: no job, no automation, no report', async (t) => {
  const { door, secret, price, power, asset } = await ready(t)
  const entry = { sensor: power, 'soc-at-start': '1 kWh', 'soc-max': '9 kWh', 'power-capacity': '3 kW' }
  const trigger = (more: object, context: object = { 'consumption-price': { sensor: price } }): unknown => ({
    start: START,
    duration: 'PT4H',
    'flex-model': [{ ...entry, ...more }],
    'flex-context': context,
  })
  const schedule = `/assets/${asset}/schedules/trigger`
  const forecast = `/sensors/${power}/forecasts/trigger`
  const automations = `/assets/${asset}/automations`
  const automation = { name: 'a', type: 'forecasting', cron: '0 5 * * *', parameters: { sensor: power, duration: 'P1D' } }
  await fire(door, [
    ['POST', schedule, trigger({ 'soc-minn': 1 }), 'ann', 422, /"soc-minn":\["Unknown field/],
    ['POST', schedule, trigger({ 'soc-min': 'not-a-float' }), 'ann', 422, /Cannot convert value 'not-a-float' to a valid quantity/],
    ['POST', schedule, trigger({ 'soc-unit': 'MWH' }), 'ann', 422, /Must be one of/],
    ['POST', schedule, trigger({ 'soc-minima': [{ value: 1, datetime: 'soon' }] }), 'ann', 422, /Not a valid datetime/],
    ['POST', schedule, trigger({ 'soc-maxima': { sensor: secret } }), 'ann', 403, /soc-maxima/],
    ['POST', schedule, trigger({}, { 'consumption-price': { sensor: secret } }), 'ann', 403, /consumption-price/],
    ['POST', schedule, trigger({}, { 'inflexible-device-sensors': [secret], 'consumption-price': '1 EUR/kWh' }), 'ann', 403, /inflexible/],
    ['POST', schedule, trigger({}, { 'consumption-price': '1 EUR/kWh', 'production-price': '1 USD/kWh' }), 'ann', 422, /currency/],
    ['POST', schedule, trigger({ 'power-capacity': '3 bananas' }), 'ann', 422, /power-capacity/],
    ['POST', schedule, { start: START, duration: 'P100000D', 'flex-model': [entry] }, 'ann', 422, /./],
    ['POST', schedule, { start: 'now', 'flex-model': [entry] }, 'ann', 422, /start/],
    [
      'POST',
      schedule,
      { start: START, 'flex-model': Array.from({ length: 3 }, () => entry) },
      'ann',
      422,
      /should not occur more than once/,
    ],
    ['POST', schedule, trigger({}), 'bob', 403, /./],
    ['POST', forecast, { start: START, end: '2026-11-23T00:00:00+00:00' }, 'ann', 422, /./],
    ['POST', forecast, { duration: 'PT24H', config: { regressors: [secret] } }, 'ann', 403, /./],
    ['POST', forecast, { duration: 'a day' }, 'ann', 422, /duration/],
    ['POST', automations, { ...automation, cron: '0 0 30 2 *' }, 'ann', 422, /never fires/],
    ['POST', automations, { ...automation, cron: '61 * * * *' }, 'ann', 422, /"cron"/],
    ['POST', automations, { ...automation, cron: '* * * *' }, 'ann', 422, /"cron"/],
    ['POST', automations, { ...automation, timezone: 'Mars/Olympus' }, 'ann', 422, /./],
    ['POST', automations, { ...automation, parameters: { sensor: secret } }, 'ann', 422, /does not belong to asset/],
    ['POST', automations, { ...automation, type: 'cooking' }, 'ann', 422, /type/],
  ])
  for (const [body, status] of [
    [{ report: 'poetry' }, 422],
    [{ report: 'cost', start: START, end: '2026-11-20T00:00:00Z' }, 422],
    [
      {
        reporter: 'AggregatorReporter',
        input: [{ sensor: secret }],
        output: [{ sensor: power }],
        start: START,
        end: '2026-11-24T14:00:00Z',
      },
      403,
    ],
    [
      {
        reporter: 'PandasReporter',
        config: { transformations: [{ method: '__class__' }] },
        input: [{ sensor: power }],
        output: [{ sensor: power }],
      },
      422,
    ],
  ] as const) {
    const answer = await door.ask('POST', `/api/cariflex/v1/assets/${asset}/reports`, { as: 'ann', body })
    assert.equal(answer.status, status, JSON.stringify(answer.body))
  }
  for (const table of ['cariflex.automation', 'cariflex.report', 'cariflex.job', 'cariflex.asker'])
    assert.deepEqual(await door.store.query(`select * from ${table}`), [], table)
})
