/** The one face every controllable thing shows to the EMS; devices/, charging/ and grid/ implement it. */
import type { Instant, WattHours, Watts } from '#kernel'
import type { Reading } from './reading.ts'
import type { Answer, Setpoint } from './setpoint.ts'

/** What a device can do now, as far as it knows itself. */
export interface Capability {
  kind: 'pv' | 'battery' | 'evse' | 'load'
  /** Largest power it may consume now (0 when it cannot). */
  maxPower: Watts
  /** Lowest power, negative when it can produce or discharge. */
  minPower: Watts
  /** Smallest power but 0 that it can hold, consuming or producing (6 A rule of chargers); 0 when continuous. */
  minStep: Watts
  /** Storage behind it, when known. */
  storage?: {
    soc: WattHours
    capacity: WattHours
    min: WattHours
    max: WattHours
    chargingEfficiency: number
    dischargingEfficiency: number
  }
  /** True when orders make sense now (battery on line, car plugged and authorised). */
  controllable: boolean
  /** What keeps it from being controllable where that is no fault of it: nothing to steer (no car), or it is not connected now. */
  lack?: 'work' | 'connection'
  /** Why not controllable, for people: a sentence (`saying.ts` of the room that says it). */
  why?: string
}

/** What the user of a plugged car wants. */
export interface Wish {
  /** Energy in the storage wanted at the deadline. */
  soc: WattHours
  by: Instant
  /** Never below this, even for the grid. */
  floor: WattHours
}

export interface Device {
  readonly id: string
  /** Numeric asset id that orders are filed under. */
  readonly asset: number
  readonly kind: Capability['kind']
  /** Measures now. Rejects with a Problem when the device does not answer; never hangs longer than its own time-out. */
  read(at: Instant): Promise<Reading[]>
  capability(): Capability
  /** Last measured power and when, as the device told it. */
  measured(): { power: Watts; at: Instant } | undefined
  /** How often its power is measured, ms, where it is not at every look (stations push). */
  every?(): number
  /** What its user wants, when there is one. */
  wish?(): Wish | undefined
  /** Gives the order. Resolves with what the device said; a device that does not answer in time is 'silent', never an exception. */
  apply(setpoint: Setpoint): Promise<Answer>
}

/** The one registry of devices and their identities, whatever the bus. */
export interface Devices {
  all(): Device[]
  get(id: string): Device | undefined
  add(device: Device): void
  remove(id: string): void
}

/** An in-memory registry; the rooms that own buses fill it. */
export function deviceRegistry(): Devices {
  const byId = new Map<string, Device>()
  return {
    all: () => [...byId.values()],
    get: (id) => byId.get(id),
    add: (device) => void byId.set(device.id, device),
    remove: (id) => void byId.delete(id),
  }
}
