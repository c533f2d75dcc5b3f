/** From a read request to a scheduling problem: beliefs become numbers, defaults and precedence rules become bounds and commitments. */
import { type Instant, instant, Problem, parseInstant } from '#kernel'
import type { FlexDevice } from './flex-model.ts'
import { type FlexPlan, momentOf } from './flex-request.ts'
import { type Beholder, filled, perStep, perTick } from './flex-series.ts'
import type { FlexValue } from './flex-value.ts'
import type { Commitment, Flow, ProblemDevice, SchedulingProblem, Stock } from './problem.ts'
import type { SeriesSource } from './series-source.ts'
import { fullSooner } from './tie-break.ts'

/** A wish about a stock, as asked for: to be compared with what the plan gives. */
export interface StockWishSeries {
  device: number
  name: 'soc-minima' | 'soc-maxima' | 'soc-targets' | 'soc-min' | 'soc-max'
  /** kWh per tick; NaN = none. */
  wanted: Float64Array
}

export interface FlexProblem {
  problem: SchedulingProblem
  wishes: StockWishSeries[]
  socAtStart: (number | undefined)[]
  /** kWh, for outputs in %. */
  socMax: (number | undefined)[]
}

/** Prices at which hard wishes are broken when there is no other way, currency per kWh and kW; dearer than every soft default. */
const RELAXED = { wish: 1e4, bound: 1e5, site: 1e5 }

/**
 * Gathers the numbers and writes the problem. `relax` turns hard stock and site limits into dear wishes.
 * @throws Problem `unknown-prices`, `no-soc`, `no-power-capacity`
 */
export async function flexProblem(plan: FlexPlan, source: SeriesSource, relax = false): Promise<FlexProblem> {
  const { steps, context, devices } = plan
  const beholder: Beholder = { source, steps, prior: plan.request.prior }
  const hours = steps.step / 3_600_000
  const build: Build = {
    plan,
    beholder,
    hours,
    relax,
    problem: { steps: steps.count, hours, devices: [], stocks: [], flows: [], commitments: [] },
    wishes: [],
    socAtStart: [],
    socMax: [],
    sitePower: context.sitePower ? await perStep(context.sitePower, beholder, 'min') : undefined,
    spread: 0,
    inflexible: new Map(),
  }
  await addSite(build)
  for (const [index, device] of devices.entries()) await addDevice(build, device, index)
  await addGroups(build)
  await addCommitments(build)
  const { problem, wishes, socAtStart, socMax } = build
  return { problem, wishes, socAtStart, socMax }
}

interface Build {
  plan: FlexPlan
  beholder: Beholder
  hours: number
  relax: boolean
  problem: SchedulingProblem
  wishes: StockWishSeries[]
  socAtStart: (number | undefined)[]
  socMax: (number | undefined)[]
  sitePower: Float64Array | undefined
  /** Dearest minus cheapest consumption price, per kWh. */
  spread: number
  /** Profiles nobody decides, by sensor, kW, consumption positive. */
  inflexible: Map<number, Float64Array>
}

const SITE = 0
const negative = (series: Float64Array): Float64Array => series.map((value) => -value)
const times = (series: Float64Array, factor: number): Float64Array => series.map((value) => value * factor)
const least = (one: Float64Array, other: Float64Array | undefined): Float64Array =>
  other === undefined
    ? one
    : one.map((value, step) => (Number.isNaN(value) ? other[step]! : Math.min(value, Number.isNaN(other[step]!) ? Infinity : other[step]!)))

async function priceOf(value: FlexValue, beholder: Beholder): Promise<Float64Array> {
  const prices = filled(await perStep(value, beholder))
  if (Number.isNaN(prices[0]!))
    throw new Problem(
      'unknown-prices',
      `Prices unknown for planning window.${value.kind === 'sensor' ? ` (sensor ${value.sensor.id})` : ''}`,
      {
        status: 422,
        hint: 'Post prices that cover the window, or give them in the request.',
        details: { exception: 'UnknownPricesException' },
      },
    )
  return prices
}

