/** Bit-packed streams, most significant bit first, as EXI 1.0 writes them (section 7.1). */
import { Problem } from '#kernel'

export interface BitWriter {
  /** Appends the low `width` bits (0–32) of a whole number. */
  bits(value: number, width: number): void
  bytes(data: Uint8Array): void
  /** Appends a whole number ≥ 0 in groups of seven bits, the lowest first. */
  unsigned(value: number | bigint): void
  /** What was written, the last byte filled up with zeros. */
  finish(): Buffer
}

export interface BitReader {
  bits(width: number): number
  bytes(length: number): Buffer
  /** A whole number in groups of seven bits; bigint beyond 2^53. */
  unsigned(): number | bigint
  /** Bits not yet read. */
  left(): number
}

/** Longest number taken from the wire: 35 groups, more than the 20 bytes a certificate's serial number may have. */
const GROUPS = 35

export function bitWriter(): BitWriter {
  let out = Buffer.allocUnsafe(256)
  let length = 0
  let held = 0
  let count = 0
  const byte = (value: number) => {
    if (length === out.length) {
      const larger = Buffer.allocUnsafe(out.length * 2)
      out.copy(larger)
      out = larger
    }
    out[length++] = value
  }
  const bits = (value: number, width: number) => {
    for (let left = width; left > 0; ) {
      const take = Math.min(8 - count, left)
      held = (held << take) | ((value >>> (left - take)) & ((1 << take) - 1))
      count += take
      left -= take
      if (count === 8) {
        byte(held)
        held = 0
        count = 0
      }
    }
  }
  return {
    bits,
    bytes(data) {
      for (const value of data) bits(value, 8)
    },
    unsigned(value) {
      if (typeof value === 'number' && value < 0x80) {
        bits(value, 8)
        return
      }
      let rest = BigInt(value)
      while (rest >= 128n) {
        bits(Number(rest & 127n) | 128, 8)
        rest >>= 7n
      }
      bits(Number(rest), 8)
    },
    finish() {
      if (count > 0) bits(0, 8 - count)
      return Buffer.from(out.subarray(0, length))
    },
  }
}

/** Reads `data` from its first bit. @throws Problem exi-truncated at the end of the data, exi-number-too-long */
export function bitReader(data: Uint8Array): BitReader {
  let at = 0
  const end = data.length * 8
  const bits = (width: number) => {
    if (at + width > end) throw new Problem('exi-truncated', 'The EXI stream ends in the middle of a value.')
    let value = 0
    for (let left = width; left > 0; ) {
      const take = Math.min(8 - (at & 7), left)
      value = value * (1 << take) + ((data[at >>> 3]! >>> (8 - (at & 7) - take)) & ((1 << take) - 1))
      at += take
      left -= take
    }
    return value
  }
  return {
    bits,
    bytes(length) {
      if (length * 8 > end - at) throw new Problem('exi-truncated', 'The EXI stream ends in the middle of a value.')
      const out = Buffer.allocUnsafe(length)
      if ((at & 7) === 0) {
        out.set(data.subarray(at >>> 3, (at >>> 3) + length))
        at += length * 8
      } else for (let i = 0; i < length; i++) out[i] = bits(8)
      return out
    },
    unsigned() {
      let value = 0
      let scale = 1
      for (let group = 0; group < 7; group++) {
        const byte = bits(8)
        value += (byte & 127) * scale
        if (byte < 128) return value
        scale *= 128
      }
      let large = BigInt(value)
      for (let group = 7; group < GROUPS; group++) {
        const byte = bits(8)
        large += BigInt(byte & 127) << BigInt(7 * group)
        if (byte < 128) return large <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(large) : large
      }
      throw new Problem('exi-number-too-long', 'The EXI stream holds a number longer than any of these messages has.')
    },
    left: () => end - at,
  }
}
