/** What a station can do with prices: show one, show a cost, or price by itself (OCPP 2.1 TariffCostCtrlr, 1.6 "OCPP & California Pricing Requirements"). */

import { OCPP16, OCPP21, type V21 } from '#protocols/ocpp'
import { type DeviceModel, keyOf } from '../device-model.ts'
import type { Station } from '../station.ts'

/** Vendor of the price messages of 1.6. */
export const COST_MESSAGES = 'org.openchargealliance.costmsg'

const keyFor = (name: string, instance?: string, component = 'TariffCostCtrlr') =>
  keyOf({ component: { name: component }, variable: { name, ...(instance !== undefined && { instance }) } })
const said = (model: DeviceModel, ...path: Parameters<typeof keyFor>) => model.get(keyFor(...path))?.value
const isOff = (value: string | undefined) => value?.trim().toLowerCase() === 'false'
const speaks = ({ session }: Station, version: string) => session?.wire.version === version

/** A station of 1.6 that says that it shows prices. */
export const showsPrices16 = (station: Station): boolean =>
  speaks(station, OCPP16) && said(station.model, 'CustomDisplayCostAndPrice', undefined, 'Configuration')?.trim().toLowerCase() === 'true'

/** Not one that says that it cannot, or shall not. */
export const showsTariff = ({ model }: Station): boolean =>
  !isOff(said(model, 'Available', 'Tariff')) && !isOff(said(model, 'Enabled', 'Tariff'))
export const showsCost = (station: Station): boolean =>
  speaks(station, OCPP16)
    ? showsPrices16(station)
    : !isOff(said(station.model, 'Available', 'Cost')) && !isOff(said(station.model, 'Enabled', 'Cost'))

/** A text that it shows while it cannot ask for a price. */
export const hasFallbackText = ({ model }: Station): boolean => model.has(keyFor('TariffFallbackMessage'))

export const pricesItself = (station: Station): boolean => speaks(station, OCPP21) && showsTariff(station)

const KINDS = ['energy', 'chargingTime', 'idleTime', 'fixedFee', 'reservationTime', 'reservationFixed'] as const

/** Why this station would refuse the tariff, in the word that it would use; undefined: it would not. */
export function refusalOf({ model }: Station, tariff: V21.TariffType): 'TooManyElements' | 'ConditionNotSupported' | undefined {
  const most = Number(said(model, 'MaxElements', 'Tariff'))
  const prices = KINDS.map((kind): readonly { conditions?: object }[] => tariff[kind]?.prices ?? [])
  if (most > 0 && prices.some(({ length }) => length > most)) return 'TooManyElements'
  const hasConditions = prices.flat().some(({ conditions }) => conditions !== undefined)
  return hasConditions && isOff(said(model, 'ConditionsSupported', 'Tariff')) ? 'ConditionNotSupported' : undefined
}
