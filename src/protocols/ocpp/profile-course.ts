/** What one charging profile says as time goes by, worked out by arithmetic: nothing is expanded, however long the window. */
import { atWallClock, floorTo, type Instant, instant, parseInstant, SECOND, wallClock } from '#kernel'
import type { Profile, Schedule, SchedulePeriod } from './charging-profile.ts'

/** What holds at a moment and until when it surely does; no period: the profile is silent. */
export interface Course {
  period: SchedulePeriod | undefined
  until: number
}

export interface CourseParts {
  /** What a Relative schedule counts from, and a Dynamic one without any moment of its own. */
  relativeTo: Instant
  /** Recurring schedules repeat before their startSchedule too. */
  recurBeforeStart: boolean
  /** Zone of `useLocalTime`. */
  zone: string
  /** Since when the station has had no connection. */
  offlineSince?: Instant | undefined
  /** Seconds by which a period of a schedule with randomizedDelay begins late. */
  delay?: ((profile: Profile, period: number) => number) | undefined
}

const LENGTH = { Daily: 86_400 * SECOND, Weekly: 604_800 * SECOND }
const NAIVE = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?$/

const moment = (text: string | undefined, absent: number): number => (text === undefined ? absent : floorTo(parseInstant(text), SECOND))

/** Start of a schedule; without offset it is local time where the schedule says so (2.1). @throws Problem of `parseInstant` */
export function startOf({ startSchedule, useLocalTime }: Schedule, zone: string): Instant | undefined {
  if (startSchedule === undefined) return undefined
  const local = useLocalTime ? NAIVE.exec(startSchedule) : null
  if (!local) return floorTo(parseInstant(startSchedule), SECOND)
  const [year, month, day, hour, minute, second] = local.slice(1).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  return atWallClock({ year, month, day, hour, minute, second }, zone)
}

/**
 * The course of a profile: asked for a moment, it says what holds and until when. Only the first schedule of a profile counts; the others are
 * offers to the car.
 */
export function courseOf(profile: Profile, parts: CourseParts): (at: number) => Course {
  const schedule = profile.chargingSchedule[0]!
  const { chargingProfileKind: kind } = profile
  const { maxOfflineDuration } = profile
  const validFrom = moment(profile.validFrom, Number.NEGATIVE_INFINITY)
  const gone =
    maxOfflineDuration === undefined || parts.offlineSince === undefined
      ? Number.POSITIVE_INFINITY
      : floorTo(parts.offlineSince, SECOND) + maxOfflineDuration * SECOND
  const validTo = Math.min(moment(profile.validTo, Number.POSITIVE_INFINITY), gone)
  const relative = floorTo(parts.relativeTo, SECOND)
  const dynamic = kind === 'Dynamic' && profile.dynUpdateTime !== undefined ? moment(profile.dynUpdateTime, relative) : undefined
  const anchor = kind === 'Relative' ? relative : (dynamic ?? startOf(schedule, parts.zone) ?? relative)
  const isRecurring = kind === 'Recurring'
  const isLocal = isRecurring && schedule.useLocalTime === true && NAIVE.test(schedule.startSchedule ?? '')
  const every = LENGTH[profile.recurrencyKind ?? 'Daily']
  const { randomizedDelay = 0 } = schedule
  const periods = schedule.chargingSchedulePeriod
  const delayed = randomizedDelay > 0 && parts.delay ? late(profile, schedule, parts.delay) : undefined

  /** The occurrence that the moment falls in. */
  const occurrence = (at: number): { start: number; again: number } => {
    if (!isRecurring) return { start: anchor, again: Number.POSITIVE_INFINITY }
    if (isLocal) return localOccurrence(anchor, at, parts.zone, every)
    const start = anchor + Math.floor((at - anchor) / every) * every
    return { start, again: start + every }
  }

  return (at) => {
    if (at >= validTo) return { period: undefined, until: Number.POSITIVE_INFINITY }
    if (at < validFrom) return { period: undefined, until: validFrom }
    if (at < anchor && !(isRecurring && parts.recurBeforeStart)) return { period: undefined, until: Math.min(anchor, validTo) }
    const { start, again } = occurrence(at)
    const end = Math.min(again, schedule.duration === undefined ? Number.POSITIVE_INFINITY : start + schedule.duration * SECOND)
    if (at >= end) return { period: undefined, until: Math.min(again, validTo) }
    const steps = delayed ?? periods
    const index = lastStarted(steps, (at - start) / SECOND)
    const following = steps[index + 1]
    const until = Math.min(end, validTo, following ? start + following.startPeriod * SECOND : Number.POSITIVE_INFINITY)
    return { period: steps[index], until }
  }
}

/** The periods as they really begin; one that has ended before its late begin is left out. */
function late(
  profile: Profile,
  { chargingSchedulePeriod: periods, randomizedDelay = 0, duration }: Schedule,
  delay: NonNullable<CourseParts['delay']>,
) {
  const kept: SchedulePeriod[] = []
  periods.forEach((period, index) => {
    const wait = Math.min(Math.max(0, Math.floor(delay(profile, index))), randomizedDelay)
    const end = periods[index + 1]?.startPeriod ?? duration ?? Number.POSITIVE_INFINITY
    if (period.startPeriod + wait < end) kept.push({ ...period, startPeriod: period.startPeriod + wait })
  })
  return kept
}

/** A day or week by the clock of the zone: at the same hour on both sides of a change to summer time. */
function localOccurrence(anchor: number, at: number, zone: string, every: number): { start: number; again: number } {
  const { hour, minute, second } = wallClock(instant(anchor), zone)
  const days = every / LENGTH.Daily
  const first = wallClock(instant(anchor), zone)
  const origin = Date.UTC(first.year, first.month - 1, first.day) / LENGTH.Daily
  const today = wallClock(instant(at), zone)
  const day = Date.UTC(today.year, today.month - 1, today.day) / LENGTH.Daily
  const on = (number: number) => {
    const date = wallClock(instant(number * LENGTH.Daily), 'UTC')
    return atWallClock({ year: date.year, month: date.month, day: date.day, hour, minute, second }, zone)
  }
  let number = origin + Math.floor((day - origin) / days) * days
  if (on(number) > at) number -= days
  return { start: on(number), again: on(number + days) }
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
