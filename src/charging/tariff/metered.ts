/** From what a station told of a session to the periods that are priced: state changes and meter values become stretches with their energy. */

import { formatInstant, HOUR, type Instant } from '#kernel'
import type { PERIOD_STATES, PricingCase } from './tariff.ts'

/** Something a station told at a moment: a new state, what its registers showed, or both. */
export interface Mark {
  at: Instant
  /** From now on. */
  state?: (typeof PERIOD_STATES)[number]
  /** Taken minus given since the session began, Wh. */
  energy?: number
}

export type PricedPeriods = PricingCase['session']['periods']

/**
 * The periods of a session from its begin to `until`, one per stretch between two marks. Energy between two register values flows while the
 * vehicle charges, evenly; if it charged at no time between them, over the whole of it. What flowed after the last value is not known: zero.
 * `bySteps` keeps every stretch between two values, with its mean power, for tariffs that look at power; else equal neighbours are one.
 */
export function periodsFrom(marks: readonly Mark[], until: Instant, bySteps = false): PricedPeriods {
  const told = marks.filter(({ at }) => at <= until).toSorted((a, b) => a.at - b.at)
  if (told.length === 0) return []
  const stretches = stretchesOf(told, until)
  spread(stretches, told)
  const periods: PricedPeriods = []
  for (const { from, length, state, wattHours } of stretches) {
    if (length === 0 && wattHours === 0) continue
    const last = periods.at(-1)
    if (last?.state === state && !bySteps) last.energy_kwh = rounded((last.energy_kwh ?? 0) + wattHours / 1000)
    else
      periods.push({
        start_date_time: formatInstant(from),
        state,
        energy_kwh: rounded(wattHours / 1000),
        ...(bySteps && length > 0 && { power_kw: rounded((wattHours / 1000) * (HOUR / length)) }),
      })
  }
  // A session that began and ended at once still pays its start fee.
  return periods.length > 0 ? periods : [{ start_date_time: formatInstant(told[0]!.at), state: stretches[0]!.state }]
}

/** Meters count whole or tenth watt-hours; sums of floating point are not finer than a thousandth. */
const rounded = (value: number) => Math.round(value * 1e6) / 1e6

interface Stretch {
  from: Instant
  until: Instant
  length: number
  state: NonNullable<Mark['state']>
  wattHours: number
}

function stretchesOf(told: readonly Mark[], until: Instant): Stretch[] {
  let state: Stretch['state'] = told.find((mark) => mark.state !== undefined)?.state ?? 'CHARGING'
  return told.map((mark, index) => {
    state = mark.state ?? state
    const end = told[index + 1]?.at ?? until
    return { from: mark.at, until: end, length: end - mark.at, state, wattHours: 0 }
  })
}

function spread(stretches: Stretch[], told: readonly Mark[]): void {
  const values = told.flatMap(({ at, energy }, index) => (energy === undefined ? [] : [{ at, energy, index }]))
  for (const [nth, value] of values.entries()) {
    const next = values[nth + 1]
    if (!next) break
    const between = stretches.slice(value.index, next.index)
    const charging = between.filter(({ state, length }) => state === 'CHARGING' && length > 0)
    const takers = charging.length > 0 ? charging : between
    const whole = takers.reduce((sum, { length }) => sum + length, 0)
    for (const [at, each] of takers.entries())
      each.wattHours += (next.energy - value.energy) * (whole > 0 ? each.length / whole : at === 0 ? 1 : 0)
  }
}
