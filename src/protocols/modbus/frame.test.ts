import assert from 'node:assert/strict'
import test from 'node:test'
import { isProblem } from '#kernel'
import { encodeFrame, type Frame, frameReader } from './frame.ts'
import { decodeAnswer, decodeRequest, encodeAnswer, encodeException, encodeRequest, ModbusException, type Request } from './pdu.ts'

const bytes = (hex: string): Buffer => Buffer.from(hex.replace(/\s/g, ''), 'hex')

/** Requests and answers in bytes; the bodies of functions 1, 3, 5, 6, 15, 16 and 23 are the examples of the Application Protocol 1.1b3, chapter 6. */
const GOLDEN: { request: Request; asked: string; values?: number[]; answered: string }[] = [
  {
    request: { fn: 1, address: 0x13, count: 19 },
    asked: '01 0013 0013',
    values: [1, 0, 1, 1, 0, 0, 1, 1, 1, 1, 0, 1, 0, 1, 1, 0, 1, 0, 1],
    answered: '01 03 CD 6B 05',
  },
  { request: { fn: 2, address: 0, count: 2 }, asked: '02 0000 0002', values: [0, 1], answered: '02 01 02' },
  {
    request: { fn: 3, address: 0x6b, count: 3 },
    asked: '03 006B 0003',
    values: [0x022b, 0, 0x64],
    answered: '03 06 022B 0000 0064',
  },
  { request: { fn: 4, address: 8, count: 1 }, asked: '04 0008 0001', values: [10], answered: '04 02 000A' },
  { request: { fn: 5, address: 0xac, value: true }, asked: '05 00AC FF00', answered: '05 00AC FF00' },
  { request: { fn: 6, address: 1, value: 3 }, asked: '06 0001 0003', answered: '06 0001 0003' },
  {
    request: { fn: 15, address: 0x13, values: [1, 0, 1, 1, 0, 0, 1, 1, 1, 0].map(Boolean) },
    asked: '0F 0013 000A 02 CD 01',
    answered: '0F 0013 000A',
  },
  { request: { fn: 16, address: 1, values: [0x000a, 0x0102] }, asked: '10 0001 0002 04 000A 0102', answered: '10 0001 0002' },
  {
    request: { fn: 23, address: 3, count: 6, writeAddress: 14, values: [255, 255, 255] },
    asked: '17 0003 0006 000E 0003 06 00FF 00FF 00FF',
    values: [0xfe, 0x0acd, 1, 3, 0xd, 0xff],
    answered: '17 0C 00FE 0ACD 0001 0003 000D 00FF',
  },
]

test('every function is written and read byte for byte as the standard shows it, at both ends', () => {
  for (const { request, asked, values = [], answered } of GOLDEN) {
    assert.deepEqual(encodeRequest(request), bytes(asked), `function ${request.fn}`)
    assert.deepEqual(decodeRequest(bytes(asked)), request)
    assert.deepEqual(encodeAnswer(request, values), bytes(answered))
    assert.deepEqual(decodeAnswer(request, bytes(answered)), values)
  }
  assert.deepEqual(encodeException(1, 2), bytes('81 02'))
})

test('a frame on the wire is the header of seven bytes and the PDU', () => {
  const frame = { transaction: 0x1501, unit: 0xff, pdu: bytes('03 0004 0001') }
  assert.deepEqual(encodeFrame(frame), bytes('1501 0000 0006 FF 03 0004 0001'))
})

test('frames are found again however the stream was cut', () => {
  const frames = [1, 2, 3].map((n) => ({ transaction: n, unit: n, pdu: Buffer.alloc(n * 50, n) }))
  const stream = Buffer.concat(frames.map(encodeFrame))
  for (const size of [1, 2, 5, 7, 8, 64, 100, stream.length]) {
    const seen: Frame[] = []
    const reader = frameReader((frame) => seen.push({ ...frame, pdu: Buffer.from(frame.pdu) }))
    for (let at = 0; at < stream.length; at += size) reader.feed(stream.subarray(at, at + size))
    assert.deepEqual(seen, frames, `cut every ${size} bytes`)
    assert.equal(reader.partial, false)
  }
})

test('a stream that is not Modbus TCP is named garbage as soon as it shows', () => {
  for (const hex of ['48545450 2F312E31', '0001 0000 0001 01', '0001 0000 00FF 01', '0001 0007'])
    assert.throws(
      () => frameReader(() => assert.fail('no frame is in it')).feed(bytes(hex)),
      (error) => isProblem(error) && error.code === 'modbus-garbage',
      hex,
    )
})

test('a server refuses wrong counts, lengths and unknown functions with the code of the standard', () => {
  const refused = (hex: string, code: number) =>
    assert.throws(
      () => decodeRequest(bytes(hex)),
      (error) => error instanceof ModbusException && error.code === code,
      hex,
    )
  refused('2B 0E 01 00 00', 1)
  refused('03 0000 0000', 3)
  refused('03 0000 007E', 3)
  refused('03 0000', 3)
  refused('03 0000 0001 00', 3)
  refused('03 FFFF 0002', 2)
  refused('05 0000 1234', 3)
  refused('10 0000 0002 04 0001', 3)
  refused('17 0003 0001 000E 0002 02 00FF', 3)
})

test('a client refuses answers of another length, function or echo', () => {
  const answers = (request: Request, hex: string, code: string) =>
    assert.throws(
      () => decodeAnswer(request, bytes(hex)),
      (error) => isProblem(error) && error.code === code,
      hex,
    )
  const two: Request = { fn: 3, address: 0, count: 2 }
  answers(two, '03 02 0001', 'modbus-wrong-length')
  answers(two, '03 04 0001 0002 0003', 'modbus-wrong-length')
  answers(two, '03 02 0001 0002', 'modbus-wrong-length')
  answers(two, '04 04 0001 0002', 'modbus-garbage')
  answers(two, '83 02', 'modbus-exception')
  answers(two, '83', 'modbus-wrong-length')
  answers({ fn: 6, address: 1, value: 3 }, '06 0001 0004', 'modbus-garbage')
})

test('a request that the standard forbids never reaches the wire', () => {
  const forbidden: Request[] = [
    { fn: 3, address: 0, count: 126 },
    { fn: 3, address: 65_535, count: 2 },
    { fn: 6, address: 0, value: 70_000 },
    { fn: 16, address: 0, values: [] },
    { fn: 16, address: 0, values: new Array(124).fill(0) },
    { fn: 23, address: 0, count: 1, writeAddress: 0, values: new Array(122).fill(0) },
  ]
  for (const request of forbidden)
    assert.throws(
      () => encodeRequest(request),
      (error) => isProblem(error) && error.code === 'modbus-invalid-request',
    )
})
