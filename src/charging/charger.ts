/** A charger as the EMS sees it: the face `Device` over one EVSE of a station. */

import type { Answer, Capability, Device, Reading, Setpoint, Wish } from '#ems'
import {
  after,
  type Clock,
  DAY,
  describeError,
  HOUR,
  type Instant,
  instant,
  type Log,
  MINUTE,
  SECOND,
  say,
  wattHours,
  watts,
} from '#kernel'
import type { Store } from '#store'
import type { ChargingConfig } from './config.ts'
import { dischargePower, reportedPower } from './device-model.ts'
import { SMALLEST_CURRENT } from './order.ts'
import { type Hold, type Orders, openOrders } from './orders.ts'
import { SAYING } from './saying.ts'
import type { Cards } from './smart/capability-card.ts'
import type { Step } from './smart/compiler.ts'
import type { ExternalLimits } from './smart/external-limits.ts'
import { mayDischarge } from './smart/needs.ts'
import { type Obedience, openObedience } from './smart/obedience.ts'
import type { Outlook } from './smart/outlook.ts'
import type { SessionWish, Wishes } from './smart/session-wish.ts'
import { isAtWork, type Plugged, pluggedAt, type Station } from './station.ts'
import { takenBy } from './transaction.ts'
import { EFFICIENCY, stockOf, wishOf } from './wish.ts'

export interface Charger extends Device {
  /** The order in force, for the screen. */
  order(): Setpoint | undefined
  /** What was laid on the station last. */
  hold(): Hold | undefined
  /** What keeps its power down whatever is ordered, W. */
  bounds(): Bound[]
  orders: Orders
  /** How the station does not keep what it was told, while it does not. */
  disobedience(): string | undefined
  /** What the driver of the plugged car wished. */
  wished(): SessionWish | undefined
  /** The car was promised a profile: one is laid soon, with a plan or without. */
  promise(): void
  /** Gives the order in force again: what its session is given beside it has changed. */
  retell(): Promise<void>
  /** Compares what is drawn with what is allowed; called every few seconds. */
  watch(): void
}

/** Registration, wiring, what the station says of itself, a limit that others laid on it, the cable, the car. */
export interface Bound {
  what: 'station' | 'wiring' | 'reported' | 'external' | 'cable' | 'vehicle'
  power: number
}

export interface ChargerParts {
  station: Station
  store: Store
  clock: Clock
  log: Log
  config: ChargingConfig
  cards: Cards
  outlook: Outlook
  wishes: Wishes
  external: ExternalLimits
  /** Wh that a session may still take; see the desk of wishes. */
  ceiling(station: string, transaction: string): number | undefined
  /** Has the station begin or end priority charging; false when it does not. */
  usePriority(station: Station, transaction: string, activate: boolean): Promise<boolean>
  /** The station began to disobey (a sentence), or obeys again. */
  disobeyed(station: Station, why: string | undefined): void
}

