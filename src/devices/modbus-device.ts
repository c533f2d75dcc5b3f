/** A device on Modbus TCP behind the face of the EMS: a template tells how it is read and ordered. */

import type { Answer, Capability, Conversation, Device, Reading, Setpoint } from '#ems'
import {
  type Clock,
  convert,
  describeError,
  type Instant,
  isProblem,
  type Log,
  MINUTE,
  Problem,
  SECOND,
  say,
  systemClock,
  type Timer,
  type Watts,
  wattHours,
  watts,
} from '#kernel'
import { type ModbusClient, modbusClient } from '#protocols/modbus'
import { bind, type Link, type Measure, measuresOf, type Nominal, numberOf } from './link.ts'
import { type Held, prepare, readBack, type Written, write } from './order.ts'
import { SAYING } from './saying.ts'
import { fetchSlots } from './slot.ts'
import type { Template } from './template.ts'
import { powerOf, seconds } from './template-sense.ts'

export interface ModbusDeviceOptions {
  id: string
  /** Numeric asset id. */
  asset: number
  kind: Capability['kind']
  template: Template
  host: string
  /** Default: the template's, else 502. */
  port?: number
  /** Modbus unit id. Default: the template's, else 1. */
  unit?: number
  /** Sensor ids by reading name ('power' in kW, 'soc' in kWh, others in the template's unit). */
  sensors: Readonly<Record<string, number>>
  /** What the owner says of the device; bounds what the device says of itself, and stands in where it says nothing. */
  nominal?: { power?: Watts; capacity?: number; minSoc?: number; maxSoc?: number }
  /** Longest time a look or an order may take in all, ms; default 4 s. */
  patience?: number
  clock?: Clock
  log?: Log
  conversation?: Conversation
  /** Told when it comes, goes, or gets or loses a reason not to obey. */
  onChange?: (what: 'online' | 'offline' | 'changed' | 'faulted', why: string) => void
}

export interface ModbusDevice extends Device {
  /** What it measured last, by name, for people. */
  measures(): readonly Measure[]
  /** Ends the connection; the device falls back by its own watchdog. */
  close(): void
}

/** Measures older than this say nothing about what the device can do now. */
const FRESH = 60 * SECOND
const PATIENCE = 4 * SECOND
/** Problems by which a device that does answer turns an order down. */
const REFUSALS = new Set(['modbus-exception', 'modbus-value-range', 'device-mismatch', 'sunspec-not-found', 'sunspec-broken'])

/**
 * A device that answers in its own time or not at all, and never holds up another: every look and every order ends within `patience`.
 * It connects by itself, tells an order again before the device's watchdog runs out, and orders the safe default when an order has ended.
 */
