/** What is thinned of old beliefs, by which policy, and what was: nothing goes silently. */
import { Type } from 'typebox'
import { type BeliefPolicy, demand, readableAccounts, readThinnings } from '#ems'
import { formatDuration, formatInstant } from '#kernel'
import type { Routes } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { Data, Moment, whoOf } from './shape.ts'

const Policy = Type.Object({
  name: Type.String(),
  after: Type.String({ description: 'Age of an event from which on it is thinned, ISO 8601.' }),
  keep: Type.String({ description: 'newest | newest-by-class | one-per | nothing' }),
  every: Type.Union([Type.String({ description: 'The interval of one-per, ISO 8601.' }), Type.Null()]),
  sourceTypes: Type.Union([Type.Array(Type.String()), Type.Null()]),
  sources: Type.Union([Type.Array(Type.String()), Type.Null()]),
  sensors: Type.Union([Type.Array(Type.Integer()), Type.Null()]),
  except: Type.Array(Type.Integer()),
})
const Run = Type.Object({
  at: Moment,
  policy: Type.String(),
  sensors: Type.Integer({ description: 'Sensors of which something was removed.' }),
  removed: Type.Integer({ description: 'Beliefs that were removed.' }),
  kept: Type.Integer({ description: 'Beliefs of the same sensors, sources and time that stayed.' }),
  until: Moment,
})
const Query = Type.Object(
  {
    sensor: Type.Optional(Type.Integer({ description: 'Only what was removed of this sensor.' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100, description: 'Runs at most, newest first.' })),
  },
  { additionalProperties: false },
)

/** GET /retention: the policies in force, and what they removed of sensors that the asker may read. */
export const retentionRoutes =
  ({ store, sensors, identity }: Rooms, policies: readonly BeliefPolicy[]): Routes =>
  (app) => {
    app.get(
      '/retention',
      {
        onRequest: [identity.authenticate],
        schema: {
          tags: ['retention'],
          summary: 'Policies that thin old beliefs, and what they removed of sensors one may read',
          querystring: Query,
          response: { 200: Data(Type.Object({ policies: Type.Array(Policy), runs: Type.Array(Run) })) },
        },
      },
      async (request) => {
        const who = whoOf(request)
        const { sensor: id, limit = 100 } = request.query
        if (id !== undefined) {
          const { account, consultancy } = await sensors.need(id)
          demand(who, 'read', { kind: 'sensor', account, consultancy })
        }
        const own = readableAccounts(who)
        const accounts = own === 'all' ? own : [...own, null]
        const runs = await readThinnings(store, { accounts, limit, ...(id !== undefined && { sensor: id }) })
        return {
          data: {
            policies: policies.map((policy) => ({
              name: policy.name,
              after: formatDuration(policy.after),
              keep: policy.keep,
              every: policy.every === undefined ? null : formatDuration(policy.every),
              sourceTypes: policy.sourceTypes ? [...policy.sourceTypes] : null,
              sources: policy.sources ? [...policy.sources] : null,
              sensors: policy.sensors ? [...policy.sensors] : null,
              except: [...(policy.except ?? [])],
            })),
            runs: runs.map((run) => ({ ...run, at: formatInstant(run.at), until: formatInstant(run.until) })),
          },
        }
      },
    )
  }
