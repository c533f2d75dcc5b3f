// Villages to plan, made from a seed: the mixes and curves that the figures of community planning are printed for.
import { after, formatInstant, parseInstant } from '#kernel'

export const FAMILIES = ['smooth', 'rugged', 'elfe', 'rich', 'packed'] as const
export type Family = (typeof FAMILIES)[number]

const START = parseInstant('2026-03-10T18:00:00Z')
const SLOTS = 96
const HOURS = 0.25
const moment = (slot: number): string => formatInstant(after(START, slot * HOURS * 3_600_000))

/** A repeatable source of numbers in [0, 1). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const rounded = (value: number): number => Math.round(value * 1000) / 1000
type Random = () => number
const between = (random: Random, low: number, high: number): number => low + random() * (high - low)
const whole = (random: Random, low: number, high: number): number => low + Math.floor(random() * (high - low + 1))
const oneOf = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)]!

function machine(random: Random): number[] {
  const kind = random()
  if (kind < 0.4) {
    const heat = between(random, 1, 2)
    return [
      0.6 * heat,
      heat,
      ...Array.from({ length: whole(random, 2, 6) }, () => between(random, 0.1, 0.4)),
      between(random, 0.3, 0.5),
    ].map(rounded)
  }
  if (kind < 0.75)
    return Array.from({ length: whole(random, 8, 10) }, (_, q) =>
      rounded(q === 1 || q === 7 ? between(random, 1, 1.8) : between(random, 0.02, 0.08)),
    )
  const mean = between(random, 0.6, 2.3)
  return Array.from({ length: whole(random, 5, 9) }, () => rounded(mean * between(random, 0.8, 1.15)))
}

function windowFor(random: Random, needed: number): { earliestStart: string; latestEnd: string } {
  const width = Math.min(SLOTS, needed + whole(random, 2, 44))
  const from = whole(random, 0, SLOTS - width)
  return { earliestStart: moment(from), latestEnd: moment(from + width) }
}

function appliance(random: Random, id: string, family: Family): Record<string, unknown> {
  const kind = family === 'packed' ? 0.7 * random() : random()
  const base = { id, priority: 0 }
  if (kind < (family === 'rugged' ? 0.65 : 0.45)) {
    const profileKw = machine(random)
    return { ...base, type: 112, kind: 'cycle', profileKw, ...windowFor(random, profileKw.length) }
  }
  if (kind < 0.7) {
    const power = oneOf(random, [1.2, 1.8, 2.2, 2.4])
    const length = whole(random, 6, 24)
    if (family === 'rich' && random() < 0.5) {
      const levels = random() < 0.5 ? [power / 2, power] : [power]
      const energy = rounded(length * power * HOURS * 0.8)
      const starts = random() < 0.6 ? { maxStarts: whole(random, 1, 3) } : {}
      return {
        ...base,
        type: 131,
        kind: 'charge',
        powerLevelsKw: levels,
        minEnergyKwh: energy,
        maxEnergyKwh: rounded(energy * 1.25),
        interruptible: true,
        ...starts,
        ...windowFor(random, length),
      }
    }
    return { ...base, type: 131, kind: 'cycle', profileKw: Array.from({ length }, () => power), ...windowFor(random, length) }
  }
  if (kind < 0.85) {
    const power = oneOf(random, [1.8, 3.7, 7.4])
    const least = rounded(between(random, 5, 20))
    const length = Math.min(60, Math.ceil(least / power / HOURS))
    const energy = Math.min(least, rounded(length * power * HOURS))
    return {
      ...base,
      type: 221,
      kind: 'charge',
      powerLevelsKw: [power],
      minEnergyKwh: energy,
      maxEnergyKwh: rounded(energy * between(random, 1, 2)),
      interruptible: family !== 'smooth',
      ...windowFor(random, length),
    }
  }
  const eco = rounded(between(random, 0.15, 0.4))
  const [evening, morning] = [whole(random, 8, 17), whole(random, 6, 12)]
  const first = whole(random, 40, 54)
  return {
    ...base,
    type: 151,
    kind: 'comfort',
    ecoKw: eco,
    comfortKw: rounded(eco + between(random, 0.6, 1.2)),
    periods: [
      { start: moment(0), end: moment(evening), minComfortSlots: Math.ceil(evening * 0.78) },
      { start: moment(first), end: moment(first + morning), minComfortSlots: Math.ceil(morning * 0.78) },
    ],
    slidingSlots: 4,
    slidingMinComfort: 3,
  }
}

/**
 * A problem document of `count` appliances. `packed` hides a perfect packing: its surplus is what some placing of all would take, but for
 * slots in which something is lacking anyway.
 */
