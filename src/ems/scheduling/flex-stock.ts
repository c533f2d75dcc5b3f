/** The numbers of one stock: where it starts, its hard bounds and soft wishes at the ends of steps, what flows by itself, what it loses. */
import { instant } from '#kernel'
import type { DeviceNumbers } from './flex-device.ts'
import type { FlexStock } from './flex-inventory.ts'
import { type FlexDevice, powerSensorOf } from './flex-model.ts'
import { hasOffTick, project, projectStart, type StockEvents } from './flex-off-tick.ts'
import { constant, type FlexReading, RELAXED, valueError } from './flex-reading.ts'
import { perStep, perTick, pricePerTick } from './flex-series.ts'
import { type StartOfStock, stockAtStart } from './flex-start.ts'
import type { FlexValue } from './flex-value.ts'

/** A wish about a stock, as asked for: to be compared with what the plan gives. */
export type WishName = 'soc-minima' | 'soc-maxima' | 'soc-targets' | 'soc-min' | 'soc-max'

export interface StockNumbers {
  /** kWh before the first step; undefined = the stock is not followed. */
  start: number | undefined
  min: Float64Array
  max: Float64Array
  equals: Float64Array
  socMin: Float64Array | undefined
  socMax: Float64Array | undefined
  /** soc-max where it is one number, kWh. */
  most: number | undefined
  /** Wishes that cost when they are missed: price per kWh. */
  soft: { label: string; wanted: Float64Array; side: 'up' | 'down'; price: Float64Array }[]
  /** Wishes for the report. */
  wishes: { name: WishName; wanted: Float64Array }[]
  inflow: Float64Array
  retention: Float64Array
}

/**
 * Reads what is asked of a stock; `lead` are the numbers of its first device.
 * @throws Problem `no-soc`, `bad-flex-model`
 */
export async function stockNumbers(stock: FlexStock, lead: DeviceNumbers, reading: FlexReading): Promise<StockNumbers> {
  const { steps, beholder, relax } = reading
  const nothing = () => constant(Number.NaN, steps)
  const { owner } = stock
  const device = reading.plan.devices[stock.members[0]!]!
  const numbers: StockNumbers = {
    start: undefined,
    min: nothing(),
    max: nothing(),
    equals: nothing(),
    socMin: undefined,
    socMax: undefined,
    most: undefined,
    soft: [],
    wishes: [],
    inflow: new Float64Array(steps),
    retention: constant(1, steps),
  }
  if (!owner) return numbers
  const tick = async (value: FlexValue | undefined) => value && perTick(value, beholder, 'first')
  const [socMin, socMax] = await Promise.all([tick(owner.socMin), tick(owner.socMax)])
  numbers.socMin = socMin
  numbers.socMax = socMax
  numbers.most = socMax?.find((value) => !Number.isNaN(value))
  const start = await stockAtStart(owner, device, numbers.most, reading.plan, beholder.source)
  if (!start) return numbers
  numbers.start = start.kwh
  numbers.retention = await retentionOf(stock, reading)
  numbers.inflow = await inflowOf(owner, reading)
  await addWishes(numbers, owner, eventsOf(owner, device, start, lead, numbers, reading), reading, device)
  holdHard(numbers, relax)
  return numbers
}

/** Wishes at moments, brought to ticks. */
function eventsOf(
  owner: FlexDevice,
  device: FlexDevice,
  start: StartOfStock,
  lead: DeviceNumbers,
  numbers: StockNumbers,
  reading: FlexReading,
): StockEvents {
  const segments = (value: FlexValue | undefined) => (value?.kind === 'segments' ? value.segments : undefined)
  const [targets, minima, maxima] = [segments(owner.socTargets), segments(owner.socMinima), segments(owner.socMaxima)]
  const given: StockEvents = { ...(targets && { targets }), ...(minima && { minima }), ...(maxima && { maxima }) }
  if (powerSensorOf(device)?.floorsDatetimes === false) return given
  const how = {
    steps: reading.beholder.steps,
    consumption: lead.consumption,
    production: lead.production,
    chargingEfficiency: lead.device.chargingEfficiency as Float64Array,
    dischargingEfficiency: lead.device.dischargingEfficiency as Float64Array,
    socMin: numbers.socMin?.[0],
    socMax: numbers.most,
  }
  const known = start.at === undefined ? given : projectStart(start.at, start.kwh, given, how)
  return project(known, how)
}

/** True when wishes between ticks ask for soft bounds although relaxing was not asked for. */
function isRelaxedByMoments(owner: FlexDevice, device: FlexDevice, { plan }: FlexReading): boolean {
  if (plan.context.socRelaxing !== 'off' || powerSensorOf(device)?.floorsDatetimes === false || plan.request.dialect === '0.33')
    return false
  return [owner.socTargets, owner.socMinima, owner.socMaxima].some(
    (value) => value?.kind === 'segments' && hasOffTick(value.segments, plan.steps),
  )
}

const WISHES = [
  ['socMinima', 'minima', 'soc-minima', ['down'], 'max'],
  ['socMaxima', 'maxima', 'soc-maxima', ['up'], 'min'],
  ['socTargets', 'targets', 'soc-targets', ['down', 'up'], 'first'],
] as const

