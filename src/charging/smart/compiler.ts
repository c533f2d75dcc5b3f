/**
 * From a plan to the charging profile that makes a station keep it (charging reference 2.9, 2.13, 8; property P18): in its unit, rounded down,
 * 0 or at least 6 A, in as many periods as it takes, ending by itself in the safe limit. Pure.
 */
import { type Instant, instant, SECOND } from '#kernel'
import type { Profile, SchedulePeriod } from '#protocols/ocpp'
import { type Level, limitOf, PROFILE, type Wires, zulu } from '../order.ts'
import type { CapabilityCard, Form } from './capability-card.ts'
import { type Choice, offersOf, salesTariff } from './offers.ts'

/** Power from a moment on, W, consumption positive. */
export interface Step {
  at: Instant
  power: number
}

export interface Plan {
  /** In order; the first holds from now. */
  steps: readonly Step[]
  until: Instant
}

export interface Place {
  evse: number
  transaction: string
  phases: number
  voltage: number
  /** What the installation gives, A per phase: never exceeded, whatever the plan. */
  installation: number
  /** What remains when nothing of ours is in force, A per phase. */
  safe: number
}

export interface Compiled {
  /** Where it is installed; 0 is the station. */
  evseId: number
  profile: Profile
  levels: Level[]
  wires: Wires
  /** End of what was planned, without margin. */
  until: Instant
  /** The plan would have discharged where the station cannot. */
  dropped: boolean
  /** It reaches to the end of the plan, or as far as the station can be told. */
  covers: boolean
}

/** Station clocks lag: what starts a minute ago is in force everywhere. */
const HEAD_START = 60 * SECOND

export interface CompileParts {
  plan: Plan
  card: CapabilityCard
  form: Form
  place: Place
  now: Instant
  /** Milliseconds that the profile outlives the plan, for clocks and delays. */
  margin: number
  /**
   * What to give up where the station takes fewer periods: 'far', the end of the plan, which is laid later (default); or 'detail', where the
   * whole time must be covered (a car that was promised a schedule): after the first step neighbours become one at the lower of their limits.
   */
  spare?: 'far' | 'detail'
  /** The car may choose: other schedules stand beside the plan, with what energy costs. */
  choice?: Choice | undefined
}

/** Compiles a plan into one profile of the wanted form; undefined where the form cannot say it. */
export function compile({ plan, card, form, place, now, margin, spare = 'far', choice }: CompileParts): Compiled | undefined {
  const wires: Wires = { unit: form.unit, phases: place.phases, voltage: place.voltage, step: card.step, least: card.minCurrent }
  const most = ceilingOf(place, wires)
  // The maximum of a station is no order, and priority is for charging only.
  const discharges = card.negative && form.rung !== 'station-max' && form.rung !== 'priority'
  let dropped = false
  let levels: Level[] = []
  for (const { at, power } of plan.steps) {
    if (power < 0 && !discharges) dropped = true
    const wanted = limitOf(discharges ? power : Math.max(0, power), wires)
    const limit = Math.min(wanted, most)
    if (levels.at(-1)?.limit !== limit) levels.push({ at: instant(Math.max(at, now)), limit })
  }
  if (levels.length === 0) return undefined
  let until = plan.until
  // One period may be needed for what comes after the plan.
  const room = form.rung === 'dynamic' || form.rung === 'default-relative' ? 1 : endsInSafe(form) ? card.maxPeriods - 1 : card.maxPeriods
  if (room < 1) return undefined
  if (levels.length > room) {
    if (spare === 'far' || room === 1) {
      until = instant(Math.min(until, levels[room]!.at))
      levels = levels.slice(0, room)
      // What is ordered now is not bent for what comes later.
    } else levels = [levels[0]!, ...coarser(levels.slice(1), room - 1, until)]
  }
  const safe = standingLimit(place.safe, wires, most)
  return {
    evseId: form.rung === 'station-max' ? 0 : place.evse,
    profile: written({ levels, until, form, place, now, margin, wires, safe, card, choice }),
    ...{ levels, wires, until, dropped },
    covers: spare === 'detail' && (until >= plan.until || room === 1),
  }
}

const endsInSafe = ({ rung }: Form) => rung === 'default-zero' || rung === 'station-max' || rung === 'priority'

/** What the installation gives, in the unit of the wires. */
const ceilingOf = ({ installation }: Place, { unit, phases, voltage }: Wires) =>
  unit === 'A' ? installation : installation * phases * voltage

/** Amperes that stand without end, in the unit of the wires: 0 below what a car understands is a pause, so it is not rounded to 0. */
const standingLimit = (amperes: number, { unit, phases, voltage }: Wires, most: number) =>
  Math.min(most, unit === 'A' ? amperes : Math.floor(amperes * voltage * phases))

interface Writing {
  levels: readonly Level[]
  until: Instant
  form: Form
  place: Place
  now: Instant
  margin: number
  wires: Wires
  safe: number
  card: CapabilityCard
  choice: Choice | undefined
}

