// Charts over HTTP: specifications, records long and short, notes; what an asset shows in all the forms it may be written.
import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { instant } from '#kernel'
import { openDoor } from '../door.fixture.ts'

const HOUR = 3_600_000
const TEN = Date.parse('2026-11-24T10:00:00Z')
const WINDOW = 'start=2026-11-24T10:00:00Z&duration=PT2H'

/** A battery with power (15 min, kW), price (1 h) and stock (moments), under a site. */
async function openBattery(t: TestContext) {
  const door = await openDoor(t)
  const { server } = door
  const battery = await server.assets.create({
    name: 'Battery',
    type: 5,
    account: (await server.assets.get(door.asset))!.account,
    parent: door.asset,
    flexModel: { 'soc-max': '0.2 MWh', 'soc-min': 'junk', 'power-capacity': { sensor: 0 } },
    flexContext: { 'site-power-capacity': '50 kW' },
  })
  const sensor = async (name: string, unit: string, resolution: number) =>
    (await server.sensors.create({ name, unit, resolution, asset: battery.id, timezone: 'UTC' })).id
  const power = await sensor('power', 'kW', HOUR / 4)
  const price = await sensor('price', 'EUR/MWh', HOUR)
  const stock = await sensor('stock', 'kWh', 0)
  const record = (id: number, source: number, from: number, step: number, values: number[], horizon = 0) =>
    server.beliefs.record([{ sensor: id, source, starts: values.map((_, i) => instant(from + i * step)), values, horizon }])
  const show = (sensorsToShow: unknown[]) => server.assets.update(battery.id, { sensorsToShow })
  const get = async <T>(path: string, as: 'mel' | 'bob' = 'mel'): Promise<T> => {
    const answer = await door.ask('GET', `/api/v3_0${path}`, { as })
    assert.equal(answer.status, 200, JSON.stringify(answer.body))
    return answer.body as T
  }
  return { door, asset: battery.id, power, price, stock, record, show, get }
}

interface Short {
  data: { ts: number; sid: number; val: number; sf: number; src: number; bh: number; bt: number }[]
  sensors: Record<string, Record<string, unknown>>
  sources: Record<string, Record<string, unknown>>
}
type Json = Record<string, unknown>
interface Spec {
  $schema: string
  vconcat: { title: string; width: unknown; height: unknown; transform: { filter?: { oneOf: number[] } }[]; layer: Json[] }[]
  data: { name: string }
  resolve: unknown
  datasets?: Record<string, Json[]>
}

