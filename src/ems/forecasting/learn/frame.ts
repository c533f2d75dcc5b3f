/** A series on a regular grid with what may explain it: the food of the learning candidates. Plain data, so that a worker thread can be sent one. */
import type { Instant } from '#kernel'
import type { Place } from '../sun.ts'

export interface Regressor {
  name: string
  unit: string
  /** 'past': only what was measured before the origin counts; 'future': values beyond it are known too (forecasts, calendars). */
  kind: 'past' | 'future'
  /** One per slot of the frame; NaN where nothing is known. */
  values: Float64Array
  /** Of a future one: so many slots from an origin on are known, of which training makes its past look alike; default all. */
  reach?: number
}

export interface Frame {
  start: Instant
  /** Slot length, ms. */
  step: number
  /** Time zone of the days and weeks that repeat. */
  zone: string
  /** One per slot; NaN where nothing is known. Nothing at or beyond an origin is looked at when a forecast is made there. */
  target: Float64Array
  regressors: Regressor[]
  /** Where the sun is looked for, when the series may follow it; `full`: the value under 1000 W/m² (estimated when absent). */
  sun?: Place & { full?: number }
}
