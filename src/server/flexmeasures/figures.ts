/** Figures of a sensor's data per source, and how fresh the data is. */
import { type Static, Type } from 'typebox'
import type { Sensor, Source } from '#ems'
import { DAY, formatInstant, HOUR, type Instant, parseInstant } from '#kernel'
import { asTimestamp } from '#store'
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

interface Figures extends Source {
  first: Instant
  last: Instant
  min: number
  max: number
  mean: number
  sum: number
  count: number
  recorded: Instant
}

export function figureRoutes(app: App, rooms: Rooms): void {
  app.get(
    '/sensors/:id/stats',
    { schema: { tags, summary: 'Figures of the data, per source', querystring: StatsQuery } },
    async (request) => {
      const sensor = await sensorFor(rooms, request.principal!, 'read', idOf(request.params))
      const query = check(StatsQuery, canonical(request.query), 'query') as Static<typeof StatsQuery>
      const from = query['event-start-time']
      const until = query['event-end-time']
      const rows = await rooms.store.query<Figures>(
        `select d.id, d.name, d.type, d.model, d.version, d.account_id as account, d.user_id as "user", f.* from (
       select source_id, min(event_start) as first, max(event_start) as last, min(event_value) as min, max(event_value) as max,
       avg(event_value) as mean, sum(event_value) as sum, count(*)::int as count, max(event_start - belief_horizon) as recorded
       from timed_belief where sensor_id = $1 and ($2::timestamptz is null or event_start >= $2) and ($3::timestamptz is null or event_start < $3)
       group by source_id) f join data_source d on d.id = f.source_id order by d.id`,
        [
          sensor.id,
          from === undefined ? null : asTimestamp(parseInstant(from)),
          until === undefined ? null : asTimestamp(parseInstant(until)),
        ],
      )
      if (flag(query.sort, true)) rows.sort((a, b) => describeSource(a).localeCompare(describeSource(b)))
      return { ...Object.fromEntries(rows.map((row) => [`${describeSource(row)} (ID: ${row.id})`, figuresView(row, sensor)])), status: 200 }
    },
  )

  app.get('/sensors/:id/status', { schema: { tags, summary: 'How fresh the data is' } }, async (request) => {
    const sensor = await sensorFor(rooms, request.principal!, 'read', idOf(request.params))
    const lines = await freshness(rooms, sensor)
    return { sensors_data: lines, status: 200 }
  })
}

const figuresView = (row: Figures, sensor: Sensor) => ({
  'First event start': formatInstant(row.first),
  'Last event end': formatInstant((row.last + sensor.resolution) as Instant),
  'Last recorded': formatInstant((row.recorded + (sensor.knownAfter ?? sensor.resolution)) as Instant),
  'Min value': row.min,
  'Max value': row.max,
  'Mean value': row.mean,
  'Sum over values': row.sum,
  'Number of values': row.count,
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
