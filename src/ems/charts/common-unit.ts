/** One unit in which sensors can share an axis: the smallest of theirs, and by what their values are multiplied for it (reference 2.8). */
import { converter, isUnit, measures, parseUnit } from '#kernel'

export interface CommonUnit {
  /** 'a.u.' when the units measure different things. */
  unit: string
  /** By unit; 1 where nothing can be converted. */
  factors: ReadonlyMap<string, number>
}

export function commonUnit(units: readonly string[]): CommonUnit {
  const all = [...new Set(units)]
  const apart = (): CommonUnit => ({ unit: 'a.u.', factors: new Map(all.map((unit) => [unit, 1])) })
  const [first] = all
  if (first === undefined) return apart()
  if (all.length === 1) return { unit: first, factors: new Map([[first, 1]]) }
  // A scale with an offset (°C and K) has no factor.
  if (all.some((unit) => !isUnit(unit) || parseUnit(unit).offset !== 0)) return apart()
  const smallest = all.reduce((a, b) => (parseUnit(b).factor < parseUnit(a).factor ? b : a))
  try {
    return { unit: smallest, factors: new Map(all.map((unit) => [unit, converter(unit, smallest)(1)])) }
  } catch {
    return apart()
  }
}

/** What a unit measures, for the title of an axis. */
export function dimensionOf(unit: string): string {
  if (unit === '%') return 'percentage'
  for (const what of ['power', 'energy', 'energy price', 'power price', 'temperature'] as const) if (measures(unit, what)) return what
  return 'value'
}
