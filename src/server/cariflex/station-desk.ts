/** What the routes of one station share: who may ask, which station is meant, and the shapes that come again. */
import { type TSchema, Type } from 'typebox'
import type { Charging } from '#charging'
import { type Established, steers } from '#ems'
import { parseInstant } from '#kernel'
import type { Request } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { onSite, whoOf } from './shape.ts'

export interface StationBlockParts {
  charging: Charging
  established: Established
  rooms: Rooms
}

export const identity = Type.String({ description: 'Identity of the station: the last part of its URL.' })
export const Identity = Type.Object({ identity })
export const numbered = (description: string) => Type.Object({ identity, id: Type.Integer({ description }) })
export const Text = (description: string, most = 255) => Type.String({ minLength: 1, maxLength: most, description })
export const At = (description: string) => Type.String({ format: 'date-time', description })
export const optional = <Shape extends TSchema>(shape: Shape) => Type.Optional(shape)
export const closed = { additionalProperties: false } as const
export const Part = (what: string) =>
  Type.Object(
    { name: Text(`Name of the ${what}.`, 50), instance: optional(Text(`Its instance.`, 50)) },
    { additionalProperties: true, description: `The ${what}, as OCPP has it.` },
  )
export const Page = Type.Object({
  before: optional(Type.Integer({ description: 'Only what came before this entry.' })),
  limit: optional(Type.Integer({ minimum: 1, maximum: 1000, description: 'So many at most.' })),
})

/** What every route below `/stations/:identity` needs. */
export function stationDesk({ charging, established, rooms }: StationBlockParts) {
  const { authenticate, requirePermission } = rooms.identity
  const { blocks } = charging
  const zone = established.territory.site.timezone
  const tags = ['stations']
  const read = { onRequest: [authenticate, onSite(established.account, 'read')] }
  const operate = { onRequest: [authenticate, onSite(established.account, 'update'), requirePermission(steers)] }
  const by = (request: Request) => whoOf(request).email
  const at = (text: string | undefined) => (text === undefined ? undefined : parseInstant(text))
  const place = ({ url, file }: { url?: string; file?: number }) => (file === undefined ? (url ?? '') : { file })
  const station = ({ params }: { params: { identity: string } }) => charging.station(params.identity)
  const known = <T extends object>(given: T) => Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as T
  return { blocks, zone, tags, read, operate, by, at, place, station, known }
}