export function modbusDevice(options: ModbusDeviceOptions): ModbusDevice {
  const { id, asset, kind, template, sensors, conversation, clock = systemClock, log, patience = PATIENCE } = options
  const client: ModbusClient = modbusClient({
    host: options.host,
    port: options.port ?? template.bus?.port ?? 502,
    unit: options.unit ?? template.bus?.unit ?? 1,
    timeout: seconds(template.bus?.timeout ?? '1 s') * 1000,
    inFlight: template.bus?.inFlight ?? 1,
    clock,
    onLink(state, why) {
      if (state === 'lost') bound = undefined
      note({ direction: state === 'connected' ? 'out' : 'in', kind: state === 'connected' ? 'connect' : 'close', payload: { why } })
    },
  })
  let bound: Promise<Link> | undefined
  /** The figures last known, kept over a lost connection. */
  let nominal: Nominal | undefined
  let seen: { at: Instant; measures: Measure[]; power: number | undefined } | undefined
  let failure: string | undefined = say(SAYING.notHeard)
  let failureNoted = 0
  let beat: { value: number; since: Instant } | undefined
  /** The order in force, and when it is told again or ends. */
  let wanted: Setpoint | undefined
  let holds: Timer | undefined
  let orders: Promise<unknown> = Promise.resolve()
  let counter = 0
  let noted: { power: number; answer: string; at: Instant } | undefined
  let standing: 'offline' | 'faulted' | 'online' | undefined

  const note = (entry: Omit<Parameters<Conversation['note']>[0], 'at' | 'peer' | 'bus'>) =>
    conversation?.note({ at: clock.now(), peer: id, bus: 'modbus', ...entry })

  function link(): Promise<Link> {
    bound ??= bind(client, template).then(
      (made) => {
        nominal = made.nominal
        return made
      },
      (error) => {
        bound = undefined
        throw error
      },
    )
    return bound
  }

  async function look(at: Instant): Promise<Reading[]> {
    const made = await link()
    const slots = made.readings.map(({ slot }) => slot)
    const measures = measuresOf(made, await fetchSlots(client, slots, template.bus?.gap ?? 0))
    const power = numberOf(measures, 'power')
    notStuck(made, measures, power, at)
    seen = { at, measures, power }
    return measures.flatMap(({ name, value, unit }) => {
      const sensor = sensors[name]
      if (sensor === undefined || typeof value !== 'number') return []
      return [{ sensor, at, value: unit === 'W' ? convert(value, 'W', 'kW') : unit === 'Wh' ? convert(value, 'Wh', 'kWh') : value }]
    })
  }

  /** A counter that must move stands still: the device answers, but nobody is at home. */
  function notStuck(made: Link, measures: readonly Measure[], power: number | undefined, at: Instant): void {
    const watched = made.readings.find(({ says }) => says.stuckAfter !== undefined)
    const value = watched && numberOf(measures, watched.name)
    if (!watched || value === undefined) return
    const { stuckAfter = '', above } = watched.says
    const idle = above !== undefined && Math.abs(power ?? 0) < powerOf(above)
    if (!beat || beat.value !== value || idle) beat = { value, since: at }
    const still = (at - beat.since) / 1000
    if (still >= seconds(stuckAfter))
      throw new Problem('device-frozen', say(SAYING.frozen, { device: id, reading: watched.name, age: `${Math.round(still)} s` }), {
        status: 502,
        retry: 'later',
        hint: say(SAYING.restart),
      })
  }

  async function read(at: Instant): Promise<Reading[]> {
    const began = clock.now()
    try {
      const readings = await within(look(at))
      settle(undefined)
      return readings
    } catch (error) {
      const why = describeError(error)
      if (why !== failure || clock.now() - failureNoted >= 5 * MINUTE) {
        failureNoted = clock.now()
        note({ direction: 'in', kind: 'read', action: 'failed', payload: { why }, took: clock.now() - began })
      }
      settle(why)
      throw error
    }
  }

  /** Remembers whether it answers, and tells when that, or its reason not to obey, has changed. */
  function settle(why: string | undefined): void {
    failure = why
    const reason = why === undefined ? blocked() : undefined
    const next = why !== undefined ? 'offline' : reason !== undefined ? 'faulted' : 'online'
    const was = standing
    standing = next
    if (next === was) return
    if (next === 'offline') log?.warn({ device: id, why }, 'A device does not answer')
    options.onChange?.(next === 'online' && was === 'faulted' ? 'changed' : next, why ?? reason ?? '')
  }

  /** Why orders make no sense although it answers. */
  function blocked(): string | undefined {
    for (const [name, says] of Object.entries(template.readings)) {
      const measure = seen?.measures.find((one) => one.name === name)
      if (measure && typeof measure.value === 'number' && says.blocks?.includes(measure.value))
        return say(SAYING.state, { reading: name, status: measure.says ?? measure.value })
    }
    return template.orders ? undefined : say(SAYING.noOrders)
  }

  /** The same promise, or a Problem when it takes longer than the device's patience. */
  async function within<T>(work: Promise<T>): Promise<T> {
    let timer: Timer | undefined
    const late = new Promise<never>((_, reject) => {
      timer = clock.in(patience, () =>
        reject(new Problem('device-slow', say(SAYING.slow, { device: id, count: patience }), { status: 504, retry: 'later' })),
      )
    })
    work.catch(() => {})
    try {
      return await Promise.race([work, late])
    } finally {
      timer?.cancel()
    }
  }

  const bounds = (): { min: number; max: number } => {
    const most = options.nominal?.power ?? Number.POSITIVE_INFINITY
    const said = kind === 'pv' ? { consumption: 0, production: most } : { consumption: most, production: most }
    const { consumption, production } = nominal ?? said
    const bound = (value: number) => (Number.isFinite(Math.min(value, most)) ? Math.min(value, most) : 0)
    return { min: 0 - bound(production), max: bound(consumption) }
  }

  async function perform(power: number, safe: boolean): Promise<{ held: Held; written: Written[]; power: number }> {
    const made = await link()
    const { min, max } = bounds()
    const bounded = Math.min(max, Math.max(min, power))
    const written = prepare(made, safe && made.safeWrites.length > 0 ? made.safeWrites : made.writes, bounded, ++counter)
    await write(client, written)
    return { held: await readBack(client, made, written), written, power: bounded }
  }

  /** Orders of one device go one after the other. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = orders.then(work, work)
    orders = next.catch(() => {})
    return next
  }

  function apply(setpoint: Setpoint): Promise<Answer> {
    holds?.cancel()
    wanted = setpoint
    return inTurn(() => give(setpoint, false))
  }

  async function give(setpoint: Setpoint, again: boolean): Promise<Answer> {
    if (!template.orders) return { answer: 'refused', why: say(SAYING.noOrders) }
    const began = clock.now()
    const answer = await ordered(setpoint)
    const took = clock.now() - began
    if (isNewsworthy(setpoint, answer, again)) {
      const message = `${id}-${counter}`
      note({
        direction: 'out',
        kind: 'write',
        action: 'setpoint',
        message,
        payload: { powerW: setpoint.power, until: setpoint.until, because: setpoint.because },
      })
      note({ direction: 'in', kind: 'answer', action: answer.answer, message, payload: { ...answer }, took })
    }
    hold(setpoint)
    return answer
  }

  /** The log keeps every new order and every answer but 'taken'; the same order told again is noted every five minutes. */
  function isNewsworthy({ power }: Setpoint, { answer }: Answer, again: boolean): boolean {
    const now = clock.now()
    const same = noted && noted.power === power && noted.answer === answer && now - noted.at < 5 * MINUTE
    if (same || (again && answer === 'taken')) return false
    noted = { power, answer, at: now }
    return true
  }

  async function ordered(setpoint: Setpoint): Promise<Answer> {
    try {
      const { held, power } = await within(perform(setpoint.power, false))
      const applied = held.power === undefined ? watts(power) : watts(Math.round(held.power))
      if (held.differs) return { answer: 'refused', applied, why: say(SAYING.holdsOther, { register: held.differs }) }
      return { answer: 'taken', applied }
    } catch (error) {
      if (!isProblem(error)) throw error
      const isAnswer = REFUSALS.has(error.code)
      return { answer: isAnswer ? 'refused' : 'silent', why: describeError(error) }
    }
  }

  /** Tells the order again before the watchdog runs out, and the safe default when it has ended. */
  function hold(setpoint: Setpoint): void {
    if (wanted !== setpoint) return
    const { watchdog, refresh } = template.orders!
    const pause = refresh !== undefined ? seconds(refresh) : watchdog !== undefined ? seconds(watchdog) / 3 : Number.POSITIVE_INFINITY
    holds?.cancel()
    holds = clock.in(Math.max(0, Math.min(pause * 1000, setpoint.until - clock.now())), () => {
      inTurn(() => resume(setpoint)).catch((error) => log?.error({ device: id, error }, 'Telling an order again failed'))
    })
  }

  async function resume(setpoint: Setpoint): Promise<void> {
    if (wanted !== setpoint) return
    if (clock.now() < setpoint.until) await give(setpoint, true)
    else {
      wanted = undefined
      await release()
    }
  }

  async function release(): Promise<void> {
    const { safe } = template.orders!
    try {
      await within(perform(safe.power === undefined ? 0 : powerOf(safe.power), true))
      note({ direction: 'out', kind: 'write', action: 'safe default', payload: { ...safe } })
    } catch (error) {
      note({ direction: 'out', kind: 'write', action: 'safe default', payload: { failed: describeError(error) } })
    }
  }

  function capability(): Capability {
    const { min, max } = bounds()
    const why =
      failure ??
      (seen && clock.now() - seen.at > FRESH
        ? say(SAYING.lastHeard, { age: `${Math.round((clock.now() - seen.at) / 1000)} s` })
        : blocked())
    const storage = storageOf()
    return {
      kind,
      minPower: watts(min),
      maxPower: watts(max),
      minStep: watts(0),
      ...(storage ? { storage } : {}),
      controllable: why === undefined,
      ...(why === undefined ? {} : { why }),
    }
  }

  function storageOf(): Capability['storage'] | undefined {
    const capacity = options.nominal?.capacity ?? nominal?.capacity
    const soc = seen && numberOf(seen.measures, 'soc')
    if (capacity === undefined || soc === undefined) return undefined
    return {
      soc: wattHours(soc),
      capacity: wattHours(capacity),
      min: wattHours(Math.max(options.nominal?.minSoc ?? 0, nominal?.minSoc ?? 0)),
      max: wattHours(Math.min(options.nominal?.maxSoc ?? capacity, nominal?.maxSoc ?? capacity)),
      chargingEfficiency: nominal?.chargingEfficiency ?? 1,
      dischargingEfficiency: nominal?.dischargingEfficiency ?? 1,
    }
  }

  return {
    id,
    asset,
    kind,
    read,
    capability,
    measured: () => (seen?.power === undefined ? undefined : { power: watts(seen.power), at: seen.at }),
    apply,
    measures: () => seen?.measures ?? [],
    close() {
      wanted = undefined
      holds?.cancel()
      client.close()
    },
  }
}
