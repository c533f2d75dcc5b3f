/** What others forbid: the ladder safety › grid › contract › override › plan. Each rung can only shrink what is left. */
import type { Instant, Watts } from '#kernel'

/** From most to least important. */
export const RUNGS = ['safety', 'grid', 'contract', 'override', 'plan'] as const
export type Rung = (typeof RUNGS)[number]

export interface Limit {
  id: string
  rung: Exclude<Rung, 'plan'>
  /** Numeric asset id it binds: a device's asset, or the site's (then it holds for the sum of its flexible devices). */
  asset: number
  from: Instant
  until: Instant
  /** Highest power allowed (consumption positive); absent = unbounded. */
  max?: Watts
  /** Lowest power allowed (negative = production allowed up to it); absent = unbounded. */
  min?: Watts
  /** `max` bounds only what flexible devices consume in sum (load control), not the net power of the site. */
  scope: 'device' | 'flexible-consumption' | 'site-net'
  /** One sentence a person understands: who asked, how much, until when. */
  because: string
  /** Where it came from: 'sensor 86', 'user ops@…', 'openadr …'. */
  origin: string
}

/** A source of limits beside the table of posted ones: a sensor whose values are signals, an OpenADR programme, an S2 session. */
export interface LimitSource {
  readonly name: string
  /** Limits in force or announced for the window, already in watts. */
  limits(site: number, from: Instant, until: Instant): Promise<Limit[]>
}
