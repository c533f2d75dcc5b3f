/** Stations by model, what each takes and what was learnt of it; the messages of a version, as forms are made of them; what keeps power down. */
import { Type } from 'typebox'
import type { Charging, ListedStation } from '#charging'
import type { Established, Line } from '#ems'
import { Problem, say } from '#kernel'
import { dialectOf } from '#protocols/ocpp'
import type { Routes } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { SAYING } from './saying.ts'
import { onSite } from './shape.ts'
import { Identity } from './station-desk.ts'

export interface StationModelParts {
  charging: Charging
  established: Established
  line: Pick<Line, 'limits'>
  rooms: Rooms
}

const Version = Type.Union([Type.Literal('1.6'), Type.Literal('2.0.1'), Type.Literal('2.1')], { description: 'Version of OCPP.' })

export const stationModelRoutes =
  ({ charging, established, line, rooms }: StationModelParts): Routes =>
  (app) => {
    const read = { onRequest: [rooms.identity.authenticate, onSite(established.account, 'read')] }

    app.get(
      '/charging/models',
      {
        ...read,
        schema: { tags: ['charging'], summary: 'Models of stations: how many, what they take, what was learnt, which quirks are mended' },
      },
      async () => {
        const groups = new Map<string, ListedStation[]>()
        for (const station of charging.stations()) {
          const { protocol } = charging.card(station.identity)
          const key = [station.vendor, station.model, protocol].join('\n')
          groups.set(key, [...(groups.get(key) ?? []), station])
        }
        return {
          data: [...groups.values()]
            .filter(([first]) => first?.model != null)
            .map((group) => {
              const shown = group.find(({ online }) => online) ?? group[0]!
              return {
                // A station to say and to look things up by: its card is that of all of its model.
                station: shown.identity,
                count: group.length,
                online: group.filter(({ online }) => online).length,
                firmware: [...new Set(group.flatMap(({ firmware }) => firmware ?? []))].sort(),
                ...charging.card(shown.identity),
                quirks: charging.quirks(shown.identity),
              }
            })
            .sort((a, b) => b.count - a.count),
        }
      },
    )
    app.get(
      '/charging/messages/:version/:action',
      {
        ...read,
        schema: {
          tags: ['charging'],
          summary: 'What a message to a station consists of: its JSON schema, as OCPP publishes it',
          params: Type.Object({
            version: Version,
            action: Type.String({ maxLength: 60, description: 'Name of the message, such as Reset.' }),
          }),
        },
      },
      async ({ params: { version, action } }) => {
        const dialect = dialectOf(`ocpp${version}`)!
        const schema = dialect.mayCall('csms', action) ? dialect.schema(action, 'request') : undefined
        if (schema) return { data: schema }
        throw new Problem('unknown-message', say(SAYING.noSuchMessage, { version, action: action.slice(0, 60) }), {
          status: 404,
          hint: say(SAYING.listMessages),
        })
      },
    )
    app.get(
      '/stations/:identity/ladder',
      {
        ...read,
        schema: { tags: ['stations'], summary: 'What keeps the power of a station down, and which of it does now', params: Identity },
      },
      async ({ params }) => {
        const ladder = charging.ladder(params.identity)
        const { asset } = charging.station(params.identity).record
        const limits = (await line.limits.views()).filter((limit) => limit.asset === asset || limit.asset === established.site)
        return { data: { ...ladder, limits: limits.map((limit) => ({ ...limit, ofSite: limit.asset !== asset })) } }
      },
    )
  }
