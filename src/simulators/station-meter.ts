/** Meter values of the outlet, as the measurands that were asked for (OCPP 2.0.1 J02). */
import { generateKeyPairSync, type KeyPairKeyObjectResult, sign } from 'node:crypto'
import { formatInstant, type Instant } from '#kernel'
import type { MeterValueType, ReadingContextEnumType, SampledValueType } from '#protocols/ocpp'
import { type Outlet, VOLTAGE } from './station-outlet.ts'

/** One MeterValue of the measurands that the station knows, undefined when none is asked for. Registers whole Wh, power whole W. */
export function meterValue(
  outlet: Outlet,
  percent: number | undefined,
  measurands: readonly string[],
  context: ReadingContextEnumType,
  at: Instant,
): MeterValueType | undefined {
  const power = outlet.power()
  const known: Record<string, [value: number, unit: string] | undefined> = {
    'Power.Active.Import': [Math.round(Math.max(0, power)), 'W'],
    'Power.Active.Export': [Math.round(Math.max(0, -power)), 'W'],
    'Energy.Active.Import.Register': [Math.round(outlet.imported()), 'Wh'],
    'Energy.Active.Export.Register': [Math.round(outlet.exported()), 'Wh'],
    'Current.Import': [Math.round((Math.max(0, power) / (VOLTAGE * outlet.phases())) * 100) / 100, 'A'],
    Voltage: [VOLTAGE, 'V'],
    SoC: percent === undefined ? undefined : [Math.round(percent * 100) / 100, 'Percent'],
  }
  const sampledValue = measurands.flatMap((measurand): SampledValueType[] => {
    const found = known[measurand]
    if (!found) return []
    return [
      {
        value: found[0],
        context,
        measurand: measurand as NonNullable<SampledValueType['measurand']>,
        location: measurand === 'SoC' ? 'EV' : 'Outlet',
        unitOfMeasure: { unit: found[1] },
      },
    ]
  })
  return sampledValue.length === 0 ? undefined : { timestamp: zulu(at), sampledValue }
}

let keys: KeyPairKeyObjectResult | undefined

/** The value with a signature over each register, as a meter of the OCMF kind gives it (J02.FR.21). */
export function signedMeterValue(value: MeterValueType, identity: string): MeterValueType {
  keys ??= generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { privateKey, publicKey } = keys
  const sampledValue = value.sampledValue.map((sampled) => {
    if (!sampled.measurand?.endsWith('Register')) return sampled
    const said = JSON.stringify({
      FV: '1.0',
      GS: identity,
      RD: [{ TM: value.timestamp, RV: sampled.value, RI: sampled.measurand, RU: 'Wh' }],
    })
    const signature = sign('sha256', Buffer.from(said), privateKey).toString('hex')
    return {
      ...sampled,
      signedMeterValue: {
        signedMeterData: Buffer.from(`OCMF|${said}|${JSON.stringify({ SD: signature })}`).toString('base64'),
        signingMethod: 'ECDSA-secp256r1-SHA256',
        encodingMethod: 'OCMF',
        publicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
      },
    }
  })
  return { ...value, sampledValue: sampledValue as MeterValueType['sampledValue'] }
}

export const zulu = (at: Instant): string => formatInstant(at).replace('+00:00', 'Z')
