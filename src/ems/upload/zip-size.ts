/** How large a ZIP file becomes, looked at before a library unpacks it: a bomb must not reach memory. */
import { inflateRawSync } from 'node:zlib'
import { say } from '#kernel'
import { unreadable } from './refusal.ts'
import { SAYING } from './saying.ts'

export interface ZipLimits {
  /** Bytes of all parts together, unpacked. */
  mostBytes: number
  mostParts: number
}

const END = 0x06054b50
const CENTRAL = 0x02014b50
const LOCAL = 0x04034b50

/**
 * Sums the sizes of all parts, first as the directory declares them, then as they really unpack (a directory may lie).
 * @throws Problem `invalid-upload` when the file is no ZIP, or larger inside than allowed
 */
export function checkZip(bytes: Uint8Array, { mostBytes, mostParts }: ZipLimits): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const end = endOf(view)
  const count = view.getUint16(end + 10, true)
  if (count > mostParts) throw unreadable(say(SAYING.tooManyParts, { count: mostParts }))
  const tooLarge = () => unreadable(say(SAYING.tooLargeInside, { count: Math.round(mostBytes / 1_000_000) }), SAYING.inParts)
  const parts: { at: number; packed: number; method: number }[] = []
  let declared = 0
  let at = view.getUint32(end + 16, true)
  for (let i = 0; i < count; i++) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== CENTRAL) throw unreadable(SAYING.notZip)
    declared += view.getUint32(at + 24, true)
    parts.push({ at: view.getUint32(at + 42, true), packed: view.getUint32(at + 20, true), method: view.getUint16(at + 10, true) })
    at += 46 + view.getUint16(at + 28, true) + view.getUint16(at + 30, true) + view.getUint16(at + 32, true)
  }
  if (declared > mostBytes) throw tooLarge()
  let real = 0
  for (const part of parts) {
    if (part.at + 30 > bytes.length || view.getUint32(part.at, true) !== LOCAL) throw unreadable(SAYING.notZip)
    const from = part.at + 30 + view.getUint16(part.at + 26, true) + view.getUint16(part.at + 28, true)
    real += unpackedSize(bytes.subarray(from, from + part.packed), part.method, mostBytes - real, tooLarge)
    if (real > mostBytes) throw tooLarge()
  }
}

function unpackedSize(data: Uint8Array, method: number, room: number, tooLarge: () => Error): number {
  if (method === 0) return data.length
  if (method !== 8) throw unreadable(SAYING.notZip)
  try {
    return inflateRawSync(data, { maxOutputLength: Math.max(1, room) }).length
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge()
    throw unreadable(SAYING.notZip)
  }
}

/** Where the end record begins; it may be followed by a comment of up to 65,535 bytes. */
function endOf(view: DataView): number {
  for (let at = view.byteLength - 22; at >= Math.max(0, view.byteLength - 65_557); at--) if (view.getUint32(at, true) === END) return at
  throw unreadable(SAYING.notZip)
}
