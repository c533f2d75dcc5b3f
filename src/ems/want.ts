/** What each device would do if nobody forbade it: its owner's override, else the plan. */
import { after, type Instant, say, watts } from '#kernel'
import type { Device } from './device.ts'
import type { Want } from './held.ts'
import { kw } from './kw.ts'
import type { Limit } from './limit.ts'
import type { Override } from './overrides.ts'
import type { Plan, PlannedDevice } from './plan.ts'
import { slotAt } from './plans.ts'
import { SAYING } from './saying.ts'
import type { Entry } from './setpoints.ts'

export interface Wanted {
  devices: readonly Device[]
  plan: Plan | undefined
  overrides: readonly Override[]
  limits: readonly Limit[]
  /** Orders in force. */
  current: readonly Entry[]
  /** Why a device gave no answer at the last look, if it gave none. */
  silence(device: string): string | undefined
  at: Instant
}

/** Bursts shorter than this are not worth a relay's click. */
export const SHORTEST_BURST = 3 * 60_000
/** A plant that gives this share of what it may is held back by its cap, not by the sun. */
const NEARLY = 0.95
/** W within which a plant is not held back. */
const SAME = 50

/**
 * Wants of all devices that can take orders now and have one. Without a plan for the moment a device has none and keeps its safe default, unless a limit binds
 * it: then it is asked to do what its default would do, so that the limit has something to shrink.
 */
export function wantsOf({ devices, plan, overrides, limits, current, silence, at }: Wanted): Want[] {
  const slot = plan && slotAt(plan, at)
  return devices.flatMap((device): Want[] => {
    const inForce = current.find((entry) => entry.device === device.id)
    // A silent device is told changes of the order it has, as long as that one lasts; it may hear though it does not answer.
    const isSilent = silence(device.id) !== undefined
    if (isSilent ? !inForce : !device.capability().controllable) return []
    const capability = { ...device.capability(), controllable: true }
    const wish = device.wish?.()
    const base = { device: device.id, asset: device.asset, capability, ...(wish && { wish }) }
    const override = overrides.find((each) => each.device === device.id && each.from <= at && at < each.until)
    if (override) return [{ ...base, power: override.power, because: override.because, rung: 'override' }]
    const planned = slot === undefined ? undefined : plan?.devices.find((each) => each.device === device.id)
    if (device.kind === 'pv') {
      // The sun gives what is measured; a plant that gives all it may could give more: then only its peak is known.
      const measured = device.measured()?.power
      const isCapped = inForce !== undefined && (inForce.rung !== 'plan' || inForce.power > capability.minPower + SAME)
      const cap = isCapped ? inForce.power : undefined
      const isSunKnown = measured !== undefined && (cap === undefined || measured > NEARLY * cap + 50)
      const power = isSunKnown ? watts(Math.min(0, Math.max(measured, capability.minPower))) : capability.minPower
      const sun = { ...(measured !== undefined && { measured }), isHeld: cap !== undefined }
      const held = planned && slot !== undefined ? heldBack(planned, slot) : undefined
      if (held && plan) return [{ ...base, ...held, rung: 'plan', curtails: true, ...sun }]
      return [{ ...base, power, because: say(SAYING.free), rung: 'plan', ...sun }]
    }
    if (planned && plan && slot !== undefined) return [{ ...base, ...fromPlan(plan, planned, slot, capability.minStep, at) }]
    if (!limits.some((limit) => limit.from <= at && at < limit.until && limit.rung === 'grid')) return []
    const idle = device.kind === 'battery' ? watts(0) : capability.maxPower
    return [{ ...base, power: idle, because: say(SAYING.noPlanNow), rung: 'plan' }]
  })
}

/** The cap of a plant that the plan holds back in the slot; undefined where it may give what the sun gives. */
function heldBack({ powerKw, availableKw, reasons }: PlannedDevice, slot: number): Pick<Want, 'power' | 'because'> | undefined {
  const power = (powerKw[slot] ?? 0) * 1000
  const available = (availableKw?.[slot] ?? 0) * 1000
  if (power <= available + SAME) return undefined
  return {
    power: watts(Math.min(0, power)),
    because: reasons.find((reason) => reason.from <= slot && slot < reason.to)?.because ?? say(SAYING.asPlanned),
  }
}

function fromPlan(
  plan: Plan,
  planned: PlannedDevice,
  slot: number,
  minStep: number,
  at: Instant,
): Pick<Want, 'power' | 'because' | 'rung' | 'bent'> {
  const power = (planned.powerKw[slot] ?? 0) * 1000
  const free = planned.freePowerKw?.[slot]
  const because = planned.reasons.find((reason) => reason.from <= slot && slot < reason.to)?.because ?? say(SAYING.asPlanned)
  const fallback = plan.fallback ? ` ${plan.fallback}` : ''
  const wanted = {
    power: watts(power),
    because: because + fallback,
    rung: 'plan' as const,
    bent: free !== undefined && Math.abs(free * 1000 - power) > 50,
  }
  if (power === 0 || Math.abs(power) >= minStep) return wanted
  // In the plan cars are continuous. A charger cannot hold so little: it takes, or gives, the slot's energy in one burst at its smallest step.
  const step = Math.sign(power) * minStep
  const begin = after(plan.start, slot * plan.step)
  const length = (power / step) * plan.step
  if (length < SHORTEST_BURST) return { ...wanted, power: watts(0), because: `${because} ${say(SAYING.tooLittle)}` }
  const bursting = at < after(begin, length)
  return {
    ...wanted,
    power: watts(bursting ? step : 0),
    because: `${because} ${say(SAYING.burst, { power: kw(power), step: kw(step) })}`,
  }
}
