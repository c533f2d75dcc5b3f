/** Randomness that needs no memory: the same seed and moment always give the same number, in whatever order they are asked. */

/** A number in [0, 1) from a seed and an integer. */
export function hashed(seed: number, n: number): number {
  let x = (Math.imul(seed | 0, 0x9e3779b1) ^ Math.imul(n | 0, 0x85ebca6b) ^ Math.imul(Math.floor(n / 2 ** 32), 0xc2b2ae35)) | 0
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d)
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b)
  return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32
}

/** A smooth random curve with values in [0, 1) that wanders over about one `period`. */
export function wander(seed: number, at: number, period: number): number {
  const position = at / period
  const n = Math.floor(position)
  const share = position - n
  const smooth = share * share * (3 - 2 * share)
  return hashed(seed, n) * (1 - smooth) + hashed(seed, n + 1) * smooth
}

/** A whole number from a text, for seeds: 'PV003' → always the same. */
export function seedOf(text: string): number {
  let seed = 0x811c9dc5
  for (let i = 0; i < text.length; i++) seed = Math.imul(seed ^ text.charCodeAt(i), 0x01000193)
  return seed >>> 0
}
