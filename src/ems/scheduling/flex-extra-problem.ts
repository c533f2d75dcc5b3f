/** What the fields beyond FlexMeasures add to a scheduling problem: wear, soft fullness, shortest runs, change, and who shares what. */
import type { Claim, Sharing } from './fairness.ts'
import type { DeviceExtra } from './flex-extra.ts'
import { powerSensorOf } from './flex-model.ts'
import type { FlexProblem, StockWishSeries } from './flex-problem.ts'
import type { FlexPlan } from './flex-request.ts'
import { type Beholder, filled, perStep, perTick, pricePerTick } from './flex-series.ts'
import type { FlexValue } from './flex-value.ts'
import { at, type Band, type Commitment, type ProblemDevice, type SchedulingProblem } from './problem.ts'
import { type SeriesSource, storesConsumption } from './series-source.ts'

/** Price of an hour above soft-soc-max, per kWh, when none is given: above energy, below wishes. */
const SOFT_MAX_PRICE = 10
/** Share of soc-max above which a storage wears. */
const WEAR_FROM = 0.8
/** A device with a shortest run runs at this share of its power at least. */
const LEAST_RUN = 0.01

interface Reading {
  plan: FlexPlan
  beholder: Beholder
  hours: number
  /** How many. */
  steps: number
}

/** Adds what the extra fields of devices and context ask for. Changes `flex.problem`. */
export async function addExtras(flex: FlexProblem, plan: FlexPlan, source: SeriesSource): Promise<void> {
  const { steps, request } = plan
  const hours = steps.step / 3_600_000
  const reading: Reading = { plan, beholder: { source, steps, prior: request.prior }, hours, steps: steps.count }
  await Promise.all(plan.devices.map(async (device, index) => device.extra && addDevice(flex, index, device.extra, reading)))
  if (plan.context.extra?.changePrice) await addChange(flex.problem, plan.context.extra.changePrice, reading)
}

async function addDevice(flex: FlexProblem, index: number, extra: DeviceExtra, reading: Reading): Promise<void> {
  const { problem } = flex
  const { beholder, hours } = reading
  const device = problem.devices[index]!
  if (extra.cycleCost) {
    const price = priced(await perStep(extra.cycleCost, beholder), hours)
    commit(problem, ownFlow(problem, index), {
      name: `cycle cost device ${index}`,
      grouping: 'each',
      quantity: 0,
      up: price,
      down: price.map((each) => -each),
    })
  }
  if (extra.minRun !== undefined || extra.minRest !== undefined) {
    const stepsOf = (length: number | undefined) => Math.max(1, Math.ceil((length ?? 0) / reading.plan.steps.step - 1e-9))
    Object.assign(device, { bands: runsOf(device, reading.steps), minRun: stepsOf(extra.minRun), minRest: stepsOf(extra.minRest) })
  }
  const { stock } = device
  if (stock === undefined) return
  const on = { stock }
  const above = async (name: string, quantity: Float64Array | number, price: FlexValue | number) => {
    const each = typeof price === 'number' ? new Float64Array(reading.steps).fill(price) : await pricePerTick(price, beholder)
    commit(problem, on, { name: `${name} device ${index}`, grouping: 'each', quantity, up: priced(each, hours) })
  }
  if (extra.calendarWearPrice) {
    const most = flex.socMax[index]
    await above('calendar wear', extra.calendarWearSoc ?? (most === undefined ? 0 : WEAR_FROM * most), extra.calendarWearPrice)
  }
  if (extra.softSocMax)
    await above('soft soc max', await perTick(extra.softSocMax, beholder, 'min'), extra.softSocMaxPrice ?? SOFT_MAX_PRICE)
}

const priced = (price: Float64Array, hours: number): Float64Array => filled(price).map((each) => (Number.isNaN(each) ? 0 : each * hours))

function commit(problem: SchedulingProblem, on: Commitment['on'], commitment: Omit<Commitment, 'on'>): void {
  problem.commitments.push({ ...commitment, on })
}

const ownFlow = (problem: SchedulingProblem, index: number): { flow: number } => ({
  flow: problem.flows.push({ name: problem.devices[index]!.name, role: 'device', devices: [index] }) - 1,
})

/** Rest, and the device's modes (or all it can do) away from 0: whether it runs must be seen from its power. */
function runsOf(device: ProblemDevice, steps: number): Band[] {
  let [low, high] = [0, 0]
  for (let step = 0; step < steps; step++) {
    low = Math.min(low, at(device.min, step))
    high = Math.max(high, at(device.max, step))
  }
  const least = LEAST_RUN * Math.max(high, -low)
  const runs = (device.bands ?? [{ from: low, to: high }]).flatMap(({ from, to }): Band[] => [
    ...(to >= least ? [{ from: Math.max(from, least), to }] : []),
    ...(from <= -least ? [{ from, to: Math.min(to, -least) }] : []),
  ])
  const hasRest = device.bands?.every(({ from, to }) => from > 0 || to < 0) !== true
  return [...(hasRest ? [{ from: 0, to: 0 }] : []), ...runs]
}

/** A small price on each kWh away from what schedulers last said of a device. */
async function addChange(problem: SchedulingProblem, price: FlexValue, { plan, beholder, hours }: Reading): Promise<void> {
  const each = priced(await perStep(price, beholder), hours)
  await Promise.all(
    plan.devices.map(async (device, index) => {
      const sensor = powerSensorOf(device)
      if (!sensor) return
      const filters = { sourceTypes: ['scheduler'] }
      const last = await perStep({ kind: 'sensor', sensor, filters, toUnit: 'kW' }, beholder)
      if (last.every(Number.isNaN)) return
      const sign = storesConsumption(sensor) ? 1 : -1
      commit(problem, ownFlow(problem, index), {
        name: 'change from the last plan',
        grouping: 'each',
        quantity: last.map((power) => sign * power),
        up: each,
        down: each.map((value) => -value),
        tieBreak: true,
      })
    }),
  )
}

/** How wishes that do not all fit are shared: undefined = as costs least. */
export function sharingOf(plan: FlexPlan, wishes: readonly StockWishSeries[]): Sharing | undefined {
  const priorities = plan.devices.map(({ extra }) => extra?.priority)
  const way = plan.context.extra?.fairSharing ?? (priorities.some((each) => each !== undefined) ? 'max-min' : 'none')
  if (way === 'none') return undefined
  const last = Math.max(0, ...priorities.map((each) => each ?? 0)) + 1
  const claims = wishes.flatMap(({ device, name, wanted }): Claim[] =>
    name !== 'soc-minima' && name !== 'soc-targets'
      ? []
      : Array.from(wanted).flatMap((kwh, step) => (Number.isNaN(kwh) ? [] : [{ device, step, kwh, priority: priorities[device] ?? last }])),
  )
  return { claims, way }
}
