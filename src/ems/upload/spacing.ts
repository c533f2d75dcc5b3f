/** How far apart the events of a file are: the usual step, of which every other step must be a multiple. */
import { DAY, formatInstant, HOUR, instant, say } from '#kernel'
import { unreadable } from './refusal.ts'
import { SAYING } from './saying.ts'

/** Local days have 23 to 25 hours. */
export const isDaily = (length: number): boolean => length > 0 && length % DAY === 0

/** A length as people say it: '15 min', '24 h', '40 s'. */
export const inWords = (length: number): string =>
  length >= HOUR && length % HOUR === 0 ? `${length / HOUR} h` : length % 60_000 === 0 ? `${length / 60_000} min` : `${length / 1000} s`

/**
 * The spacing of ascending, distinct starts. One start: the sensor's resolution; two: what lies between.
 * @throws Problem `invalid-upload` unless all steps are multiples of the usual one (instantaneous sensors take any)
 */
export function spacingOf(starts: readonly number[], resolution: number): number {
  if (starts.length === 1) return resolution
  const steps = starts.slice(1).map((start, i) => start - starts[i]!)
  const usual = usualOf(steps)
  const days = Math.round(usual / DAY)
  if (days > 0 && Math.abs(usual - days * DAY) <= HOUR && steps.every((step) => isDays(step, days))) return days * DAY
  if (resolution === 0) return usual
  const odd = steps.findIndex((step) => !isMultiple(step, usual))
  if (odd >= 0)
    throw unreadable(say(SAYING.irregular, { age: inWords(usual), text: formatInstant(instant(starts[odd + 1]!)) }), SAYING.evenly)
  return usual
}

const isDays = (step: number, days: number): boolean => {
  const count = Math.round(step / DAY)
  return Math.abs(step - count * DAY) <= HOUR && count % days === 0
}

const isMultiple = (step: number, usual: number): boolean => Math.abs(step / usual - Math.round(step / usual)) < 1e-6

/** The most frequent step, the shortest of those on a tie. */
function usualOf(steps: readonly number[]): number {
  const counts = new Map<number, number>()
  for (const step of steps) counts.set(step, (counts.get(step) ?? 0) + 1)
  let usual = steps[0]!
  for (const [step, count] of counts) {
    const best = counts.get(usual)!
    if (count > best || (count === best && step < usual)) usual = step
  }
  return usual
}
