/** Contract ids of e-mobility (eMAID): country, provider, instance of nine, and perhaps a check character (eMI3, ISO 15118). */

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const POSITIONS = 15

/** Without hyphens and in capitals: how eMAIDs are compared. */
export const plainEmaid = (text: string): string => text.replaceAll('-', '').trim().toUpperCase()

/** Two bits and two digits of base 3 of a character: 9 · q + r. */
const digitsOf = (code: number): [bits: Vector, trits: Vector] => {
  const q = Math.floor(code / 9)
  const r = code % 9
  return [
    [q >> 1, q & 1],
    [Math.floor(r / 3), r % 3],
  ]
}
type Vector = readonly [number, number]

/** What a character adds at its position (from 1): M^position · vector, with M = [[0, 1], [1, last]] modulo `modulus`. */
function share(vector: Vector, position: number, last: number, modulus: number): Vector {
  let [high, low] = vector
  for (let turn = 0; turn < position; turn++) [high, low] = [low % modulus, (high + last * low) % modulus]
  return [high, low]
}

function sums(text: string): [Vector, Vector] {
  let [a, b, c, d] = [0, 0, 0, 0]
  for (const [index, character] of [...text].entries()) {
    const [bits, trits] = digitsOf(ALPHABET.indexOf(character))
    const [e, f] = share(bits, index + 1, 1, 2)
    const [g, h] = share(trits, index + 1, 2, 3)
    ;[a, b, c, d] = [(a + e) % 2, (b + f) % 2, (c + g) % 3, (d + h) % 3]
  }
  return [
    [a, b],
    [c, d],
  ]
}

/**
 * The check character over the first 14 characters: the one that makes the sums over all 15 vanish.
 * Undefined when they are not 14 of A–Z and 0–9.
 *
 *     emaidCheckDigit('FR-CAR-C00000001') // → '3'
 */
export function emaidCheckDigit(text: string): string | undefined {
  const plain = plainEmaid(text).slice(0, POSITIONS - 1)
  if (!/^[A-Z0-9]{14}$/.test(plain)) return undefined
  return [...ALPHABET].find((character) =>
    sums(plain + character)
      .flat()
      .every((sum) => sum === 0),
  )
}

/** Whether a text has the form of an eMAID and, where it carries a check character, the right one. */
export function isEmaid(text: string): boolean {
  const plain = plainEmaid(text)
  if (!/^[A-Z]{2}[A-Z0-9]{12,13}$/.test(plain)) return false
  return plain.length < POSITIONS || plain[POSITIONS - 1] === emaidCheckDigit(plain)
}
