/** What both ends of ISO 15118-20 share: steps, services, and energy requests in their several places. */
import type { SchemaName } from './exi/schemas.ts'
import type { Iso20AcMessages, Iso20DcMessages, Iso20Messages, Iso20RationalNumber } from './messages.gen.ts'
import { fromRational, rational } from './numbers.ts'
import type { VehicleState } from './parties.ts'

type All = Iso20Messages & Iso20AcMessages & Iso20DcMessages
export type Step = keyof All extends infer Name ? (Name extends `${infer Stem}Req` ? Stem : never) : never
type Bare<Message> = Message extends { Header: unknown } ? Omit<Message, 'Header'> : Message
export type Request<Name extends Step> = Bare<All[`${Name}Req`]>
export type Answer<Name extends Step> = Bare<All[`${Name}Res`]>
export type Header = All['SessionSetupReq']['Header']
export type ResponseCode = All['SessionSetupRes']['ResponseCode']
export type ParameterSet = All['ServiceDetailRes']['ServiceParameterList']['ParameterSet'][number]

export const schemaOf = (step: string): SchemaName => (step.startsWith('AC_') ? 'iso20-ac' : step.startsWith('DC_') ? 'iso20-dc' : 'iso20')

/** Service ids by current and direction. */
export const SERVICES = { AC: 1, DC: 2, AC_BPT: 5, DC_BPT: 6 } as const
export const serviceOf = (current: 'AC' | 'DC', bidirectional: boolean): number => SERVICES[`${current}${bidirectional ? '_BPT' : ''}`]

export const CONTROL = { scheduled: 1, dynamic: 2 } as const

interface Requests {
  DepartureTime?: number
  EVTargetEnergyRequest?: Iso20RationalNumber
  EVMaximumEnergyRequest?: Iso20RationalNumber
  EVMinimumEnergyRequest?: Iso20RationalNumber
  EVMaximumV2XEnergyRequest?: Iso20RationalNumber
  EVMinimumV2XEnergyRequest?: Iso20RationalNumber
  EVMaximumChargePower?: Iso20RationalNumber
  EVMinimumChargePower?: Iso20RationalNumber
  EVMaximumDischargePower?: Iso20RationalNumber
}

/** What a message says of a car, as far as it says it. */
export function stateOf(said: Requests): Partial<VehicleState> {
  const number = (value: Iso20RationalNumber | undefined) => (value ? fromRational(value) : undefined)
  const [most, least] = [number(said.EVMaximumV2XEnergyRequest), number(said.EVMinimumV2XEnergyRequest)]
  const all = {
    departure: said.DepartureTime,
    target: number(said.EVTargetEnergyRequest),
    most: number(said.EVMaximumEnergyRequest),
    least: number(said.EVMinimumEnergyRequest),
    maxCharge: number(said.EVMaximumChargePower),
    minCharge: number(said.EVMinimumChargePower),
    maxDischarge: number(said.EVMaximumDischargePower),
    v2x: most !== undefined && least !== undefined ? { most, least } : undefined,
  }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

/** The energy a car asks for, as most messages carry it. */
export const energyOf = ({ target, most, least }: VehicleState) => ({
  EVTargetEnergyRequest: rational(target),
  EVMaximumEnergyRequest: rational(most),
  EVMinimumEnergyRequest: rational(least),
})

export const v2xOf = ({ v2x }: VehicleState) =>
  v2x ? { EVMaximumV2XEnergyRequest: rational(v2x.most), EVMinimumV2XEnergyRequest: rational(v2x.least) } : {}
