import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { isProblem } from '#kernel'
import { decodeExi, type ExiObject, encodeExi, encodeFragment } from './codec.ts'
import { chance, sample, sampleBody } from './sample.fixture.ts'
import { SCHEMAS, type SchemaName, schema } from './schemas.ts'

/** Bytes that public implementations write for these messages. */
const PUBLIC: [SchemaName, string, ExiObject][] = [
  [
    'sap',
    '8000dbab9371d3234b71d1b981899189d191818991d26b9b3a232b30020000040040',
    {
      supportedAppProtocolReq: {
        AppProtocol: [
          { ProtocolNamespace: 'urn:din:70121:2012:MsgDef', VersionNumberMajor: 2, VersionNumberMinor: 0, SchemaID: 1, Priority: 1 },
        ],
      },
    },
  ],
  [
    'sap',
    '8000f3ab9371d34b9b79d39ba321d34b9b79d189a98989c1d1699181d20a18010000040040',
    {
      supportedAppProtocolReq: {
        AppProtocol: [
          { ProtocolNamespace: 'urn:iso:std:iso:15118:-20:AC', VersionNumberMajor: 1, VersionNumberMinor: 0, SchemaID: 1, Priority: 1 },
        ],
      },
    },
  ],
  ['sap', '80400040', { supportedAppProtocolRes: { ResponseCode: 'OK_SuccessfulNegotiation', SchemaID: 1 } }],
  [
    'iso20',
    '808c02050d961e8809ac39d06204050d961ea72f80',
    { SessionSetupReq: { Header: { SessionID: '0A1B2C3D', TimeStamp: 1672531200 }, EVCCID: '\n\u001b,=N_' } },
  ],
]

interface Known {
  schema: SchemaName
  fragment?: boolean
  hex: string
  message: ExiObject
}

/** One message of each kind and one of each signed element, made by chance here; a general EXI processor with the schemas wrote the same bytes. */
const KNOWN = readFileSync(new URL('known.fixture.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Known)

/** Every message of every schema, `count` times, by chance. */
function* anyMessages(count: number, seed: number): Generator<[SchemaName, ExiObject]> {
  const random = chance(seed)
  for (const name of SCHEMAS) {
    const grammar = schema(name)
    const hasBody = grammar.roots.some((root) => root.name === 'V2G_Message')
    const kinds = hasBody ? grammar.type('BodyType').slots[0]!.options : grammar.roots
    for (const kind of kinds)
      for (let i = 0; i < count && !kind.closed; i++) yield [name, hasBody ? sampleBody(grammar, kind.name, random) : sample(kind, random)]
  }
}

test('the messages whose bytes are public are written as those bytes and read from them', () => {
  for (const [name, hex, message] of PUBLIC) {
    assert.deepEqual(decodeExi(schema(name), Buffer.from(hex, 'hex')), message)
    assert.equal(encodeExi(schema(name), message).toString('hex'), hex)
  }
})

test('one message of each kind is written as a general EXI processor writes it by the schema, and read back', () => {
  for (const { schema: name, fragment, hex, message } of KNOWN) {
    const grammar = schema(name)
    const [element] = Object.keys(message)
    const data = fragment ? encodeFragment(grammar, element!, message[element!]!) : encodeExi(grammar, message)
    assert.equal(data.toString('hex'), hex, `${name} ${element}`)
    if (!fragment) assert.deepEqual(decodeExi(grammar, data), message)
  }
  const kinds = SCHEMAS.map((name) => new Set(KNOWN.filter((known) => known.schema === name && !known.fragment).map(kindOf)).size)
  assert.deepEqual(kinds, [2, 35, 34, 26, 4, 10, 0])
})

const kindOf = ({ message }: Known): string => {
  const [root] = Object.keys(message)
  return root === 'V2G_Message' ? Object.keys((message['V2G_Message'] as { Body: ExiObject }).Body)[0]! : root!
}

test('what is written is read back the same, for messages of every kind made by chance', () => {
  let count = 0
  for (const [name, message] of anyMessages(6, 20261125)) {
    assert.deepEqual(decodeExi(schema(name), encodeExi(schema(name), message)), message)
    count++
  }
  assert.equal(count, 6 * 111)
})

test('bytes bent by chance are refused with a problem or read as some message, never with a crash or without end', () => {
  const random = chance(99)
  let read = 0
  for (const [name, message] of anyMessages(4, 3)) {
    const data = encodeExi(schema(name), message)
    for (let round = 0; round < 8; round++) {
      const bent = Buffer.from(round % 2 === 0 ? data : data.subarray(0, 1 + Math.floor(random() * data.length)))
      for (let i = 0; i <= round; i++) bent[1 + Math.floor(random() * (bent.length - 1))] = Math.floor(random() * 256)
      try {
        decodeExi(schema(name), bent)
        read++
      } catch (error) {
        assert.ok(isProblem(error), String(error))
        assert.match(error.code, /^exi-/)
      }
    }
  }
  assert.ok(read > 0)
})

test('a field that is missing, unknown, of the wrong type or out of range is named', () => {
  const grammar = schema('iso2')
  const send = (Body: ExiObject) => encodeExi(grammar, { V2G_Message: { Header: { SessionID: '00' }, Body } })
  const says = (text: RegExp) => (error: unknown) => isProblem(error) && error.code === 'exi-invalid-message' && text.test(error.message)
  assert.throws(() => send({ SessionSetupRes: { ResponseCode: 'OK' } }), says(/SessionSetupRes lacks EVSEID/))
  assert.throws(() => send({ SessionSetupReq: { EVCCID: '00', Color: 'red' } }), says(/SessionSetupReq has no field Color/))
  assert.throws(() => send({ SessionSetupReq: { EVCCID: 'red' } }), says(/EVCCID must be text in hex/))
  assert.throws(() => send({ SessionStopReq: { ChargingSession: 'Never' } }), says(/ChargingSession must be one of Terminate, Pause/))
  assert.throws(() => send({ ServiceDetailReq: { ServiceID: -1 } }), says(/ServiceID must be at least 0/))
  assert.throws(() => encodeExi(grammar, { Invoice: {} }), { code: 'exi-unknown-message' })
})

test('a text may point back to one that was sent before, as other encoders write it', () => {
  // A number of the local table: the same VersionNumberMajor twice cannot, the same namespace can.
  const twice = 'urn:a'
  const one = { VersionNumberMajor: 1, VersionNumberMinor: 0, SchemaID: 1, Priority: 1 }
  const message = {
    supportedAppProtocolReq: {
      AppProtocol: [
        { ProtocolNamespace: twice, ...one },
        { ProtocolNamespace: twice, ...one },
      ],
    },
  }
  const full = encodeExi(schema('sap'), message)
  const bits = [...full].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  const text = [2 + twice.length, ...Buffer.from(twice)].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  const second = bits.lastIndexOf(text)
  const short = `${bits.slice(0, second)}00000000${bits.slice(second + text.length)}`
  const data = Buffer.from(short.match(/.{1,8}/g)!.map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2)))
  assert.deepEqual(decodeExi(schema('sap'), data), message)
})
