/** The simulated world of a demo: looked at and commanded as cars, clouds and faults would do by themselves. */
import { Type } from 'typebox'
import type { Routes } from '../app.ts'
import type { Identity } from '../identity.ts'
import { onSite } from './shape.ts'

/** What the program that runs the world offers. */
export interface WorldControl {
  state(): Promise<unknown>
  /** @throws Problem when the world refuses (unknown vehicle, already plugged, …) */
  command(name: string, body: Record<string, unknown>): Promise<unknown>
}

const closed = { additionalProperties: false }
const COMMANDS = {
  plug: Type.Object({ vehicle: Type.String(), station: Type.Optional(Type.String()) }, closed),
  unplug: Type.Object({ vehicle: Type.String() }, closed),
  cloud: Type.Object(
    { cover: Type.Number({ minimum: 0, maximum: 1 }), minutes: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1440 })) },
    closed,
  ),
  fault: Type.Object({ device: Type.String(), on: Type.Boolean() }, closed),
  disconnect: Type.Object({ device: Type.String(), seconds: Type.Number({ minimum: 1, maximum: 3600 }) }, closed),
  freeze: Type.Object({ on: Type.Boolean() }, closed),
}

/** Routes of the world panel; only registered when the world is simulated. */
export const worldRoutes =
  (world: WorldControl, account: number, identity: Identity): Routes =>
  (app) => {
    const guard = { preValidation: identity.authenticate, preHandler: onSite(account, 'update') }
    app.get('/world', { ...guard, schema: { tags: ['world'], summary: 'State of the simulated world' } }, async () => ({
      data: await world.state(),
    }))
    for (const [name, body] of Object.entries(COMMANDS))
      app.post(`/world/${name}`, { ...guard, schema: { tags: ['world'], summary: `The world: ${name}`, body } }, async (request) => ({
        data: await world.command(name, request.body as Record<string, unknown>),
      }))
  }
