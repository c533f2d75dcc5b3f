/**
 * Wishes at moments between two ticks of a schedule, brought to the ticks around them so that they can still be met in time: a bound is loosened
 * by what the device can move between the tick and the moment (FlexMeasures 1.0: every schedule whose sensor floors its datetimes).
 */
import type { Steps } from './flex-series.ts'
import type { Segment } from './flex-value.ts'

export interface OffTick {
  steps: Steps
  /** kW ≥ 0 per step. */
  consumption: Float64Array
  production: Float64Array
  chargingEfficiency: Float64Array
  dischargingEfficiency: Float64Array
  /** kWh. */
  socMin: number | undefined
  socMax: number | undefined
}

export interface StockEvents {
  targets?: Segment[]
  minima?: Segment[]
  maxima?: Segment[]
}

/** True for a moment between two ticks. */
const isBetween = ({ from, to }: Segment, { start, step }: Steps): boolean => from === to && (from - start) % step !== 0

/** True when a list holds a time that is on no tick: then wishes about this stock are to be soft. */
export const hasOffTick = (segments: readonly Segment[], { start, step }: Steps): boolean =>
  segments.some(({ from, to }) => (from - start) % step !== 0 || (to - start) % step !== 0)

/** The lists with wishes between ticks replaced by wishes on ticks. Lists that are absent appear only when bounds are added to them. */
export function project(events: StockEvents, how: OffTick): StockEvents {
  const minima = [...(events.minima ?? [])]
  const maxima = [...(events.maxima ?? [])]
  const bound = (list: Segment[], kind: 'min' | 'max') => (at: number, value: number) => {
    const held = kind === 'min' ? Math.max(value, how.socMin ?? -Infinity) : Math.min(value, how.socMax ?? Infinity)
    const known = list.findIndex(({ from, to }) => from === at && to === at)
    const old = list[known]?.value
    const merged = old === undefined ? held : kind === 'min' ? Math.max(old, held) : Math.min(old, held)
    const segment = { from: at, to: at, value: merged } as Segment
    if (known < 0) list.push(segment)
    else list[known] = segment
  }
  const atLeast = bound(minima, 'min')
  const atMost = bound(maxima, 'max')
  const targets = events.targets?.map((segment) => {
    if (!isBetween(segment, how.steps)) return segment
    const { before, after } = around(segment.from, how.steps)
    atLeast(before, segment.value - charged(before, segment.from, how))
    atMost(before, segment.value + discharged(before, segment.from, how))
    return { from: after, to: after, value: segment.value } as Segment
  })
  for (const segment of events.minima ?? []) {
    if (!isBetween(segment, how.steps)) continue
    const { before, after } = around(segment.from, how.steps)
    atLeast(before, segment.value - charged(before, segment.from, how))
    atLeast(after, segment.value - discharged(segment.from, after, how))
  }
  for (const segment of events.maxima ?? []) {
    if (!isBetween(segment, how.steps)) continue
    const { before, after } = around(segment.from, how.steps)
    atMost(before, segment.value + discharged(before, segment.from, how))
    atMost(after, segment.value + charged(segment.from, after, how))
  }
  return listed(events, { targets, minima, maxima })
}

/** A stock known only at a moment within the first step: how far it can be at the first tick. */
export function projectStart(at: number, kwh: number, events: StockEvents, how: OffTick): StockEvents {
  const { start, step } = how.steps
  if (at <= start || at >= start + step) return events
  const tick = start + step
  const minimum = Math.max(kwh - discharged(at, tick, how), how.socMin ?? -Infinity)
  const maximum = Math.min(kwh + charged(at, tick, how), how.socMax ?? Infinity)
  const merged = (list: Segment[] | undefined, value: number, pick: (a: number, b: number) => number): Segment[] => {
    const known = list?.find(({ from, to }) => from === tick && to === tick)
    const segment = { from: tick, to: tick, value: known ? pick(known.value, value) : value } as Segment
    return [...(list ?? []).filter((each) => each !== known), segment]
  }
  return { ...events, minima: merged(events.minima, minimum, Math.max), maxima: merged(events.maxima, maximum, Math.min) }
}

const listed = (
  events: StockEvents,
  { targets, minima, maxima }: { targets: Segment[] | undefined; minima: Segment[]; maxima: Segment[] },
) => ({
  ...(targets && { targets }),
  ...((events.minima || minima.length > 0) && { minima }),
  ...((events.maxima || maxima.length > 0) && { maxima }),
})

const around = (at: number, { start, step }: Steps) => {
  const before = start + Math.floor((at - start) / step) * step
  return { before, after: before + step }
}

/** kWh that can be stored between two moments of one step. */
function charged(from: number, to: number, { steps, consumption, chargingEfficiency }: OffTick): number {
  const step = Math.floor((from - steps.start) / steps.step)
  return ((consumption[step] ?? 0) * (chargingEfficiency[step] ?? 1) * (to - from)) / 3_600_000
}

/** kWh that can be taken out between two moments of one step. */
function discharged(from: number, to: number, { steps, production, dischargingEfficiency }: OffTick): number {
  const step = Math.floor((from - steps.start) / steps.step)
  return (((production[step] ?? 0) / (dischargingEfficiency[step] ?? 1)) * (to - from)) / 3_600_000
}
