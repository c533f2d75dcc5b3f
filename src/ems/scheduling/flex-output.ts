/** What a solved schedule stores on which sensor: signs, units, resolutions, and n + 1 points of state of charge. Pure. */
import { convert, converter, type Instant } from '#kernel'
import type { FlexPlan } from './flex-request.ts'
import { resample } from './flex-series.ts'
import type { ScheduleOutput } from './scheduler.ts'
import type { SensorFacts } from './series-source.ts'

/** Numbers as they are stored: nine decimals are more than any meter has, and hide the solver's last digits. */
const round = (value: number): number => Math.round(value * 1e9) / 1e9 || 0

/**
 * A power profile (kW, consumption positive, `step` ms) for one sensor: resampled to its resolution, in its unit, in its stored sign
 * (production positive unless the sensor says otherwise).
 */
export function powerOutput(
  sensor: SensorFacts,
  kind: ScheduleOutput['kind'],
  profile: readonly number[],
  { start, step, consumptionIsPositive }: { start: Instant; step: number; consumptionIsPositive?: boolean },
): ScheduleOutput {
  const to = sensor.resolution > 0 ? sensor.resolution : step
  const turn = converter('kW', sensor.unit, to)
  const sign = (consumptionIsPositive ?? sensor.consumptionIsPositive) ? 1 : -1
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
  time: { start: Instant; step: number },
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
  { start, step, socMaxKwh }: { start: Instant; step: number; socMaxKwh?: number | undefined },
): ScheduleOutput | undefined {
  if (sensor.unit === '%' && !socMaxKwh) return undefined
  const turn = sensor.unit === '%' ? (value: number) => (value / socMaxKwh!) * 100 : (value: number) => convert(value, 'kWh', sensor.unit)
  return { sensor, kind: 'state-of-charge', start, step, values: Array.from(path, (value) => round(turn(value))) }
}

/** All outputs of a plan for powers per device, stocks per device and the site's net power. */
export function outputsOf(
  plan: FlexPlan,
  solved: {
    powers: readonly ArrayLike<number>[]
    stocks: (ArrayLike<number> | undefined)[]
    net: ArrayLike<number>
    socMax: (number | undefined)[]
  },
): ScheduleOutput[] {
  const time = { start: plan.steps.start, step: plan.steps.step }
  const outputs: ScheduleOutput[] = []
  plan.devices.forEach((device, index) => {
    const profile = Array.from(solved.powers[index]!)
    if (device.sensor) outputs.push(powerOutput(device.sensor, 'power', profile, time))
    const elsewhere = (sensor: SensorFacts | undefined) => (sensor && sensor.id !== device.sensor?.id ? sensor : undefined)
    outputs.push(
      ...splitOutputs(
        { consumption: elsewhere(device.consumption), production: elsewhere(device.production) },
        { consumption: 'consumption', production: 'production' },
        profile,
        time,
      ),
    )
    const path = solved.stocks[index]
    if (path && device.stateOfCharge?.kind === 'sensor') {
      const output = stockOutput(device.stateOfCharge.sensor, path, { ...time, socMaxKwh: solved.socMax[index] })
      if (output) outputs.push(output)
    }
  })
  const { aggregateConsumption, aggregateProduction, aggregatePower } = plan.context
  const net = Array.from(solved.net)
  outputs.push(
    ...splitOutputs(
      { consumption: aggregateConsumption, production: aggregateProduction },
      { consumption: 'aggregate', production: 'aggregate' },
      net,
      time,
    ),
  )
  if (aggregatePower) outputs.push(powerOutput(aggregatePower, 'aggregate', net, time))
  return outputs
}
