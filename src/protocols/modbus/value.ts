/** Numbers and texts in 16-bit registers, most significant byte first; the markers by which SunSpec devices say "not implemented". */
import { Problem } from '#kernel'

export const VALUE_KINDS = ['u16', 'i16', 'u32', 'i32', 'u64', 'i64', 'f32', 'f64', 'string'] as const
export type ValueKind = (typeof VALUE_KINDS)[number]

/** How words of a longer value follow one another: most significant first ('big', the standard) or last ('little'). */
export type WordOrder = 'big' | 'little'

const WORDS: Readonly<Record<Exclude<ValueKind, 'string'>, number>> = { u16: 1, i16: 1, u32: 2, i32: 2, u64: 4, i64: 4, f32: 2, f64: 4 }

/** Registers that a value takes; a string says its own length. */
export const wordsOf = (kind: ValueKind, stringLength = 1): number => (kind === 'string' ? stringLength : WORDS[kind])

/** A value read from registers: a number (64-bit integers lose precision beyond 2^53) or a text without its padding. */
export function decodeValue(kind: ValueKind, words: ArrayLike<number>, order: WordOrder = 'big'): number | string {
  const bytes = Buffer.allocUnsafe(words.length * 2)
  for (let i = 0; i < words.length; i++)
    bytes.writeUInt16BE(words[kind !== 'string' && order === 'little' ? words.length - 1 - i : i]!, i * 2)
  switch (kind) {
    case 'u16':
      return bytes.readUInt16BE()
    case 'i16':
      return bytes.readInt16BE()
    case 'u32':
      return bytes.readUInt32BE()
    case 'i32':
      return bytes.readInt32BE()
    case 'u64':
      return Number(bytes.readBigUInt64BE())
    case 'i64':
      return Number(bytes.readBigInt64BE())
    case 'f32':
      return bytes.readFloatBE()
    case 'f64':
      return bytes.readDoubleBE()
    case 'string':
      return bytes
        .toString('utf8')
        .replace(/\0[\s\S]*$/, '')
        .trim()
  }
}

/**
 * Registers that hold a value. Integers are rounded; texts are cut or padded with zeros to `stringLength` registers.
 * @throws Problem `modbus-value-range` when the number does not fit
 */
export function encodeValue(kind: ValueKind, value: number | string, order: WordOrder = 'big', stringLength = 1): number[] {
  const bytes = Buffer.alloc(wordsOf(kind, stringLength) * 2)
  try {
    if (kind === 'string') bytes.write(String(value), 'utf8')
    else if (kind === 'f32') bytes.writeFloatBE(Number(value))
    else if (kind === 'f64') bytes.writeDoubleBE(Number(value))
    else if (kind === 'u64') bytes.writeBigUInt64BE(BigInt(Math.round(Number(value))))
    else if (kind === 'i64') bytes.writeBigInt64BE(BigInt(Math.round(Number(value))))
    else writeInteger(bytes, kind, Math.round(Number(value)))
  } catch (cause) {
    throw new Problem('modbus-value-range', `${value} does not fit into a register value of type ${kind}.`, { status: 422, cause })
  }
  const words = Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readUInt16BE(i * 2))
  return kind !== 'string' && order === 'little' ? words.reverse() : words
}

function writeInteger(bytes: Buffer, kind: 'u16' | 'i16' | 'u32' | 'i32', value: number): void {
  if (Number.isNaN(value)) throw new RangeError('not a number')
  if (kind === 'u16') bytes.writeUInt16BE(value)
  else if (kind === 'i16') bytes.writeInt16BE(value)
  else if (kind === 'u32') bytes.writeUInt32BE(value)
  else bytes.writeInt32BE(value)
}

/** True when the registers carry the SunSpec marker for "not implemented": 0xFFFF, 0x8000, NaN, an empty text (SunSpec Information Model, 5). */
export function isMissing(kind: ValueKind, words: ArrayLike<number>): boolean {
  const value = decodeValue(kind, words)
  if (typeof value === 'string') return value === ''
  if (kind === 'f32' || kind === 'f64') return Number.isNaN(value)
  const rest = Array.from(words).slice(1)
  return kind.startsWith('u')
    ? words[0] === 0xffff && rest.every((word) => word === 0xffff)
    : words[0] === 0x8000 && rest.every((word) => word === 0)
}
