/** A batch made ready to be stored: on the sensor's clock, in its sign, without NaN and without two values for one thing (reference 2.6). */
import { dayStart, floorTo, type Instant, instant, Problem, wallClock } from '#kernel'
import type { BeliefBatch } from './belief.ts'
import type { Sensor } from './sensors.ts'

export interface SettledBatch {
  sensor: Sensor
  source: number
  /** Event starts, ascending. */
  starts: number[]
  /** Belief horizon in milliseconds per value. */
  horizons: number[]
  values: number[]
  /** Cumulative probabilities; absent: all 0.5. */
  probabilities?: number[]
}

/**
 * Floors starts to the sensor's clock; values that fall into one event become their mean (instantaneous: the last one stays), and belief times
 * become horizons.
 * @throws Problem `uneven-batch`, `invalid-probability` (422)
 */
export function settleBatch(batch: BeliefBatch, sensor: Sensor, now: Instant): SettledBatch {
  checkLengths(batch)
  const settled = settle(inOrder(batch), sensor)
  const { starts, values } = settled
  const sign = batch.sign === 'consumption-positive' ? sensor.sign : 1
  const at = batch.beliefTime ?? now
  const end = sensor.resolution
  const horizons = new Array<number>(starts.length)
  for (let i = 0; i < starts.length; i++) {
    const start = starts[i]!
    const known = sensor.knownAfter === undefined ? sensor.knownAt(instant(start)) : start + sensor.knownAfter
    horizons[i] = batch.horizon ?? known - (at === 'event-end' ? start + end : at)
    const value = values[i]!
    values[i] = value === 0 ? 0 : sign * value
  }
  // What turns its sign turns its distribution: what was reached with 10 % is now exceeded with 10 %.
  if (settled.probabilities && sign === -1) settled.probabilities = settled.probabilities.map((p) => Math.round((1 - p) * 1e12) / 1e12)
  return { sensor, source: batch.source, horizons, ...settled }
}

function checkLengths({ sensor, starts, values, probabilities }: BeliefBatch): void {
  if (starts.length !== values.length || (probabilities && probabilities.length !== values.length))
    throw new Problem('uneven-batch', `Sensor ${sensor} got ${starts.length} moments for ${values.length} values.`, {
      status: 422,
      hint: 'Send as many starts (and probabilities) as values.',
    })
  const wrong = probabilities?.find((probability) => !(probability > 0 && probability < 1))
  if (wrong !== undefined)
    throw new Problem('invalid-probability', `${wrong} is no cumulative probability of a belief.`, {
      status: 422,
      hint: 'Give numbers between 0 and 1, 0.5 for the median.',
    })
}

/** The batch with ascending starts (and probabilities), the order that `settle` needs. */
function inOrder(batch: BeliefBatch): BeliefBatch {
  const { starts, values, probabilities: p } = batch
  if (!p && starts.every((start, i) => i === 0 || starts[i - 1]! <= start)) return batch
  const order = starts.map((_, i) => i).sort((a, b) => starts[a]! - starts[b]! || (p ? p[a]! - p[b]! : 0))
  return {
    ...batch,
    starts: order.map((i) => starts[i]!),
    values: order.map((i) => values[i]!),
    ...(p && { probabilities: order.map((i) => p[i]!) }),
  }
}

function settle(batch: BeliefBatch, sensor: Sensor): { starts: number[]; values: number[]; probabilities?: number[] } {
  const floor = floorOf(sensor, batch.starts[0])
  if (batch.probabilities) return settleDistributions(batch, batch.probabilities, sensor, floor)
  const starts: number[] = []
  const values: number[] = []
  let merged = 1
  for (let i = 0; i < batch.starts.length; i++) {
    const value = batch.values[i]
    if (value === undefined || !Number.isFinite(value)) continue
    const start = floor(batch.starts[i]!)
    const last = starts.length - 1
    if (last >= 0 && starts[last] === start) {
      merged++
      values[last] = sensor.resolution === 0 ? value : values[last]! + (value - values[last]!) / merged
      continue
    }
    merged = 1
    starts.push(start)
    values.push(value)
  }
  return { starts, values }
}

/** The same for each probability by itself. */
function settleDistributions(batch: BeliefBatch, given: readonly number[], sensor: Sensor, floor: (start: Instant) => number) {
  const cells = new Map<string, { start: number; probability: number; value: number; merged: number }>()
  for (let i = 0; i < batch.starts.length; i++) {
    const value = batch.values[i]!
    if (!Number.isFinite(value)) continue
    const [start, probability] = [floor(batch.starts[i]!), given[i]!]
    const cell = cells.get(`${start} ${probability}`)
    if (!cell) cells.set(`${start} ${probability}`, { start, probability, value, merged: 1 })
    else cell.value = sensor.resolution === 0 ? value : cell.value + (value - cell.value) / ++cell.merged
  }
  const all = [...cells.values()].sort((a, b) => a.start - b.start || a.probability - b.probability)
  return {
    starts: all.map((cell) => cell.start),
    values: all.map((cell) => cell.value),
    probabilities: all.map((cell) => cell.probability),
  }
}

/** How starts move onto the sensor's clock: local midnight for days, else multiples of the resolution in its time zone. */
export function floorOf(
  sensor: Pick<Sensor, 'resolution' | 'timezone' | 'attributes'>,
  first: Instant | undefined,
): (start: Instant) => number {
  const { resolution, timezone } = sensor
  if (first === undefined) return (start) => start
  if (resolution === 0) {
    const tick = typeof sensor.attributes['frequency'] === 'string' ? frequencyLength(sensor.attributes['frequency']) : 0
    return tick > 0 ? (start) => Math.round(start / tick) * tick : (start) => start
  }
  if (sensor.attributes['floor_datetimes_to_resolution'] === false) return (start) => start
  if (resolution % 86_400_000 === 0) return (start) => dayStart(start, timezone)
  const shift = 3_600_000 % resolution === 0 && wholeHours(timezone, first) ? 0 : wallClock(first, timezone).offset
  return (start) => floorTo(instant(start + shift), resolution) - shift
}

const wholeHours = (zone: string, at: Instant): boolean => zone === 'UTC' || wallClock(at, zone).offset % 3_600_000 === 0

const TICKS: Record<string, number> = { ms: 1, s: 1000, min: 60_000, t: 60_000, h: 3_600_000, d: 86_400_000 }

/** '15min', '1h', 'h' as pandas writes frequencies; 0 when it is none. */
function frequencyLength(text: string): number {
  const hit = /^(\d*)\s*([a-z]+)$/i.exec(text.trim())
  const unit = TICKS[hit?.[2]?.toLowerCase() ?? '']
  return unit === undefined ? 0 : unit * (hit?.[1] ? Number(hit[1]) : 1)
}