function written({ levels, until, form, place, now, margin, wires, safe, card, choice }: Writing): Profile {
  const start = instant(Math.floor((now - HEAD_START) / SECOND) * SECOND)
  const end = instant(until + margin)
  const offset = (at: Instant) => Math.max(0, Math.ceil((at - start) / SECOND))
  const periodsOf = (some: readonly Level[]) =>
    some.map(({ at, limit }, index): SchedulePeriod => periodOf(index === 0 ? 0 : offset(at), limit, form, place, card))
  const periods = periodsOf(levels)
  const id = idOf(form, place)
  const seconds = Math.max(1, offset(end))
  const common = { id, stackLevel: form.rung === 'default' || form.rung === 'default-relative' ? 1 : 0 }
  const schedule = { id, chargingRateUnit: wires.unit }
  switch (form.rung) {
    case 'dynamic':
      return {
        ...common,
        chargingProfilePurpose: 'TxProfile',
        chargingProfileKind: 'Dynamic',
        transactionId: place.transaction,
        dynUpdateTime: zulu(instant(Math.floor(now / SECOND) * SECOND)),
        // Counts from the last update: without one the profile ends, and the safe default is in force.
        chargingSchedule: [{ ...schedule, duration: Math.max(1, Math.ceil((end - now) / SECOND)), chargingSchedulePeriod: periods }],
      }
    case 'tx': {
      const offers = choice ? offersOf({ levels, until }, choice, wires, card.maxPeriods) : []
      const chargingSchedule = [levels, ...offers].map((some, index) => {
        const own = index === 0 ? id : 1000 * index + id
        const tariff = choice && salesTariff(own, choice.plan, start, until)
        return {
          ...{ ...schedule, id: own, startSchedule: zulu(start), duration: seconds, chargingSchedulePeriod: periodsOf(some) },
          ...(tariff && { salesTariff: tariff }),
        }
      })
      return {
        ...common,
        chargingProfilePurpose: 'TxProfile',
        chargingProfileKind: 'Absolute',
        transactionId: place.transaction,
        chargingSchedule: chargingSchedule as Profile['chargingSchedule'],
      }
    }
    case 'default':
      return {
        ...common,
        chargingProfilePurpose: 'TxDefaultProfile',
        chargingProfileKind: 'Absolute',
        chargingSchedule: [{ ...schedule, startSchedule: zulu(start), duration: seconds, chargingSchedulePeriod: periods }],
      }
    case 'default-relative':
      // Counts from the begin of the session, which is the station's affair: it ends by the calendar.
      return {
        ...common,
        chargingProfilePurpose: 'TxDefaultProfile',
        chargingProfileKind: 'Relative',
        validTo: zulu(instant(Math.ceil(end / SECOND) * SECOND)),
        chargingSchedule: [{ ...schedule, chargingSchedulePeriod: periods }],
      }
    default:
      // In the place of what stands there for ever, and ending in it; priority charging may have no other end.
      return {
        ...common,
        chargingProfilePurpose: PURPOSE[form.rung],
        chargingProfileKind: 'Absolute',
        chargingSchedule: [
          {
            ...schedule,
            startSchedule: zulu(start),
            chargingSchedulePeriod: [...periods, periodOf(seconds, safe, form, place, card)],
          },
        ],
      }
  }
}

const PURPOSE = { 'station-max': 'ChargingStationMaxProfile', 'default-zero': 'TxDefaultProfile', priority: 'PriorityCharging' } as const

function idOf({ rung }: Form, { evse }: Place): number {
  if (rung === 'station-max') return PROFILE.stationMax
  if (rung === 'default-zero') return PROFILE.safeDefault
  return rung === 'priority' ? PROFILE.priority(evse) : PROFILE.order(evse)
}

/** The standard's default is 3 phases; said only when it is another number. */
function periodOf(startPeriod: number, limit: number, { rung }: Form, { phases }: Place, { version }: CapabilityCard): SchedulePeriod {
  const on = phases === 3 ? {} : { numberPhases: phases }
  // 2.1 has words for discharge; older stations that declare it take a negative limit.
  if (rung === 'dynamic' || (limit < 0 && version === '2.1'))
    return {
      startPeriod,
      operationMode: 'CentralSetpoint',
      setpoint: limit,
      limit: Math.max(0, limit),
      dischargeLimit: Math.min(0, limit),
      ...on,
    }
  return { startPeriod, limit, ...on }
}

/** Fewer levels over the same time, never above the plan: the two neighbours whose joining costs least become one. */
function coarser(levels: readonly Level[], room: number, until: Instant): Level[] {
  const rest = [...levels]
  const length = (index: number) => (rest[index + 1]?.at ?? until) - rest[index]!.at
  while (rest.length > room) {
    let best = 0
    let least = Number.POSITIVE_INFINITY
    for (let index = 0; index + 1 < rest.length; index++) {
      const here = rest[index]!.limit
      const next = rest[index + 1]!.limit
      const loss = here > next ? (here - next) * length(index) : (next - here) * length(index + 1)
      if (loss < least) {
        least = loss
        best = index
      }
    }
    // Towards 0: neither more charging nor more discharging than planned.
    const [one, other] = [rest[best]!.limit, rest[best + 1]!.limit]
    const limit = one * other < 0 ? 0 : Math.abs(one) < Math.abs(other) ? one : other
    rest.splice(best, 2, { at: rest[best]!.at, limit })
  }
  return rest.filter((level, index) => index === 0 || level.limit !== rest[index - 1]!.limit)
}

/** The level in force at a moment; undefined outside the plan. */
export const levelAt = ({ levels, until }: Pick<Compiled, 'levels' | 'until'>, at: Instant): number | undefined =>
  at >= until ? undefined : (levels.findLast((level) => level.at <= at)?.limit ?? levels[0]?.limit)
