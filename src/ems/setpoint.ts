/** An order to one device, with the reason that decided it, and what became of it. */
import type { Instant, Watts } from '#kernel'
import type { Rung } from './limit.ts'

export interface Setpoint {
  /** Device id such as 'BAT001' or 'CP001'. */
  device: string
  /** Numeric asset id of the device. */
  asset: number
  /** Power at the grid side of the device, consumption (charging) positive. */
  power: Watts
  at: Instant
  /** The order ends here; the device then falls back to its safe default. */
  until: Instant
  because: string
  rung: Rung
}

/** What the device said when the order was given. The outcome is judged later, from what it then measured. */
export interface Answer {
  answer: 'taken' | 'refused' | 'silent'
  /** Power the device says it will hold, when it says so. */
  applied?: Watts
  why?: string
}

export interface Receipt {
  /** obeyed: measured power within tolerance · clipped: less than ordered, in the same direction · refused · silent: no answer or no measurement */
  outcome: 'obeyed' | 'clipped' | 'refused' | 'silent'
  /** Measured power. */
  power?: Watts
  at: Instant
  why?: string
}