test('chart data has the latest belief of each source, coarse sensors repeated, units on one scale, fixed values as sensors', async (t) => {
  const { door, asset, power, price, stock, record, show, get } = await openBattery(t)
  const meter = await door.server.sources.of({ name: 'meter', type: 'gateway' })
  const old = await door.server.sources.of({ name: 'Seita', type: 'forecaster', model: 'naive', version: '1.2' })
  const newer = await door.server.sources.of({ name: 'Seita', type: 'forecaster', model: 'naive', version: '1.10' })
  await record(power, meter, TEN, HOUR / 4, [1, 2, 3, 4, 5, 6, 7, 8, 9])
  await record(power, old, TEN, HOUR / 4, [10, 11], 2 * HOUR)
  await record(power, old, TEN, HOUR / 4, [12], HOUR)
  await record(power, newer, TEN, HOUR / 4, [20], HOUR)
  await record(price, meter, TEN, HOUR, [100])
  await record(stock, meter, TEN + 60_000, HOUR, [50, 60])
  await show([
    { title: 'flows', plots: [{ sensors: [power, price] }] },
    { title: 'stock', plots: [{ sensor: stock }, { asset, 'flex-model': 'soc-max' }] },
  ])

  const short = await get<Short>(`/assets/${asset}/chart_data?${WINDOW}&compress-json=true`)
  const of = (sid: number, src?: number) => short.data.filter((one) => one.sid === sid && (src === undefined || one.src === src))
  // The window ends at noon: the ninth quarter does not lie in it.
  assert.deepEqual(
    of(power, meter).map(({ ts, val }) => [(ts - TEN) / (HOUR / 4), val]),
    [0, 1, 2, 3, 4, 5, 6, 7].map((i) => [i, i + 1]),
  )
  assert.deepEqual(
    of(power, old).map(({ val }) => val),
    [12, 11],
  )
  assert.deepEqual(
    of(power, newer).map(({ val }) => val),
    [20],
  )
  assert.deepEqual(of(power, old)[0], { ts: TEN, sid: power, sf: 1, val: 12, src: old, bh: HOUR, bt: TEN + HOUR / 4 - HOUR })
  // An hour's price at each quarter, its horizon counted from the end of that quarter.
  assert.deepEqual(
    of(price).map(({ ts, val, bh, bt }) => [(ts - TEN) / (HOUR / 4), val, bh / (HOUR / 4), bt - TEN]),
    [0, 1, 2, 3].map((i) => [i, 100, i - 3, HOUR]),
  )
  assert.deepEqual(
    of(stock).map(({ ts, val }) => [ts - TEN, val]),
    [
      [60_000, 50],
      [60_000 + HOUR, 60],
    ],
  )
  const fixed = of(-1)
  assert.deepEqual([fixed.length, fixed[0]?.val, fixed[0]?.src, fixed.at(-1)?.ts], [9, 0.2, -1, TEN + 2 * HOUR])
  assert.deepEqual(short.sensors[power], {
    name: 'power',
    unit: 'kW',
    event_resolution: 900,
    description: 'power (Battery)',
    asset_id: asset,
    asset_description: 'Battery (house)',
  })
  assert.deepEqual([short.sensors['-1']?.['name'], short.sensors['-1']?.['unit']], ['soc-max (Battery)', 'MWh'])
  assert.deepEqual(
    [short.sources[old]?.['type'], short.sources[meter]?.['type'], short.sources[meter]?.['display_type']],
    ['forecaster', 'other', 'gateway'],
  )
  assert.equal(short.sources['-1']?.['description'], "Configured in the asset's flex-model")
  assert.deepEqual(new Set(short.data.map(({ sf }) => sf)), new Set([1]), 'power, price and energy share no axis')

  const latest = await get<Short>(`/assets/${asset}/chart_data?${WINDOW}&compress_json=true&use_latest_version_per_event=true`)
  assert.deepEqual(
    latest.data.filter(({ sid, src }) => sid === power && src !== meter).map(({ val }) => val),
    [20, 11],
  )
  const all = await get<Short>(`/assets/${asset}/chart_data?${WINDOW}&compress-json=1&most-recent-beliefs-only=False`)
  assert.deepEqual(
    all.data.filter(({ src }) => src === old).map(({ val }) => val),
    [10, 12, 11],
  )
  const before = await get<Short>(`/assets/${asset}/chart_data?${WINDOW}&compress-json=1&prior=2026-11-24T08:20:00Z`)
  assert.deepEqual(
    before.data.filter(({ sid }) => sid > 0).map(({ val }) => val),
    [10],
  )

  const long = await get<Json[]>(
    `/sensors/${price}/chart_data?event_starts_after=2026-11-24T09:00:00Z&event_ends_before=2026-11-24T11:00:00Z`,
  )
  assert.deepEqual(long, [
    {
      event_start: TEN,
      event_value: 100,
      belief_time: TEN + HOUR,
      belief_horizon: 0,
      source: {
        id: meter,
        name: 'meter',
        model: '',
        version: '',
        type: 'other',
        raw_type: 'gateway',
        display_type: 'gateway',
        description: 'meter',
      },
      sensor: {
        asset_id: asset,
        id: price,
        name: 'price',
        sensor_unit: 'EUR/MWh',
        event_resolution: 3600,
        description: 'price (Battery)',
        asset_description: 'Battery (house)',
      },
      sensor_unit: 'EUR/MWh',
      scale_factor: 1,
    },
  ])
  const coarse = await get<Short>(`/sensors/${power}/chart_data?${WINDOW}&compress-json=1&resolution=PT1H`)
  assert.deepEqual(
    coarse.data.filter(({ src }) => src === meter).map(({ val }) => val),
    [2.5, 6.5],
  )
  assert.deepEqual(await get(`/assets/${door.asset}/chart_data`), [])
})

