/** Samples of an EVSE on an even grid, as the chart wants them. */
import type { Sample } from '../../charging-wire.ts'

export interface Grid {
  start: number
  step: number
  kw: (number | null)[]
  soc: (number | null)[]
}

const STEPS = [1 / 6, 1, 5, 15].map((minutes) => minutes * 60_000)
/** A session that has only begun is drawn on a stretch of this length. */
const LEAST = 10 * 60_000

/** The last sample of every step; empty steps are null. At most about 400 steps, but for sessions of more than four days. */
export function gridOf(samples: readonly Sample[], from: number, until: number): Grid {
  const end = Math.max(until, from + LEAST)
  const step = STEPS.find((each) => (end - from) / each <= 400) ?? STEPS.at(-1)!
  const start = Math.floor(from / step) * step
  const count = Math.max(1, Math.ceil((end - start) / step) + 1)
  const kw = Array<number | null>(count).fill(null)
  const soc = Array<number | null>(count).fill(null)
  for (const sample of samples) {
    const index = Math.floor((Date.parse(sample.at) - start) / step)
    if (index < 0 || index >= count) continue
    if (sample.kw !== null) kw[index] = sample.kw
    if (sample.soc !== null) soc[index] = sample.soc
  }
  return { start, step, kw, soc }
}
