/** Messages of ISO 15118 written and read per second of one core. */
import { decodeExi, type ExiObject, encodeExi, type SchemaName, schema } from '#protocols/iso15118'

export const name = 'EXI'

const rational = (Value: number) => ({ Exponent: 0, Value })
const Header = { SessionID: '0A1B2C3D4E5F6071', TimeStamp: 1672531200 }
const physical = (Unit: string, Value: number) => ({ Multiplier: 0, Unit, Value })

const MESSAGES: [string, SchemaName, ExiObject][] = [
  [
    'handshake',
    'sap',
    {
      supportedAppProtocolReq: {
        AppProtocol: [
          { ProtocolNamespace: 'urn:iso:std:iso:15118:-20:AC', VersionNumberMajor: 1, VersionNumberMinor: 0, SchemaID: 1, Priority: 1 },
          { ProtocolNamespace: 'urn:iso:15118:2:2013:MsgDef', VersionNumberMajor: 2, VersionNumberMinor: 0, SchemaID: 2, Priority: 2 },
        ],
      },
    },
  ],
  [
    '-2 CurrentDemandReq',
    'iso2',
    {
      V2G_Message: {
        Header: { SessionID: '0A1B2C3D4E5F6071' },
        Body: {
          CurrentDemandReq: {
            DC_EVStatus: { EVReady: true, EVErrorCode: 'NO_ERROR', EVRESSSOC: 44 },
            EVTargetCurrent: physical('A', 125),
            EVMaximumPowerLimit: physical('W', 30_000),
            ChargingComplete: false,
            EVTargetVoltage: physical('V', 400),
          },
        },
      },
    },
  ],
  [
    '-20 AC_ChargeLoopReq, dynamic, both ways',
    'iso20-ac',
    {
      AC_ChargeLoopReq: {
        Header,
        DisplayParameters: { PresentSOC: 44 },
        MeterInfoRequested: true,
        BPT_Dynamic_AC_CLReqControlMode: {
          DepartureTime: 7200,
          EVTargetEnergyRequest: rational(30_000),
          EVMaximumEnergyRequest: rational(32_000),
          EVMinimumEnergyRequest: rational(0),
          EVMaximumChargePower: rational(11_040),
          EVMinimumChargePower: rational(4140),
          EVPresentActivePower: rational(-5000),
          EVPresentReactivePower: rational(0),
          EVMaximumDischargePower: rational(11_040),
          EVMinimumDischargePower: rational(0),
        },
      },
    },
  ],
]

export async function run({ short }: { short: boolean }): Promise<string[]> {
  const length = short ? 200 : 1000
  const rate = (work: () => void): number => {
    for (let i = 0; i < 2000; i++) work()
    const started = process.cpuUsage()
    const until = performance.now() + length
    let count = 0
    while (performance.now() < until) for (let i = 0; i < 200; i++, count++) work()
    const { user, system } = process.cpuUsage(started)
    return Math.round((count * 1e6) / (user + system))
  }
  return MESSAGES.map(([label, schemaName, message]) => {
    const grammar = schema(schemaName)
    const data = encodeExi(grammar, message)
    const written = rate(() => encodeExi(grammar, message))
    const read = rate(() => decodeExi(grammar, data))
    return `${label}, ${data.length} bytes: ${written} written/s, ${read} read/s of one core`
  })
}
