/** How fresh everything below an asset is, for its page: all sensors of the subtree and those its flex-context leans on, in one look. */
import { Type } from 'typebox'
import {
  chartRows,
  demand,
  isoLength,
  judgeStaleness,
  type Principal,
  permits,
  readableAccounts,
  relationsTo,
  type Sensor,
  type Staleness,
  sensorsOf,
} from '#ems'
import { formatInstant, MINUTE, Problem } from '#kernel'
import type { App } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { Data } from './shape.ts'

const MaybeText = Type.Unsafe<string | null>({ type: ['string', 'null'] })

const Line = Type.Object({
  sourceType: MaybeText,
  stale: Type.Boolean(),
  code: Type.Unsafe<Staleness['code']>({ type: 'string', enum: ['fresh', 'stale', 'no-data', 'no-future-data'] }),
  staleness: MaybeText,
  since: MaybeText,
  limit: MaybeText,
  ahead: Type.Boolean({ description: 'Both lengths count into the future.' }),
  reason: Type.String(),
})

const Status = Data(
  Type.Object({
    at: Type.String(),
    sensors: Type.Integer(),
    stale: Type.Integer({ description: 'Sensors of which some data is stale.' }),
    silent: Type.Integer({ description: 'Sensors without any data.' }),
    lines: Type.Array(
      Type.Object({
        sensor: Type.Integer(),
        name: Type.String(),
        unit: Type.String(),
        resolution: Type.String(),
        asset: Type.Integer(),
        assetName: Type.String(),
        relations: Type.Array(Type.String()),
        stale: Type.Boolean(),
        sources: Type.Array(Line),
      }),
    ),
  }),
)

/** How old the last value of a sensor of moments may be: those of a state of charge come every few minutes. */
const MOMENTARY = 15 * MINUTE
/** More sensors than this make no page. */
const MOST_SENSORS = 5000

export function assetStatusRoute(app: App, rooms: Rooms): void {
  const { clock, config, lastEvents, store } = rooms
  app.get(
    '/assets/:id/status',
    {
      schema: {
        tags: ['assets'],
        summary: 'How fresh the data of an asset and of all below it is',
        params: Type.Object({ id: Type.Integer() }),
        response: { 200: Status },
      },
    },
    async (request) => {
      const who = request.principal!
      const asset = await rooms.assets.get(request.params.id)
      if (!asset) throw new Problem('unknown-asset', `No asset found with ID ${request.params.id}.`, { status: 404 })
      demand(who, 'read', { kind: 'asset', account: asset.account, consultancy: asset.consultancy })
      const now = clock.now()
      const relations = await relationsTo(store, asset.id)
      const rows = await chartRows(store, rooms.sensors, asset, (account) =>
        permits(who, 'read', { kind: 'asset', account, consultancy: null }),
      )
      const shown = asset.sensorsToShow.length > 0 ? sensorsOf(rows).flatMap(({ sensor }) => sensor ?? []) : []
      const sensors = await sensorsBelow(rooms, who, asset.id, relations.sensors, shown)
      const events = await lastEvents.of(sensors, now)
      const lines = sensors.map((sensor) => {
        const sources = judgeStaleness(sensor, events.get(sensor.id) ?? [], now, MOMENTARY)
        return {
          sensor: sensor.id,
          name: sensor.name,
          unit: sensor.unit,
          resolution: isoLength(sensor.resolution),
          asset: sensor.asset,
          assetName: sensor.assetName,
          relations: relations.of(sensor),
          stale: sources.some(({ stale }) => stale),
          sources: sources.map((line) => ({
            sourceType: line.sourceType,
            stale: line.stale,
            code: line.code,
            staleness: line.staleness === null ? null : isoLength(line.staleness),
            since: line.since === null ? null : formatInstant(line.since, sensor.timezone),
            limit: line.limit === null ? null : isoLength(line.limit),
            ahead: line.isAhead,
            reason: line.reason,
          })),
        }
      })
      return {
        data: {
          at: formatInstant(now, config.timezone),
          sensors: lines.length,
          stale: lines.filter((line) => line.stale).length,
          silent: lines.filter((line) => line.sources[0]?.code === 'no-data').length,
          lines,
        },
      }
    },
  )
}

/** Those of the subtree, then those of the flex-context and of the charts that lie elsewhere, as far as one may read them. */
async function sensorsBelow(
  rooms: Rooms,
  who: Principal,
  asset: number,
  named: readonly number[],
  shown: readonly Sensor[],
): Promise<Sensor[]> {
  const readable = readableAccounts(who)
  const { sensors } = await rooms.sensors.list(
    { accounts: readable === 'all' ? 'all' : [...readable, null], under: asset },
    { limit: MOST_SENSORS },
  )
  const found = new Map([...sensors, ...shown].map((sensor) => [sensor.id, sensor]))
  for (const id of named) {
    const sensor = found.has(id) ? undefined : await rooms.sensors.get(id)
    if (sensor && permits(who, 'read', { kind: 'sensor', account: sensor.account, consultancy: sensor.consultancy })) found.set(id, sensor)
  }
  return [...found.values()]
}
