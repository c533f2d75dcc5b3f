/** Charts of assets and sensors: Vega-Lite specifications, their records and notes; under /api/dev by their older paths too (reference 2.4, 2.8). */
import type { Static } from 'typebox'
import {
  type Asset,
  assetChart,
  type ChartNote,
  chartNotes,
  chartRows,
  type NotesQuery,
  type Principal,
  permits,
  SENSOR_CHARTS,
  type Sensor,
  type SensorChartType,
  sensorChart,
  sensorsOf,
  shownSensor,
} from '#ems'
import { formatInstant, type Instant, parseDurationLength } from '#kernel'
import type { App, Reply } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { assetFor } from './assets.ts'
import { chartData } from './chart-data.ts'
import {
  AssetChartQuery,
  AssetDataQuery,
  type ChartTimes,
  chartQuery,
  NotesQuery as Notes,
  SensorDataQuery,
  sensorChartQuery,
  timesOf,
} from './chart-query.ts'
import { flag, idOf } from './query.ts'
import { sensorFor } from './sensors.ts'

const tags = ['flexmeasures']
const SensorChartQuery = sensorChartQuery(SENSOR_CHARTS)

/** Charts under `/assets` and `/sensors`. */
export function chartRoutes(app: App, rooms: Rooms): void {
  addAssetCharts(app, rooms, '/assets', {})
  addSensorCharts(app, rooms, '/sensors', {})
}

/** The same by the paths that the user interface of FlexMeasures asks (`/api/dev`), and what it asks besides. */
export function devChartRoutes(app: App, rooms: Rooms): void {
  const hidden = { hide: true }
  addAssetCharts(app, rooms, '/asset', hidden)
  addSensorCharts(app, rooms, '/sensor', hidden)
  app.get('/asset/:id', { schema: hidden }, async (request) => {
    const asset = await assetFor(rooms, request.principal!, 'read', idOf(request.params))
    const shown = sensorsOf(await rowsOf(rooms, request.principal!, asset))
    const range = await timeRange(
      rooms,
      shown.flatMap(({ id }) => (id > 0 ? [id] : [])),
    )
    return { name: asset.name, timezone: await zoneOf(rooms, asset), timerange_of_sensors_to_show: range, status: 200 }
  })
  app.get('/sensor/:id', { schema: hidden }, async (request) => {
    const sensor = await sensorFor(rooms, request.principal!, 'read', idOf(request.params))
    return { name: sensor.name, timezone: sensor.timezone, timerange: await timeRange(rooms, [sensor.id]), status: 200 }
  })
}

const rowsOf = (rooms: Rooms, who: Principal, asset: Asset) =>
  chartRows(rooms.store, rooms.sensors, asset, (account) =>
    permits(who, 'read', { kind: 'asset', account, consultancy: account === asset.account ? asset.consultancy : null }),
  )

/** The zone of an asset: its own attribute, else that of its first sensor. */
async function zoneOf({ sensors }: Rooms, asset: Asset): Promise<string> {
  if (typeof asset.attributes['timezone'] === 'string') return asset.attributes['timezone']
  const first = asset.sensors[0]
  return (first && (await sensors.get(first.id))?.timezone) ?? 'UTC'
}

