/** The balance of each commodity: what energy, peaks and breaches of the connection cost, and which limits hold at any price. */
import { Problem, say } from '#kernel'
import type { CommodityContext, FlexContext } from './flex-context.ts'
import { type FlexReading, least, negative, RELAXED, times, valueError } from './flex-reading.ts'
import { filled, perStep } from './flex-series.ts'
import type { FlexValue } from './flex-value.ts'
import type { Commitment, Flow } from './problem.ts'
import { SAYING } from './saying.ts'

/** A commodity with the devices and given profiles that count in it, by number. */
export interface CommodityMembers {
  commodity: string
  devices: number[]
  profiles: number[]
}

/** Commodities in the order of FlexMeasures: of devices as they come, then electricity, then of profiles; those without members are left out. */
export function commoditiesIn(plan: FlexReading['plan']): CommodityMembers[] {
  const found = new Map<string, CommodityMembers>()
  const of = (commodity: string) => {
    const members = found.get(commodity) ?? { commodity, devices: [], profiles: [] }
    found.set(commodity, members)
    return members
  }
  plan.inventory.devices.forEach((device, index) => {
    of(device.commodity).devices.push(index)
  })
  of('electricity')
  plan.inventory.profiles.forEach((profile, index) => {
    of(profile.commodity).profiles.push(index)
  })
  const all = [...found.values()].filter(({ devices, profiles }) => devices.length + profiles.length > 0)
  // Electricity is flow 0 wherever it is.
  return [...all.filter(({ commodity }) => commodity === 'electricity'), ...all.filter(({ commodity }) => commodity !== 'electricity')]
}

/** What is said about a commodity; the top of the flex-context speaks for electricity unless electricity is listed. */
export const contextOf = (context: FlexContext, commodity: string): CommodityContext | undefined =>
  context.commodities.find((one) => one.commodity === commodity) ?? (commodity === 'electricity' ? context : undefined)

export interface SiteNumbers {
  flow: Flow
  /** On the flow, its index still to be filled in. */
  commitments: Omit<Commitment, 'on'>[]
  /** Consumption price per kWh; undefined for a node. */
  price?: Float64Array
}

/**
 * Reads the flow of a commodity; `fixed` is the sum of its given profiles.
 * @throws Problem `unknown-prices`, `bad-flex-context` when electricity has no price
 */
export async function siteNumbers(members: CommodityMembers, fixed: Float64Array, reading: FlexReading): Promise<SiteNumbers> {
  const { commodity, devices } = members
  const context = contextOf(reading.plan.context, commodity)
  const flow: Flow = { name: commodity === 'electricity' ? 'site' : commodity, role: 'site', commodity, devices, fixed }
  if (!context?.consumptionPrice || context.isNode) {
    if (commodity === 'electricity') throw valueError('bad-flex-context', say(SAYING.noPriceOf), say(SAYING.givePrice))
    return { flow: { ...flow, role: 'node', min: 0, max: 0 }, commitments: [] }
  }
  const { hours, beholder } = reading
  const [price, earned, sitePower] = await Promise.all([
    priceOf(context.consumptionPrice, reading),
    context.productionPrice && priceOf(context.productionPrice, reading),
    context.sitePower && perStep(context.sitePower, beholder, 'min'),
  ])
  const commitments: SiteNumbers['commitments'] = [
    { name: `${commodity} net energy`, grouping: 'each', quantity: 0, up: times(price, hours), down: times(earned ?? price, hours) },
  ]
  await addPeak(commitments, commodity, 'consumption', [context.peakConsumption, context.peakConsumptionPrice], reading)
  await addPeak(commitments, commodity, 'production', [context.peakProduction, context.peakProductionPrice], reading)
  for (const [side, capacity, breach] of [
    ['consumption', context.siteConsumption, context.siteConsumptionBreach],
    ['production', context.siteProduction, context.siteProductionBreach],
  ] as const) {
    const cap = capacity ? least(await perStep(capacity, beholder, 'min'), sitePower) : sitePower
    const soft = breach && filled(await perStep(breach, beholder))
    if (soft) commitments.push(...breaches(commodity, side, cap ?? times(soft, Number.NaN), soft, hours))
    limit(flow, commitments, commodity, side, { cap, soft, sitePower }, reading)
  }
  return { flow, commitments, price }
}

/** The bound that holds at any price: the connection where a breach is priced, else the capacity. */
function limit(
  flow: Flow,
  commitments: SiteNumbers['commitments'],
  commodity: string,
  side: 'consumption' | 'production',
  { cap, soft, sitePower }: { cap: Float64Array | undefined; soft: Float64Array | undefined; sitePower: Float64Array | undefined },
  { relax, hours, steps }: FlexReading,
): void {
  const hard = soft ? sitePower : cap
  if (!hard) return
  if (relax) commitments.push(...breaches(`${commodity} site power`, side, hard, new Float64Array(steps).fill(RELAXED.site), hours))
  else flow[side === 'consumption' ? 'max' : 'min'] = side === 'consumption' ? hard : negative(hard)
}

/** The same breach price twice: once for the highest breach of a run, once for every step. */
export function breaches(
  prefix: string,
  side: 'consumption' | 'production',
  cap: Float64Array,
  price: Float64Array,
  hours: number,
  suffix = '',
): Omit<Commitment, 'on'>[] {
  const up = side === 'consumption'
  const quantity = up ? cap : negative(cap)
  const before = prefix === '' ? '' : `${prefix} `
  const signed = up ? price : negative(price)
  return [
    { name: `${before}any ${side} breach${suffix}`, grouping: 'any', quantity, [up ? 'up' : 'down']: signed },
    { name: `${before}all ${side} breaches${suffix}`, grouping: 'each', quantity, [up ? 'up' : 'down']: times(signed, hours) },
  ]
}

async function addPeak(
  commitments: SiteNumbers['commitments'],
  commodity: string,
  side: 'consumption' | 'production',
  [sunk, price]: [FlexValue | undefined, FlexValue | undefined],
  { beholder, steps }: FlexReading,
): Promise<void> {
  if (!price) return
  const quantity = sunk ? filled(await perStep(sunk, beholder)) : new Float64Array(steps)
  const prices = filled(await perStep(price, beholder))
  const up = side === 'consumption'
  commitments.push({
    name: `${commodity} ${side} peak`,
    grouping: 'any',
    quantity: up ? quantity : negative(quantity),
    ...(up ? { up: prices } : { down: negative(prices) }),
  })
}

async function priceOf(value: FlexValue, { beholder }: FlexReading): Promise<Float64Array> {
  const prices = filled(await perStep(value, beholder))
  if (!Number.isNaN(prices[0]!)) return prices
  throw new Problem(
    'unknown-prices',
    say(SAYING.pricesUnknown) + (value.kind === 'sensor' ? ` ${say(SAYING.ofSensor, { sensor: value.sensor.id })}` : ''),
    {
      status: 422,
      hint: say(SAYING.postPrices),
      details: { exception: 'UnknownPricesException' },
    },
  )
}
