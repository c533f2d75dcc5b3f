/** What a solved schedule stores on which sensor: signs, units, resolutions, and n + 1 points of state of charge. Pure. */
import { convert, converter, type Instant } from '#kernel'
import type { CommodityContext } from './flex-context.ts'
import type { FlexProblem } from './flex-problem.ts'
import type { FlexPlan } from './flex-request.ts'
import { resample } from './flex-series.ts'
import { contextOf } from './flex-site.ts'
import type { ScheduleOutput } from './scheduler.ts'
import { type SensorFacts, storesConsumption } from './series-source.ts'

/** Numbers as they are stored: nine decimals are more than any meter has, and hide the solver's last digits. */
const round = (value: number): number => Math.round(value * 1e9) / 1e9 || 0

interface OutputTime {
  start: Instant
  step: number
}

/**
 * A power profile (kW, consumption positive, `step` ms) for one sensor: resampled to its resolution, in its unit, in its stored sign
 * (production positive unless the sensor says otherwise; energies always as consumed).
 */
export function powerOutput(
  sensor: SensorFacts,
  kind: ScheduleOutput['kind'],
  profile: readonly number[],
  { start, step, consumptionIsPositive }: OutputTime & { consumptionIsPositive?: boolean },
): ScheduleOutput {
  const to = sensor.resolution > 0 ? sensor.resolution : step
  const turn = converter('kW', sensor.unit, to)
  const sign = (consumptionIsPositive ?? storesConsumption(sensor)) ? 1 : -1
  return {
    sensor,
    kind,
    start,
    step: to,
    values: resample(profile, step, to).map((value) => round(sign * turn(value))),
    ...(consumptionIsPositive === undefined ? {} : { consumptionIsPositive }),
  }
}

/**
 * Outputs `consumption` and `production`: with both sensors each takes its own part (both stored positive), with one it takes the whole
 * signed profile. Their sign attribute is set so that readers know.
 */
export function splitOutputs(
  { consumption, production }: { consumption?: SensorFacts | undefined; production?: SensorFacts | undefined },
  kind: { consumption: ScheduleOutput['kind']; production: ScheduleOutput['kind'] },
  profile: readonly number[],
  time: OutputTime,
): ScheduleOutput[] {
  const both = consumption !== undefined && production !== undefined
  const outputs: ScheduleOutput[] = []
  if (consumption)
    outputs.push(
      powerOutput(consumption, kind.consumption, both ? profile.map((power) => Math.max(power, 0)) : profile, {
        ...time,
        consumptionIsPositive: true,
      }),
    )
  if (production)
    outputs.push(
      powerOutput(production, kind.production, both ? profile.map((power) => Math.min(power, 0)) : profile, {
        ...time,
        consumptionIsPositive: false,
      }),
    )
  return outputs
}

/** The planned stock (kWh, start first) for an instantaneous sensor: n + 1 points in its unit; % needs `socMaxKwh`. */
export function stockOutput(
  sensor: SensorFacts,
  path: ArrayLike<number>,
  { start, step, socMaxKwh }: OutputTime & { socMaxKwh?: number | undefined },
): ScheduleOutput | undefined {
  if (sensor.unit === '%' && !socMaxKwh) return undefined
  const turn = sensor.unit === '%' ? (value: number) => (value / socMaxKwh!) * 100 : (value: number) => convert(value, 'kWh', sensor.unit)
  return { sensor, kind: 'state-of-charge', start, step, values: Array.from(path, (value) => round(turn(value))) }
}

/**
 * All outputs of a plan. A sensor named twice is written once: entries that share a power sensor are added up, and where a device's power sensor
 * is also an output or an aggregate, the more particular meaning counts.
 */
export function outputsOf(
  plan: FlexPlan,
  flex: FlexProblem,
  solved: { powers: readonly ArrayLike<number>[]; stocks: readonly ArrayLike<number>[]; flows: readonly ArrayLike<number>[] },
): ScheduleOutput[] {
  const time = { start: plan.steps.start, step: plan.steps.step }
  const flowOf = (flow: number) => Array.from(solved.flows[flow]!)
  const split = (
    outputs: { consumption?: SensorFacts | undefined; production?: SensorFacts | undefined },
    profile: number[],
    kind?: 'aggregate',
  ) => splitOutputs(outputs, { consumption: kind ?? 'consumption', production: kind ?? 'production' }, profile, time)
  const particular = [
    ...plan.devices.flatMap((device, index) => split(device, Array.from(solved.powers[index]!))),
    ...flex.groups.flatMap(({ members, flow }) => split(members.group.entry, flowOf(flow))),
  ]
  const powers = new Map<number, { sensor: SensorFacts; profile: number[] }>()
  const add = (sensor: SensorFacts | undefined, profile: ArrayLike<number>) => {
    if (!sensor) return
    const known = powers.get(sensor.id)
    powers.set(sensor.id, { sensor, profile: Array.from(profile, (power, step) => power + (known?.profile[step] ?? 0)) })
  }
  plan.devices.forEach((device, index) => {
    add(device.sensor, solved.powers[index]!)
  })
  for (const { members, flow } of flex.groups) add(members.group.entry.sensor, solved.flows[flow]!)
  const aggregates = flex.commodities.flatMap(({ members: { commodity }, flow }) => {
    const context: CommodityContext | undefined = contextOf(plan.context, commodity)
    const sensors = { consumption: context?.aggregateConsumption, production: context?.aggregateProduction }
    const { aggregatePower } = plan.context
    return [
      ...split(sensors, flowOf(flow), 'aggregate'),
      ...(aggregatePower && commodity === 'electricity' ? [powerOutput(aggregatePower, 'aggregate', flowOf(flow), time)] : []),
    ]
  })
  const stocks = plan.inventory.stocks.flatMap(({ owner, members }) => {
    const lead = members[0]!
    const stock = flex.problem.devices[lead]!.stock
    const soc = plan.devices[lead]!.stateOfCharge ?? owner?.stateOfCharge
    if (stock === undefined || soc?.kind !== 'sensor') return []
    return stockOutput(soc.sensor, solved.stocks[stock]!, { ...time, socMaxKwh: flex.socMax[lead] }) ?? []
  })
  const written = new Map<number, ScheduleOutput>()
  const plain = [...powers.values()].map(({ sensor, profile }) => powerOutput(sensor, 'power', profile, time))
  for (const output of [...particular, ...aggregates, ...plain, ...stocks])
    if (!written.has(output.sensor.id)) written.set(output.sensor.id, output)
  return [...written.values()]
}
