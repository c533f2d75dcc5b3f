/** What the parts of a flexible problem are read with: beliefs, steps, and small sums over series. NaN = nothing known, nothing bound. */
import { Problem } from '#kernel'
import type { FlexPlan } from './flex-request.ts'
import type { Beholder } from './flex-series.ts'
import type { SeriesSource } from './series-source.ts'

export interface FlexReading {
  plan: FlexPlan
  beholder: Beholder
  /** Length of a step. */
  hours: number
  steps: number
  /** Hard stock and site limits become dear wishes, so that there is a plan at any price. */
  relax: boolean
}

/** Prices at which hard wishes are broken when there is no other way, currency per kWh and kW; dearer than every soft default. */
export const RELAXED = { wish: 1e4, bound: 1e5, site: 1e5 }

export const negative = (series: Float64Array): Float64Array => series.map((value) => -value)
export const times = (series: Float64Array, factor: number): Float64Array => series.map((value) => value * factor)
export const constant = (value: number, steps: number): Float64Array => new Float64Array(steps).fill(value)
/** The lower of two, one of which may say nothing. */
export const lower = (one: number, other: number): number => (Number.isNaN(one) ? other : Number.isNaN(other) ? one : Math.min(one, other))
export const least = (one: Float64Array, other: Float64Array | undefined): Float64Array =>
  other === undefined ? one : one.map((value, step) => lower(value, other[step]!))

/** A failure of the job, as FlexMeasures names it. */
export const valueError = (code: string, message: string, hint: string): Problem =>
  new Problem(code, message, { status: 422, hint, details: { exception: 'ValueError' } })

/** A source that is asked everything once. */
export function remembering(source: SeriesSource): SeriesSource {
  const values = new Map<string, Promise<Float64Array>>()
  const assets = new Map<number, ReturnType<SeriesSource['asset']>>()
  return {
    ...source,
    asset(id) {
      const known = assets.get(id) ?? source.asset(id)
      assets.set(id, known)
      return known
    },
    values(query) {
      const key = JSON.stringify(query)
      const known = values.get(key) ?? source.values(query)
      values.set(key, known)
      return known
    },
  }
}
