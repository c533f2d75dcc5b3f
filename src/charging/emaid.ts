/** eMAIDs: contract ids of cars and cards (ISO 15118-2 annex H, DIN 91286; charging reference 2.7). */

/** Two letters of the country, three characters of the provider, nine of the instance, perhaps a check digit; hyphens left out. */
const FORM = /^[A-Z]{2}[A-Z0-9]{12,13}$/

export interface Emaid {
  /** The 14 characters without hyphens and check digit, upper case: what is compared. */
  id: string
  checkDigit?: string
}

/** Reads an eMAID of 14 or 15 characters, hyphens and case of no matter; undefined for another form or a check digit that is wrong. */
export function readEmaid(text: string): Emaid | undefined {
  const bare = text.trim().toUpperCase().replaceAll('-', '')
  if (!FORM.test(bare)) return undefined
  if (bare.length === 14) return { id: bare }
  const id = bare.slice(0, 14)
  const checkDigit = bare.slice(14)
  return checkDigitOf(id) === checkDigit ? { id, checkDigit } : undefined
}

type Pair = readonly [number, number]
type Square = readonly [Pair, Pair]
const P1: Square = [
  [0, 1],
  [1, 1],
]
const P2: Square = [
  [0, 1],
  [1, 2],
]
/** Minus the inverse of the fifteenth power of P2. */
const LAST: Square = [
  [0, 2],
  [2, 1],
]

const times = ([x, y]: Pair, [[a, b], [c, d]]: Square): Pair => [x * a + y * c, x * b + y * d]
const product = ([one, two]: Square, by: Square): Square => [times(one, by), times(two, by)]
const modulo = ([x, y]: Pair, by: number): Pair => [x % by, y % by]

const SIGNS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'

/** The check digit of the 14 characters of an eMAID: a code over pairs modulo 2 and modulo 3, in which each character stands for one of each. */
export function checkDigitOf(id: string): string {
  let twos: Pair = [0, 0]
  let threes: Pair = [0, 0]
  let p1 = P1
  let p2 = P2
  for (const sign of id) {
    const index = SIGNS.indexOf(sign)
    const [a, b] = times([Math.floor(index / 18), Math.floor(index / 9) % 2], p1)
    const [c, d] = times([Math.floor(index / 3) % 3, index % 3], p2)
    twos = modulo([twos[0] + a, twos[1] + b], 2)
    threes = modulo([threes[0] + c, threes[1] + d], 3)
    p1 = product(p1, P1).map((row) => modulo(row, 2)) as unknown as Square
    p2 = product(p2, P2).map((row) => modulo(row, 3)) as unknown as Square
  }
  const [c, d] = modulo(times(threes, LAST), 3)
  return SIGNS[twos[0] * 18 + twos[1] * 9 + c * 3 + d]!
}
