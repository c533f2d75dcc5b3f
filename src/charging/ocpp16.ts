/**
 * Stations of OCPP 1.6 in a room that speaks 2.0.1: the same sessions, ledger, meter, tokens, status and orders. What they say is translated
 * on its way in, what they are asked on its way out; the room sees a station of 2.0.1 that can do less.
 */
import { type Clock, MINUTE, Problem, type Timer } from '#kernel'
import { CallError, type Handler, OCPP16, OCPP201, type Payload, type Session, v16, v201 } from '#protocols/ocpp'
import type { Store } from '#store'
import type { ChargingConfig } from './config.ts'
import type { Line } from './line.ts'
import { answers16, type Memory16 } from './ocpp16-inbound.ts'
import { calls16, type Outbound16 } from './ocpp16-outbound.ts'
import { stateOf } from './ocpp16-words.ts'
import { pluggedAt, type Station } from './station.ts'

export interface Adapter16Parts {
  store: Store
  clock: Clock
  config: ChargingConfig
  /** Answers a message of 2.0.1 of this station, also before its boot is accepted: stations of 1.6 report regardless (charging reference 2.3). */
  answer(station: Station): Handler
  /** A session whose connector is free and of which nothing came for a while: to be put right with the station. */
  check(station: Station, transaction: string): void
}

export interface Adapter16 {
  /** The line to a station of 1.6. */
  line(wire: Session, station: Station): Line
  /** Answers its messages; `handle`: those of 2.0.1 that they become. */
  handler(station: Station, handle?: Handler): Handler
}

export const speaks16 = (session: Session): boolean => session.version === OCPP16

/** A StopTransaction may still wait in the station when its connector is free already: so long, ms. */
const STOP_WAIT = 2 * MINUTE

export function openAdapter16({ store, clock, config, answer, check }: Adapter16Parts): Adapter16 {
  const memories = new WeakMap<Station, Memory16>()
  const lines = new WeakMap<Session, Line>()
  const watched = new WeakMap<Station, Map<string, Timer>>()
  const memoryOf = (station: Station): Memory16 => {
    const memory = memories.get(station) ?? { remoteStarts: new Map(), statuses: new Map(), faulty: new Set() }
    memories.set(station, memory)
    return memory
  }

  const connectorOf = (station: Station, transaction: string) => station.open.get(transaction)?.transaction.evse
  const isOngoing = (station: Station, transaction: string): boolean | undefined => {
    const evse = connectorOf(station, transaction)
    const word = evse === undefined ? undefined : memoryOf(station).statuses.get(evse)
    if (word === undefined) return undefined
    const { chargingState, occupancy } = stateOf(word)
    if (chargingState !== undefined) return true
    return occupancy === 'free' && word === 'Available' ? false : undefined
  }
  const freed = (station: Station, transaction: string) => {
    const own = watched.get(station) ?? new Map<string, Timer>()
    watched.set(station, own)
    if (own.has(transaction)) return
    own.set(
      transaction,
      clock.in(STOP_WAIT, () => {
        own.delete(transaction)
        const evse = connectorOf(station, transaction)
        if (evse !== undefined && pluggedAt(station, evse) && isOngoing(station, transaction) === false) check(station, transaction)
      }),
    )
  }

  const line = (wire: Session, station: Station): Line => {
    const known = lines.get(wire)
    if (known) return known
    const handle = answer(station)
    const made: Line = {
      ...wire,
      version: OCPP201,
      wire,
      async call(action, payload, options) {
        const outbound: Outbound16 = {
          clock,
          memory: memoryOf(station),
          ask: (asked, request) => wire.call(asked, request as Payload, options),
          tellSoon: (told, request) => setImmediate(() => void handle(told, request as Payload, made).catch(() => undefined)),
          isOngoing: (transaction) => isOngoing(station, transaction),
        }
        // Its own words, where 2.0.1 has none like them: ChangeConfiguration, RemoteStartTransaction, GetDiagnostics …
        if (!v201.isAction(action) && v16.mayCall('csms', action)) return wire.call(action, payload, options)
        const verdict = v201.validate(action, 'request', payload)
        if (!verdict.ok)
          throw new Problem('invalid-message', `${action} was not sent: ${verdict.description}`, {
            status: 422,
            details: { code: verdict.code },
          })
        const entry = calls16[action]
        if (!entry) throw new CallError(v201.isAction(action) ? 'NotSupported' : 'NotImplemented', `OCPP 1.6 has no ${action}.`)
        return entry(outbound, payload)
      },
    }
    lines.set(wire, made)
    return made
  }

  return {
    line,
    handler(station, handle = answer(station)) {
      return async (action, payload, wire) => {
        const entry = answers16[action]
        if (!entry) throw new CallError('NotSupported', `${action} is not supported here.`)
        const tell = (told: string, request: object) => handle(told, request as Payload, line(wire, station))
        return entry({ store, clock, config, station, memory: memoryOf(station), tell, freed }, payload)
      }
    },
  }
}
