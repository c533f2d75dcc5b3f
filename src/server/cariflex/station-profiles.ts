/** The charging profiles of a station: what was laid on it, what it says it holds, and the schedule it makes of them. */
import { Type } from 'typebox'
import type { Routes } from '../app.ts'
import { Data } from './shape.ts'
import { Identity, type StationBlockParts, stationDesk } from './station-desk.ts'

const orNull = <Schema extends Parameters<typeof Type.Union>[0][number]>(schema: Schema) => Type.Union([schema, Type.Null()])
const Periods = Type.Array(Type.Object({ startPeriod: Type.Number() }, { additionalProperties: true }), {
  description: 'Periods as OCPP has them: limits and set-points in the unit of the schedule, seconds from its start.',
})
const schedule = {
  unit: Type.String({ description: 'A per phase, or W.' }),
  start: orNull(Type.String()),
  duration: orNull(Type.Number({ description: 'Seconds; null: without end.' })),
  periods: Periods,
}
const profile = {
  evse: Type.Integer({ description: '0 is the station as a whole.' }),
  id: Type.Integer(),
  purpose: Type.String(),
  kind: Type.String(),
  stack: Type.Integer({ description: 'stackLevel: of one purpose the highest wins.' }),
  transaction: orNull(Type.String()),
  schedules: Type.Array(Type.Object({ id: Type.Integer(), ...schedule }), {
    description: 'More than one where a car was offered a choice.',
  }),
}
const Profiles = Type.Object({
  evse: Type.Integer({ description: 'The EVSE that is steered.' }),
  laid: Type.Array(
    Type.Object({
      ...profile,
      at: Type.String(),
      until: orNull(Type.String({ description: 'Until when it was ordered; null: it stands without end.' })),
      status: Type.String({ description: "What the station said: 'Accepted', 'refused' or 'silent'." }),
      reason: orNull(Type.String()),
      deviation: orNull(Type.String({ description: 'How the station does not keep it.' })),
      heldKw: orNull(Type.Number({ description: 'What it then said it holds.' })),
    }),
    { description: 'What we laid on it and is not over, the strongest purpose and the highest level first.' },
  ),
  told: orNull(
    Type.Object({
      at: Type.String(),
      profiles: Type.Array(
        Type.Object({ ...profile, source: Type.String({ description: 'Who laid it: CSO, EMS, SO or Other.' }), ours: Type.Boolean() }),
      ),
    }),
  ),
  composite: orNull(Type.Object({ at: Type.String(), evse: Type.Integer(), ...schedule })),
})

export const stationProfileRoutes =
  (parts: StationBlockParts): Routes =>
  (app) => {
    const { tags, read, operate, by } = stationDesk(parts)
    const { charging } = parts

    app.get(
      '/stations/:identity/profiles',
      {
        ...read,
        schema: {
          tags,
          summary: 'Profiles on a station: those we laid, those it told when it was asked last, and its composite schedule',
          params: Identity,
          response: { 200: Data(Profiles) },
        },
      },
      async ({ params }) => ({ data: await charging.profiles(params.identity) }),
    )
    app.post(
      '/stations/:identity/profiles/ask',
      {
        ...operate,
        schema: {
          tags,
          summary:
            'Asks the station which profiles it holds and what schedule it makes of them (GetChargingProfiles, GetCompositeSchedule)',
          params: Identity,
          response: { 200: Data(Profiles) },
        },
      },
      async (request) => ({ data: await charging.profiles(request.params.identity, { by: by(request) }) }),
    )
  }