async function addWishes(
  numbers: StockNumbers,
  owner: FlexDevice,
  events: StockEvents,
  reading: FlexReading,
  device: FlexDevice,
): Promise<void> {
  const { plan, beholder, relax } = reading
  const { context, request } = plan
  const fallback: FlexValue | undefined = isRelaxedByMoments(owner, device, reading) ? { kind: 'fixed', value: 1000 } : undefined
  const prices = { down: context.socMinimaBreach ?? fallback, up: context.socMaximaBreach ?? fallback }
  for (const [key, list, name, sides, overlap] of WISHES) {
    const projected = events[list]
    const value: FlexValue | undefined = projected ? { kind: 'segments', segments: projected } : owner[key]
    if (!value || (value.kind === 'segments' && value.segments.length === 0)) continue
    const isSoft = sides.every((side) => prices[side] !== undefined) && !(key === 'socTargets' && request.dialect === '0.33')
    const asked = owner[key]
    if (asked) {
      const wanted = await perTick(asked, beholder, overlap)
      if (!wanted.every(Number.isNaN)) numbers.wishes.push({ name, wanted })
    }
    // Hard lists are written segment by segment: the last one counts.
    const wanted = await perTick(value, beholder, !isSoft && value.kind === 'segments' ? 'last' : overlap)
    if (wanted.every(Number.isNaN)) continue
    if (isSoft || relax) {
      for (const side of sides) {
        const price = isSoft ? await pricePerTick(prices[side]!, beholder) : constant(RELAXED.wish, reading.steps)
        numbers.soft.push({ label: name.replace('-', ' '), wanted, side, price })
      }
    } else {
      const into = key === 'socTargets' ? numbers.equals : key === 'socMinima' ? numbers.min : numbers.max
      into.set(wanted)
    }
  }
  if (!relax) return
  for (const [series, name, side] of [
    [numbers.socMin, 'soc-min', 'down'],
    [numbers.socMax, 'soc-max', 'up'],
  ] as const) {
    if (!series) continue
    numbers.wishes.push({ name, wanted: series })
    numbers.soft.push({ label: name.replace('-', ' '), wanted: series, side, price: constant(RELAXED.bound, reading.steps) })
  }
}

/** Wishes kept at any price lie between soc-min and soc-max, which hold where there is no wish. */
function holdHard(numbers: StockNumbers, relax: boolean): void {
  if (relax) return
  const clip = (value: number, step: number) => {
    const low = numbers.socMin?.[step] ?? Number.NaN
    const high = numbers.socMax?.[step] ?? Number.NaN
    const raised = Number.isNaN(low) ? value : Math.max(value, low)
    return Number.isNaN(high) ? raised : Math.min(raised, high)
  }
  const fill = (series: Float64Array, standard: Float64Array | undefined) => {
    for (let step = 0; step < series.length; step++)
      series[step] = Number.isNaN(series[step]!) ? (standard?.[step] ?? Number.NaN) : clip(series[step]!, step)
  }
  fill(numbers.min, numbers.socMin)
  fill(numbers.max, numbers.socMax)
}

/** Inflow less use, kW of stock; unknown = 0. */
async function inflowOf(owner: FlexDevice, { beholder, steps }: FlexReading): Promise<Float64Array> {
  const inflow = new Float64Array(steps)
  for (const [values, sign] of [
    [owner.socGain, 1],
    [owner.socUsage, -1],
  ] as const)
    for (const value of values) {
      const each = await perStep(value, beholder)
      for (let step = 0; step < steps; step++) inflow[step]! += sign * (Number.isNaN(each[step]!) ? 0 : each[step]!)
    }
  return inflow
}

/** Losses are per step of the power sensor (or of the efficiency's own sensor), brought to the step of the schedule. One entry states them. */
async function retentionOf(stock: FlexStock, { plan, beholder, steps }: FlexReading): Promise<Float64Array> {
  const members = stock.members.map((index) => plan.devices[index]!)
  const saying = [...new Set([stock.owner, ...members])].flatMap((entry) => entry?.storageEfficiency ?? [])
  if (saying.length > 1)
    throw valueError(
      'bad-flex-model',
      `Multiple flex-model entries define a storage-efficiency for the same stock (state-of-charge sensor ${stock.key}). The storage efficiency is a property of the shared stock, so please define it on a single entry.`,
      'Keep it on one entry.',
    )
  const [value] = saying
  if (!value) return constant(1, steps)
  const series = (await perStep(value, beholder)).map((each) => (Number.isNaN(each) ? 1 : Math.min(Math.max(each, 0), 1)))
  if (series.every((each) => each === 1)) return series
  const lead = members[0]!
  const own =
    value.kind === 'sensor'
      ? value.sensor.resolution
      : [lead.sensor, lead.consumption, lead.production].find((sensor) => sensor && sensor.resolution > 0)?.resolution
  if (!own)
    throw valueError(
      'bad-flex-model',
      'The storage-efficiency cannot be interpreted without a resolution. Record the storage-efficiency on a sensor instead (with a non-zero resolution) and then reference that sensor in the flex-model. Alternatively, set the consumption or production field in the flex-model to reference a sensor, and the scheduler will assume their resolution is the one to use.',
      'Name a power sensor.',
    )
  const power = beholder.steps.step / own
  return series.map((each) => each ** power)
}

/** The moment at the end of a step, for reports. */
export const tickOf = ({ beholder: { steps } }: FlexReading, tick: number) => instant(steps.start + (tick + 1) * steps.step)
