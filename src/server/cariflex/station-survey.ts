/** Charging stations found by words, state, model and alarm, page by page; and where those that were found stand. */
import { Type } from 'typebox'
import { type Charging, STANDINGS } from '#charging'
import type { Established, Line } from '#ems'
import type { Routes } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { onSite } from './shape.ts'
import { optional, Text } from './station-desk.ts'

export interface StationSurveyParts {
  charging: Charging
  established: Established
  line: Pick<Line, 'alarms'>
  rooms: Rooms
}

const Query = Type.Object({
  search: optional(Type.String({ maxLength: 100, description: 'Words of its identity, name, maker or model.' })),
  standing: optional(
    Type.Union(
      STANDINGS.map((word) => Type.Literal(word)),
      { description: 'What it does now: fault, offline, parked (not registered), busy (with a session), free.' },
    ),
  ),
  model: optional(Text('Only this model.', 50)),
  alarm: optional(Type.Boolean({ description: 'Only those with an alarm now.' })),
  places: optional(Type.Boolean({ description: 'Tell where all that were found stand, too.' })),
  offset: optional(Type.Integer({ minimum: 0, description: 'So many are skipped.' })),
  limit: optional(Type.Integer({ minimum: 1, maximum: 200, description: 'So many at most; 50 unless said.' })),
})

export const stationSurveyRoutes =
  ({ charging, established, line, rooms }: StationSurveyParts): Routes =>
  (app) => {
    const { authenticate } = rooms.identity
    const placesOf = async (found: ReturnType<Charging['survey']>['found']) => {
      const rows = await rooms.store.query<{ id: number; latitude: number; longitude: number }>(
        'select id, latitude, longitude from generic_asset where id = any($1) and latitude is not null and longitude is not null',
        [found.flatMap(({ station }) => station.record.asset ?? [])],
      )
      const places = new Map(rows.map(({ id, ...place }) => [id, place]))
      return found.flatMap(({ station: { record }, standing }) => {
        const place = record.asset === undefined ? undefined : places.get(record.asset)
        return place ? [{ identity: record.identity, standing, ...place }] : []
      })
    }

    app.get(
      '/charging/stations',
      {
        onRequest: [authenticate, onSite(established.account, 'read')],
        schema: {
          tags: ['charging'],
          summary: 'Charging stations found by words, state, model and alarm, page by page',
          querystring: Query,
        },
      },
      async ({ query: { alarm, places, ...query } }) => {
        const views = await line.alarms.views(established.territory.site.timezone, 0, [established.account])
        const alarmed = new Set(views.filter(({ active }) => active).map(({ asset }) => asset))
        const { listed, found, counts, models } = charging.survey({ ...query, ...(alarm ? { among: (asset) => alarmed.has(asset) } : {}) })
        return {
          data: {
            stations: listed.map((one) => ({ ...one, alarm: one.asset !== null && alarmed.has(one.asset) })),
            total: found.length,
            counts,
            models,
            ...(places ? { places: await placesOf(found) } : {}),
          },
        }
      },
    )
  }
