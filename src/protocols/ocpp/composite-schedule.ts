/** What limits an EVSE now and next: all installed charging profiles folded into one schedule (OCPP 2.0.1 Part 2, K08; K01.FR.49/50). */
import { after, floorTo, type Instant, instant, parseInstant, SECOND } from '#kernel'
import type { ChargingProfileType as ChargingProfile, ChargingProfilePurposeEnumType as Purpose } from './v201.gen.ts'

/** A charging profile where it is installed; evseId 0 is the station as a whole. */
export interface InstalledProfile {
  evseId: number
  profile: ChargingProfile
}

export interface CompositeInput {
  profiles: readonly InstalledProfile[]
  /** 0: the station as a whole, the sum of its `evses`. */
  evseId: number
  /** The window [from, until), floored to seconds. */
  from: Instant
  until: Instant
  unit: 'A' | 'W'
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
  /** Negative limits of Tx and TxDefault profiles order discharge; otherwise they are ignored as if unspecified. */
  allowNegative?: boolean
  /** Recurring schedules repeat before their startSchedule too (libocpp does); otherwise they begin there. */
  recurBeforeStart?: boolean
  /** For evseId 0: the EVSEs and their transactions; one EVSE 1 with `transactionStart` when absent. */
  evses?: readonly { id: number; transactionStart?: Instant }[]
  /** Stops after so many periods; the 1024 a message can carry. */
  maxPeriods?: number
}

/** One step of the result: seconds after the window's start, limit in the wanted unit, phases only when a profile states them. */
export interface CompositePeriod {
  startPeriod: number
  limit: number
  numberPhases?: number
}

interface Cap {
  limit: number
  unit: 'A' | 'W'
  phases: number | undefined
}
/** What holds at a moment and until when it surely does. */
interface Moment {
  cap: Cap | undefined
  until: number
}

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
  const periods: CompositePeriod[] = []
  for (let at = from; at < input.until; ) {
    const { cap, until } = input.evseId === 0 ? stationAt(input, at, from) : evseAt(input, at, from)
    const next = finished(cap, input)
    const last = periods.at(-1)
    if (!last || last.numberPhases !== next.numberPhases || Math.abs(last.limit - next.limit) > 1e-9 * Math.max(1, Math.abs(next.limit))) {
      if (periods.length === maxPeriods) break
      periods.push({ startPeriod: (at - from) / SECOND, ...next })
    }
    at = after(at, Math.max(until - at, SECOND))
  }
  return periods
}

const voltage = (input: CompositeInput) => input.nominalVoltage ?? 230
const supplied = (input: CompositeInput) => input.phases ?? 3

function finished(cap: Cap | undefined, input: CompositeInput): Omit<CompositePeriod, 'startPeriod'> {
  const held = cap ?? { limit: input.defaultLimit ?? 33_120, unit: 'W', phases: undefined }
  const limit = inUnit(held, input.unit, held.phases ?? supplied(input), voltage(input))
  return held.phases === undefined ? { limit } : { limit, numberPhases: held.phases }
}

function inUnit({ limit, unit }: Cap, wanted: 'A' | 'W', phases: number, volts: number): number {
  if (unit === wanted) return limit
  return wanted === 'W' ? limit * volts * phases : limit / (volts * phases)
}

/** The lowest of several caps on the fewest of their phases. */
function lowest(caps: (Cap | undefined)[], input: CompositeInput): Cap | undefined {
  const given = caps.filter((cap) => cap !== undefined)
  if (given.length < 2) return given[0]
  const stated = given.map((cap) => cap.phases).filter((phases) => phases !== undefined)
  const phases = stated.length === 0 ? undefined : Math.min(...stated)
  const on = phases ?? supplied(input)
  return { limit: Math.min(...given.map((cap) => inUnit(cap, input.unit, on, voltage(input)))), unit: input.unit, phases }
}

const combine = (moments: Moment[], input: CompositeInput): Moment => ({
  cap: lowest(
    moments.map((moment) => moment.cap),
    input,
  ),
  until: Math.min(...moments.map((moment) => moment.until)),
})

function evseAt(input: CompositeInput, at: number, from: number): Moment {
  return combine(
    [
      transactionAt(input, input.evseId, input.transactionStart, at, from),
      purposeAt(input, 'ChargingStationExternalConstraints', (evse) => evse === input.evseId, input.transactionStart, at, from),
      ...stationLimits(input, at, from),
    ],
    input,
  )
}

const stationLimits = (input: CompositeInput, at: number, from: number): Moment[] => [
  purposeAt(input, 'ChargingStationExternalConstraints', (evse) => evse === 0, undefined, at, from),
  purposeAt(input, 'ChargingStationMaxProfile', (evse) => evse === 0, undefined, at, from),
]

