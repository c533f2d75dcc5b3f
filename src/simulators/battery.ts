/** A battery with its inverter: a store with losses, a power that ramps, limits of charge, and a watchdog that stops it when nobody speaks to it. */
import { after, type Instant, MINUTE, SECOND } from '#kernel'

export interface BatteryOptions {
  id: string
  start: Instant
  /** Wh; default 100 kWh. */
  capacity?: number
  /** Largest power either way at the grid side, W; default 50 kW. */
  power?: number
  /** Share stored of what is consumed, and delivered of what is taken out; default 0.95 each. */
  efficiency?: number
  /** Bounds of the state of charge, shares of 1; default 0.1 and 0.95. */
  minSoc?: number
  maxSoc?: number
  /** State of charge at the start, Wh; default half full. */
  soc?: number
}

export interface BatteryState {
  at: Instant
  /** At the grid side, W, consumption positive. */
  power: number
  /** Wh. */
  soc: number
  mode: 'off' | 'standby' | 'charging' | 'discharging' | 'full' | 'empty' | 'fault'
  /** °C. */
  temperature: number
  /** Seconds its clock has run. */
  heartbeat: number
  fault: boolean
}

export interface Battery {
  readonly id: string
  readonly capacity: number
  readonly maxPower: number
  readonly minSoc: number
  readonly maxSoc: number
  /** State at a moment; time only runs forward, and stands while frozen. */
  at(moment: Instant): BatteryState
  /**
   * Orders a power (W, consumption positive); falls to 0 W after `watchdog` seconds without a new order (0 = never).
   * Answers false, and does nothing, while the battery is at fault.
   */
  order(power: number, watchdog: number, moment: Instant): boolean
  /** The order in force and the seconds it has left. */
  ordered(): { power: number; left: number }
  fault(on: boolean): void
  freeze(on: boolean): void
}

/** Full swing in about two and a half seconds. */
const RAMP = 0.8
const AMBIENT = 28

/** A battery; its time is the moments it is asked for. */
export function battery({
  id,
  start,
  capacity = 100_000,
  power: maxPower = 50_000,
  efficiency = 0.95,
  minSoc = 0.1,
  maxSoc = 0.95,
  soc = capacity / 2,
}: BatteryOptions): Battery {
  const floor = minSoc * capacity
  const ceiling = maxSoc * capacity
  let now = start
  let power = 0
  let stored = soc
  let temperature = AMBIENT
  let wanted = 0
  let until = Number.POSITIVE_INFINITY
  let broken = false
  let frozen = false

  /** Stored Wh per hour at a power. */
  const flow = (at: number): number => (at > 0 ? at * efficiency : at / efficiency)

  function target(): number {
    if (broken || (wanted > 0 && stored >= ceiling - 1e-6) || (wanted < 0 && stored <= floor + 1e-6)) return 0
    return wanted
  }

  function advance(to: Instant): void {
    if (frozen) return
    while (now < to) {
      if (now >= until) {
        wanted = 0
        until = Number.POSITIVE_INFINITY
      }
      step(Math.min(to, after(now, power === target() ? MINUTE : SECOND / 10), until > now ? until : to) as Instant)
    }
  }

  function step(next: Instant): void {
    const seconds = (next - now) / SECOND
    const most = RAMP * maxPower * seconds
    const before = power
    power = broken ? 0 : before + Math.min(most, Math.max(-most, target() - before))
    const energy = flow((before + power) / 2) * (seconds / 3600)
    const room = energy > 0 ? Math.max(0, ceiling - stored) : Math.min(0, floor - stored)
    if (Math.abs(energy) >= Math.abs(room) && energy !== 0) {
      // The store is full or empty within this step: what did not fit was not taken.
      stored += room
      power = 0
    } else stored += energy
    const warm = AMBIENT + 12 * Math.abs(power / maxPower)
    temperature += (warm - temperature) * (1 - Math.exp(-seconds / 1200))
    now = next
  }

  function mode(): BatteryState['mode'] {
    if (broken) return 'fault'
    if (Math.abs(power) > 1) return power > 0 ? 'charging' : 'discharging'
    if (stored >= ceiling - 1) return 'full'
    return stored <= floor + 1 ? 'empty' : 'standby'
  }

  return {
    id,
    capacity,
    maxPower,
    minSoc,
    maxSoc,
    at(moment) {
      advance(moment)
      return { at: now, power, soc: stored, mode: mode(), temperature, heartbeat: Math.floor((now - start) / SECOND), fault: broken }
    },
    order(order, watchdog, moment) {
      advance(moment)
      if (broken) return false
      wanted = Math.min(maxPower, Math.max(-maxPower, order))
      until = watchdog > 0 ? after(moment, watchdog * SECOND) : Number.POSITIVE_INFINITY
      return true
    },
    ordered: () => ({ power: wanted, left: Number.isFinite(until) ? Math.max(0, Math.ceil((until - now) / SECOND)) : 0 }),
    fault(on) {
      broken = on
      if (on) {
        power = 0
        wanted = 0
      }
    },
    freeze(on) {
      frozen = on
    },
  }
}

/**
 * Mean power (W, consumption positive) of steps from `from` on, and the energy stored at each step's end, by the same battery stepped
 * through time under a rule: what it is ordered (W) at a moment with so much stored (Wh).
 */
export function batteryHistory(
  options: Omit<BatteryOptions, 'start'>,
  { from, until, step, rule }: { from: Instant; until: Instant; step: number; rule: (at: Instant, soc: number) => number },
): { at: Instant; powerW: number; socWh: number }[] {
  const model = battery({ ...options, start: from })
  const efficiency = options.efficiency ?? 0.95
  const series: { at: Instant; powerW: number; socWh: number }[] = []
  let before = model.at(from).soc
  for (let at = from; at < until; at = after(at, step)) {
    model.order(rule(at, before), 0, at)
    const { soc } = model.at(after(at, step))
    const stored = (soc - before) * (3_600_000 / step)
    series.push({ at, powerW: Math.round(stored > 0 ? stored / efficiency : stored * efficiency) + 0, socWh: Math.round(soc) })
    before = soc
  }
  return series
}
