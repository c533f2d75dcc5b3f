/** Beliefs as FlexMeasures has them: what a source believed, when, about a sensor's value at an event. The face; `beliefs.ts` implements it. */
import type { Instant } from '#kernel'

/** Identity of a data source; created when it does not exist yet. */
export interface SourceKey {
  name: string
  /** 'user' | 'gateway' | 'scheduler' | 'forecaster' | 'reporter' | 'market' | 'simulation' | … */
  type: string
  model?: string
  version?: string
  user?: number
  account?: number
}

export interface BeliefBatch {
  sensor: number
  /** Id of the data source (see `Beliefs.source`). */
  source: number
  /** Event starts, ascending; same length as `values`. */
  starts: Instant[]
  /** Values in the sensor's unit; NaN is skipped. */
  values: number[]
  /** One moment for all values, or the word 'event-end' (measured instantly: horizon 0). Default: now. */
  beliefTime?: Instant | 'event-end'
  /** Instead of a belief time: how long before its knowledge time each event was believed, ms (negative: after). */
  horizon?: number
  /** 'consumption-positive' turns the sign for power and energy sensors that are stored production-positive; default 'as-stored'. */
  sign?: 'as-stored' | 'consumption-positive'
  /** Lets a value replace another of the same source, event and belief time (else Problem `invalid-replacement`, 403). */
  overwrite?: boolean
}

export interface RecordOutcome {
  stored: number
  /** Values that said nothing new. */
  known: number
}

export interface SeriesQuery {
  sensor: number
  from: Instant
  until: Instant
  /** Slot length in ms; default the sensor's resolution. Finer: repeated; coarser: mean (instantaneous sensors: first). */
  step?: number
  /** Only beliefs recorded at or before this moment ('what did we believe at …'). */
  at?: Instant
  /** Only beliefs with a horizon in this class: 'ex-post' measurements (horizon ≤ 0), 'ex-ante' forecasts and plans (> 0). */
  horizon?: 'ex-post' | 'ex-ante'
  /** Only beliefs formed at least so many ms before the knowledge time of the event. */
  horizonAtLeast?: number
  sources?: number[]
  sourceTypes?: string[]
  excludeSourceTypes?: string[]
  sign?: 'as-stored' | 'consumption-positive'
}

export interface Belief {
  start: Instant
  value: number
  beliefTime: Instant
  source: number
}

export interface Beliefs {
  /** Id of a source, created at need; cached. */
  source(key: SourceKey): Promise<number>
  /** Commits the batches in one transaction; resolves only when they are durable. Tells the bus. */
  record(batches: BeliefBatch[]): Promise<RecordOutcome>
  /** Value per slot (most recent belief per event), null where nothing is known. */
  series(query: SeriesQuery): Promise<(number | null)[]>
  /** The beliefs themselves, most recent per event, ascending. */
  events(query: Omit<SeriesQuery, 'step'>): Promise<Belief[]>
  /** Most recent event at or before `at` (default now) among measurements. */
  latest(sensor: number, at?: Instant): Promise<Belief | undefined>
}
