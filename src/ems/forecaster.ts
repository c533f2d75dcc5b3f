/** The face of a forecasting model. */
import type { Instant } from '#kernel'

export interface ForecastRequest {
  sensor: number
  from: Instant
  until: Instant
  /** Slot length, ms. */
  step: number
  /** Only beliefs recorded at or before this moment may be used. */
  at: Instant
}

export interface ForecastSeries {
  /** Value per slot in the sensor's unit, consumption positive; null = nothing to say. */
  values: (number | null)[]
  /** Model name for the data source, e.g. 'PvPhysical', 'Persistence'. */
  model: string
}

export interface Forecaster {
  readonly model: string
  forecast(request: ForecastRequest): Promise<ForecastSeries>
}
