/**
 * A plant under a known irradiance: power = irradiance of the slot and its neighbours × what the plant makes of it, by hour of the day
 * (tilt, shade), less what heat takes (reference grid 6.1). Learned from the past by least squares; nights are exactly zero.
 */
import { DAY } from '#kernel'
import { solve } from './ridge.ts'
import type { View } from './view.ts'

export interface Plant {
  /** Value per W/m² of the slot before, of the slot itself and of the one after. */
  weights: [number, number, number]
  byHour: Float64Array
  /** Largest magnitude ever seen: the inverter clips there. */
  most: number
}

/** Less power per kelvin of cell temperature above 25 °C; how much warmer than the air a cell gets per W/m². */
const HEAT_LOSS = 0.0037
const CELL_WARMING = 0.03
/** Weight of the whole day in the factor of one hour, as a share of the whole energy. */
const PRIOR = 0.04
/** Irradiance below this is night, W/m². */
const DARK = 0.5
const FEWEST = 24

const irradianceOf = (view: View) => view.regressors.find(({ unit, kind }) => kind === 'future' && /^k?W\/m(²|2|\^2|\*\*2)$/.test(unit))
const temperatureOf = (view: View) => view.regressors.find(({ unit, kind }) => kind === 'future' && /^(°C|degC|celsius)$/.test(unit))

/** Whether the view has an irradiance to work with. */
export const knowsIrradiance = (view: View): boolean => reachOfLight(view) > 0

/** So many slots from an origin on the irradiance is known. */
export const reachOfLight = (view: View): number => {
  const irradiance = irradianceOf(view)
  return irradiance ? (irradiance.reach ?? Number.POSITIVE_INFINITY) : 0
}

/** Learns the plant from the slots before `until`; undefined when they hold too little light. */
export function learnPlant(view: View, until: number): Plant | undefined {
  const light = lightOf(view)
  const rows: number[] = []
  let most = 0
  for (let slot = 0; slot < until; slot++) {
    const value = view.target[slot]!
    if (Number.isNaN(value) || Number.isNaN(light[slot]!)) continue
    most = Math.max(most, Math.abs(value))
    if (light[slot]! > DARK) rows.push(slot)
  }
  if (rows.length < FEWEST) return undefined
  const weights = weightsOf(view, light, rows)
  const day = view.perDay
  const [got, could] = [new Float64Array(24), new Float64Array(24)]
  for (const slot of rows) {
    const hour = hourOf(view, slot, day)
    const expected = weigh(weights, light, slot)
    got[hour]! += view.target[slot]! * expected
    could[hour]! += expected * expected
  }
  const prior = PRIOR * could.reduce((sum, value) => sum + value, 0) + 1e-12
  return { weights, byHour: got.map((value, hour) => (value + prior) / (could[hour]! + prior)), most }
}

/** The power of a slot; NaN where the irradiance is not known. */
export function plantPower(view: View, { weights, byHour, most }: Plant, light: Float64Array, slot: number): number {
  const now = light[slot]!
  if (Number.isNaN(now)) return Number.NaN
  if (now <= DARK && (view.clear?.[slot] ?? 0) <= 0) return 0
  const power = weigh(weights, light, slot) * byHour[hourOf(view, slot, view.perDay)]!
  return Math.max(-most, Math.min(most, power))
}

/** Irradiance per slot, W/m², less what heat takes of it. */
export function lightOf(view: View): Float64Array {
  const irradiance = irradianceOf(view)!
  const scale = irradiance.unit.startsWith('k') ? 1000 : 1
  const air = temperatureOf(view)?.values
  return irradiance.values.map((value, slot) => {
    const watts = value * scale
    const warm = air?.[slot]
    return warm === undefined || Number.isNaN(warm) ? watts : watts * (1 - HEAT_LOSS * (warm + CELL_WARMING * watts - 25))
  })
}

const hourOf = ({ slotOfDay, step }: View, slot: number, perDay: number): number =>
  step >= DAY ? 0 : Math.floor((slotOfDay[slot]! * 24) / perDay)

const near = (light: Float64Array, slot: number): number => {
  const value = light[slot]
  return value === undefined || Number.isNaN(value) ? 0 : value
}

const weigh = ([before, now, after]: Plant['weights'], light: Float64Array, slot: number): number =>
  before * near(light, slot - 1) + now * near(light, slot) + after * near(light, slot + 1)

/** Least squares on the slot and its neighbours; a neighbour with a weight against the plant's sign is left out. */
function weightsOf(view: View, light: Float64Array, rows: readonly number[]): Plant['weights'] {
  for (const offsets of [[-1, 0, 1], [-1, 0], [0, 1], [0]]) {
    const size = offsets.length
    const matrix = new Float64Array(size * size)
    const right = new Float64Array(size)
    for (const slot of rows)
      offsets.forEach((one, a) => {
        right[a]! += near(light, slot + one) * view.target[slot]!
        offsets.forEach((other, b) => {
          matrix[a * size + b]! += near(light, slot + one) * near(light, slot + other)
        })
      })
    for (let a = 0; a < size; a++) matrix[a * size + a]! *= 1.001
    const found = solve(matrix, right)
    const sign = Math.sign(found[offsets.indexOf(0)]!)
    if (size === 1 || found.every((weight) => weight * sign >= 0)) {
      const at = (offset: number) => (offsets.includes(offset) ? found[offsets.indexOf(offset)]! : 0)
      return [at(-1), at(0), at(1)]
    }
  }
  return [0, 0, 0]
}
