// When a machine ran: cycles in the power that its plug told.
import { type CycleParameters, type Stretch, stretchesOf, type Trace } from './trace.ts'

export interface MachineCycle {
  /** Unix seconds. */
  start: number
  end: number
  energyWh: number
  /** Means of 900 s from the start, in W; the last one too, though the cycle may end within it. */
  profileW: number[]
}
export interface Discarded {
  start: number
  end: number
  /** Nothing is known for a while of it, or of how it began. */
  reason: 'gap' | 'unknown-start'
}
export interface Cycles {
  format: 'cariflex.community.cycles/1'
  cycles: MachineCycle[]
  discarded: Discarded[]
  /** Position of the newest cycle. */
  last: number | null
}

const BIN_SECONDS = 900

/** Finds the cycles of a trace. One that has not provably ended is not among them. */
export function detectCycles({ parameters, samplePeriodSeconds, samples }: Trace): Cycles {
  const stretches = stretchesOf(samples, samplePeriodSeconds)
  const cycles: MachineCycle[] = []
  const discarded: Discarded[] = []
  for (const [index, stretch] of stretches.entries()) {
    for (let from = 0; ; ) {
      const first = findStart(stretch, from, parameters, samplePeriodSeconds)
      if (first === undefined) break
      const start = stretch.times[first]!
      const last = findEnd(stretch, first, parameters)
      if (last === undefined) {
        if (index < stretches.length - 1 && first > 0) discarded.push({ start, end: stretch.times.at(-1)!, reason: 'gap' })
        break
      }
      const end = stretch.times[last]!
      if (first === 0) discarded.push({ start, end, reason: 'unknown-start' })
      else cycles.push({ start, end, ...measured(stretch, first, end) })
      from = last + 1
    }
  }
  return { format: 'cariflex.community.cycles/1', cycles, discarded, last: cycles.length > 0 ? cycles.length - 1 : null }
}

/** The first sample from `from` on above the threshold, from which power stays there long enough; one dip in between does not count. */
function findStart(
  { times, powers, end }: Stretch,
  from: number,
  { startPowerW, startSeconds }: CycleParameters,
  periodSeconds: number,
): number | undefined {
  const isAbove = (index: number): boolean => (powers[index] ?? 0) > startPowerW
  const isDip = (index: number): boolean =>
    index > 0 && isAbove(index - 1) && isAbove(index + 1) && times[index + 1]! - times[index - 1]! <= 2 * periodSeconds
  let first: number | undefined
  for (let index = from; index < times.length; index++) {
    if (isAbove(index)) {
      first ??= index
      if ((times[index + 1] ?? end) - times[first]! >= startSeconds) return first
    } else if (first !== undefined && !isDip(index)) first = undefined
  }
  return undefined
}

/** The first sample after `first` that is below the threshold, as is the mean of the time after it; all of that time must be known. */
function findEnd({ times, powers, end }: Stretch, first: number, { stopPowerW, stopSeconds }: CycleParameters): number | undefined {
  for (let index = first + 1; index < times.length; index++) {
    if (powers[index]! >= stopPowerW) continue
    const until = times[index]! + stopSeconds
    if (until > end) return undefined
    let sum = 0
    for (let at = index; at < times.length && times[at]! < until; at++)
      sum += powers[at]! * (Math.min(times[at + 1] ?? end, until) - times[at]!)
    if (stopSeconds === 0 || sum / stopSeconds < stopPowerW) return index
  }
  return undefined
}

function measured({ times, powers, end: known }: Stretch, first: number, end: number): { energyWh: number; profileW: number[] } {
  const start = times[first]!
  const wattSeconds = new Array<number>(Math.max(1, Math.ceil((end - start) / BIN_SECONDS))).fill(0)
  for (let index = first; index < times.length && times[index]! < end; index++) {
    const until = Math.min(times[index + 1] ?? known, end)
    for (let at = times[index]!; at < until; ) {
      const bin = Math.floor((at - start) / BIN_SECONDS)
      const stop = Math.min(until, start + (bin + 1) * BIN_SECONDS)
      wattSeconds[bin]! += powers[index]! * (stop - at)
      at = stop
    }
  }
  return {
    energyWh: wattSeconds.reduce((sum, value) => sum + value, 0) / 3600,
    profileW: wattSeconds.map((value) => value / BIN_SECONDS),
  }
}
