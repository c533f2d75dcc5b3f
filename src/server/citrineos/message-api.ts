/** CitrineOS' message API: an OCPP request by POST to one station or several, unchanged; the answer goes to a callback, or into the reply. */

import { Type } from 'typebox'
import type { Charging } from '#charging'
import { describeError, isProblem, type Log, type Outward, Problem } from '#kernel'
import { CallError, dialectOf, type OcppVersion, type Payload, type Session } from '#protocols/ocpp'
import type { Routes } from '../app.ts'
import type { Identity } from '../identity.ts'
import { ENDPOINTS } from './modules.ts'
import { citrineDoor, invalid, stationOf, Tenant } from './reach.ts'

const Text = Type.String({ minLength: 1, maxLength: 60 })
const Query = Type.Object({
  ...Tenant,
  identifier: Type.Union([Text, Type.Array(Text, { minItems: 1, maxItems: 1000 })], { description: 'Identities of stations.' }),
  callbackUrl: Type.Optional(Type.String({ maxLength: 2000, description: 'Gets the answer of each station by POST, as it came.' })),
  wait: Type.Optional(
    Type.Number({ minimum: 0, maximum: 120, description: 'Seconds to wait for the answers, which the reply then holds.' }),
  ),
})
const Confirmation = Type.Array(
  Type.Object({
    success: Type.Boolean({ description: 'Handed over to the station; with `wait`, answered by it.' }),
    payload: Type.Optional(Type.Unknown({ description: 'With `wait` the answer of the station, otherwise why not.' })),
  }),
)
/** How long a station may take, ms, when nobody waits. */
const PATIENCE = 60_000

export interface CitrineParts {
  charging: Charging
  identity: Identity
  account: number
  log: Log
  outward: Outward
  /** Programs on this machine need no token. */
  openOnLoopback: boolean
}

export const messageRoutes =
  ({ charging, identity, account, log, outward, openOnLoopback }: CitrineParts): Routes =>
  (app) => {
    /** The connection of a station that speaks the version and whose boot is accepted, or why there is none. */
    const lineTo = (station: string, version: OcppVersion, action: string): Session | string => {
      const found = stationOf(charging, station)
      if (!found?.session) return `${station} is not connected.`
      const { wire } = found.session
      if (wire.version !== version) return `${station} speaks OCPP ${dialectOf(wire.version)?.name ?? wire.version}.`
      if (found.record.boot === 'Rejected' && action !== 'TriggerMessage') return `The boot of ${station} was rejected.`
      return wire
    }
    const call = async (wire: Session, action: string, payload: Payload, timeout: number, callback: string | undefined) => {
      const answer = await wire.call(action, payload, { timeout })
      if (callback !== undefined)
        await outward
          .call(callback, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(answer) })
          .catch((error: unknown) =>
            log.warn({ station: wire.identity, callback, error: describeError(error) }, 'a callback was not reached'),
          )
      return answer
    }
    const why = (error: unknown): unknown =>
      error instanceof CallError
        ? { code: error.code, description: error.description }
        : isProblem(error)
          ? error.message
          : describeError(error)

    app.post(
      '/ocpp/:version/:module/:word',
      {
        onRequest: [citrineDoor(identity, account, openOnLoopback)],
        schema: {
          tags: ['CitrineOS'],
          summary: 'Sends an OCPP request to stations, unchanged, by the paths of CitrineOS',
          params: Type.Object({ version: Text, module: Text, word: Text }),
          querystring: Query,
          body: Type.Record(Type.String(), Type.Unknown(), { description: 'Payload of the OCPP request.' }),
          response: { 200: Confirmation },
        },
      },
      async ({ params: { version: name, module, word }, query, body }) => {
        const dialect = dialectOf(name)
        const action = ENDPOINTS[name]?.get(`${module}/${word}`)
        if (dialect === undefined || action === undefined)
          throw new Problem('unknown-endpoint', `There is no /ocpp/${name}/${module}/${word}.`.slice(0, 200), {
            status: 404,
            hint: 'See docs/reference/citrineos.md for the modules of each version.',
          })
        const verdict = dialect.validate(action, 'request', body)
        if (!verdict.ok) throw invalid(verdict.description, `Send the payload as OCPP ${name} has it.`)
        const { wait, callbackUrl: callback } = query
        if (callback !== undefined) await outward.check(callback)
        const stations = typeof query.identifier === 'string' ? [query.identifier] : query.identifier
        return Promise.all(
          stations.map(async (station) => {
            const wire = lineTo(station, dialect.version, action)
            if (typeof wire === 'string') return { success: false, payload: wire }
            const answered = call(wire, action, body, wait === undefined ? PATIENCE : wait * 1000, callback)
            if (wait === undefined) {
              answered.catch((error: unknown) => log.info({ station, action, error: why(error) }, 'a message was not answered'))
              return { success: true }
            }
            return answered.then(
              (payload) => ({ success: true, payload }),
              (error: unknown) => ({ success: false, payload: why(error) }),
            )
          }),
        )
      },
    )
  }