function addAssetCharts(app: App, rooms: Rooms, path: string, hidden: { hide?: boolean }): void {
  app.get(
    `${path}/:id/chart`,
    { schema: { ...hidden, tags, summary: 'A chart of the asset as a Vega-Lite 5 specification', querystring: AssetChartQuery } },
    async (request, reply) => {
      const who = request.principal!
      const asset = await assetFor(rooms, who, 'read', idOf(request.params))
      const query = chartQuery(AssetChartQuery, request.query) as Static<typeof AssetChartQuery>
      const times = timesOf(query, await zoneOf(rooms, asset))
      const rows = await rowsOf(rooms, who, asset)
      const dataset = query['dataset-name'] ?? `asset_${asset.id}`
      const ofAsset = flag(query['include-asset-annotations'], false)
      const ofAccount = flag(query['include-account-annotations'], false)
      const spec = assetChart(rows, {
        dataset,
        combineLegend: flag(query['combine-legend'], true),
        annotations: ofAsset || ofAccount,
        ...sizeOf(query),
        ...windowOf(times),
      })
      if (!flag(query['include-data'], false)) return sendJson(reply, JSON.stringify(spec))
      const data = await chartData(rooms, sensorsOf(rows), { ...times, latestVersion: true, mostRecent: true, compress: false })
      const notes = { asset: ofAsset ? asset.id : undefined, account: ofAccount ? (asset.account ?? undefined) : undefined }
      return sendJson(reply, withData(spec, dataset, data, await notesText(rooms, { ...times, ...notes, clip: true })))
    },
  )
  app.get(
    `${path}/:id/chart_data`,
    { schema: { ...hidden, tags, summary: 'The records that the chart of the asset draws', querystring: AssetDataQuery } },
    async (request, reply) => {
      const who = request.principal!
      const asset = await assetFor(rooms, who, 'read', idOf(request.params))
      const query = chartQuery(AssetDataQuery, request.query) as Static<typeof AssetDataQuery>
      const times = timesOf(query, await zoneOf(rooms, asset))
      const sensors = sensorsOf(await rowsOf(rooms, who, asset))
      return sendJson(reply, await chartData(rooms, sensors, { ...times, ...choiceOf(query, false) }))
    },
  )
  app.get(
    `${path}/:id/chart_annotations`,
    { schema: { ...hidden, tags, summary: 'Notes of the asset and its account for a chart', querystring: Notes } },
    async (request, reply) => {
      const asset = await assetFor(rooms, request.principal!, 'read', idOf(request.params))
      const query = chartQuery(Notes, request.query) as Static<typeof Notes>
      const times = timesOf(query, await zoneOf(rooms, asset))
      const whose = { asset: asset.id, account: asset.account ?? undefined }
      return sendNotes(reply, await notesText(rooms, { ...times, ...whose, clip: flag(query.clip, true) }))
    },
  )
}

function addSensorCharts(app: App, rooms: Rooms, path: string, hidden: { hide?: boolean }): void {
  app.get(
    `${path}/:id/chart`,
    { schema: { ...hidden, tags, summary: 'A chart of the sensor as a Vega-Lite 5 specification', querystring: SensorChartQuery } },
    async (request, reply) => {
      const sensor = await sensorFor(rooms, request.principal!, 'read', idOf(request.params))
      const query = chartQuery(SensorChartQuery, request.query) as Static<typeof SensorChartQuery>
      const times = timesOf(query, sensor.timezone)
      const shown = await shownSensor(rooms.store, sensor)
      const dataset = query['dataset-name'] ?? `sensor_${sensor.id}`
      const whose = whoseNotes(query, sensor)
      const annotations = Object.values(whose).some((id) => id !== undefined)
      const type = (query['chart-type'] ?? 'bar_chart') as SensorChartType
      const spec = sensorChart(type, shown, { dataset, annotations, ...sizeOf(query), ...windowOf(times) })
      if (!flag(query['include-data'], false)) return sendJson(reply, JSON.stringify(spec))
      const data = await chartData(rooms, [shown], { ...times, latestVersion: true, mostRecent: true, compress: false })
      return sendJson(reply, withData(spec, dataset, data, await notesText(rooms, { ...times, ...whose, clip: true })))
    },
  )
  app.get(
    `${path}/:id/chart_data`,
    { schema: { ...hidden, tags, summary: 'The records that the chart of the sensor draws', querystring: SensorDataQuery } },
    async (request, reply) => {
      const sensor = await sensorFor(rooms, request.principal!, 'read', idOf(request.params))
      const query = chartQuery(SensorDataQuery, request.query) as Static<typeof SensorDataQuery>
      const times = timesOf(query, sensor.timezone)
      const resolution = query.resolution === undefined ? {} : { resolution: parseDurationLength(query.resolution) }
      const shown = await shownSensor(rooms.store, sensor)
      return sendJson(reply, await chartData(rooms, [shown], { ...times, ...choiceOf(query, true), ...resolution }))
    },
  )
  app.get(
    `${path}/:id/chart_annotations`,
    { schema: { ...hidden, tags, summary: 'Notes of the sensor and its asset for a chart', querystring: Notes } },
    async (request, reply) => {
      const sensor = await sensorFor(rooms, request.principal!, 'read', idOf(request.params))
      const query = chartQuery(Notes, request.query) as Static<typeof Notes>
      const whose = { sensor: sensor.id, asset: sensor.asset }
      return sendNotes(reply, await notesText(rooms, { ...timesOf(query, sensor.timezone), ...whose, clip: flag(query.clip, true) }))
    },
  )
}

