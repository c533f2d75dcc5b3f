/** Events of a file onto the clock and into the unit of the sensor (reference 2.6, Annex A.3). */
import { DAY, dayAfter, dayStart, formatInstant, HOUR, type Instant, instant, say, wallClock } from '#kernel'
import type { Columns } from './columns.ts'
import { unreadable } from './refusal.ts'
import { SAYING } from './saying.ts'
import { inWords, isDaily, spacingOf } from './spacing.ts'
import type { ReadFile, UploadReading, UploadTarget } from './target.ts'
import { unitTurn } from './unit.ts'

interface Event {
  start: number
  value: number
  believed: number | undefined
}

/** @throws Problem `invalid-upload`, `inconvertible-unit` */
export function placeOnSensor(columns: Columns, target: UploadTarget, reading: UploadReading): Omit<ReadFile, 'file'> {
  const notes = [...columns.notes]
  const turn = unitTurn(reading.unit, target.unit)
  const { events, spacing } = settle(columns, target, notes)
  if (events.length === 0) throw unreadable(SAYING.noRows)
  const endOf = endFor(spacing, target.timezone)
  const convert = turn.over(spacing)
  for (const event of events) event.value = convert(event.value)
  if (reading.unit !== undefined && reading.unit !== target.unit)
    notes.push(say(SAYING.converted, { text: reading.unit, unit: target.unit }))
  const placed =
    target.resolution === 0 || spacing === target.resolution ? events : spread(events, target, { turn, spacing, endOf, reading, notes })
  return {
    rows: events.length,
    starts: Float64Array.from(placed, (event) => event.start),
    values: Float64Array.from(placed, (event) => event.value),
    ...(columns.beliefTimes && { beliefTimes: Float64Array.from(placed, (event) => event.believed!) }),
    spacing,
    end: endOf(events.at(-1)!.start),
    notes,
  }
}

const endFor =
  (length: number, zone: string) =>
  (start: number): number =>
    isDaily(length) ? dayAfter(instant(start), zone, length / DAY) : start + length

/** Sorted, without values that are missing or said twice, on the clock of the data. */
function settle({ starts, values, beliefTimes }: Columns, target: UploadTarget, notes: string[]): { events: Event[]; spacing: number } {
  let events = starts.map((start, i): Event => ({ start, value: values[i]!, believed: beliefTimes?.[i] }))
  if (starts.some((start, i) => i > 0 && start < starts[i - 1]!)) events.sort((a, b) => a.start - b.start)
  events = withoutRepeats(events)
  const { spacing, step } = spacingWithin(distinct(events.map((event) => event.start)), target)
  events = events.filter((event) => !Number.isNaN(event.value))
  if (target.resolution === 0 || !target.floors || events.length === 0) return { events, spacing }
  const floor = floorTo(step, target.timezone, events[0]!.start)
  let moved = false
  let last: Event | undefined
  for (const event of events) {
    const start = floor(event.start)
    moved ||= start !== event.start
    event.start = start
    if (last && last.start === start && last.believed === event.believed)
      throw unreadable(say(SAYING.merged, { text: formatInstant(instant(start), target.timezone), age: inWords(step) }), SAYING.onTheClock)
    last = event
  }
  if (moved) notes.push(say(SAYING.moved, { age: inWords(step) }))
  return { events, spacing }
}

/**
 * The spacing, and the clock starts move to: that of the data, or the sensor's where that is finer. Stamps that jitter by seconds make no even
 * spacing: they count as one value an event where each event has at most one.
 */
function spacingWithin(starts: readonly number[], target: UploadTarget): { spacing: number; step: number } {
  const { resolution, floors, timezone } = target
  try {
    const spacing = spacingOf(starts, resolution)
    return { spacing, step: resolution > 0 ? Math.min(spacing, resolution) : spacing }
  } catch (error) {
    const floor = floorTo(resolution, timezone, starts[0]!)
    const onClock = floors && resolution > 0 ? distinct(starts.map(floor)) : []
    if (onClock.length !== starts.length) throw error
    return { spacing: resolution, step: resolution }
  }
}

const distinct = (ascending: readonly number[]): number[] => ascending.filter((start, i) => i === 0 || start !== ascending[i - 1])

