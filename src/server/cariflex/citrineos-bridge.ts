/** The bridge to a running CitrineOS: how it is, whether every way is open, both sides compared. */
import { Type } from 'typebox'
import type { Charging } from '#charging'
import { type Established, steers } from '#ems'
import { formatInstant, Problem, say } from '#kernel'
import type { Routes } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { SAYING } from './saying.ts'
import { Data, onSite } from './shape.ts'

export interface BridgeRoutesParts {
  charging: Charging
  established: Established
  rooms: Rooms
}

const Drift = Type.Object({
  station: Type.String(),
  kind: Type.Union([Type.Literal('sessions'), Type.Literal('profile')]),
  what: Type.String({ description: 'How both sides differ.' }),
})
const Moment = Type.Union([Type.String(), Type.Null()])
const View = Type.Object({
  version: Type.String({ description: 'Version of CitrineOS that it is written for.' }),
  orders: Type.String({ description: 'How a charging profile replaces the one before: inject, alternate or clear.' }),
  broker: Type.Object({ open: Type.Boolean(), fault: Type.Union([Type.String(), Type.Null()]) }),
  api: Type.Boolean({ description: 'Whether its message API is configured.' }),
  database: Type.Boolean({ description: 'Whether its database is configured: without it a gap stays a gap.' }),
  heardUntil: Moment,
  comparedAt: Moment,
  stations: Type.Array(Type.Object({ identity: Type.String(), version: Type.String(), online: Type.Boolean() })),
  strangers: Type.Array(Type.String(), { description: 'Stations of CitrineOS that are not ours.' }),
  drifts: Type.Array(Drift),
  counts: Type.Object(
    { taken: Type.Integer(), unread: Type.Integer(), strange: Type.Integer() },
    { description: 'Messages since the start.' },
  ),
})
const Check = Type.Object({
  what: Type.Enum(['broker', 'tap', 'api', 'database']),
  ok: Type.Boolean(),
  detail: Type.String(),
})

/** Routes below `/charging/bridge`. */
export const citrineosBridgeRoutes =
  ({ charging, established, rooms }: BridgeRoutesParts): Routes =>
  (app) => {
    const { authenticate, requirePermission } = rooms.identity
    const tags = ['stations']
    const read = { onRequest: [authenticate, onSite(established.account, 'read')] }
    const operate = { onRequest: [authenticate, onSite(established.account, 'update'), requirePermission(steers)] }
    const { timezone } = established.territory.site
    const need = () => {
      if (charging.bridge) return charging.bridge
      throw new Problem('no-bridge', say(SAYING.noBridge), { status: 404, hint: say(SAYING.setBridge) })
    }
    app.get(
      '/charging/bridge',
      { ...read, schema: { tags, summary: 'How the bridge to a running CitrineOS is', response: { 200: Data(View) } } },
      async () => {
        const { heardUntil, comparedAt, ...view } = need().view()
        const told = (at: typeof heardUntil) => (at === null ? null : formatInstant(at, timezone))
        return { data: { ...view, heardUntil: told(heardUntil), comparedAt: told(comparedAt) } }
      },
    )
    app.post(
      '/charging/bridge/check',
      { ...operate, schema: { tags, summary: 'Tries every way to CitrineOS now', response: { 200: Data(Type.Array(Check)) } } },
      async () => ({ data: await need().check() }),
    )
    app.post(
      '/charging/bridge/reconcile',
      {
        ...operate,
        schema: {
          tags,
          summary: 'Compares both sides now and mends what can be mended; what differs afterwards comes back',
          response: { 200: Data(Type.Array(Drift)) },
        },
      },
      async () => ({ data: await need().reconcile() }),
    )
  }
