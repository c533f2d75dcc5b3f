/** A limit with its unit and phases, and how several of them are one (OCPP 2.0.1 K01.FR.49/50, 2.1 K01.FR.140–147). */
import type { OperationModeEnumType as OperationMode } from './v21.gen.ts'

export interface Wiring {
  unit: 'A' | 'W'
  /** Volts between phase and neutral. */
  voltage: number
  /** Phases of the supply, taken where a profile states none. */
  phases: number
  /** Watts where nothing limits. */
  defaultLimit: number
}

/** What OCPP 2.1 adds to a limit; everything absent in the older versions. */
interface Extras {
  /** Where given, `limit` is that of L1 alone. */
  limit_L2?: number
  limit_L3?: number
  operationMode?: OperationMode
  /** At most 0. */
  dischargeLimit?: number
  /** Positive charges, negative discharges. */
  setpoint?: number
  setpointReactive?: number
}

export interface Cap extends Extras {
  /** Absent: what the hardware can do. */
  limit?: number
  unit: 'A' | 'W'
  phases: number | undefined
}

export interface Limited extends Extras {
  limit: number
  numberPhases?: number
}

/** A is per phase, W the sum of all. */
export function inUnit(limit: number, unit: 'A' | 'W', wanted: 'A' | 'W', phases: number, volts: number): number {
  if (unit === wanted) return limit
  return wanted === 'W' ? limit * volts * phases : limit / (volts * phases)
}

/** What holds where at last a number is needed, in the wanted unit. */
export function finished(cap: Cap | undefined, { unit, voltage, phases, defaultLimit }: Wiring): Limited {
  const on = cap?.phases ?? phases
  // Most limits are no more than that.
  if (!cap || isPlain(cap)) {
    const limit = cap?.limit === undefined ? inUnit(defaultLimit, 'W', unit, on, voltage) : inUnit(cap.limit, cap.unit, unit, on, voltage)
    return cap?.phases === undefined ? { limit } : { limit, numberPhases: cap.phases }
  }
  const to = (value: number) => inUnit(value, cap.unit, unit, on, voltage)
  // Of one phase: one phase's volts.
  const each = (value: number) => inUnit(value, cap.unit, unit, 1, voltage)
  const isUneven = cap.limit_L2 !== undefined || cap.limit_L3 !== undefined
  const whole = inUnit(defaultLimit, 'W', unit, on, voltage)
  const limit = cap.limit === undefined ? (isUneven && unit === 'W' ? whole / on : whole) : isUneven ? each(cap.limit) : to(cap.limit)
  return {
    limit,
    ...(cap.phases === undefined ? {} : { numberPhases: cap.phases }),
    ...(cap.limit_L2 === undefined ? {} : { limit_L2: each(cap.limit_L2) }),
    ...(cap.limit_L3 === undefined ? {} : { limit_L3: each(cap.limit_L3) }),
    ...(cap.operationMode === undefined ? {} : { operationMode: cap.operationMode }),
    ...(cap.dischargeLimit === undefined ? {} : { dischargeLimit: to(cap.dischargeLimit) }),
    ...(cap.setpoint === undefined ? {} : { setpoint: to(cap.setpoint) }),
    ...(cap.setpointReactive === undefined ? {} : { setpointReactive: to(cap.setpointReactive) }),
  }
}