/** The station as a whole: what its EVSEs may take together, below its own limits. */
function stationAt(input: CompositeInput, at: number, from: number): Moment {
  const evses = input.evses ?? [{ id: 1, ...(input.transactionStart === undefined ? {} : { transactionStart: input.transactionStart }) }]
  let limit = 0
  let until = Number.POSITIVE_INFINITY
  let phases: number | undefined
  for (const { id, transactionStart } of evses) {
    const own = combine(
      [
        transactionAt(input, id, transactionStart, at, from),
        purposeAt(input, 'ChargingStationExternalConstraints', (evse) => evse === id, transactionStart, at, from),
      ],
      input,
    )
    const part = finished(own.cap, input)
    limit += part.limit
    if (part.numberPhases !== undefined) phases = Math.min(phases ?? part.numberPhases, part.numberPhases)
    until = Math.min(until, own.until)
  }
  return combine([{ cap: { limit, unit: input.unit, phases }, until }, ...stationLimits(input, at, from)], input)
}

/** Tx if it says something, else TxDefault; nothing before the transaction. */
function transactionAt(input: CompositeInput, evseId: number, start: Instant | undefined, at: number, from: number): Moment {
  if (start === undefined && !input.simulateTransaction) return { cap: undefined, until: input.until }
  const began = floorTo(start ?? instant(from), SECOND)
  if (at < began) return { cap: undefined, until: Math.min(began, input.until) }
  const tx = purposeAt(input, 'TxProfile', (evse) => evse === evseId, began, at, from)
  const fallback = purposeAt(input, 'TxDefaultProfile', (evse) => evse === evseId || evse === 0, began, at, from)
  return { cap: tx.cap ?? fallback.cap, until: Math.min(tx.until, fallback.until) }
}

/** The active entry of the highest stack level; of two equal ones (which validation refuses) the EVSE's own, then the lower id. */
function purposeAt(
  input: CompositeInput,
  purpose: Purpose,
  concerns: (evseId: number) => boolean,
  began: Instant | undefined,
  at: number,
  from: number,
): Moment {
  let until: number = input.until
  let best: { cap: Cap; rank: number[] } | undefined
  for (const { evseId, profile } of input.profiles) {
    if (profile.chargingProfilePurpose !== purpose || !concerns(evseId)) continue
    const moment = profileAt(profile, at, began ?? instant(from), input.recurBeforeStart === true)
    until = Math.min(until, moment.until)
    if (!moment.cap || (moment.cap.limit < 0 && !input.allowNegative)) continue
    const rank = [profile.stackLevel, evseId, -profile.id]
    if (!best || isAbove(rank, best.rank)) best = { cap: moment.cap, rank }
  }
  return { cap: best?.cap, until }
}

function isAbove(one: number[], other: number[]): boolean {
  const at = one.findIndex((value, index) => value !== other[index])
  return at >= 0 && one[at]! > other[at]!
}

const PERIOD = { Daily: 86_400 * SECOND, Weekly: 604_800 * SECOND }
const moment = (text: string | undefined, absent: number): number => (text === undefined ? absent : floorTo(parseInstant(text), SECOND))

/** What one profile says at a moment, worked out by arithmetic: nothing is expanded, however long the window. */
function profileAt(profile: ChargingProfile, at: number, relativeTo: Instant, recurBeforeStart: boolean): Moment {
  const silent = (until: number): Moment => ({ cap: undefined, until })
  const validFrom = moment(profile.validFrom, Number.NEGATIVE_INFINITY)
  const validTo = moment(profile.validTo, Number.POSITIVE_INFINITY)
  if (at >= validTo) return silent(Number.POSITIVE_INFINITY)
  if (at < validFrom) return silent(validFrom)
  const schedule = profile.chargingSchedule[0]!
  const anchor = profile.chargingProfileKind === 'Relative' ? floorTo(relativeTo, SECOND) : moment(schedule.startSchedule, relativeTo)
  const every = profile.chargingProfileKind === 'Recurring' ? PERIOD[profile.recurrencyKind ?? 'Daily'] : undefined
  if (at < anchor && !(every && recurBeforeStart)) return silent(Math.min(anchor, validTo))
  const start = every ? anchor + Math.floor((at - anchor) / every) * every : anchor
  const again = every ? start + every : Number.POSITIVE_INFINITY
  const end = Math.min(again, schedule.duration === undefined ? Number.POSITIVE_INFINITY : start + schedule.duration * SECOND)
  if (at >= end) return silent(Math.min(again, validTo))
  const periods = schedule.chargingSchedulePeriod
  const index = lastStarted(periods, (at - start) / SECOND)
  const following = periods[index + 1]
  const until = Math.min(end, validTo, following ? after(instant(start), following.startPeriod * SECOND) : Number.POSITIVE_INFINITY)
  const period = periods[index]
  if (!period) return silent(until)
  return { cap: { limit: period.limit, unit: schedule.chargingRateUnit, phases: period.numberPhases }, until }
}

/** Index of the last period begun after so many seconds, -1 before the first. */
function lastStarted(periods: readonly { startPeriod: number }[], seconds: number): number {
  let low = 0
  let high = periods.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (periods[middle]!.startPeriod <= seconds) low = middle + 1
    else high = middle
  }
  return low - 1
}
