/** What the bridge to a running CitrineOS takes from our room, and what stations behind it are to the room. */
import type { Clock, Log } from '#kernel'
import { type Frame, OCPP16, type OcppVersion, type Payload, type Session } from '#protocols/ocpp'
import type { Store } from '#store'
import type { Boots } from '../boot.ts'
import type { Charger } from '../charger.ts'
import type { ChargingConfig } from '../config.ts'
import type { Adapter16 } from '../ocpp16.ts'
import { type Desk, type Entry, handlerOf } from '../ocpp201.ts'
import type { Station } from '../station.ts'
import type { Authorization } from '../token.ts'
import { type Bridge, openBridge } from './citrineos.ts'
import type { Proxies } from './proxies.ts'

export interface BridgeRoom {
  store: Store
  clock: Clock
  log: Log
  config: ChargingConfig
  stations: ReadonlyMap<string, Station>
  chargers: ReadonlyMap<string, Charger>
  handlers: Desk
  adapter16: Adapter16
  boots: Boots
  proxies: Proxies
  authorization: Authorization
  welcome(session: Session): void
  alarm(station: Station, code: string, sentence: string | undefined): void
  onFrame(identity: string, version: OcppVersion, frame: Frame): void
}

/** CitrineOS accepted the boot: the station is at work. */
const ADOPTED: Readonly<Record<string, Entry>> = {
  async BootNotification({ boots }, station, payload, session): Promise<Payload> {
    await boots.adopt(station, payload['chargingStation'] as never, session)
    return { status: 'Accepted' }
  },
}

/** The bridge, if one is configured. @throws Problem `invalid-database-url` */
export function bridgeOf(room: BridgeRoom): Bridge | undefined {
  const { store, clock, log, config, stations, chargers, adapter16, boots, proxies, welcome, alarm, onFrame } = room
  if (!config.citrineos) return undefined
  const orders = (station: Station) => chargers.get(station.record.identity)?.orders
  const bridge = openBridge({
    ...{ store, clock, log, stations, welcome, alarm, onFrame, settings: config.citrineos, patience: config.patience },
    handler(station, version) {
      const answer = handlerOf(room.handlers, station, { takesEarly: true, more: ADOPTED })
      return version === OCPP16 ? adapter16.handler(station, answer) : answer
    },
    adopt: async (station) => void (station.session && (await boots.adopt(station, undefined, station.session))),
    isProxied: proxies.has,
    holdOf: (station) => orders(station)?.hold(),
    forgetOrders: (station) => orders(station)?.forget(),
  })
  room.authorization.addAuthorizer(bridge.authorizer)
  return bridge
}
