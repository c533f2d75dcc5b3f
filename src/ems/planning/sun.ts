/** Plants whose production the plan may hold back: where producing can cost money, or an export limit is near. */
import type { Device } from '../device.ts'
import type { PlanDevice } from '../scheduling/site-problem.ts'

/** True when holding back the sun can pay in the window. */
export const curtailingPays = (productionPrice: readonly number[], exportKw: readonly number[] | undefined): boolean =>
  productionPrice.some((price) => price < 0) || (exportKw?.some(Number.isFinite) ?? false)

/** A plant as a device of the plan: anything between nothing and what the sun is forecast to give (kW per slot, negative). */
export function sunDevice(device: Device, forecastKw: readonly number[]): PlanDevice {
  const most = device.capability().minPower / 1000
  return {
    id: device.id,
    minKw: forecastKw.map((power) => Math.min(0, Math.max(power, most))),
    maxKw: 0,
    flexible: false,
  }
}
