/** Branded numbers: a bare number never crosses a front door. Power is positive when consumed, negative when produced. */

declare const unit: unique symbol
type Branded<Name extends string> = number & { readonly [unit]: Name }

/** Moment, in milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = Branded<'instant'>
/** Length of time in milliseconds. */
export type Millis = Branded<'millis'>
/** Power in watts, consumption positive. */
export type Watts = Branded<'watts'>
/** Energy in watt-hours. */
export type WattHours = Branded<'watt-hours'>

export const instant = (milliseconds: number): Instant => milliseconds as Instant
export const millis = (milliseconds: number): Millis => milliseconds as Millis
export const watts = (value: number): Watts => value as Watts
export const wattHours = (value: number): WattHours => value as WattHours
export const kilowatts = (value: number): Watts => (value * 1000) as Watts

export const SECOND = millis(1000)
export const MINUTE = millis(60_000)
export const HOUR = millis(3_600_000)
export const DAY = millis(86_400_000)

/** A moment later (or earlier, when negative) by so many milliseconds. */
export const after = (at: Instant, length: number): Instant => (at + length) as Instant
/** The last multiple of `step` at or before `at`, counted from the epoch. */
export const floorTo = (at: Instant, step: number): Instant => (step > 0 ? Math.floor(at / step) * step : at) as Instant
/** The first multiple of `step` at or after `at`, counted from the epoch. */
export const ceilTo = (at: Instant, step: number): Instant => (step > 0 ? Math.ceil(at / step) * step : at) as Instant
