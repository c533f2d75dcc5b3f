/** The face of a scheduler: what it is asked, what it answers. Storages today; loads that are no storages (cycles) take the same face. */
import type { Instant } from '#kernel'
import type { ToldDevice, ToldFlow } from './explanation.ts'
import type { SensorFacts, SeriesSource } from './series-source.ts'
import type { SolverPool } from './solver-pool.ts'

export interface ScheduleRequest {
  /** Asset the schedule is made for (the site, or the asset of the one sensor). */
  asset: number
  start: Instant
  /** Before it is extended to the last soc-target. */
  end: Instant
  /** Step, ms; default the finest resolution of the power sensors, else 15 min. */
  resolution?: number
  /** Only beliefs recorded before this moment count. */
  prior: Instant
  /** Entries as sent; a sensor trigger passes its one entry with `sensor` added. */
  flexModel: Record<string, unknown>[]
  flexContext: Record<string, unknown>
  /** Steps at most; default 2520, 0 = any number. */
  maxSteps?: number
  /** Length at most, ms. */
  maxLength?: number
  /** Asked for one power sensor, not for an asset. */
  single?: boolean
  /** Rules of relaxing; default '1.0'. */
  dialect?: '1.0' | '0.33'
}

export interface ScheduleHow {
  source: SeriesSource
  pool: SolverPool
  /** For the solve, ms. */
  deadlineMs: number
  /** Relative gap that is good enough; default 0. */
  gap?: number
  /**
   * When hard wishes cannot be kept: 'fail' throws Problem `infeasible` as FlexMeasures does; 'relax' (default) plans as near to them as
   * possible and names what is missing.
   */
  whenInfeasible?: 'fail' | 'relax'
  /** From `lookAhead` of the same scheduler, a moment ago. */
  ahead?: Promise<unknown> | undefined
}

/** Values for one output sensor, as they are to be stored. */
export interface ScheduleOutput {
  sensor: SensorFacts
  kind: 'power' | 'consumption' | 'production' | 'state-of-charge' | 'aggregate'
  start: Instant
  /** ms between values. */
  step: number
  /** In the sensor's unit and stored sign. */
  values: number[]
  /** The attribute the sensor must carry from now on; absent = leave it. */
  consumptionIsPositive?: boolean
}

/** A wish the plan does not keep, and by how much. */
export interface UnmetWish {
  asset: number
  sensor?: number
  name: 'soc-minima' | 'soc-maxima' | 'soc-targets' | 'soc-min' | 'soc-max'
  at: Instant
  /** kWh, > 0. */
  violationKwh: number
  /** Highest power it could use, kW. */
  powerKw: number
}

/** A wish the plan keeps, and with how much room. */
export interface KeptWish {
  asset: number
  name: UnmetWish['name']
  at: Instant
  marginKwh: number
}

export interface ScheduleResult {
  /** Name of the scheduler class, 'StorageScheduler'. */
  scheduler: string
  /** Version its plans are stored under. */
  version: string
  start: Instant
  end: Instant
  step: number
  outputs: ScheduleOutput[]
  /** Cost by name, as FlexMeasures names them. */
  commitmentCosts: Record<string, number>
  objective: number
  bound: number
  gap: number
  solver: string
  solveMs: number
  unmet: UnmetWish[]
  /** Wishes that were kept at every moment, with the room that was left. */
  kept: KeptWish[]
  /** True when hard wishes were relaxed to find a plan at all. */
  relaxed: boolean
  /** SoC at the start per entry, kWh; undefined where no stock is followed. */
  socAtStartKwh: (number | undefined)[]
  /** Why the plan is as it is; worked out when asked for. Absent from schedulers that cannot say. */
  explain?: () => ScheduleExplanation
}

/** An explanation with whom it is about. */
export interface ScheduleExplanation {
  solver: string
  solveMs: number
  objective: number
  bound: number
  gap: number
  currency: string
  /** Length of a slot, ms. */
  step: number
  slots: number
  devices: (ToldDevice & { sensor?: number; asset?: number })[]
  flows: ToldFlow[]
}

/**
 * A scheduler works in two strokes: `read` validates the request (at trigger time, refusing field by field), `schedule` solves what was read
 * (in a job). `takes` says whether it is the one for assets of a type.
 */
export interface Scheduler<Read> {
  readonly name: string
  takes(assetType: string): boolean
  read(request: ScheduleRequest, source: SeriesSource): Promise<Read>
  /** Begins to look at what `schedule` needs (prices, profiles), so that it need not wait when it is called soon after: give it as `ahead`. */
  lookAhead?(read: Read, source: SeriesSource): Promise<unknown>
  schedule(read: Read, how: ScheduleHow): Promise<ScheduleResult>
}
