/** Cuts a session at every instant where a price may change: clock, date, weekday, duration, energy so far, a new VAT rate. */

import Fraction from 'fraction.js'
import { atWallClock, dayAfter, dayStart, HOUR, type Instant, instant, wallClock } from '#kernel'
import type { PERIOD_STATES, Restrictions } from './tariff.ts'

export interface Period {
  from: Instant
  until: Instant
  state: (typeof PERIOD_STATES)[number]
  /** kWh. */
  energy: Fraction
  powerKw?: number
  currentA?: number
  tariff: number
}

/** A stretch of a period in which no price changes. Energies in kWh; `at` and `soFar` are taken in its middle, where no edge is near. */
export interface Piece extends Period {
  at: Instant
  hours: Fraction
  /** Charged since the session began, kWh. */
  soFar: Fraction
  /** Since the session began. */
  seconds: number
}

/** Everything that a tariff looks at. */
export interface Edges {
  restrictions: readonly Restrictions[]
  moments: readonly Instant[]
}

const SECONDS = new Fraction(1, 1000)

/** `sessionStart` counts durations; energy during a reservation is not part of what was charged so far. */
export function piecesOf(periods: readonly Period[], sessionStart: Instant, zone: string, edgesOf: (tariff: number) => Edges): Piece[] {
  let soFar = new Fraction(0)
  const pieces: Piece[] = []
  for (const period of periods) {
    const isCharging = period.state !== 'RESERVED' && period.state !== 'RESERVATION_EXPIRED'
    const energy = isCharging ? period.energy : new Fraction(0)
    const length = period.until - period.from
    const cuts = [...cutsOf(period, energy, soFar, sessionStart, zone, edgesOf(period.tariff))]
    const edges = [new Fraction(0), ...cuts.sort((a, b) => a.compare(b)), new Fraction(1)]
    for (let at = 1; at < edges.length; at++) {
      const [begin, end] = [edges[at - 1]!, edges[at]!]
      const part = end.sub(begin)
      if (part.equals(0)) continue
      const middle = begin.add(end).div(2)
      const moment = middle.mul(length).add(period.from)
      pieces.push({
        ...period,
        from: instant(Math.round(begin.mul(length).add(period.from).valueOf())),
        until: instant(Math.round(end.mul(length).add(period.from).valueOf())),
        energy: energy.mul(part),
        hours: new Fraction(length, HOUR).mul(part),
        at: instant(Math.floor(moment.valueOf())),
        soFar: soFar.add(energy.mul(middle)),
        seconds: moment.sub(sessionStart).mul(SECONDS).valueOf(),
      })
    }
    soFar = soFar.add(energy)
  }
  return pieces
}

/** Where within a period (0 to 1, both exclusive) something changes. */
function* cutsOf(
  { from, until }: Period,
  energy: Fraction,
  soFar: Fraction,
  sessionStart: Instant,
  zone: string,
  { restrictions, moments }: Edges,
): Generator<Fraction> {
  const within = function* (at: number) {
    if (at > from && at < until) yield new Fraction(at - from, until - from)
  }
  for (const at of moments) yield* within(at)
  for (const each of restrictions) {
    for (const seconds of [each.min_duration, each.max_duration])
      if (seconds !== undefined) yield* within(sessionStart + Math.round(seconds * 1000))
    for (const kwh of [each.min_kwh, each.max_kwh]) {
      if (kwh === undefined || energy.equals(0)) continue
      const at = new Fraction(kwh).sub(soFar).div(energy)
      if (at.compare(0) > 0 && at.compare(1) < 0) yield at
    }
  }
  const clocks = new Set(restrictions.flatMap(({ start_time, end_time }) => [start_time, end_time]).filter((time) => time !== undefined))
  const isLocal = clocks.size > 0 || restrictions.some(({ day_of_week, start_date, end_date }) => day_of_week ?? start_date ?? end_date)
  if (isLocal) for (const at of localEdges(from, until, zone, clocks)) yield* within(at)
}

/** Midnights, the times of day given, and the moments at which the clocks are changed. */
function* localEdges(from: Instant, until: Instant, zone: string, clocks: ReadonlySet<string>): Generator<Instant> {
  for (let day = dayStart(from, zone); day < until; day = dayAfter(day, zone)) {
    yield day
    const { year, month, day: date } = wallClock(day, zone)
    for (const time of clocks) {
      const [hour, minute] = time.split(':').map(Number) as [number, number]
      for (const which of ['first', 'second'] as const) yield atWallClock({ year, month, day: date, hour, minute }, zone, which)
    }
    const change = clockChange(day, dayAfter(day, zone), zone)
    if (change !== undefined) yield change
  }
}

/** The moment within a day at which its zone gets another offset. */
function clockChange(from: Instant, until: Instant, zone: string): Instant | undefined {
  const before = wallClock(from, zone).offset
  if (wallClock(until, zone).offset === before) return undefined
  let [low, high] = [from as number, until as number]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (wallClock(instant(middle), zone).offset === before) low = middle
    else high = middle
  }
  return instant(high)
}