async function addSite(build: Build): Promise<void> {
  const { plan, beholder, hours, problem, sitePower } = build
  const { context } = plan
  const fixed = new Float64Array(problem.steps)
  for (const { value, sign } of context.inflexible) {
    const profile = (await perStep(value, beholder)).map((power) => (Number.isNaN(power) ? 0 : sign * power))
    build.inflexible.set(value.sensor.id, profile)
    for (let step = 0; step < problem.steps; step++) fixed[step]! += profile[step]!
  }
  const site: Flow = { name: 'site', devices: plan.devices.map((_, index) => index), fixed }
  problem.flows.push(site)
  if (context.consumptionPrice) {
    const up = await priceOf(context.consumptionPrice, beholder)
    const down = context.productionPrice ? await priceOf(context.productionPrice, beholder) : up
    build.spread = Math.max(...up) - Math.min(...up)
    problem.commitments.push({
      name: 'electricity net energy',
      on: { flow: SITE },
      grouping: 'each',
      quantity: 0,
      up: times(up, hours),
      down: times(down, hours),
    })
  }
  const peak = async (side: 'consumption' | 'production', quantity: FlexValue | undefined, price: FlexValue | undefined) => {
    if (!price) return
    const sunk = quantity ? await perStep(quantity, beholder) : new Float64Array(problem.steps)
    const prices = filled(await perStep(price, beholder))
    const up = side === 'consumption'
    problem.commitments.push({
      name: `electricity ${side} peak`,
      on: { flow: SITE },
      grouping: 'any',
      quantity: up ? sunk : negative(sunk),
      ...(up ? { up: prices } : { down: negative(prices) }),
    })
  }
  await peak('consumption', context.peakConsumption, context.peakConsumptionPrice)
  await peak('production', context.peakProduction, context.peakProductionPrice)
  const capacity = async (value: FlexValue | undefined) => (value ? least(await perStep(value, beholder, 'min'), sitePower) : sitePower)
  const consumption = await capacity(context.siteConsumption)
  const production = await capacity(context.siteProduction)
  const none = new Float64Array(problem.steps).fill(Infinity)
  for (const [side, cap, breach] of [
    ['consumption', consumption, context.siteConsumptionBreach],
    ['production', production, context.siteProductionBreach],
  ] as const) {
    const up = side === 'consumption'
    const softly = breach ? filled(await perStep(breach, beholder)) : build.relax && cap ? none.map(() => RELAXED.site) : undefined
    if (softly) addBreach(build, SITE, `electricity`, side, cap ?? none, softly)
    const hard = softly ? (build.relax ? undefined : sitePower) : cap
    if (build.relax && sitePower && breach)
      addBreach(
        build,
        SITE,
        'site power',
        side,
        sitePower,
        none.map(() => RELAXED.site),
      )
    if (hard) site[up ? 'max' : 'min'] = up ? hard : negative(hard)
  }
}

/** The same breach price twice: once for the highest breach of a run, once for every step. */
function addBreach(
  { problem, hours }: Build,
  flow: number,
  prefix: string,
  side: 'consumption' | 'production',
  cap: Float64Array,
  price: Float64Array,
  suffix = '',
): void {
  const up = side === 'consumption'
  const quantity = up ? cap : negative(cap)
  const before = prefix === '' ? '' : `${prefix} `
  const common = { on: { flow }, quantity }
  problem.commitments.push({
    name: `${before}any ${side} breach${suffix}`,
    grouping: 'any',
    ...common,
    [up ? 'up' : 'down']: up ? price : negative(price),
  })
  problem.commitments.push({
    name: `${before}all ${side} breaches${suffix}`,
    grouping: 'each',
    ...common,
    [up ? 'up' : 'down']: times(up ? price : negative(price), hours),
  })
}

async function addDevice(build: Build, device: FlexDevice, index: number): Promise<void> {
  const { problem, beholder } = build
  const name = device.sensor ? `sensor ${device.sensor.id}` : `asset ${device.asset}`
  const capacities = await capacitiesOf(build, device, name)
  const one: ProblemDevice = { name, min: negative(capacities.production), max: capacities.consumption }
  const efficiency = async (value: FlexValue | undefined): Promise<Float64Array> => {
    const root = Math.sqrt(device.roundtripEfficiency ?? 1)
    if (!value || device.roundtripEfficiency !== undefined) return new Float64Array(problem.steps).fill(root)
    return (await perStep(value, beholder)).map((each) => (Number.isNaN(each) ? 1 : each))
  }
  one.chargingEfficiency = await efficiency(device.chargingEfficiency)
  one.dischargingEfficiency = await efficiency(device.dischargingEfficiency)
  problem.devices.push(one)
  for (const [side, soft, price] of [
    ['consumption', capacities.softConsumption, build.plan.context.consumptionBreach],
    ['production', capacities.softProduction, build.plan.context.productionBreach],
  ] as const) {
    if (!soft || !price) continue
    const flow = problem.flows.push({ name, devices: [index] }) - 1
    addBreach(build, flow, '', side, soft, filled(await perStep(price, beholder)), ` device ${index}`)
  }
  await addStock(build, device, index, one, name)
}

