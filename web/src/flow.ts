/** Power in words: what a device does with energy, and the sums of the island. Powers kW, consumption positive. */
import type { Asset, Kind } from './wire.ts'

export type Flow = 'charging' | 'discharging' | 'producing' | 'consuming' | 'importing' | 'exporting' | 'idle' | 'unknown'

/** Below this a device counts as at rest, kW. */
const REST = 0.05

/** What the power of a device of this kind means. A solar panel that shows a little consumption at night is at rest. */
export function flowOf(kind: Kind, powerKw: number | null | undefined): Flow {
  if (powerKw === null || powerKw === undefined || !Number.isFinite(powerKw)) return 'unknown'
  if (Math.abs(powerKw) < REST) return 'idle'
  if (kind === 'pv') return powerKw < 0 ? 'producing' : 'idle'
  if (kind === 'battery' || kind === 'evse' || kind === 'vehicle') return powerKw > 0 ? 'charging' : 'discharging'
  return powerKw > 0 ? 'consuming' : 'producing'
}

/** ↓ into the device, ↑ out of it, nothing at rest. */
export const arrowOf = (flow: Flow): string =>
  flow === 'charging' || flow === 'consuming' || flow === 'importing'
    ? '↓'
    : flow === 'discharging' || flow === 'producing' || flow === 'exporting'
      ? '↑'
      : ''

export interface Sums {
  /** Produced by the sun, ≥ 0. */
  solarKw: number
  /** Of the batteries, consumption positive. */
  storageKw: number
  storedKwh: number
  storableKwh: number
  /** Of the chargers, consumption positive. */
  chargingKw: number
  pluggedCars: number
  /** What all devices together draw from the grid (positive) or give to it. */
  netKw: number
  /** Sum of the powers that flexible devices may draw, kW. */
  nominalKw: number
}

export function sumsOf(assets: Asset[]): Sums {
  const sums: Sums = { solarKw: 0, storageKw: 0, storedKwh: 0, storableKwh: 0, chargingKw: 0, pluggedCars: 0, netKw: 0, nominalKw: 0 }
  for (const { kind, live, capacityKwh, nominalKw } of assets) {
    const power = live.powerKw ?? 0
    if (kind === 'pv') sums.solarKw -= power
    if (kind === 'battery') {
      sums.storageKw += power
      sums.storedKwh += live.socKwh ?? 0
      sums.storableKwh += capacityKwh ?? 0
    }
    if (kind === 'evse') {
      sums.chargingKw += power
      if (live.plugged) sums.pluggedCars++
    }
    if (kind === 'pv' || kind === 'battery' || kind === 'evse') sums.netKw += power
    if (kind === 'battery' || kind === 'evse') sums.nominalKw += nominalKw ?? 0
  }
  return sums
}