test('the chart of an asset has a graph per row, whichever way its sensors are written', async (t) => {
  const { door, asset, power, price, stock, record, show, get } = await openBattery(t)
  const foreign = await door.server.assets.create({ name: 'foreign', type: 5, account: 2 })
  const hidden = (await door.server.sensors.create({ name: 'x', unit: 'kW', resolution: 0, asset: foreign.id, timezone: 'UTC' })).id
  const shown = async (list: unknown[], query = '') => {
    await show(list)
    return get<Spec>(`/assets/${asset}/chart?${query}`)
  }
  const ids = (spec: Spec) => spec.vconcat.map(({ transform }) => transform[0]?.filter?.oneOf)
  assert.deepEqual(ids(await shown([])), [[power], [price]], 'the first two sensors, apart because their units differ')
  assert.deepEqual(ids(await shown([power, [price, stock]])), [[power], [price, stock]])
  assert.deepEqual(
    ids(
      await shown([
        { title: 'a', sensor: power },
        { title: null, sensors: [price, stock, price] },
      ]),
    ),
    [[power], [price, stock]],
  )
  assert.deepEqual(ids(await shown([{ title: 'a', plots: [{ sensor: hidden }, { sensor: 999_999 }] }, { nonsense: true }, 'x', power])), [
    [power],
  ])
  const flex = [
    {
      plots: [
        { sensor: stock },
        { asset, 'flex-model': ['soc-max', 'soc-min'] },
        { asset, 'flex-context': 'site-power-capacity' },
        { asset: foreign.id, 'flex-model': 'soc-max' },
      ],
    },
  ]
  assert.deepEqual(ids(await shown(flex)), [[-1, -2, stock]])

  const spec = await shown(
    [{ title: 'flows', 'y-axis': { min: 0, max: 5 }, plots: [{ sensors: [power] }] }],
    `${WINDOW}&height=120&width=640&combine-legend=false&dataset-name=mine`,
  )
  assert.equal(spec.$schema, 'https://vega.github.io/schema/vega-lite/v5.json')
  const [row] = spec.vconcat
  assert.deepEqual([row?.title, row?.width, row?.height, spec.data.name], ['Flows', 640, 120, 'mine'])
  assert.deepEqual(spec.resolve, { scale: { x: 'shared', color: 'independent' } })
  assert.ok(JSON.stringify(row).includes(`"domain":[${TEN},${TEN + 2 * HOUR}]`) && JSON.stringify(row).includes('"domain":[0,5]'))
  assert.equal(spec.datasets, undefined)

  await record(power, await door.server.sources.of({ name: 'meter', type: 'gateway' }), TEN, HOUR / 4, [1, 2])
  const note = { content: 'Power cut', start: '2026-11-24T09:00:00Z', end: '2026-11-24T11:00:00Z', type: 'alert' }
  assert.equal((await door.ask('POST', `/api/v3_0/assets/${asset}/annotations`, { as: 'mel', body: note })).status, 201)
  const whole = await get<Spec>(`/assets/${asset}/chart?${WINDOW}&include-data=true&include_asset_annotations=true`)
  assert.deepEqual(
    whole.datasets?.[`asset_${asset}`]?.map((one) => one['event_value']),
    [1, 2],
  )
  assert.deepEqual(
    whole.datasets?.[`asset_${asset}_annotations`]?.map(({ start, content }) => [start, content]),
    [[TEN, ['Power cut']]],
  )
  assert.ok(whole.vconcat[0]!.layer.some((layer) => (layer['data'] as Json | undefined)?.['name'] === `asset_${asset}_annotations`))
  const dev = await door.ask('GET', `/api/dev/asset/${asset}/chart?${WINDOW}&height=120`, { as: 'mel' })
  assert.equal(dev.status, 200)
})