/** The charger of a registered station. */
export function openCharger({
  station,
  store,
  clock,
  log,
  config,
  cards,
  outlook,
  wishes,
  external,
  ceiling,
  usePriority,
  disobeyed,
}: ChargerParts): Charger {
  const orders = openOrders({
    ...{ station, store, clock, log, config, cards },
    usePriority: (transaction, activate) => usePriority(station, transaction, activate),
  })
  let order: Setpoint | undefined

  const phases = () => {
    const transaction = pluggedAt(station)?.transaction
    return transaction?.phases ?? transaction?.needs?.phases ?? station.record.phases
  }
  const fallback = () => Math.min(config.safeCurrent, station.record.maxCurrent) * config.voltage * phases()
  const obedience: Obedience = openObedience({
    station: station.record.identity,
    clock,
    orders,
    plugged: () => pluggedAt(station),
    fallback,
    changed: (why) => disobeyed(station, why),
  })
  const wished = (plugged: Plugged | undefined) => plugged && wishes.of(station.record.identity, plugged.transaction.id)

  const bounds = (): Bound[] => {
    const { record, model } = station
    const transaction = pluggedAt(station)?.transaction
    const { cableMax, needs } = transaction ?? {}
    const perAmpere = config.voltage * phases()
    const each: [Bound['what'], number | undefined][] = [
      ['station', record.nominal],
      ['wiring', record.maxCurrent * perAmpere],
      ['reported', reportedPower(model, record.evse)],
      ['external', external.on(record.identity, record.evse, { phases: phases(), voltage: config.voltage })],
      ['cable', cableMax === undefined ? undefined : cableMax * perAmpere],
      ['vehicle', needs?.maxPower],
      ['vehicle', needs?.maxCurrent === undefined ? undefined : needs.maxCurrent * perAmpere],
    ]
    return each.flatMap(([what, power]) => (power === undefined ? [] : [{ what, power }]))
  }
  const maxPower = (): number => Math.min(...bounds().map(({ power }) => power))

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
    if (tokenStatus !== 'Accepted') return { lack: 'work', why: say(SAYING.badToken, { status: tokenStatus }) }
    // Orders are no use to it: what it draws is taken as it is, and the others make room.
    const disobedience = obedience.why()
    return disobedience === undefined ? {} : { why: disobedience }
  }

  /** Discharge needs the owner's and the driver's consent, a station that declares it, and energy above the floor. */
  const minPower = (): number => {
    const plugged = pluggedAt(station)
    if (!plugged || !station.record.v2g || plugged.vehicle?.v2g !== true || wished(plugged)?.discharge === false) return 0
    const { needs } = plugged.transaction
    if (needs && !mayDischarge(needs, takenBy(plugged.transaction) - needs.takenBefore)) return 0
    if (stockOf(plugged, config).soc <= plugged.vehicle.floor) return 0
    const most = Math.min(maxPower(), needs?.maxDischarge ?? Infinity)
    return 0 - dischargePower(station.model, station.record.evse, most)
  }

  /** The plan after an order, where the order is what the plan says: the station then goes on with it should we be lost. */
  const lookAhead = async (setpoint: Told, covers: boolean): Promise<{ ahead?: Step[]; aheadUntil?: Instant }> => {
    const { device } = station.record
    // An order cut short says that a limit is announced: nothing reaches into it.
    if (device === undefined || setpoint.rung !== 'plan' || setpoint.until - setpoint.at < FULL_HOLD) return {}
    const departure = pluggedAt(station)?.transaction.needs?.departure
    const length = covers && departure !== undefined ? Math.min(DAY, departure - setpoint.until) : AHEAD
    if (!(length > 0)) return {}
    const steps = await outlook.of(device, setpoint.until, length).catch(() => [])
    // Discharge is never left to a station alone.
    const given = steps.findIndex(({ power }) => power < 0)
    const ahead = steps.slice(0, given < 0 ? steps.length : given).map(({ at, power }) => ({ at, power: Math.min(power, maxPower()) }))
    const end = given < 0 ? after(setpoint.until, length) : steps[given]!.at
    return ahead.length === 0 ? {} : { ahead, aheadUntil: end }
  }

  const give = async (plugged: Plugged, setpoint: Told): Promise<Answer> => {
    const { needs } = plugged.transaction
    const covers = needs !== undefined && needs.control !== 'DynamicControl'
    const until = instant(Math.min(setpoint.until, clock.now() + LONGEST_ORDER))
    const { device = '' } = station.record
    const plan = covers && (needs.schedules ?? 1) > 1 && setpoint.rung === 'plan' ? await outlook.plan(device) : undefined
    return orders.give({
      power: Math.max(minPower(), Math.min(setpoint.power, maxPower())),
      until,
      transaction: plugged.transaction.id,
      evse: plugged.transaction.evse ?? station.record.evse,
      phases: phases(),
      ...(await lookAhead(setpoint, covers)),
      ...(covers ? { covers } : {}),
      ...(needs ? { since: needs.at } : {}),
      ...(plan && needs?.schedules ? { choice: { count: needs.schedules, plan } } : {}),
      ...(wished(plugged)?.priority ? { priority: true } : {}),
    })
  }

  /** A car that waits for its schedule gets one: what is in force for it, or as much as is safe until the plan is made. */
  const keepPromise = async (promisedAt: Instant) => {
    const plugged = pluggedAt(station)
    const hold = orders.hold()
    if (!plugged || !isAtWork(station) || (hold && hold.sentAt >= promisedAt && hold.transaction === plugged.transaction.id)) return
    const now = clock.now()
    const inForce = order && order.until > now ? order : undefined
    const departure = plugged.transaction.needs?.departure
    const until = departure !== undefined && departure > now ? departure : after(now, HOUR)
    const power = inForce?.power ?? watts(Math.min(fallback(), maxPower()))
    await give(plugged, { rung: inForce?.rung ?? 'safety', power, at: now, until })
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
      return (
        plugged &&
        wishOf(plugged, clock.now(), config, {
          wish: wished(plugged),
          power: maxPower(),
          ceiling: ceiling(station.record.identity, plugged.transaction.id),
        })
      )
    },
    async apply(setpoint: Setpoint): Promise<Answer> {
      const { why } = whyNot()
      if (!isAtWork(station)) return { answer: 'silent', why: why ?? say(SAYING.offLine) }
      const plugged = pluggedAt(station)
      if (!plugged || why !== undefined) return { answer: 'refused', why: why ?? say(SAYING.noCar) }
      const answer = await give(plugged, setpoint)
      if (answer.answer === 'taken') order = setpoint
      return answer
    },
    order: () => (order && order.until > clock.now() && pluggedAt(station) ? order : undefined),
    hold: () => orders.hold(),
    bounds,
    orders,
    disobedience: obedience.why,
    wished: () => wished(pluggedAt(station)),
    promise() {
      const promisedAt = clock.now()
      clock.in(PROMISE, () => {
        keepPromise(promisedAt).catch((error: unknown) =>
          log.warn({ station: station.record.identity, error: describeError(error) }, 'a car waits in vain for its schedule'),
        )
      })
    },
    async retell() {
      const plugged = pluggedAt(station)
      if (plugged && order && order.until > clock.now() && isAtWork(station)) await give(plugged, { ...order, at: clock.now() })
    },
    watch: obedience.look,
  }
}

type Told = Pick<Setpoint, 'power' | 'at' | 'until' | 'rung'>

/** What the plan says is laid so far ahead. */
const AHEAD = HOUR
/** An order that holds so long was not cut short by a limit that is announced. */
const FULL_HOLD = 4.5 * MINUTE
/** A plan is usually made within a second or two; the car waits for at most a minute. */
const PROMISE = 4 * SECOND

/** However long an order is meant to hold: a day, then the safe default must be within reach again. */
const LONGEST_ORDER = DAY
/** A pause between two samples that is longer was an interruption, not the way a station measures. */
const LONGEST_INTERVAL = 15 * MINUTE
