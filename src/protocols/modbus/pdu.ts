/** Requests and answers of Modbus (Application Protocol 1.1b3): function codes 1–6, 15, 16, 23 and exceptions, read and written at both ends. */
import { Problem, say } from '#kernel'
import { REQUEST, SAYING } from './saying.ts'

export type Request =
  | { fn: 1 | 2 | 3 | 4; address: number; count: number }
  | { fn: 5; address: number; value: boolean }
  | { fn: 6; address: number; value: number }
  | { fn: 15; address: number; values: boolean[] }
  | { fn: 16; address: number; values: number[] }
  /** Writes first, then reads, in one transaction. */
  | { fn: 23; address: number; count: number; writeAddress: number; values: number[] }

/** Exception codes (7). */
export const EXCEPTION: Readonly<Record<number, string>> = {
  1: 'illegal function',
  2: 'illegal data address',
  3: 'illegal data value',
  4: 'device failure',
  5: 'acknowledge, still working',
  6: 'device busy',
  8: 'memory parity error',
  10: 'gateway path unavailable',
  11: 'gateway target did not answer',
}

/** Thrown by the data model of a server to answer with an exception code. */
export class ModbusException extends Error {
  readonly code: number
  constructor(code: number) {
    super(EXCEPTION[code] ?? `exception ${code}`)
    this.code = code
  }
}

const MOST_READ_BITS = 2000
const MOST_READ_WORDS = 125
const MOST_WRITTEN_BITS = 1968
const MOST_WRITTEN_WORDS = 123
const MOST_EXCHANGED_WORDS = 121

/**
 * The PDU of a request.
 * @throws Problem `modbus-invalid-request` when a count, address or value is out of the standard's range
 */
export function encodeRequest(request: Request): Buffer {
  const fault = faultOf(request)
  if (fault) throw new Problem('modbus-invalid-request', `Not a Modbus request: ${fault}.`, { details: { request } })
  const { fn, address } = request
  if (fn === 5) return head(fn, address, request.value ? 0xff00 : 0)
  if (fn === 6) return head(fn, address, request.value & 0xffff)
  if (!('values' in request)) return head(fn, address, request.count)
  if (request.fn === 15) {
    const bits = packBits(request.values)
    return Buffer.concat([head(fn, address, request.values.length), Buffer.of(bits.length), bits])
  }
  const words = packWords(request.values)
  if (request.fn === 16) return Buffer.concat([head(fn, address, request.values.length), Buffer.of(words.length), words])
  const write = Buffer.allocUnsafe(5)
  write.writeUInt16BE(request.writeAddress, 0)
  write.writeUInt16BE(request.values.length, 2)
  write[4] = words.length
  return Buffer.concat([head(fn, address, request.count), write, words])
}

/**
 * Reads a request at the server's end.
 * @throws ModbusException 1 for a function it does not know, 3 for wrong counts or lengths
 */
export function decodeRequest(pdu: Buffer): Request {
  const fn = pdu[0]!
  if (![1, 2, 3, 4, 5, 6, 15, 16, 23].includes(fn)) throw new ModbusException(1)
  if (pdu.length < 5) throw new ModbusException(3)
  const address = pdu.readUInt16BE(1)
  const second = pdu.readUInt16BE(3)
  const request = body()
  if (faultOf(request)) throw new ModbusException(request.address + sizeOf(request) > 0x10000 ? 2 : 3)
  return request

  function body(): Request {
    if (fn === 15 || fn === 16) {
      const bytes = fn === 15 ? Math.ceil(second / 8) : second * 2
      if (pdu[5] !== bytes || pdu.length !== 6 + bytes) throw new ModbusException(3)
      const data = pdu.subarray(6)
      return fn === 15 ? { fn, address, values: unpackBits(data, second) } : { fn, address, values: unpackWords(data) }
    }
    if (fn === 23) {
      if (pdu.length < 10 || pdu[9] !== pdu.length - 10 || pdu.readUInt16BE(7) * 2 !== pdu[9]) throw new ModbusException(3)
      return { fn, address, count: second, writeAddress: pdu.readUInt16BE(5), values: unpackWords(pdu.subarray(10)) }
    }
    if (pdu.length !== 5) throw new ModbusException(3)
    if (fn === 5) {
      if (second !== 0 && second !== 0xff00) throw new ModbusException(3)
      return { fn, address, value: second === 0xff00 }
    }
    return fn === 6 ? { fn, address, value: second } : { fn: fn as 1 | 2 | 3 | 4, address, count: second }
  }
}

/** The PDU that answers a request; `values` are bits (0, 1) or words, and are ignored for pure writes. */
export function encodeAnswer(request: Request, values: ArrayLike<number> = []): Buffer {
  const { fn, address } = request
  if (fn === 5) return head(fn, address, request.value ? 0xff00 : 0)
  if (fn === 6) return head(fn, address, request.value)
  if (fn === 15 || fn === 16) return head(fn, address, request.values.length)
  const data = fn === 1 || fn === 2 ? packBits(values) : packWords(values)
  const pdu = Buffer.allocUnsafe(2 + data.length)
  pdu[0] = fn
  pdu[1] = data.length
  data.copy(pdu, 2)
  return pdu
}

