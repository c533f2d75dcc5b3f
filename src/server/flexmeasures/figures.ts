/** Figures of a sensor's data per source. */
import { type Static, Type } from 'typebox'
import type { BeliefFigures, Sensor } from '#ems'
import { formatInstant, type Instant, parseInstant } from '#kernel'
import type { App } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { canonical, flag, flagOf, idOf } from './query.ts'
import { sensorFor } from './sensors.ts'
import { describeSource } from './sources.ts'
import { check } from './validate.ts'

const tags = ['flexmeasures']
const StatsQuery = Type.Object(
  {
    sort: Type.Optional(flagOf('Sources in alphabetical order; True unless said.')),
    'event-start-time': Type.Optional(Type.String({ format: 'aware-datetime', description: 'Only events that begin then or later.' })),
    'event-end-time': Type.Optional(Type.String({ format: 'aware-datetime', description: 'Only events that end then or earlier.' })),
    fresh: Type.Optional(flagOf('Counted anew, whatever is remembered.')),
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