export function village(family: Family, count: number, seed: number): Record<string, unknown> {
  const random = seeded(seed * 7919 + count)
  const appliances = Array.from({ length: count }, (_, index) => appliance(random, `a${String(index + 1).padStart(6, '0')}`, family))
  const { load, energy } = someLoad(random, appliances)
  const groups =
    family === 'rich'
      ? Array.from({ length: Math.floor(count / 6) }, (_, index) => {
          const members = appliances.slice(index * 3, index * 3 + 3)
          const peaks = members.map(peakOf).sort((a, b) => b - a)
          return { id: `g${index}`, maxKw: rounded(peaks[0]! + 0.6 * peaks[1]!), appliances: members.map(({ id }) => id) }
        })
      : undefined
  const lacking = (load.reduce((sum, value) => sum + value, 0) / SLOTS) * 0.5
  const surplus =
    family === 'packed'
      ? load.map((value, slot) => (slot % 8 < 2 ? value - lacking : value))
      : curve(random, family, family === 'smooth' ? energy : 0.6 * energy)
  const base = surplus.map((_, slot) => count * (0.25 + 0.1 * Math.sin((2 * Math.PI * (slot - 8)) / SLOTS)))
  return {
    format: 'cariflex.community.problem/1',
    name: `${family}-${count}-s${seed}`,
    start: moment(0),
    step: 'PT15M',
    slots: SLOTS,
    productionKw: surplus.map((value, slot) => rounded(Math.max(0, value + base[slot]!))),
    baseConsumptionKw: surplus.map((value, slot) => rounded(Math.max(base[slot]!, -value))),
    appliances,
    ...(groups ? { groups } : {}),
  }
}

const slotOf = (text: unknown): number => Math.round((parseInstant(text as string) - START) / (HOURS * 3_600_000))
const peakOf = (it: Record<string, unknown>): number =>
  it.kind === 'cycle'
    ? Math.max(...(it.profileKw as number[]))
    : it.kind === 'charge'
      ? (it.powerLevelsKw as number[]).at(-1)!
      : (it.comfortKw as number)

/** The load of one allowed placing of all, and its energy. */
function someLoad(random: Random, appliances: readonly Record<string, unknown>[]): { load: number[]; energy: number } {
  const load = new Array<number>(SLOTS).fill(0)
  for (const it of appliances) {
    if (it.kind === 'comfort') {
      for (let slot = 0; slot < SLOTS; slot++) load[slot]! += it.ecoKw as number
      for (const period of it.periods as { start: string; end: string }[])
        for (let slot = slotOf(period.start); slot < slotOf(period.end); slot++)
          load[slot]! += (it.comfortKw as number) - (it.ecoKw as number)
      continue
    }
    const power = it.kind === 'charge' ? (it.powerLevelsKw as number[]).at(-1)! : 0
    const profile =
      it.kind === 'cycle'
        ? (it.profileKw as number[])
        : Array.from({ length: Math.ceil((it.minEnergyKwh as number) / power / HOURS - 1e-9) }, () => power)
    const start = whole(random, slotOf(it.earliestStart), slotOf(it.latestEnd) - profile.length)
    for (const [q, value] of profile.entries()) load[start + q]! += value
  }
  return { load, energy: load.reduce((sum, value) => sum + value, 0) * HOURS }
}

/** Production less base, in kW, its positive part holding `energy` kWh. */
function curve(random: Random, family: Family, energy: number): number[] {
  let cloud = 0
  const raw = Array.from({ length: SLOTS }, (_, slot) => {
    cloud = 0.85 * cloud + 0.5 * (random() - 0.5)
    const day = Math.sin((2 * Math.PI * slot) / SLOTS - 1)
    return family === 'smooth' ? day + 0.3 * Math.sin((4 * Math.PI * slot) / SLOTS) : 0.6 * day + 2.2 * cloud
  })
  const area = raw.reduce((sum, value) => sum + Math.max(0, value), 0) * HOURS
  return raw.map((value) => (value * energy) / area)
}
