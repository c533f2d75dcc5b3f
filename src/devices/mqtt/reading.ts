/** How a payload becomes readings: small readers that are put together, and that never throw, whatever comes. */
import type { Instant } from '#kernel'

/** What is measured, in the units of the house, and between which bounds it is believed. */
const AMOUNTS = {
  /** W, consumption positive. */
  power: [-1e8, 1e8],
  /** W of the whole site, where a controller measures it beside its outputs. */
  sitePower: [-1e8, 1e8],
  /** VA. */
  apparentPower: [0, 1e8],
  /** VA fed in. */
  exportedApparentPower: [0, 1e8],
  /** Wh, a counter of the device; it may begin again at 0 (`counted`). */
  energy: [0, 1e13],
  /** Wh fed in, a counter. */
  exportedEnergy: [0, 1e13],
  /** V. */
  voltage: [0, 1e6],
  /** A. */
  current: [-1e5, 1e5],
  /** °C. */
  temperature: [-90, 500],
  /** %. */
  humidity: [0, 100],
  /** %. */
  battery: [0, 100],
  /** dBm. */
  rssi: [-200, 50],
} as const

export type Amount = keyof typeof AMOUNTS
/** `relay`: closed; `online`: what the device or its will says; `manual`: its people steer it at the device. */
export type State = 'relay' | 'online' | 'manual'
export type Value = { quantity: Amount; value: number } | { quantity: State; value: boolean }
/** `at` is when it was received: clocks of devices are not believed. */
export type Reading = Value & { at: Instant }
/** Takes a payload, or what stood under a key of one; nothing usable gives nothing. */
export type Reader = (value: unknown) => Value[]

const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,3})?$/i

/** A number, or text that is one from end to end; 'nan', empty, overflown or anything else is undefined. */
export function decimal(value: unknown): number | undefined {
  const number = typeof value === 'number' ? value : typeof value === 'string' && DECIMAL.test(value.trim()) ? Number(value) : Number.NaN
  return Number.isFinite(number) ? number : undefined
}

/** JSON of an object, however it comes; undefined when it is none. */
export function objectOf(value: unknown): Record<string, unknown> | undefined {
  let parsed = value
  if (typeof value === 'string')
    try {
      parsed = JSON.parse(value)
    } catch {
      return undefined
    }
  return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? (parsed as Record<string, unknown>) : undefined
}

/** What stands under `a.b.c`; undefined when any of it is missing. */
export function under(value: unknown, path: string): unknown {
  let found: unknown = objectOf(value)
  for (const key of path.split('.')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined
    found = (found as Record<string, unknown>)[key]
  }
  return found
}

/** An amount; `scale` turns the device's unit into the house's. */
export function amount(quantity: Amount, scale = 1): Reader {
  const [least, most] = AMOUNTS[quantity]
  return (value) => {
    const number = decimal(value)
    const scaled = number === undefined ? Number.NaN : number * scale
    return scaled >= least && scaled <= most ? [{ quantity, value: scaled }] : []
  }
}

/** A state told in words; the whole word counts, its case does not. `meaning` has the words in lower case; JSON `true` and `1` are words too. */
export function words(quantity: State, meaning: Record<string, boolean>): Reader {
  const meanings = new Map(Object.entries(meaning))
  return (value) => {
    const said = meanings.get(word(value))
    return said === undefined ? [] : [{ quantity, value: said }]
  }
}

/** Text as a word to compare: trimmed, in lower case. */
export const word = (value: unknown): string => (typeof value === 'object' ? '' : String(value).trim().toLowerCase())

/** Keys of a JSON object, each with its reader; missing ones are passed over. */
export function fields(readers: Record<string, Reader>): Reader {
  const entries = Object.entries(readers)
  return (value) => {
    const object = objectOf(value)
    return object ? entries.flatMap(([path, read]) => read(under(object, path))) : []
  }
}

/** What any of these readers finds. */
export const all =
  (...readers: Reader[]): Reader =>
  (value) =>
    readers.flatMap((read) => read(value))