const sizeOf = ({ height, width }: { height?: number; width?: number }) => ({
  ...(height !== undefined && { height }),
  ...(width !== undefined && { width }),
})

const windowOf = ({ from, until }: ChartTimes) => ({ ...(from !== undefined && { from }), ...(until !== undefined && { until }) })

const choiceOf = (query: Static<typeof AssetDataQuery>, latestVersion: boolean) => ({
  latestVersion: flag(query['use-latest-version-per-event'], latestVersion),
  mostRecent: flag(query['most-recent-beliefs-only'], true),
  compress: flag(query['compress-json'], false),
})

const whoseNotes = (query: Static<typeof SensorChartQuery>, sensor: Sensor): Pick<NotesQuery, 'sensor' | 'asset' | 'account'> => ({
  sensor: flag(query['include-sensor-annotations'], false) ? sensor.id : undefined,
  asset: flag(query['include-asset-annotations'], false) ? sensor.asset : undefined,
  account: flag(query['include-account-annotations'], false) ? (sensor.account ?? undefined) : undefined,
})

/** A specification with its records, which are text already. */
const withData = (spec: object, dataset: string, data: string, notes: string): string =>
  `${JSON.stringify(spec).slice(0, -1)},"datasets":{${JSON.stringify(dataset)}:${data},${JSON.stringify(`${dataset}_annotations`)}:${notes}}}`

const sendJson = (reply: Reply, text: string): Reply => reply.type('application/json; charset=utf-8').send(text)

/**
 * FlexMeasures sends this list as text/html, and clients read it as JSON all the same. Here no browser takes it for a page: '<' is written as an
 * escape.
 */
const sendNotes = (reply: Reply, text: string): Reply => reply.type('text/html; charset=utf-8').send(text.replaceAll('<', '\\u003c'))

async function notesText({ store, sources }: Rooms, query: NotesQuery): Promise<string> {
  const notes = await chartNotes(store, query)
  const names = new Map<number, string>()
  for (const { source } of notes) if (!names.has(source)) names.set(source, (await sources.get(source))?.name ?? String(source))
  const view = (note: ChartNote) => ({
    start: note.start,
    end: note.end,
    belief_time: note.beliefTime,
    source: names.get(note.source),
    type: note.type,
    content: note.content,
  })
  return JSON.stringify(notes.map(view))
}

/** From the first event that starts to the last one. */
async function timeRange({ store, clock }: Rooms, sensors: readonly number[]): Promise<{ start: string; end: string }> {
  const row = await store.first<{ first: Instant | null; last: Instant | null }>(
    `select min(f.first) as first, max(f.last) as last from unnest($1::int[]) s cross join lateral
     (select min(event_start) as first, max(event_start) as last from timed_belief where sensor_id = s) f`,
    [sensors],
  )
  const now = clock.now()
  return { start: formatInstant(row?.first ?? now), end: formatInstant(row?.last ?? now) }
}
