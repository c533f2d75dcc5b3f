/** A charger as the EMS sees it: the face `Device` over one EVSE of a station. */

import type { Answer, Capability, Device, Reading, Setpoint, Wish } from '#ems'
import { type Clock, DAY, instant, type Log, MINUTE, SECOND, say, wattHours, watts } from '#kernel'
import type { Store } from '#store'
import type { ChargingConfig } from './config.ts'
import { dischargePower, reportedPower } from './device-model.ts'
import { SMALLEST_CURRENT } from './order.ts'
import { type Hold, type Orders, openOrders } from './orders.ts'
import { SAYING } from './saying.ts'
import { isAtWork, pluggedAt, type Station } from './station.ts'
import { EFFICIENCY, stockOf, wishOf } from './wish.ts'

export interface Charger extends Device {
  /** The order in force, for the screen. */
  order(): Setpoint | undefined
  /** What was laid on the station last. */
  hold(): Hold | undefined
  orders: Orders
}

export interface ChargerParts {
  station: Station
  store: Store
  clock: Clock
  log: Log
  config: ChargingConfig
}

/** The charger of a registered station. */
export function openCharger({ station, store, clock, log, config }: ChargerParts): Charger {
  const orders = openOrders({ station, store, clock, log, config })
  let order: Setpoint | undefined

  const phases = () => pluggedAt(station)?.transaction.phases ?? station.record.phases

  const maxPower = (): number => {
    const { record, model } = station
    const transaction = pluggedAt(station)?.transaction
    const perAmpere = config.voltage * phases()
    return Math.min(
      record.nominal,
      record.maxCurrent * perAmpere,
      reportedPower(model, record.evse) ?? Infinity,
      transaction?.cableMax === undefined ? Infinity : transaction.cableMax * perAmpere,
      transaction?.needs?.maxPower ?? Infinity,
    )
  }

  const whyNot = (): Pick<Capability, 'lack'> & { why?: string } => {
    // One that never came is not missed: it may not stand yet.
    const lack = station.lastSeen === undefined && station.record.lastSeen === undefined ? 'work' : 'connection'
    if (!station.session) return { lack, why: say(SAYING.offLine) }
    if (station.record.boot !== 'Accepted') return { lack: 'connection', why: say(SAYING.settingUp) }
    const faulty = [...station.connectors.values()].some(
      ({ evse, status }) => evse === station.record.evse && (status === 'Faulted' || status === 'Unavailable'),
    )
    if (faulty) return { why: say(SAYING.fault) }
    const plugged = pluggedAt(station)
    if (!plugged) return { lack: 'work', why: say(SAYING.noCar) }
    const { tokenStatus } = plugged.transaction
    if (tokenStatus === undefined) return { lack: 'work', why: say(SAYING.noToken) }
    return tokenStatus === 'Accepted' ? {} : { lack: 'work', why: say(SAYING.badToken, { status: tokenStatus }) }
  }

  const minPower = (): number => {
    const isBidirectional = station.record.v2g && pluggedAt(station)?.vehicle?.v2g === true
    return isBidirectional ? 0 - dischargePower(station.model, station.record.evse, maxPower()) : 0
  }

  return {
    get id() {
      return station.record.device ?? station.record.identity
    },
    get asset() {
      return station.record.asset ?? 0
    },
    kind: 'evse',
    // Stations push; what they measured is written by measurements.ts, so the round of readings finds nothing here.
    read: async (): Promise<Reading[]> => [],
    capability(): Capability {
      const lacking = whyNot()
      const plugged = pluggedAt(station)
      const capability: Capability = {
        kind: 'evse',
        maxPower: watts(plugged ? maxPower() : 0),
        minPower: watts(minPower()),
        minStep: watts(SMALLEST_CURRENT * config.voltage * phases()),
        controllable: lacking.why === undefined,
        ...lacking,
      }
      if (plugged) {
        const { soc, capacity } = stockOf(plugged, config)
        capability.storage = {
          soc,
          capacity,
          min: plugged.vehicle?.floor ?? wattHours(0),
          max: capacity,
          chargingEfficiency: EFFICIENCY,
          dischargingEfficiency: EFFICIENCY,
        }
      }
      return capability
    },
    measured() {
      const plugged = pluggedAt(station)
      if (plugged) return plugged.sample?.power === undefined ? undefined : { power: watts(plugged.sample.power), at: plugged.sample.at }
      return station.lastSeen === undefined ? undefined : { power: watts(0), at: station.lastSeen }
    },
    every: () => Math.max(config.sampling * SECOND, Math.min(pluggedAt(station)?.interval ?? 0, LONGEST_INTERVAL)),
    wish(): Wish | undefined {
      const plugged = pluggedAt(station)
      return plugged && wishOf(plugged, clock.now(), config)
    },
    async apply(setpoint: Setpoint): Promise<Answer> {
      const { why } = whyNot()
      if (!isAtWork(station)) return { answer: 'silent', why: why ?? say(SAYING.offLine) }
      const plugged = pluggedAt(station)
      if (!plugged || why !== undefined) return { answer: 'refused', why: why ?? say(SAYING.noCar) }
      const answer = await orders.give({
        power: Math.max(minPower(), Math.min(setpoint.power, maxPower())),
        until: instant(Math.min(setpoint.until, clock.now() + LONGEST_ORDER)),
        transaction: plugged.transaction.id,
        evse: plugged.transaction.evse ?? station.record.evse,
        phases: phases(),
      })
      if (answer.answer === 'taken') order = setpoint
      return answer
    },
    order: () => (order && order.until > clock.now() && pluggedAt(station) ? order : undefined),
    hold: () => orders.hold(),
    orders,
  }
}

/** However long an order is meant to hold: a day, then the safe default must be within reach again. */
const LONGEST_ORDER = DAY
/** A pause between two samples that is longer was an interruption, not the way a station measures. */
const LONGEST_INTERVAL = 15 * MINUTE
