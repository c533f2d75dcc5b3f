// The power that a plug told, as a step function with gaps.
import { FieldReader } from '../fields.ts'

export interface CycleParameters {
  /** A cycle begins above this … */
  startPowerW: number
  /** … for at least so long. */
  startSeconds: number
  /** It is over when power is below this … */
  stopPowerW: number
  /** … at an instant and in the mean of so long after it. */
  stopSeconds: number
}

/** ELFE's thresholds where nothing else is known of a machine. */
export const DEFAULT_PARAMETERS: CycleParameters = { startPowerW: 40, startSeconds: 120, stopPowerW: 10, stopSeconds: 600 }

/** One stretch without gaps: sample `i` holds from `times[i]` to `times[i + 1]`, the last one to `end`. Unix seconds, watts. */
export interface Stretch {
  times: number[]
  powers: number[]
  end: number
}

/**
 * Sorts samples (`[unix seconds, watts, …]`), drops what is no power, lets the last received of an instant win, and cuts where two are more
 * than three periods apart: before a gap, and at the end, a sample holds for one period.
 */
export function stretchesOf(samples: readonly (readonly unknown[])[], periodSeconds: number): Stretch[] {
  const known = new Map<number, number>()
  for (const [time, power] of samples)
    if (typeof time === 'number' && Number.isFinite(time) && typeof power === 'number' && Number.isFinite(power) && power >= 0) {
      known.delete(time)
      known.set(time, power)
    }
  const stretches: Stretch[] = []
  for (const [time, power] of [...known].sort(([a], [b]) => a - b)) {
    let stretch = stretches.at(-1)
    if (!stretch || time - stretch.times.at(-1)! > 3 * periodSeconds) {
      stretch = { times: [], powers: [], end: time }
      stretches.push(stretch)
    }
    stretch.times.push(time)
    stretch.powers.push(power)
    stretch.end = time + periodSeconds
  }
  return stretches
}

const read = new FieldReader('The trace', 'community-cycles.md')

export interface Trace {
  parameters: CycleParameters
  samplePeriodSeconds: number
  samples: readonly (readonly unknown[])[]
}

/**
 * Reads a trace document, cariflex.community.trace/1.
 * @throws Problem `usage` that names what is missing or malformed
 */
export function readTrace(document: unknown): Trace {
  const root = read.document(document, 'cariflex.community.trace/1')
  const given = read.object(root.parameters, 'parameters')
  const parameter = (key: keyof CycleParameters): number => read.amount(given, key, 'parameters')
  const samplePeriodSeconds = read.amount(root, 'samplePeriodSeconds')
  if (samplePeriodSeconds === 0) read.bad('samplePeriodSeconds', 'must be above zero')
  const samples = read.list(root, 'samples')
  const wrong = samples.findIndex((sample) => !Array.isArray(sample))
  if (wrong >= 0) read.bad(`samples[${wrong}]`, 'must be a list [unix seconds, watts]')
  return {
    parameters: {
      startPowerW: parameter('startPowerW'),
      startSeconds: parameter('startSeconds'),
      stopPowerW: parameter('stopPowerW'),
      stopSeconds: parameter('stopSeconds'),
    },
    samplePeriodSeconds,
    samples: samples as unknown[][],
  }
}
