/** Meter values of the outlet, as the measurands that were asked for (OCPP 2.0.1 J02). */
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

export const zulu = (at: Instant): string => formatInstant(at).replace('+00:00', 'Z')
