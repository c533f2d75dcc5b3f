/** Figures of a sensor's data per source, and how fresh the data is. */
import { type Static, Type } from 'typebox'
import type { BeliefFigures, Sensor } from '#ems'
import { DAY, formatInstant, HOUR, type Instant, parseInstant } from '#kernel'
import type { App } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { formatResolution } from './format.ts'
import { canonical, Flag, flag, idOf } from './query.ts'
import { sensorFor } from './sensors.ts'
import { describeSource } from './sources.ts'
import { check } from './validate.ts'

const tags = ['flexmeasures']
const StatsQuery = Type.Object(
  {
    sort: Type.Optional(Flag),
    'event-start-time': Type.Optional(Type.String({ format: 'aware-datetime' })),
    'event-end-time': Type.Optional(Type.String({ format: 'aware-datetime' })),
    fresh: Type.Optional(Flag),
  },
  { additionalProperties: false },
)

export function figureRoutes(app: App, rooms: Rooms): void {
  app.get(
    '/sensors/:id/stats',
    { schema: { tags, summary: 'Figures of the data, per source', querystring: StatsQuery } },
    async (request) => {
      const sensor = await sensorFor(rooms, request.principal!, 'read', idOf(request.params))
      const query = check(StatsQuery, canonical(request.query), 'query') as Static<typeof StatsQuery>
      const [from, until] = [query['event-start-time'], query['event-end-time']]
      const figures = await rooms.beliefs.figures({
        sensor: sensor.id,
        ...(from !== undefined && { from: parseInstant(from) }),
        ...(until !== undefined && { until: parseInstant(until) }),
        fresh: flag(query.fresh, false),
      })
      const named = new Map((await rooms.sources.list('all')).map((source) => [source.id, `${describeSource(source)} (ID: ${source.id})`]))
      const lines = figures.map((line) => [named.get(line.source) ?? `(ID: ${line.source})`, figuresView(line, sensor)] as const)
      if (flag(query.sort, true)) lines.sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0))
      return { ...Object.fromEntries(lines), status: 200 }
    },
  )

  app.get('/sensors/:id/status', { schema: { tags, summary: 'How fresh the data is' } }, async (request) => {
    const sensor = await sensorFor(rooms, request.principal!, 'read', idOf(request.params))
    const lines = await freshness(rooms, sensor)
    return { sensors_data: lines, status: 200 }
  })
}

const figuresView = (line: BeliefFigures, { resolution, timezone }: Sensor) => ({
  'First event start': formatInstant(line.first, timezone),
  'Last event end': formatInstant((line.last + resolution) as Instant, timezone),
  'Last recorded': formatInstant(line.recorded, timezone),
  'Min value': line.min,
  'Max value': line.max,
  'Mean value': line.sum / line.count,
  'Sum over values': line.sum,
  'Number of values': line.count,
})

/** Forecasts and schedules are stale when they reach less far ahead than this (reference 1.5). */
const AHEAD = 12 * HOUR

/** One line per kind of source that wrote the sensor; one that says so when none did. */
async function freshness(rooms: Rooms, sensor: Sensor) {
  const now = rooms.clock.now()
  const rows = await rooms.store.query<{ type: string; last: Instant }>(
    `select d.type, max(f.last) as last from (select source_id, max(event_start) as last from timed_belief where sensor_id = $1 group by source_id) f
     join data_source d on d.id = f.source_id group by d.type order by d.type`,
    [sensor.id],
  )
  const line = (type: string | null, stale: boolean, reason: string, since: number | null) => ({
    staleness: since === null ? null : ago(Math.max(0, now - since)),
    stale,
    staleness_since: since === null ? null : formatInstant(since as Instant),
    reason,
    source_type: type,
    id: sensor.id,
    name: sensor.name,
    resolution: formatResolution(sensor.resolution),
    asset_name: sensor.assetName,
    relation: 'sensor belongs to this asset',
  })
  if (rows.length === 0) return [line(null, true, 'no data recorded', null)]
  return rows.map(({ type, last }) => {
    const end = last + sensor.resolution
    if (type === 'forecaster' || type === 'scheduler') {
      const stale = end - now < AHEAD
      return line(
        type,
        stale,
        `most recent data reaches ${ago(Math.abs(end - now))} ${end < now ? 'back' : 'ahead'}, ${stale ? 'but' : 'and'} should reach 12 hours ahead`,
        end,
      )
    }
    const patience = sensor.knownAfter === undefined ? DAY : Math.max(2 * sensor.resolution, 10 * 60_000)
    const stale = now - sensor.knownAt(last) > patience
    return line(
      type,
      stale,
      `most recent data is ${ago(Math.max(0, now - end))} old, ${stale ? 'but' : 'and'} should not be more than ${ago(patience)} old`,
      end,
    )
  })
}

function ago(length: number): string {
  const [size, word] =
    length >= DAY
      ? ([DAY, 'day'] as const)
      : length >= HOUR
        ? ([HOUR, 'hour'] as const)
        : length >= 60_000
          ? ([60_000, 'minute'] as const)
          : ([1000, 'second'] as const)
  const count = Math.round(length / size)
  return `${count} ${word}${count === 1 ? '' : 's'}`
}