/** Bounds of a device by the rules of inference: directional capacities, power capacity, site, and the missing direction. */
async function capacitiesOf(build: Build, device: FlexDevice, name: string) {
  const { beholder, problem, plan } = build
  const read = async (value: FlexValue | undefined) =>
    value ? (await perStep(value, beholder, 'min')).map((each) => Math.max(each, 0)) : undefined
  const consumption = await read(device.consumptionCapacity)
  const production = await read(device.productionCapacity)
  const given = (series: Float64Array | undefined): boolean => series?.some((value) => value > 0) ?? false
  let power: Float64Array | undefined = device.powerCapacity
    ? (await perStep(device.powerCapacity, beholder, 'min')).map(Math.abs)
    : undefined
  const attribute = device.facts?.attributes['capacity_in_mw']
  if (!power && typeof attribute === 'number') power = new Float64Array(problem.steps).fill(attribute * 1000)
  if (!power && (given(consumption) || given(production))) {
    const most = (series: Float64Array | undefined) => (series ? Math.max(...series.filter((value) => !Number.isNaN(value)), 0) : 0)
    power = new Float64Array(problem.steps).fill(Math.max(most(consumption), most(production)))
  }
  power ??= build.sitePower
  if (!power)
    throw new Problem('no-power-capacity', `Power capacity is not defined for ${name}.`, {
      status: 422,
      hint: 'Give power-capacity in the flex-model, or site-power-capacity in the flex-context.',
      details: { exception: 'ValueError' },
    })
  const whole = filled(power).map((value) => (Number.isNaN(value) ? 0 : value))
  const cap = (own: Float64Array | undefined, other: Float64Array | undefined): Float64Array => {
    if (own) return own.map((value, step) => Math.min(Number.isNaN(value) ? Infinity : value, whole[step]!))
    return given(other) ? new Float64Array(problem.steps) : whole
  }
  const consumptionCap = cap(consumption, production)
  const productionCap = cap(production, consumption)
  // Softened: the wish stays at the directional capacity, the hard bound moves out to the power capacity. Never where it is 0 throughout.
  const softConsumption = plan.context.consumptionBreach && consumption && given(consumption) ? consumptionCap : undefined
  const softProduction = plan.context.productionBreach && production && given(production) ? productionCap : undefined
  return {
    consumption: softConsumption ? whole : consumptionCap,
    production: softProduction ? whole : productionCap,
    softConsumption,
    softProduction,
  }
}

