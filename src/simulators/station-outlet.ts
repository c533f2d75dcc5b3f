/** The power electronics of one EVSE: what flows into (or out of) the plugged car under a limit, and the meter that counts it. */
import { type Instant, instant, MINUTE, SECOND, type WattHours, type Watts, wattHours, watts } from '#kernel'

/** What the outlet sees of a car: nothing but its reaction to power. */
export interface PluggedCar {
  acceptance(): Watts
  giving(): Watts
  take(energy: number): void
}

/** A limit from a moment on: W, negative = give back; phases it is spread over. */
export interface Limit {
  from: Instant
  limit: number
  phases: number
}

export type Flow = 'open' | 'charging' | 'discharging' | 'held by the station' | 'held by the car'

export interface Outlet {
  plug(car: PluggedCar): void
  unplug(): void
  /** Lets time pass, in steps, up to a moment. */
  advance(to: Instant): void
  /** Time up to a moment has not passed for it. */
  skip(to: Instant): void
  /** W now, consumption positive. */
  power(): Watts
  /** Where the power is heading. */
  target(): Watts
  flow(): Flow
  phases(): number
  imported(): WattHours
  exported(): WattHours
}

export interface OutletParts {
  at: Instant
  nominal: Watts
  /** Limits that hold over a span, the first from its start. */
  limits(from: Instant, until: Instant): Limit[]
  /** Whether the contactor is closed: authorised, in order, in service. */
  closed(): boolean
  imported?: number
  exported?: number
}

export const VOLTAGE = 230
/** IEC 61851 cannot signal less to a car: it pauses. */
export const LEAST_CURRENT = 6
/** Time constant of the ramp, ms. */
const RAMP = 2 * SECOND
const LONGEST_STEP = MINUTE
const NOTHING = 30

export function openOutlet(parts: OutletParts): Outlet {
  let at = parts.at
  let car: PluggedCar | undefined
  let power = 0
  let target = 0
  let flow: Flow = 'open'
  let phases = 3
  let imported = parts.imported ?? 0
  let exported = parts.exported ?? 0

  const aim = ({ limit, phases: on }: Limit) => {
    phases = on
    if (!car || !parts.closed()) {
      flow = 'open'
      target = 0
    } else if (limit < 0) {
      target = 0 - Math.min(-limit, parts.nominal, car.giving())
      flow = target === 0 ? 'held by the car' : 'discharging'
    } else {
      const offered = Math.min(limit, parts.nominal)
      const signalled = offered / (VOLTAGE * on) < LEAST_CURRENT - 1e-9 ? 0 : offered
      target = Math.min(signalled, (car.acceptance() * on) / 3)
      flow = signalled === 0 ? 'held by the station' : target === 0 ? 'held by the car' : 'charging'
    }
  }

  const step = (length: number) => {
    if (flow === 'open') {
      // A contactor does not ramp.
      power = 0
      return
    }
    const decay = Math.exp(-length / RAMP)
    const energy = (target * length + (power - target) * RAMP * (1 - decay)) / 3_600_000
    power = target + (power - target) * decay
    if (Math.abs(power - target) < NOTHING) power = target
    if (energy > 0) imported += energy
    else exported -= energy
    car?.take(energy)
  }

  return {
    plug(arrived) {
      car = arrived
    },
    unplug() {
      car = undefined
      power = 0
      target = 0
      flow = 'open'
    },
    advance(to) {
      if (to < at) at = to
      const limits = parts.limits(at, to)
      let index = 0
      do {
        while (index + 1 < limits.length && limits[index + 1]!.from <= at) index++
        aim(limits[index]!)
        const until = Math.min(to, at + LONGEST_STEP, limits[index + 1]?.from ?? to)
        step(until - at)
        at = instant(until)
      } while (at < to)
    },
    skip(to) {
      at = to
    },
    power: () => watts(power),
    target: () => watts(target),
    flow: () => flow,
    phases: () => phases,
    imported: () => wattHours(imported),
    exported: () => wattHours(exported),
  }
}
