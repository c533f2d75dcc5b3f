/** What limits an EVSE now and next: all installed charging profiles folded into one schedule (OCPP 2.0.1 Part 2, K08; K01.FR.49/50). */
import { after, floorTo, type Instant, instant, SECOND } from '#kernel'
import type { Installed, Profile, ProfilePurpose, ProfileVersion, SchedulePeriod } from './charging-profile.ts'
import { heap } from './heap.ts'
import { type Cap, finished, type Limited, lowest, type Wiring, withHeadroom } from './profile-cap.ts'
import { type CourseParts, courseOf } from './profile-course.ts'

export interface CompositeInput {
  profiles: readonly Installed[]
  /** 0: the station as a whole, the sum of its `evses`. */
  evseId: number
  /** The window [from, until), floored to seconds. */
  from: Instant
  until: Instant
  unit: 'A' | 'W'
  /** Rules of that version, 2.0.1. In 1.6 a default on a connector takes the place of those on connector 0. */
  version?: ProfileVersion
  /** When the running transaction was ready for energy; absent: none runs, and Tx and TxDefault profiles do not count. */
  transactionStart?: Instant
  /** Counts Tx and TxDefault profiles from the window's start although no transaction runs (planning). */
  simulateTransaction?: boolean
  /** Volts between phase and neutral; 230. */
  nominalVoltage?: number
  /** Phases of the supply, taken where a profile states none; 3. */
  phases?: number
  /** Watts where nothing limits; 33 120 (3 × 48 A). */
  defaultLimit?: number
  /** Negative limits order discharge; otherwise they are ignored as if unspecified. */
  allowNegative?: boolean
  /** Recurring schedules repeat before their startSchedule too (libocpp does); otherwise they begin there. */
  recurBeforeStart?: boolean
  /** For evseId 0: the EVSEs and their transactions; one EVSE 1 with `transactionStart` when absent. */
  evses?: readonly { id: number; transactionStart?: Instant }[]
  /** Stops after so many periods; the 1024 a message can carry. */
  maxPeriods?: number
  /** Zone in which `useLocalTime` counts (2.1); UTC. */
  zone?: string
  /** Since when the station has been without connection: what bears it no longer (maxOfflineDuration, 2.1) is silent. */
  offlineSince?: Instant
  /** State of charge in percent, for limitAtSoC (2.1). */
  soc?: number
  /** Seconds by which period `period` of a schedule with randomizedDelay begins late (2.1); none unless said. */
  delay?: CourseParts['delay']
  /** Priority charging is on: its profile takes the place of Tx and TxDefault (2.1, K21). */
  priorityCharging?: boolean
  /** Local generation adds to what the external constraints leave (2.1, K27). The station's maximum still holds. */
  localGeneration?: boolean
}

/** One step of the result: seconds after the window's start, limit in the wanted unit, phases and what 2.1 adds only where a profile states it. */
export interface CompositePeriod extends Limited {
  startPeriod: number
}

/** What holds at a moment and until when it surely does. */
interface Moment {
  cap: Cap | undefined
  until: number
}
type Layer = (at: number) => Moment

/**
 * The composite schedule of an EVSE. Purposes are layers: Tx before TxDefault while a transaction runs, then the lowest of that, the external
 * constraints and the station's maximum. Within a purpose the highest active stack level wins. A limit in A is per phase, one in W is the
 * total: they are compared on the phases that result. Pure; the input profiles are believed valid (see `validateProfile`).
 *
 *     compositeSchedule({ profiles: [], evseId: 1, from, until, unit: 'A' })   // → [{ startPeriod: 0, limit: 48 }]
 */
export function compositeSchedule(input: CompositeInput): CompositePeriod[] {
  const from = floorTo(input.from, SECOND)
  const maxPeriods = input.maxPeriods ?? 1024
  const wiring = wiringOf(input)
  const held = input.evseId === 0 ? stationLayer(input, wiring, from) : evseLayer(input, wiring, from)
  const periods: CompositePeriod[] = []
  for (let at = from; at < input.until; ) {
    const { cap, until } = held(at)
    const next = finished(cap, wiring)
    const last = periods.at(-1)
    if (!last || !isSame(last, next)) {
      if (periods.length === maxPeriods) break
      periods.push({ startPeriod: (at - from) / SECOND, ...next })
    }
    at = after(at, Math.max(Math.min(until, input.until) - at, SECOND))
  }
  return periods
}

