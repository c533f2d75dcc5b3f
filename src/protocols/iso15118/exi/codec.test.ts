import assert from 'node:assert/strict'
import test from 'node:test'
import { decodeExi, type ExiObject, encodeExi } from './codec.ts'
import { type SchemaName, schema } from './schemas.ts'

/** Bytes that public implementations write for these messages. */
const KNOWN: [SchemaName, string, ExiObject][] = [
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

test('the messages whose bytes are public are written as those bytes and read from them', () => {
  for (const [name, hex, message] of KNOWN) {
    const data = Buffer.from(hex, 'hex')
    assert.deepEqual(decodeExi(schema(name), data), message)
    assert.equal(encodeExi(schema(name), message).toString('hex'), hex)
  }
})