/** The lowest of several caps on the fewest of their phases; set-points stay within it. */
export function lowest(moments: readonly { cap: Cap | undefined }[], wiring: Wiring): Cap | undefined {
  let only: Cap | undefined
  let count = 0
  let phases: number | undefined
  for (const { cap } of moments) {
    if (!cap) continue
    count++
    only = cap
    if (cap.phases !== undefined) phases = phases === undefined ? cap.phases : Math.min(phases, cap.phases)
  }
  if (count < 2 || !only) return only && within(only)
  if (isAllPlain(moments)) {
    let limit: number | undefined
    for (const { cap } of moments) {
      if (cap?.limit === undefined) continue
      const value = inUnit(cap.limit, cap.unit, wiring.unit, phases ?? wiring.phases, wiring.voltage)
      if (limit === undefined || value < limit) limit = value
    }
    return limit === undefined ? { unit: wiring.unit, phases } : { unit: wiring.unit, phases, limit }
  }
  const caps = moments.map(({ cap }) => cap).filter((cap) => cap !== undefined)
  const { unit, voltage } = wiring
  const on = phases ?? wiring.phases
  const result: Cap = { unit, phases }
  if (caps.some((cap) => cap.limit_L2 !== undefined || cap.limit_L3 !== undefined)) {
    const [one, two, three] = [0, 1, 2].map((phase) => least(caps.map((cap) => onPhase(cap, phase, wiring, on))))
    if (one !== undefined) result.limit = one
    if (two !== undefined && on > 1) result.limit_L2 = two
    if (three !== undefined && on > 2) result.limit_L3 = three
  } else {
    const limit = least(caps.map((cap) => (cap.limit === undefined ? undefined : inUnit(cap.limit, cap.unit, unit, on, voltage))))
    if (limit !== undefined) result.limit = limit
  }
  const discharge = least(
    caps.map((cap) => (cap.dischargeLimit === undefined ? undefined : -inUnit(cap.dischargeLimit, cap.unit, unit, on, voltage))),
  )
  if (discharge !== undefined) result.dischargeLimit = 0 - discharge
  const steering = caps.find((cap) => cap.operationMode !== undefined) ?? caps.find((cap) => cap.setpoint !== undefined)
  if (steering?.operationMode !== undefined) result.operationMode = steering.operationMode
  if (steering?.setpoint !== undefined) result.setpoint = inUnit(steering.setpoint, steering.unit, unit, on, voltage)
  if (steering?.setpointReactive !== undefined)
    result.setpointReactive = inUnit(steering.setpointReactive, steering.unit, unit, on, voltage)
  return within(result)
}

/** Nothing but a limit. */
const isPlain = (cap: Cap): boolean =>
  cap.limit_L2 === undefined &&
  cap.limit_L3 === undefined &&
  cap.operationMode === undefined &&
  cap.dischargeLimit === undefined &&
  cap.setpoint === undefined &&
  cap.setpointReactive === undefined

function isAllPlain(moments: readonly { cap: Cap | undefined }[]): boolean {
  for (const { cap } of moments) if (cap && !isPlain(cap)) return false
  return true
}

/** What others leave, and what is made on the spot. */
export function withHeadroom(cap: Cap, local: Cap, { unit, voltage, phases }: Wiring): Cap {
  const on = cap.phases ?? local.phases ?? phases
  const both = [cap, local].map(({ limit, unit: own }) => (limit === undefined ? undefined : inUnit(limit, own, unit, on, voltage)))
  const [outside, own] = both
  if (outside === undefined || own === undefined) return cap
  return { unit, phases: cap.phases, limit: outside + own }
}

function within(cap: Cap): Cap {
  const { setpoint, limit, dischargeLimit } = cap
  if (setpoint === undefined) return cap
  return { ...cap, setpoint: Math.max(Math.min(setpoint, limit ?? Infinity), dischargeLimit ?? -Infinity) }
}

function least(values: readonly (number | undefined)[]): number | undefined {
  let found: number | undefined
  for (const value of values) if (value !== undefined && (found === undefined || value < found)) found = value
  return found
}

function onPhase({ limit, limit_L2, limit_L3, unit: own }: Cap, phase: number, { unit, voltage }: Wiring, on: number): number | undefined {
  if (limit_L2 !== undefined || limit_L3 !== undefined) {
    const value = phase === 0 ? limit : phase === 1 ? limit_L2 : limit_L3
    return value === undefined ? undefined : inUnit(value, own, unit, 1, voltage)
  }
  if (limit === undefined) return undefined
  return unit === 'A' ? inUnit(limit, own, 'A', on, voltage) : inUnit(limit, own, 'W', on, voltage) / on
}