function withoutRepeats(events: Event[]): Event[] {
  const kept: Event[] = []
  for (const event of events) {
    let known: Event | undefined
    for (let i = kept.length - 1; i >= 0 && kept[i]!.start === event.start; i--) if (kept[i]!.believed === event.believed) known = kept[i]
    if (!known) kept.push(event)
    else if (Number.isNaN(known.value)) known.value = event.value
    else if (known.value !== event.value && !Number.isNaN(event.value))
      throw unreadable(say(SAYING.twice, { text: formatInstant(instant(event.start)) }), SAYING.keepOne)
  }
  return kept
}

/** Moments back onto a clock of the zone: local midnights for days, else multiples of the step. */
function floorTo(step: number, zone: string, first: number): (start: number) => number {
  if (step <= 0) return (start) => start
  if (isDaily(step)) return (start) => dayStart(instant(start), zone)
  const offset = zone === 'UTC' ? 0 : wallClock(instant(first), zone).offset
  const shift = HOUR % step === 0 && offset % HOUR === 0 ? 0 : offset
  return (start) => Math.floor((start + shift) / step) * step - shift
}

interface Spreading {
  turn: { addsUp: boolean }
  spacing: number
  endOf(start: number): number
  reading: UploadReading
  notes: string[]
}

/** Each value over the sensor's events that it overlaps: the mean of what lies in an event, or the sum of the parts. */
function spread(events: readonly Event[], target: UploadTarget, { turn, spacing, endOf, reading, notes }: Spreading): Event[] {
  const { resolution, timezone, floors } = target
  const age = inWords(resolution)
  // Parts are weighed in whole units where they can be: so means come out without rounding.
  const unit = Math.min(spacing, resolution)
  const finer = spacing < resolution
  notes.push(say(turn.addsUp ? (finer ? SAYING.summed : SAYING.divided) : finer ? SAYING.averaged : SAYING.repeated, { age }))
  const first = events[0]!.start
  const floor = floors ? binFloor(resolution, timezone, first) : (at: number) => first + Math.floor((at - first) / resolution) * resolution
  const nextOf = (bin: number): number =>
    floors && isDaily(resolution) ? dayAfter(instant(bin) as Instant, timezone, resolution / DAY) : bin + resolution
  const placed: Event[] = []
  let bin = floor(first)
  let next = nextOf(bin)
  let sum = 0
  let weight = 0
  let believed: number | undefined
  const flush = () => {
    if (weight > 0) placed.push({ start: bin, value: turn.addsUp ? sum : sum / weight, believed })
    if (placed.length > reading.mostRows) throw unreadable(say(SAYING.tooManyEvents, { count: reading.mostRows }), SAYING.inParts)
    sum = 0
    weight = 0
    believed = undefined
  }
  for (const event of latestOf(events)) {
    const end = endOf(event.start)
    const length = end - event.start
    for (let from = event.start; from < end; ) {
      if (from >= next) {
        flush()
        bin = from < nextOf(next) ? next : floor(from)
        next = nextOf(bin)
      }
      const part = Math.min(end, next) - from
      sum += event.value * (turn.addsUp ? part / length : part / unit)
      weight += part / unit
      if (event.believed !== undefined) believed = Math.max(believed ?? -Infinity, event.believed)
      from += part
    }
  }
  flush()
  return placed
}

/** Bins of several days begin with the day of the first event. */
function binFloor(resolution: number, zone: string, first: number): (at: number) => number {
  if (!isDaily(resolution) || resolution === DAY) return floorTo(resolution, zone, first)
  const origin = dayStart(instant(first), zone)
  return (at) => {
    const days = Math.round((dayStart(instant(at), zone) - origin) / DAY)
    return dayAfter(origin, zone, days - (days % (resolution / DAY)))
  }
}

/** Of several beliefs about one event the most recent: only that one can be resampled. */
function latestOf(events: readonly Event[]): readonly Event[] {
  if (events[0]?.believed === undefined) return events
  const latest = new Map<number, Event>()
  for (const event of events) {
    const known = latest.get(event.start)
    if (!known || event.believed! > known.believed!) latest.set(event.start, event)
  }
  return [...latest.values()]
}
