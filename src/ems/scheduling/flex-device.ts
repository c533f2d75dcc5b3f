/** The numbers of one device: how much it may take and give in each step, in which modes, with which losses, and what is soft about it. */
import type { FlexDevice } from './flex-model.ts'
import { type FlexReading, lower, valueError } from './flex-reading.ts'
import { filled, perStep } from './flex-series.ts'
import type { FlexValue, ReadingRoom } from './flex-value.ts'
import { readValue } from './flex-value.ts'
import type { ProblemDevice } from './problem.ts'

export interface DeviceNumbers {
  device: ProblemDevice
  /** Directional capacities that cost when they are broken, with their price per kW. */
  soft: { side: 'consumption' | 'production'; cap: Float64Array; price: Float64Array }[]
  /** Most it may take and give as wished (not the bounds beyond which nothing helps), kW ≥ 0. */
  consumption: Float64Array
  production: Float64Array
}

/**
 * Reads what a device can do.
 * @throws Problem `no-power-capacity`, `bad-efficiency`
 */
export async function deviceNumbers(device: FlexDevice, reading: FlexReading): Promise<DeviceNumbers> {
  const { plan, beholder } = reading
  const name = device.sensor ? `sensor ${device.sensor.id}` : `asset ${device.asset}`
  const directional = async (value: FlexValue | undefined) =>
    value && (await perStep(value, beholder, 'min')).map((each) => Math.max(each, 0))
  const [consumption, production] = await Promise.all([directional(device.consumptionCapacity), directional(device.productionCapacity)])
  const whole = await powerOf(device, name, { consumption, production }, reading)
  const shuts = (value: FlexValue | undefined) => plan.request.dialect !== '0.33' && opensOneWay(value)
  const cap = (own: Float64Array | undefined, other: FlexValue | undefined): Float64Array => {
    if (own) return own.map((each, step) => lower(each, whole[step]!))
    return shuts(other) ? whole.map(() => 0) : whole
  }
  const wished = {
    consumption: device.sensor?.oneWay === 'production' ? whole.map(() => 0) : cap(consumption, device.productionCapacity),
    production: device.sensor?.oneWay === 'consumption' ? whole.map(() => 0) : cap(production, device.consumptionCapacity),
  }
  const soft: DeviceNumbers['soft'] = []
  const hard = { ...wished }
  // A capacity that is 0 throughout says what the device is, not what it should do: never soft.
  for (const [side, given, price] of [
    ['production', production, plan.context.productionBreach],
    ['consumption', consumption, plan.context.consumptionBreach],
  ] as const) {
    if (!given || !price || !wished[side].some((each) => each > 0)) continue
    soft.push({ side, cap: wished[side], price: filled(await perStep(price, beholder)) })
    hard[side] = whole
  }
  const { charging, discharging } = await efficienciesOf(device, name, reading)
  return {
    device: {
      name,
      min: hard.production.map((each) => -each + 0),
      max: hard.consumption,
      ...(device.modes && { bands: device.modes }),
      chargingEfficiency: charging,
      dischargingEfficiency: discharging,
    },
    soft,
    ...wished,
  }
}

/** True when a capacity of one direction says that there is no other. */
function opensOneWay(value: FlexValue | undefined): boolean {
  if (value === undefined) return false
  if (value.kind === 'segments') return value.segments.some((segment) => segment.value !== 0)
  return value.kind === 'sensor' || value.value !== 0
}

/** Highest power: as stated, else the larger direction, else what the connection of the device's asset carries, else the site's. */
async function powerOf(
  device: FlexDevice,
  name: string,
  { consumption, production }: { consumption: Float64Array | undefined; production: Float64Array | undefined },
  reading: FlexReading,
): Promise<Float64Array> {
  const { beholder, plan, steps } = reading
  const known = (series: Float64Array | undefined) => series?.some((each) => !Number.isNaN(each)) ?? false
  const bridged = (series: Float64Array) => filled(series).map((each) => (Number.isNaN(each) ? 0 : Math.max(each, 0)))
  if (device.powerCapacity) return bridged(await perStep(device.powerCapacity, beholder, 'min'))
  const attribute = device.facts?.attributes['capacity_in_mw']
  if (typeof attribute === 'number') return new Float64Array(steps).fill(attribute * 1000)
  const both = [consumption, production].filter((series) => series !== undefined)
  const largest = Float64Array.from({ length: steps }, (_, step) =>
    both.reduce(
      (most, series) => (Number.isNaN(most) ? series[step]! : Math.max(most, Number.isNaN(series[step]!) ? most : series[step]!)),
      Number.NaN,
    ),
  )
  if (known(largest) && (both.length > 1 || largest.some((each) => each > 0))) return bridged(largest)
  const stored = await sitePowerOf(device, reading)
  const site = stored ?? (plan.context.sitePower && (await perStep(plan.context.sitePower, beholder, 'min')))
  if (site && known(site)) return bridged(site)
  throw valueError(
    'no-power-capacity',
    device.asset === undefined
      ? `Power capacity is not defined for ${name}.`
      : `Power capacity on asset ${device.asset} is not defined in the flex-model.`,
    'Give power-capacity in the flex-model, or site-power-capacity in the flex-context.',
  )
}

/** What the connection of the device's own asset is stored to carry. */
async function sitePowerOf(device: FlexDevice, { beholder }: FlexReading): Promise<Float64Array | undefined> {
  const asset = device.asset === undefined ? undefined : await beholder.source.asset(device.asset)
  const raw =
    asset?.attributes['site-power-capacity'] ?? asset?.flexModel['site-power-capacity'] ?? asset?.flexContext['site-power-capacity']
  if (raw === undefined || raw === null) return undefined
  const id = Number((raw as Record<string, unknown>)['sensor'])
  const sensor = Number.isInteger(id) ? await beholder.source.sensor(id) : undefined
  const room: ReadingRoom = {
    refusals: { tree: {}, add: () => {}, isEmpty: () => true, demandNone: () => {} },
    sensors: new Map(sensor ? [[id, sensor]] : []),
    hasAsset: () => false,
    zone: 'UTC',
    currency: {},
  }
  const value = readValue(raw, ['site-power-capacity'], { unit: 'kW', bare: 'MW' }, room)
  return value && perStep(value, beholder, 'min')
}

async function efficienciesOf(device: FlexDevice, name: string, { beholder, steps }: FlexReading) {
  const root = Math.sqrt(device.roundtripEfficiency ?? 1)
  const read = async (value: FlexValue | undefined): Promise<Float64Array> =>
    !value || device.roundtripEfficiency !== undefined
      ? new Float64Array(steps).fill(root)
      : (await perStep(value, beholder)).map((each) => (Number.isNaN(each) ? 1 : each))
  const [charging, discharging] = await Promise.all([read(device.chargingEfficiency), read(device.dischargingEfficiency)])
  if (charging.some((each) => each < 0) || discharging.some((each) => each <= 0))
    throw valueError(
      'bad-efficiency',
      `The efficiencies of ${name} must be above 0.`,
      'Correct charging-efficiency and discharging-efficiency.',
    )
  return { charging, discharging }
}
