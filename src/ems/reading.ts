/** What a device just measured. Power in kW and energy in kWh as the sensor's unit says; signs as the house has them: consumption positive. */
import type { Instant } from '#kernel'

export interface Reading {
  /** Numeric sensor id. */
  sensor: number
  /** Moment of measurement. */
  at: Instant
  /** Value in the sensor's unit, consumption positive (the recorder turns the sign for sensors stored production-positive). */
  value: number
}