const wiringOf = (input: CompositeInput): Wiring => ({
  unit: input.unit,
  voltage: input.nominalVoltage ?? 230,
  phases: input.phases ?? 3,
  defaultLimit: input.defaultLimit ?? 33_120,
})

const EXTRAS = ['limit_L2', 'limit_L3', 'dischargeLimit', 'setpoint', 'setpointReactive'] as const

function isSame(one: Limited, other: Limited): boolean {
  if (one.numberPhases !== other.numberPhases || one.operationMode !== other.operationMode) return false
  const close = (a: number | undefined, b: number | undefined) =>
    a === b || (a !== undefined && b !== undefined && Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b)))
  return close(one.limit, other.limit) && EXTRAS.every((key) => close(one[key], other[key]))
}

const combine = (moments: readonly Moment[], wiring: Wiring): Moment => {
  let until = Number.POSITIVE_INFINITY
  for (const moment of moments) if (moment.until < until) until = moment.until
  return { cap: lowest(moments, wiring), until }
}

function evseLayer(input: CompositeInput, wiring: Wiring, from: Instant): Layer {
  const layers = [...ownLayers(input, wiring, from, input.evseId, input.transactionStart), ...stationLimits(input, wiring, from)]
  return (at) =>
    combine(
      layers.map((layer) => layer(at)),
      wiring,
    )
}

/** What binds one EVSE alone. */
const ownLayers = (input: CompositeInput, wiring: Wiring, from: Instant, evse: number, start: Instant | undefined): Layer[] => [
  transactionLayer(input, from, evse, start),
  externalLayer(input, wiring, from, evse, start),
]

const stationLimits = (input: CompositeInput, wiring: Wiring, from: Instant): Layer[] => [
  externalLayer(input, wiring, from, 0, undefined),
  purposeLayer(input, 'ChargingStationMaxProfile', (evse) => evse === 0, undefined, from),
]

function externalLayer(input: CompositeInput, wiring: Wiring, from: Instant, place: number, began: Instant | undefined): Layer {
  const external = purposeLayer(input, 'ChargingStationExternalConstraints', (evse) => evse === place, began, from)
  if (!input.localGeneration) return external
  const local = purposeLayer(input, 'LocalGeneration', (evse) => evse === place, began, from)
  return (at) => {
    const outside = external(at)
    const own = local(at)
    return {
      cap: outside.cap && own.cap ? withHeadroom(outside.cap, own.cap, wiring) : outside.cap,
      until: Math.min(outside.until, own.until),
    }
  }
}

/** The station as a whole: what its EVSEs may take together, below its own limits. */
function stationLayer(input: CompositeInput, wiring: Wiring, from: Instant): Layer {
  const evses = input.evses ?? [{ id: 1, ...(input.transactionStart === undefined ? {} : { transactionStart: input.transactionStart }) }]
  const own = evses.map(({ id, transactionStart }) => ownLayers(input, wiring, from, id, transactionStart))
  const above = stationLimits(input, wiring, from)
  return (at) => {
    let limit = 0
    let until = Number.POSITIVE_INFINITY
    let phases: number | undefined
    for (const layers of own) {
      const part = combine(
        layers.map((layer) => layer(at)),
        wiring,
      )
      const { numberPhases, ...rest } = finished(part.cap, wiring)
      limit += totalOf(rest)
      if (numberPhases !== undefined) phases = Math.min(phases ?? numberPhases, numberPhases)
      until = Math.min(until, part.until)
    }
    return combine([{ cap: { limit, unit: input.unit, phases }, until }, ...above.map((layer) => layer(at))], wiring)
  }
}

/** Of limits per phase in W the sum is the station's; in A each is per phase already, the largest counts. */
const totalOf = ({ limit, limit_L2, limit_L3 }: Limited): number =>
  limit_L2 === undefined && limit_L3 === undefined ? limit : Math.max(limit, limit_L2 ?? 0, limit_L3 ?? 0)

