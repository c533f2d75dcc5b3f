/** The simulated world of a demo: looked at and commanded as cars, clouds and faults would do by themselves. */
import { Type } from 'typebox'
import { formatInstant, instant } from '#kernel'
import type { Routes } from '../app.ts'
import type { Identity } from '../identity.ts'
import { onSite } from './shape.ts'

/** What the simulated world tells of itself; moments in ms. */
export interface WorldLook {
  now: number
  cloudCover: number
  frozen: boolean
  vehicles: { id: string; plugged: string | null; socPercent: number; departure: number | null }[]
  devices: { id: string; fault: boolean; connected: boolean }[]
  /** The simulated charging stations, as they see themselves. */
  stations: object[]
}

/** What the program that runs the world offers. */
export interface WorldControl {
  state(): Promise<WorldLook>
  /** @throws Problem when the world refuses (unknown vehicle, already plugged, …) */
  command(name: string, body: Record<string, unknown>): Promise<WorldLook>
}

/** What the platform knows of the things of the world. */
export interface WorldPlace {
  account: number
  zone: string
  /** Asset ids by vehicle: 'V2G003' → 33. */
  vehicles: ReadonlyMap<string, number>
}

/** The world as the API shows it: vehicles with their assets, moments as ISO times in the zone of the site. */
export function worldView({ now, vehicles, ...rest }: WorldLook, place: WorldPlace) {
  const time = (at: number) => formatInstant(instant(at), place.zone)
  return {
    now: time(now),
    ...rest,
    vehicles: vehicles.map(({ id, departure, ...vehicle }) => ({
      id,
      asset: place.vehicles.get(id) ?? null,
      ...vehicle,
      departure: departure === null ? null : time(departure),
    })),
  }
}

const closed = { additionalProperties: false }
const COMMANDS = {
  plug: Type.Object(
    {
      vehicle: Type.String({ description: 'Id of the car.' }),
      station: Type.Optional(Type.String({ description: 'Id of the charger; a free one unless said.' })),
    },
    closed,
  ),
  unplug: Type.Object({ vehicle: Type.String({ description: 'Id of the car.' }) }, closed),
  cloud: Type.Object(
    {
      cover: Type.Number({ minimum: 0, maximum: 1, description: 'Share of the sky that is covered, 0 to 1.' }),
      minutes: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1440, description: 'How long, minutes.' })),
    },
    closed,
  ),
  fault: Type.Object(
    {
      device: Type.String({ description: 'Id of the device.' }),
      on: Type.Boolean({ description: 'True: it fails; false: it is well again.' }),
    },
    closed,
  ),
  disconnect: Type.Object(
    {
      device: Type.String({ description: 'Id of the device.' }),
      seconds: Type.Number({ minimum: 1, maximum: 3600, description: 'How long it stays away, seconds.' }),
    },
    closed,
  ),
  station: Type.Object(
    {
      identity: Type.String({
        pattern: '^[A-Za-z0-9*+=._@|-]{1,48}$',
        description: 'Identity of the simulated station; register it first.',
      }),
      nominalKw: Type.Number({ exclusiveMinimum: 0, maximum: 100, description: 'Most it gives, kW.' }),
      phases: Type.Optional(Type.Union([Type.Literal(1), Type.Literal(3)], { description: 'Phases it is connected to; 3 unless said.' })),
      version: Type.Optional(
        Type.Union([Type.Literal('1.6'), Type.Literal('2.0.1'), Type.Literal('2.1')], {
          description: 'The OCPP it speaks; 2.0.1 unless said.',
        }),
      ),
      password: Type.Optional(Type.String({ minLength: 16, maxLength: 40, description: 'With which it connects.' })),
    },
    closed,
  ),
  remove: Type.Object({ station: Type.String({ description: 'Id of a simulated station that was added by hand.' }) }, closed),
  swipe: Type.Object(
    {
      station: Type.String({ description: 'Id of the charger.' }),
      token: Type.String({ minLength: 1, maxLength: 36, description: 'The badge that is held before its reader.' }),
    },
    closed,
  ),
  freeze: Type.Object({ on: Type.Boolean({ description: 'True: nothing in the world changes; false: it goes on.' }) }, closed),
}

/** Routes of the world panel; only registered when the world is simulated. */
export const worldRoutes =
  (world: WorldControl, place: WorldPlace, identity: Identity): Routes =>
  (app) => {
    const guard = { onRequest: [identity.authenticate, onSite(place.account, 'update')] }
    app.get('/world', { ...guard, schema: { tags: ['world'], summary: 'State of the simulated world' } }, async () => ({
      data: worldView(await world.state(), place),
    }))
    for (const [name, body] of Object.entries(COMMANDS))
      app.post(`/world/${name}`, { ...guard, schema: { tags: ['world'], summary: `The world: ${name}`, body } }, async (request) => ({
        data: worldView(await world.command(name, request.body as Record<string, unknown>), place),
      }))
  }
