/** Chance that is the same for the same seed: a plan must not depend on luck. */

/** Numbers from 0 to below 1. */
export function chance(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** Puts lists in a new order each time. */
export function shuffler(seed: number): (list: readonly number[]) => number[] {
  const next = chance(seed)
  return (list) =>
    list
      .map((item) => ({ item, key: next() }))
      .sort((one, other) => one.key - other.key)
      .map(({ item }) => item)
}
