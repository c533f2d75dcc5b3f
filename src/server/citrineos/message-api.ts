/** CitrineOS' message API: an OCPP request by POST to one station or several, unchanged; the answer goes to a callback, or into the reply. */

import { Type } from 'typebox'
import type { Charging, Connected } from '#charging'
import { describeError, isProblem, type Log, type Outward, Problem } from '#kernel'
import { CallError, dialectOf, type OcppVersion, type Payload } from '#protocols/ocpp'
import type { Routes } from '../app.ts'
import type { Identity } from '../identity.ts'
import { ENDPOINTS } from './modules.ts'
import { citrineDoor, invalid, isFromHere, stationOf, Tenant } from './reach.ts'

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
  /** The same for programs on this machine, while they need no token: it reaches this machine too. */
  near: Outward
  /** Programs on this machine need no token. */
  openOnLoopback: boolean
}

interface Callback {
  url: string
  outward: Outward
}

export const messageRoutes =
  ({ charging, identity, account, log, outward: outside, near, openOnLoopback }: CitrineParts): Routes =>
  (app) => {
    /** A station that is connected, speaks the version and whose boot was not rejected, or why it is told nothing. */
    const reached = (identity: string, version: OcppVersion, action: string, payload: Payload): Connected | string => {
      const found = stationOf(charging, identity)
      if (!found?.session) return `${identity} is not connected.`
      const { wire } = found.session
      if (wire.version !== version) return `${identity} speaks OCPP ${dialectOf(wire.version)?.name ?? wire.version}.`
      const isTrigger = action === 'TriggerMessage' && payload['requestedMessage'] === 'BootNotification'
      if (found.record.boot === 'Rejected' && !isTrigger) return `The boot of ${identity} was rejected.`
      return found as Connected
    }
    const call = async (station: Connected, action: string, payload: Payload, timeout: number, back: Callback | undefined) => {
      const answer = await charging.relay(station, action, payload, timeout)
      if (back !== undefined)
        await back.outward
          .call(back.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(answer) })
          .catch((error: unknown) =>
            log.warn({ station: station.record.identity, callback: back.url, error: describeError(error) }, 'a callback was not reached'),
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
      async (request) => {
        const { version: name, module, word } = request.params
        const { query, body } = request
        const dialect = dialectOf(name)
        const action = ENDPOINTS[name]?.get(`${module}/${word}`)
        if (dialect === undefined || action === undefined)
          throw new Problem('unknown-endpoint', `There is no /ocpp/${name}/${module}/${word}.`.slice(0, 200), {
            status: 404,
            hint: 'See docs/reference/citrineos.md for the modules of each version.',
          })
        const verdict = dialect.validate(action, 'request', body)
        if (!verdict.ok) throw invalid(verdict.description, `Send the payload as OCPP ${name} has it.`)
        const { wait, callbackUrl: url } = query
        const outward = openOnLoopback && isFromHere(request) ? near : outside
        if (url !== undefined) await outward.check(url)
        const back = url === undefined ? undefined : { url, outward }
        const stations = typeof query.identifier === 'string' ? [query.identifier] : query.identifier
        return Promise.all(
          stations.map(async (station) => {
            const line = reached(station, dialect.version, action, body)
            if (typeof line === 'string') return { success: false, payload: line }
            const answered = call(line, action, body, wait === undefined ? PATIENCE : wait * 1000, back)
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