/** Tx if it says something, else TxDefault; nothing before the transaction. Priority charging stands before both. */
function transactionLayer(input: CompositeInput, from: Instant, evseId: number, start: Instant | undefined): Layer {
  if (start === undefined && !input.simulateTransaction) return () => ({ cap: undefined, until: Number.POSITIVE_INFINITY })
  const began = floorTo(start ?? instant(from), SECOND)
  const tx = purposeLayer(input, 'TxProfile', (evse) => evse === evseId, began, from)
  const own = input.profiles.some((one) => one.evseId === evseId && one.profile.chargingProfilePurpose === 'TxDefaultProfile')
  const isReplaced = input.version === '1.6' && own
  const fallback = purposeLayer(input, 'TxDefaultProfile', (evse) => evse === evseId || (evse === 0 && !isReplaced), began, from)
  const first = input.priorityCharging
    ? [purposeLayer(input, 'PriorityCharging', (evse) => evse === evseId || evse === 0, began, from), tx, fallback]
    : [tx, fallback]
  return (at) => {
    if (at < began) return { cap: undefined, until: began }
    let until = Number.POSITIVE_INFINITY
    for (const layer of first) {
      const moment = layer(at)
      until = Math.min(until, moment.until)
      if (moment.cap) return { cap: moment.cap, until }
    }
    return { cap: undefined, until }
  }
}

interface Entry {
  course: ReturnType<typeof courseOf>
  profile: Profile
  evseId: number
  wake: number
}

/**
 * The active entry of the highest stack level; of two equal ones (which validation refuses) the EVSE's own, then the lower id. Asked for ever
 * later moments: sleeping profiles wait in the order in which they wake, waking ones are ranked, and what is hidden costs nothing.
 */
function purposeLayer(
  input: CompositeInput,
  purpose: ProfilePurpose,
  concerns: (evseId: number) => boolean,
  began: Instant | undefined,
  from: Instant,
): Layer {
  const parts: CourseParts = {
    relativeTo: began ?? from,
    recurBeforeStart: input.recurBeforeStart === true,
    zone: input.zone ?? 'UTC',
    offlineSince: input.offlineSince,
    delay: input.delay,
  }
  const asleep = heap<Entry>((one, other) => one.wake < other.wake)
  const awake = heap<Entry>(isAbove)
  for (const { evseId, profile } of input.profiles)
    if (profile.chargingProfilePurpose === purpose && concerns(evseId))
      awake.add({ course: courseOf(profile, parts), profile, evseId, wake: 0 })
  return (at) => {
    for (let next = asleep.first(); next && next.wake <= at; next = asleep.first()) {
      asleep.take()
      awake.add(next)
    }
    for (let top = awake.first(); top; top = awake.first()) {
      const { period, until } = top.course(at)
      const cap = period && capOf(top.profile, period, input)
      if (cap) return { cap, until: Math.min(until, asleep.first()?.wake ?? Number.POSITIVE_INFINITY) }
      awake.take()
      if (until >= input.until) continue
      top.wake = Math.max(until, at + 1)
      asleep.add(top)
    }
    return { cap: undefined, until: asleep.first()?.wake ?? Number.POSITIVE_INFINITY }
  }
}

function isAbove(one: Entry, other: Entry): boolean {
  if (one.profile.stackLevel !== other.profile.stackLevel) return one.profile.stackLevel > other.profile.stackLevel
  return one.evseId === other.evseId ? one.profile.id < other.profile.id : one.evseId > other.evseId
}

/** What a period asks for; undefined where its negative limit is not understood. */
function capOf(profile: Profile, period: SchedulePeriod, input: CompositeInput): Cap | undefined {
  const { chargingRateUnit: unit, limitAtSoC } = profile.chargingSchedule[0]!
  const { limit, limit_L2, limit_L3, operationMode, dischargeLimit, setpoint, setpointReactive, numberPhases: phases } = period
  if (limit !== undefined && limit < 0 && !input.allowNegative) return undefined
  const isFull = limitAtSoC !== undefined && input.soc !== undefined && input.soc >= limitAtSoC.soc
  const held = isFull ? Math.min(limit ?? limitAtSoC.limit, limitAtSoC.limit) : limit
  if (operationMode === undefined && limit_L2 === undefined && limit_L3 === undefined && held !== undefined)
    return { unit, phases, limit: held }
  return {
    unit,
    phases,
    ...(held === undefined ? {} : { limit: held }),
    ...(limit_L2 === undefined ? {} : { limit_L2 }),
    ...(limit_L3 === undefined ? {} : { limit_L3 }),
    ...(operationMode === undefined || operationMode === 'ChargingOnly' ? {} : { operationMode }),
    ...(dischargeLimit === undefined ? {} : { dischargeLimit }),
    ...(setpoint === undefined ? {} : { setpoint }),
    ...(setpointReactive === undefined ? {} : { setpointReactive }),
  }
}