test('a sensor is drawn as bars, histogram or heat map; its older paths answer too', async (t) => {
  const { door, asset, power, stock, record, get } = await openBattery(t)
  await record(power, await door.server.sources.of({ name: 'meter', type: 'gateway' }), TEN, HOUR / 4, [1, 2])
  for (const type of ['bar_chart', 'histogram', 'daily_heatmap', 'weekly_heatmap'])
    for (const sensor of [power, stock]) {
      const spec = await get<Spec & { layer: Json[] }>(`/sensors/${sensor}/chart?chart_type=${type}&include_data=true`)
      assert.ok(spec.layer.length > 0)
      assert.equal(spec.datasets?.[`sensor_${sensor}`]?.length, sensor === power ? 2 : 0)
    }
  const dev = async (path: string, as: 'mel' | 'bob' = 'mel') => door.ask('GET', `/api/dev/sensor/${power}${path}`, { as })
  assert.deepEqual((await dev('')).body, {
    name: 'power',
    timezone: 'UTC',
    timerange: { start: '2026-11-24T10:00:00+00:00', end: '2026-11-24T10:15:00+00:00' },
    status: 200,
  })
  assert.equal(((await dev('/chart_data?compress_json=true')).body as unknown as Short).data.length, 2)
  assert.equal((await dev('/chart?chart_type=bar_chart')).status, 200)
  assert.deepEqual([(await dev('/chart_annotations')).status, (await dev('/chart_data', 'bob')).status], [200, 403])
  assert.equal((await door.ask('GET', `/api/dev/sensor/${power}/chart_data`)).status, 401)
  const range = (await door.ask('GET', `/api/dev/asset/${asset}`, { as: 'mel' })).body
  assert.deepEqual(range['timerange_of_sensors_to_show'], { start: '2026-11-24T10:00:00+00:00', end: '2026-11-24T10:15:00+00:00' })

  const wrong = async (path: string, field: string, text: RegExp) => {
    const answer = await door.ask('GET', `/api/v3_0${path}`, { as: 'mel' })
    assert.equal(answer.status, 422, path)
    assert.match(JSON.stringify((answer.body['message'] as Record<string, Json>)['query']?.[field]), text)
  }
  await wrong(`/sensors/${power}/chart?chart-type=pie`, 'chart-type', /Must be one of/)
  await wrong(`/sensors/${power}/chart?width=wide`, 'width', /Not a valid integer/)
  await wrong(`/assets/${asset}/chart_data?start=2026-11-24`, 'start', /Not a valid aware datetime/)
  await wrong(`/assets/${asset}/chart_data?duration=PT1H`, 'duration', /Provide `duration` together/)
  await wrong(`/assets/${asset}/chart_data?start=2026-11-24T10:00:00Z&end=2026-11-24T09:00:00Z`, 'end', /not be before/)
  await wrong(`/assets/${asset}/chart_data?compress-json=maybe`, 'compress-json', /Must be one of/)
  await wrong(`/assets/${asset}/chart?colour=red`, 'colour', /Unknown field/)
  for (const path of ['chart', 'chart_data', 'chart_annotations']) {
    assert.equal((await door.ask('GET', `/api/v3_0/assets/${asset}/${path}`, { as: 'bob' })).status, 403)
    assert.equal((await door.ask('GET', `/api/v3_0/sensors/${power}/${path}`, { as: 'bob' })).status, 403)
    assert.equal((await door.ask('GET', `/api/v3_0/assets/999999/${path}`, { as: 'mel' })).status, 404)
  }
})

test('notes for a chart: cut to the window, those of one end together, in short lines, as known at a moment', async (t) => {
  const { door, asset, power, get } = await openBattery(t)
  const note = async (path: string, content: string, start: string, end: string, prior?: string) => {
    const body = { content, start: `2026-11-24T${start}Z`, end: `2026-11-24T${end}Z`, ...(prior && { prior: `2026-11-24T${prior}Z` }) }
    assert.equal((await door.ask('POST', `/api/v3_0/${path}/annotations`, { as: 'ann', body })).status, 201)
  }
  const long = `${'Clouds and rain over the north of the island, '.repeat(3)}<b>strong</b> wind`
  await note(`assets/${asset}`, long, '09:00', '11:00')
  await note('accounts/1', 'Holiday', '10:30', '11:00', '08:00')
  await note(`sensors/${power}`, 'Recalibrated', '10:10', '10:20')
  await note(`assets/${asset}`, 'Yesterday', '01:00', '02:00')
  interface Note {
    start: number
    end: number
    belief_time: number | null
    source: string
    content: string[]
  }
  const [only, ...others] = await get<Note[]>(`/assets/${asset}/chart_annotations?${WINDOW}`)
  assert.deepEqual([others, only?.start, only?.end, only?.source, only?.belief_time], [[], TEN, TEN + HOUR, 'ann', null])
  assert.deepEqual([only?.content.at(-1), only?.content.length], ['Holiday', 4])
  assert.ok(only?.content.every((line) => line.length <= 60))
  assert.equal(only?.content.slice(0, 3).join(' '), long)
  const whole = await get<Note[]>(`/assets/${asset}/chart_annotations?${WINDOW}&clip=false`)
  assert.equal(whole[0]?.start, TEN - HOUR)
  const early = await get<Note[]>(`/assets/${asset}/chart_annotations?${WINDOW}&beliefs_before=2026-11-24T07:00:00Z`)
  assert.ok(!early[0]?.content.includes('Holiday'))
  const ofSensor = await get<Note[]>(`/sensors/${power}/chart_annotations?${WINDOW}`)
  assert.deepEqual(
    ofSensor.map(({ start, end }) => [start - TEN, end - TEN]),
    [
      [600_000, 1_200_000],
      [0, HOUR],
    ],
  )
  const raw = await fetch(`${door.url}/api/v3_0/assets/${asset}/chart_annotations?${WINDOW}`, {
    headers: { authorization: door.tokens.mel },
  })
  assert.match(raw.headers.get('content-type')!, /^text\/html/)
  assert.ok(!(await raw.text()).includes('<'), 'nothing in it that a browser would take for a page')
})