async function addStock(build: Build, device: FlexDevice, index: number, one: ProblemDevice, name: string): Promise<void> {
  const { problem, beholder, plan, hours, relax } = build
  const { context } = plan
  const socMax = device.socMax ? await perTick(device.socMax, beholder, 'first') : undefined
  const socMin = device.socMin ? await perTick(device.socMin, beholder, 'first') : undefined
  const most = socMax?.find((value) => !Number.isNaN(value))
  const start = await socAtStart(device, plan, beholder.source, most)
  build.socAtStart.push(start)
  build.socMax.push(most)
  if (start === undefined) return
  const nothing = () => new Float64Array(problem.steps).fill(Number.NaN)
  const min = relax ? nothing() : (socMin ?? nothing()).slice()
  const max = relax ? nothing() : (socMax ?? nothing()).slice()
  const stock = problem.stocks.length
  const soft = async (wish: string, wanted: Float64Array, price: FlexValue | number | undefined, side: 'up' | 'down') => {
    const prices = typeof price === 'number' ? new Float64Array(problem.steps).fill(price) : filled(await perStep(price!, beholder))
    const signed = side === 'up' ? prices : negative(prices)
    const common = { on: { stock }, quantity: wanted }
    problem.commitments.push({ name: `any ${wish}`, grouping: 'any', ...common, [side]: times(signed, 1 / hours) })
    problem.commitments.push({ name: `all ${wish}`, grouping: 'each', ...common, [side]: signed })
  }
  const wish = async (key: 'socMinima' | 'socMaxima' | 'socTargets', label: StockWishSeries['name'], sides: ('up' | 'down')[]) => {
    const value = device[key]
    if (!value || (value.kind === 'segments' && value.segments.length === 0)) return
    const price = { down: context.socMinimaBreach, up: context.socMaximaBreach }
    const isSoft = sides.every((side) => price[side] !== undefined)
    const overlap = !isSoft ? 'last' : key === 'socMinima' ? 'max' : key === 'socMaxima' ? 'min' : 'first'
    const wanted = await perTick(value, beholder, overlap)
    if (wanted.every(Number.isNaN)) return
    build.wishes.push({ device: index, name: label, wanted })
    if (isSoft || relax) {
      for (const side of sides) await soft(label.replace('-', ' '), wanted, isSoft ? price[side] : RELAXED.wish, side)
      return
    }
    wanted.forEach((amount, tick) => {
      if (Number.isNaN(amount)) return
      const low = Number.isNaN(min[tick]!) ? -Infinity : min[tick]!
      const high = Number.isNaN(max[tick]!) ? Infinity : max[tick]!
      if (key === 'socTargets') min[tick] = max[tick] = Math.min(Math.max(amount, low), high)
      else if (key === 'socMinima') min[tick] = Math.max(amount, low)
      else max[tick] = Math.min(amount, high)
    })
  }
  await wish('socMinima', 'soc-minima', ['down'])
  await wish('socMaxima', 'soc-maxima', ['up'])
  await wish('socTargets', 'soc-targets', ['down', 'up'])
  if (relax)
    for (const [series, label, side] of [
      [socMin, 'soc-min', 'down'],
      [socMax, 'soc-max', 'up'],
    ] as const) {
      if (!series) continue
      build.wishes.push({ device: index, name: label, wanted: series })
      await soft(label.replace('-', ' '), series, RELAXED.bound, side)
    }
  const inflow = new Float64Array(problem.steps)
  for (const [values, sign] of [
    [device.socGain, 1],
    [device.socUsage, -1],
  ] as const)
    for (const value of values) {
      const each = await perStep(value, beholder)
      for (let step = 0; step < problem.steps; step++) inflow[step]! += sign * (Number.isNaN(each[step]!) ? 0 : each[step]!)
    }
  const one_: Stock = { name, start, min, max, inflow, retention: await retentionOf(device, beholder) }
  problem.stocks.push(one_)
  one.stock = stock
  if (device.preferChargingSooner && socMax && most !== undefined)
    problem.commitments.push({
      name: `prefer a full storage ${index} sooner`,
      on: { stock },
      grouping: 'each',
      quantity: socMax,
      down: fullSooner(build.spread, problem.steps, hours, device.preferCurtailingLater),
      tieBreak: true,
    })
}

/** Losses are per step of the power sensor (or of the efficiency's own sensor), brought to the step of the schedule. */
async function retentionOf(device: FlexDevice, beholder: Beholder): Promise<Float64Array | number> {
  const value = device.storageEfficiency
  if (!value) return 1
  const own = value.kind === 'sensor' ? value.sensor.resolution : (device.sensor ?? device.consumption ?? device.production)?.resolution
  const power = own && own > 0 ? beholder.steps.step / own : 1
  return (await perStep(value, beholder)).map((each) => (Number.isNaN(each) ? 1 : Math.min(Math.max(each, 0), 1) ** power))
}

