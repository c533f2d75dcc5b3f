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
  /** Cumulative probabilities of the values (0.1, 0.5, 0.9 …), one each: an event then has several values. Default: all certain (0.5). */
  probabilities?: number[]
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

/** Which beliefs of a sensor are meant: about events that start in [from, until). */
export interface BeliefFilter {
  from: Instant
  until: Instant
  /** Only beliefs recorded at or before this moment ('what did we believe at …'). */
  at?: Instant
  /** Only beliefs recorded at or after this moment. */
  since?: Instant
  /** Only beliefs with a horizon in this class: 'ex-post' measurements (horizon ≤ 0), 'ex-ante' forecasts and plans (> 0). */
  horizon?: 'ex-post' | 'ex-ante'
  /** Only beliefs formed at least (at most) so many ms before the knowledge time of the event. */
  horizonAtLeast?: number
  horizonAtMost?: number
  sources?: number[]
  /** Accounts that the sources belong to. */
  sourceAccounts?: number[]
  sourceTypes?: string[]
  excludeSourceTypes?: string[]
}

export interface SeriesQuery extends BeliefFilter {
  sensor: number
  /** Slot length in ms; default the sensor's resolution. Finer: repeated; coarser: mean (instantaneous sensors: first). */
  step?: number
  sign?: 'as-stored' | 'consumption-positive'
  /** Of several sources the one that spoke last (default), or the one of the highest version as FlexMeasures answers GET data. */
  prefer?: 'recent' | 'version'
}

/** A search as FlexMeasures knows it; the names of its parameters in brackets. */
export interface BeliefSearch extends BeliefFilter {
  sensor: number
  /** All beliefs of an event, or the most recent of each source (default; `most_recent_beliefs_only`). */
  beliefs?: 'recent' | 'all'
  /** All sources, or of those with one name, type and model the latest version (default; `use_latest_version_per_event`). */
  versions?: 'latest' | 'all'
  /**
   * One certain value per event (`one_deterministic_belief_per_event`: middle of the distribution, highest version, then most recent), or per
   * event and source (`one_deterministic_belief_per_event_per_source`); default whole distributions.
   */
  one?: 'per-event' | 'per-source'
  sign?: 'as-stored' | 'consumption-positive'
}

/** What the beliefs of one source about a sensor amount to. */
export interface BeliefFigures {
  source: number
  count: number
  sum: number
  min: number
  max: number
  /** First and last event start. */
  first: Instant
  last: Instant
  /** When the latest of the beliefs was recorded, reckoned from event ends as FlexMeasures does. */
  recorded: Instant
}

export interface FiguresQuery {
  sensor: number
  /** Events that start in [from, until); default all. */
  from?: Instant
  until?: Instant
  /** Counted from the table itself, whatever is kept. */
  fresh?: boolean
}

/** Beliefs as columns of one length, ascending by event start, then source, then belief time. */
export interface FoundBeliefs {
  length: number
  starts: Float64Array
  beliefTimes: Float64Array
  /** How long before its knowledge time an event was believed, ms; negative: after. */
  horizons: Float64Array
  values: Float64Array
  sources: Int32Array
  /** Cumulative probabilities; 0.5 where a belief is certain. */
  probabilities: Float64Array
}

/** Measured, forecast and planned values per slot. */
export interface SeriesByKind {
  measured: (number | null)[]
  /** Foretold by forecasters. */
  forecast: (number | null)[]
  /** Decided by schedulers. */
  plan: (number | null)[]
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
  /** Measured, forecast and planned values per slot, with one look at the beliefs of the window. */
  seriesByKind(query: SeriesQuery & { step: number }): Promise<SeriesByKind>
  /** The beliefs themselves, most recent per event, ascending. */
  events(query: Omit<SeriesQuery, 'step'>): Promise<Belief[]>
  /** Beliefs with everything that is known of them, for charts, reports and exports. */
  search(query: BeliefSearch): Promise<FoundBeliefs>
  /** What the beliefs amount to, by source id: all of them, not the most recent only. */
  figures(query: FiguresQuery): Promise<BeliefFigures[]>
  /** Deletes beliefs about events that start in [from, until), of one source or of all. Resolves to their number. */
  remove(query: { sensor: number; source?: number; from?: Instant; until?: Instant }): Promise<number>
  /** Most recent event at or before `at` (default now) among measurements. */
  latest(sensor: number, at?: Instant): Promise<Belief | undefined>
}
