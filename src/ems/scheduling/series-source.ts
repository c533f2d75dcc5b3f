/** How the scheduler sees sensors and assets: a small face that the server connects to beliefs (or a test to plain arrays). */
import { type Instant, measures } from '#kernel'

export interface SensorFacts {
  id: number
  unit: string
  /** Event resolution, ms; 0 for instantaneous sensors. */
  resolution: number
  zone: string
  asset: number
  /** Attribute `consumption_is_positive` of the sensor itself; undefined when not set. */
  consumptionIsPositive?: boolean
  /** Attribute `floor_datetimes_to_resolution`; default true. */
  floorsDatetimes?: boolean
  /** The one direction there is (attributes `is_strictly_non_positive`: consumption, `is_strictly_non_negative`: production). */
  oneWay?: 'consumption' | 'production'
  /** All its attributes; absent = none. */
  attributes?: Readonly<Record<string, unknown>>
}

/** True when plans are stored with consumption above zero: powers only where the sensor says so, energies unless it says otherwise. */
export const storesConsumption = ({ unit, consumptionIsPositive }: SensorFacts): boolean =>
  consumptionIsPositive ?? !measures(unit, 'power')

export interface AssetFacts {
  id: number
  name?: string
  /** Name of the asset type: 'battery', 'one-way_evse' … */
  type: string
  attributes: Record<string, unknown>
  /** Flex-model stored on the asset itself. */
  flexModel: Record<string, unknown>
  /** Flex-context stored on the asset and its ancestors, per field the nearest. */
  flexContext: Record<string, unknown>
  /** The asset's power sensor, when it has exactly one. */
  onlyPowerSensor?: SensorFacts
}

/** Which beliefs of a sensor count. */
export interface SourceFilters {
  sourceTypes?: string[]
  excludeSourceTypes?: string[]
  sources?: number[]
  sourceAccounts?: number[]
}

export interface SeriesSource {
  /** Facts of a sensor; undefined when there is none. May reject with a Problem (403) when the asker may not read it. */
  sensor(id: number): Promise<SensorFacts | undefined>
  asset(id: number): Promise<AssetFacts | undefined>
  /** The asset and all below it that have a flex-model, the asset first. Their `flexContext` may be left empty. */
  offspring(asset: number): Promise<AssetFacts[]>
  /**
   * Values of a sensor *as stored*, in the sensor's unit, one per slot of `step` ms from `from` to `until`, as believed at `prior`:
   * finer slots repeat, coarser ones take the mean. NaN where nothing is known.
   */
  values(query: { sensor: number; from: Instant; until: Instant; step: number; prior: Instant } & SourceFilters): Promise<Float64Array>
  /** Events of an instantaneous sensor from `from` to before `until` with their moments, ascending, as stored, as believed by now. */
  moments(query: { sensor: number; from: Instant; until: Instant } & SourceFilters): Promise<{ at: Instant; value: number }[]>
}
