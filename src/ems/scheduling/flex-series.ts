/** From values of any form to numbers per step or per tick of a schedule. NaN = nothing known or nothing bound. */
import { converter, type Instant, instant } from '#kernel'
import type { FlexValue } from './flex-value.ts'
import type { SeriesSource } from './series-source.ts'

/** Steps of a schedule: `count` of `step` ms from `start`. Tick k (1 … count) is the end of step k. */
export interface Steps {
  start: Instant
  step: number
  count: number
}

export interface Beholder {
  source: SeriesSource
  steps: Steps
  /** Only beliefs recorded before this moment count. */
  prior: Instant
}

/** Which segment counts where several overlap. */
export type Overlap = 'first' | 'last' | 'min' | 'max'

const merge = (overlap: Overlap, known: number, next: number): number => {
  if (Number.isNaN(known) || overlap === 'last') return next
  if (Number.isNaN(next)) return known
  return overlap === 'first' ? known : overlap === 'min' ? Math.min(known, next) : Math.max(known, next)
}

/** One value a step, for powers, prices and ratios: a segment counts in the steps that lie in it whole, a moment in the step it falls into. */
export async function perStep(value: FlexValue, { source, steps, prior }: Beholder, overlap: Overlap = 'first'): Promise<Float64Array> {
  const found = new Float64Array(steps.count).fill(Number.NaN)
  if (value.kind === 'fixed') return found.fill(value.value)
  if (value.kind === 'segments') {
    for (const segment of value.segments)
      for (let step = 0; step < steps.count; step++) {
        const from = steps.start + step * steps.step
        const isMoment = segment.from === segment.to && segment.from >= from && segment.from < from + steps.step
        if (isMoment || (segment.from <= from && from + steps.step <= segment.to)) found[step] = merge(overlap, found[step]!, segment.value)
      }
    return found
  }
  const { sensor } = value
  const stored = await source.values({
    sensor: sensor.id,
    from: steps.start,
    until: instant(steps.start + steps.count * steps.step),
    step: steps.step,
    prior,
    ...value.filters,
  })
  const turn = converter(sensor.unit, value.toUnit, sensor.resolution > 0 ? sensor.resolution : undefined)
  return found.map((_, step) => {
    const each = stored[step] ?? Number.NaN
    return Number.isNaN(each) ? (value.fallback ?? Number.NaN) : turn(each)
  })
}

/**
 * One value a tick, for wishes about a stock: a segment binds every tick from its start to its end, both included; an event of a sensor
 * binds from its start to its end.
 */
export async function perTick(value: FlexValue, beholder: Beholder, overlap: Overlap): Promise<Float64Array> {
  const { steps } = beholder
  const found = new Float64Array(steps.count).fill(Number.NaN)
  if (value.kind === 'fixed') return found.fill(value.value)
  if (value.kind === 'segments') {
    for (const segment of value.segments)
      for (let tick = 1; tick <= steps.count; tick++) {
        const at = steps.start + tick * steps.step
        if (segment.from <= at && at <= segment.to) found[tick - 1] = merge(overlap, found[tick - 1]!, segment.value)
      }
    return found
  }
  const longer = { ...beholder, steps: { ...steps, count: steps.count + 1 } }
  const events = await perStep(value, longer)
  return found.map((_, index) => {
    const own = events[index + 1]!
    return value.sensor.resolution > 0 ? merge(overlap, events[index]!, own) : own
  })
}

/** One value a tick, for prices on what a stock holds: the price that begins at the tick. */
export async function pricePerTick(value: FlexValue, beholder: Beholder): Promise<Float64Array> {
  const { steps } = beholder
  return filled(await perStep(value, { ...beholder, steps: { ...steps, start: instant(steps.start + steps.step) } }))
}

/** Gaps at the edges take the nearest value, gaps between take the one before. All missing stays missing. */
export function filled(series: Float64Array): Float64Array {
  const full = series.slice()
  const first = full.findIndex((value) => !Number.isNaN(value))
  if (first < 0) return full
  full.fill(full[first]!, 0, first)
  for (let step = first + 1; step < full.length; step++) if (Number.isNaN(full[step]!)) full[step] = full[step - 1]!
  return full
}

/** Resamples values of `step` ms to slots of `to` ms (mean when coarser, repeated when finer); unrelated lengths go by time overlap. */
export function resample(values: readonly number[], step: number, to: number): number[] {
  if (step === to || to <= 0) return [...values]
  const length = values.length * step
  return Array.from({ length: Math.floor(length / to) }, (_, slot) => {
    const from = slot * to
    let sum = 0
    for (let time = from; time < from + to; ) {
      const index = Math.floor(time / step)
      const until = Math.min(from + to, (index + 1) * step)
      sum += values[index]! * (until - time)
      time = until
    }
    return sum / to
  })
}