/** In this order: the request, the newest value of the state-of-charge sensor near the start, the asset's attribute, 0 for storages. */
async function socAtStart(device: FlexDevice, plan: FlexPlan, source: SeriesSource, most: number | undefined): Promise<number | undefined> {
  if (device.socAtStart !== undefined) return device.socAtStart
  const { start, step } = plan.steps
  const soc = device.stateOfCharge
  if (soc?.kind === 'segments') {
    const hit = soc.segments.find((segment) => segment.from <= start && start <= segment.to) ?? soc.segments[0]
    if (hit) return hit.value
  }
  if (soc?.kind === 'sensor') {
    const near = 4 * step
    const found = await source.moments({
      sensor: soc.sensor.id,
      from: instant(start - near),
      until: instant(start + near + 1),
      prior: plan.request.prior,
    })
    let best: { at: Instant; value: number } | undefined
    for (const event of found) if (!best || Math.abs(event.at - start) <= Math.abs(best.at - start)) best = event
    if (!best)
      throw new Problem('no-soc', `No recent state-of-charge value found for sensor ${soc.sensor.id}.`, {
        status: 422,
        hint: 'Post a state of charge close to the start of the schedule, or send soc-at-start.',
        details: { exception: 'ValueError' },
      })
    if (soc.sensor.unit === '%') {
      if (most === undefined)
        throw new Problem('no-soc', `The state of charge of sensor ${soc.sensor.id} is in %, which needs soc-max.`, {
          status: 422,
          hint: 'Give soc-max in the flex-model.',
        })
      return (best.value / 100) * most
    }
    return soc.sensor.unit === 'kWh' ? best.value : soc.sensor.unit === 'MWh' ? best.value * 1000 : best.value / 1000
  }
  const { soc_in_mwh: stored, soc_datetime: when } = device.facts?.attributes ?? {}
  if (typeof stored === 'number' && typeof when === 'string' && momentEquals(when, start)) return stored * 1000
  return device.socMin || device.socMax ? 0 : undefined
}

function momentEquals(text: string, at: Instant): boolean {
  try {
    return parseInstant(text) === at
  } catch {
    return false
  }
}

const GROUP_BREACH = 10_000

async function addGroups(build: Build): Promise<void> {
  const { plan, problem, beholder } = build
  for (const group of plan.groups) {
    const isMember = (device: FlexDevice): boolean =>
      device.group !== undefined &&
      ('asset' in device.group ? device.group.asset === group.asset : device.group.sensor === group.sensor?.id)
    const members = plan.devices.flatMap((device, index) => (isMember(device) ? [index] : []))
    const name = group.sensor ? `group sensor:${group.sensor.id}` : `group asset:${group.asset}`
    const flow: Flow = { name, devices: members }
    const index = problem.flows.push(flow) - 1
    if (group.powerCapacity) {
      const cap = (await perStep(group.powerCapacity, beholder, 'min')).map(Math.abs)
      flow.max = cap
      flow.min = negative(cap)
    }
    const price = new Float64Array(problem.steps).fill(GROUP_BREACH)
    if (group.consumptionCapacity)
      addBreach(build, index, name, 'consumption', await perStep(group.consumptionCapacity, beholder, 'min'), price)
    if (group.productionCapacity)
      addBreach(build, index, name, 'production', await perStep(group.productionCapacity, beholder, 'min'), price)
  }
}

async function addCommitments(build: Build): Promise<void> {
  const { plan, problem, beholder, hours } = build
  for (const wanted of plan.context.commitments) {
    const baseline = (await perStep(wanted.baseline, beholder)).map((each) => each)
    const price = async (value: FlexValue | undefined, perEnergy: boolean) =>
      value && times(filled(await perStep(value, beholder)), perEnergy ? hours : 1)
    const up = await price(wanted.up, wanted.upPerEnergy)
    const down = await price(wanted.down, wanted.downPerEnergy)
    const taken = problem.commitments.some((other) => other.name === wanted.name)
    let flow = SITE
    if (wanted.sensors) {
      const devices = plan.devices.flatMap((device, index) => (device.sensor && wanted.sensors?.includes(device.sensor.id) ? [index] : []))
      const fixed = new Float64Array(problem.steps)
      for (const id of wanted.sensors)
        build.inflexible.get(id)?.forEach((power, step) => {
          fixed[step]! += power
        })
      flow = problem.flows.push({ name: wanted.name, devices, fixed }) - 1
    }
    const commitment: Commitment = {
      name: taken ? `${wanted.name} (custom)` : wanted.name,
      on: { flow },
      grouping: 'each',
      quantity: baseline,
      ...(up ? { up } : {}),
      ...(down ? { down } : {}),
    }
    problem.commitments.push(commitment)
  }
}

/** The last moment of a plan. */
export const endOf = (plan: FlexPlan): Instant => momentOf(plan.steps, plan.steps.count)
