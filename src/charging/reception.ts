/** The reception of stations: who is let in, in which version each is answered, and what is noted of its coming and going. */

import type { Conversation, News } from '#ems'
import { type Clock, describeError, type Log, SECOND } from '#kernel'
import { type Acceptor, acceptStations, dialectOf, type Frame, type Handler, type OcppVersion, type Session } from '#protocols/ocpp'
import type { Store } from '#store'
import type { Boots } from './boot.ts'
import type { Proxies } from './bridge/proxies.ts'
import type { ChargingConfig } from './config.ts'
import type { Entrance } from './entrance.ts'
import type { HookFrames } from './hook-frames.ts'
import type { Line } from './line.ts'
import { lenienceFor } from './model-profile.ts'
import { openFileWatch } from './open-files.ts'
import { turnstile } from './password.ts'
import { type Station, saveProtocol } from './station.ts'

export interface ReceptionParts {
  store: Store
  clock: Clock
  log: Log
  config: ChargingConfig
  stations: ReadonlyMap<string, Station>
  conversation: Conversation
  entrance: Entrance
  boots: Boots
  proxies: Proxies
  hooks: HookFrames
  /** Answers a station in its version. */
  handler(station: Station, version: OcppVersion): Handler
  /** The connection as the room speaks on it. */
  line(wire: Session, station: Station): Line
  onFrame(identity: string, version: OcppVersion, frame: Frame): void
  /** What was ordered on another connection need not hold any more. */
  forgetOrders(station: Station): void
  tell(station: Station, what: Extract<News, { kind: 'device' }>['what']): void
}

export interface Reception extends Acceptor {
  /** A connection of a station that somebody else accepted becomes its session, as if it had come to us. */
  welcome(session: Session): void
}

/** Connections whose upgrade it takes become sessions of their stations; a newer one takes the place of an older one. */
export function openReception(parts: ReceptionParts): Reception {
  const { store, clock, log, config, stations, conversation, entrance, boots, proxies, hooks, forgetOrders, tell } = parts
  const mindOpenFiles = openFileWatch({ clock, log })
  // All that are known may come.
  mindOpenFiles(stations.size)
  let connected = 0
  const comings = turnstile(clock, config.mostConnections)
  const welcome = (bare: Session): void => {
    const station = stations.get(bare.identity)!
    const wire = proxies.bind(bare)
    const session = parts.line(wire, station)
    const { name: protocol } = dialectOf(wire.version)!
    if (station.record.protocol !== protocol) {
      station.record = { ...station.record, protocol }
      saveProtocol(store, wire.identity, protocol).catch((error: unknown) =>
        log.warn({ station: wire.identity, error: describeError(error) }, 'the version of a station was not kept'),
      )
    }
    wire.read(lenienceFor(station.record, config))
    const replaced = station.session !== undefined
    mindOpenFiles(++connected)
    hooks.connected(wire.identity, wire.version, clock.now())
    station.session = session
    station.lastSeen = clock.now()
    conversation.note({ at: clock.now(), peer: session.identity, bus: wire.version, direction: 'in', kind: 'connect' })
    forgetOrders(station)
    if (station.record.boot === 'Accepted' && !replaced) tell(station, 'online')
    // A station that came back and has nothing to say is put right all the same.
    clock.in(5 * SECOND, () => {
      if (station.session === session && station.record.boot === 'Accepted') boots.returned(station, session)
    })
    void session.closed.then(({ code, reason }) => {
      connected--
      boots.forget(session)
      hooks.closed(wire.identity, wire.version, clock.now())
      conversation.note({
        at: clock.now(),
        peer: session.identity,
        bus: wire.version,
        direction: 'in',
        kind: 'close',
        payload: { code, reason },
      })
      // A newer connection may have taken its place.
      if (station.session !== session) return
      delete station.session
      forgetOrders(station)
      tell(station, 'offline')
    })
  }
  const acceptor = acceptStations({
    clock,
    async authenticate(identity, credentials, request) {
      const key = `${identity.slice(0, 48)} ${request.socket.remoteAddress}`
      if (comings.isClosed(key)) return { ok: false, status: 429, why: 'too many connections; try again in a minute' }
      comings.failed(key)
      const admission = await entrance.authenticate(identity, credentials, request)
      const { host } = request.headers
      const station = stations.get((admission.ok && admission.identity) || identity)
      const isSecure = 'encrypted' in request.socket || (config.trustProxy && request.headers['x-forwarded-proto'] === 'https')
      if (admission.ok && station && host !== undefined) station.origin = `${isSecure ? 'https' : 'http'}://${host}`
      return admission
    },
    onRefusal: entrance.refused,
    handlerFor(identity, version) {
      const station = stations.get(identity)!
      return proxies.handler(identity, parts.handler(station, version))
    },
    onFrame: parts.onFrame,
    onFault: (identity, error) => log.error({ station: identity, error }, 'a fault of ours in a conversation with a station'),
    ping: config.ping,
    strict: false,
    forwards: proxies.has,
    maxPayload: config.longestMessage,
    perSecond: config.mostMessages,
    onSession: welcome,
  })
  return { ...acceptor, welcome }
}
