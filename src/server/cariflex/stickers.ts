/** The QR code of an EVSE's public page, for its sticker. */
import { toString as drawCode } from 'qrcode'
import { Type } from 'typebox'
import type { Charging } from '#charging'
import { type Established, steers } from '#ems'
import type { Routes } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { onSite } from './shape.ts'
import { identity } from './station-desk.ts'

export interface StickerParts {
  charging: Charging
  established: Established
  rooms: Rooms
}

const Evse = Type.Object({ identity, evse: Type.Integer({ minimum: 1, maximum: 1000, description: 'EVSE of the station, from 1.' }) })

export const stickerRoutes =
  ({ charging, established, rooms }: StickerParts): Routes =>
  (app) => {
    const operate = {
      onRequest: [rooms.identity.authenticate, onSite(established.account, 'update'), rooms.identity.requirePermission(steers)],
    }
    app.get(
      '/stations/:identity/evses/:evse/driver-page/qr.svg',
      {
        ...operate,
        schema: {
          tags: ['stations'],
          summary:
            "The QR code that opens an EVSE's public page, as a picture for its sticker (server.publicUrl, or the address asked under)",
          params: Evse,
          response: { 200: { description: 'SVG', content: { 'image/svg+xml': { schema: Type.String() } } } },
        },
      },
      async (request, reply) => {
        const code = await charging.wishes.code(request.params.identity, request.params.evse)
        const origin = rooms.config.publicUrl?.replace(/\/+$/, '') ?? `${request.protocol}://${request.host}`
        // Quartile: a sticker outdoors may lose a quarter of its face.
        const svg = await drawCode(`${origin}/driver/${code}`, { type: 'svg', errorCorrectionLevel: 'quartile', margin: 2 })
        return reply.type('image/svg+xml').header('Cache-Control', 'no-store').send(svg)
      },
    )
  }