/** The PDU of an exception: function code with its high bit set, then the code. */
export const encodeException = (fn: number, code: number): Buffer => Buffer.of((fn & 0x7f) | 0x80, code)

/**
 * Reads the answer to a request at the client's end: words, bits as 0 and 1, or nothing for pure writes.
 * @throws Problem `modbus-exception` (details.exception), `modbus-wrong-length`, `modbus-garbage` (another function, another echo)
 */
export function decodeAnswer(request: Request, pdu: Buffer): number[] {
  const { fn } = request
  if (pdu[0] === (fn | 0x80)) {
    if (pdu.length !== 2) throw wrongLength(2, pdu.length)
    throw refusal(request, pdu[1]!)
  }
  if (pdu[0] !== fn) throw mismatch(`function ${pdu[0]} answers function ${fn}`)
  if (fn === 5 || fn === 6 || fn === 15 || fn === 16) {
    if (pdu.length !== 5) throw wrongLength(5, pdu.length)
    if (!pdu.equals(encodeAnswer(request))) throw mismatch('the echo of the write differs from what was written')
    return []
  }
  const bytes = fn === 1 || fn === 2 ? Math.ceil(request.count / 8) : request.count * 2
  if (pdu.length !== 2 + bytes) throw wrongLength(2 + bytes, pdu.length)
  if (pdu[1] !== bytes) throw wrongLength(bytes, pdu[1] ?? 0)
  const data = pdu.subarray(2)
  return fn === 1 || fn === 2 ? unpackBits(data, request.count).map(Number) : unpackWords(data)
}

/** What a request asks for, for people: 'read holding registers 40000–40001'. */
export function describeRequest(request: Request): string {
  const size = sizeOf(request)
  const range = size === 1 ? `${request.address}` : `${request.address}–${request.address + size - 1}`
  return say(REQUEST[request.fn], { range })
}

function refusal(request: Request, code: number): Problem {
  const name = EXCEPTION[code] ?? 'unknown exception'
  return new Problem('modbus-exception', say(SAYING.refused, { request: describeRequest(request), count: code, detail: name }), {
    status: 502,
    retry: code === 5 || code === 6 || code === 11 ? 'later' : 'never',
    details: { exception: code, function: request.fn, address: request.address },
  })
}

const wrongLength = (expected: number, got: number): Problem =>
  new Problem('modbus-wrong-length', `The device answered ${got} bytes where ${expected} belong.`, { status: 502, retry: 'later' })
const mismatch = (why: string): Problem =>
  new Problem('modbus-garbage', `The device answered something else than it was asked: ${why}.`, { status: 502, retry: 'later' })

function sizeOf(request: Request): number {
  if ('count' in request) return request.count
  return 'values' in request ? request.values.length : 1
}

/** Why the standard forbids a request, or undefined. */
function faultOf(request: Request): string | undefined {
  const { fn, address } = request
  const size = sizeOf(request)
  const most = fn === 1 || fn === 2 ? MOST_READ_BITS : fn === 15 ? MOST_WRITTEN_BITS : fn === 16 ? MOST_WRITTEN_WORDS : MOST_READ_WORDS
  if (!Number.isInteger(size) || size < 1 || size > most) return `${size} values, 1 to ${most} are possible with function ${fn}`
  if (!Number.isInteger(address) || address < 0 || address + size > 0x10000) return `no address ${address} with ${size} values`
  const words = fn === 6 ? [request.value] : fn === 16 || fn === 23 ? request.values : []
  if (words.some((word) => !Number.isInteger(word) || word < 0 || word > 0xffff)) return 'a register holds 0 to 65535'
  if (fn !== 23) return undefined
  if (words.length < 1 || words.length > MOST_EXCHANGED_WORDS)
    return `${words.length} values to write, 1 to ${MOST_EXCHANGED_WORDS} are possible`
  return request.writeAddress < 0 || request.writeAddress + words.length > 0x10000 ? `no address ${request.writeAddress}` : undefined
}

function head(fn: number, address: number, second: number): Buffer {
  const bytes = Buffer.allocUnsafe(5)
  bytes[0] = fn
  bytes.writeUInt16BE(address, 1)
  bytes.writeUInt16BE(second, 3)
  return bytes
}

function packBits(values: ArrayLike<number | boolean>): Buffer {
  const bytes = Buffer.alloc(Math.ceil(values.length / 8))
  for (let i = 0; i < values.length; i++) if (values[i]) bytes[i >> 3]! |= 1 << (i & 7)
  return bytes
}

function packWords(values: ArrayLike<number>): Buffer {
  const bytes = Buffer.allocUnsafe(values.length * 2)
  for (let i = 0; i < values.length; i++) bytes.writeUInt16BE(values[i]! & 0xffff, i * 2)
  return bytes
}

const unpackBits = (bytes: Buffer, count: number): boolean[] =>
  Array.from({ length: count }, (_, i) => ((bytes[i >> 3] ?? 0) & (1 << (i & 7))) !== 0)

function unpackWords(bytes: Buffer): number[] {
  const words: number[] = []
  for (let i = 0; i + 1 < bytes.length; i += 2) words.push(bytes.readUInt16BE(i))
  return words
}
