/** Beliefs of several sensors over a window, read from the platform on one grid. */
import { useMemo } from 'preact/hooks'
import { iso, milliseconds } from '../format.ts'
import { type Gathering, useEach } from '../resource.ts'
import { address } from '../route.ts'
import type { Sensor } from '../things.ts'
import { type ChartData, type Grid, gridOf } from './belief-lines.ts'

export interface BeliefsWanted {
  from: number
  until: number
  /** Moment of belief; null for now. */
  at: number | null
  latestVersion: boolean
  mostRecent: boolean
}

export interface BeliefsRead extends Gathering<ChartData> {
  grid: Grid
  sensors: ReadonlyMap<number, Sensor>
  sensorsLoading: boolean
}

const durationOf = (step: number): string => (step % 3_600_000 === 0 ? `PT${step / 3_600_000}H` : `PT${step / 60_000}M`)

/** Seconds of a sensor's resolution. */
export const secondsOf = (sensor: Sensor | undefined): number => Math.max(0, (milliseconds(sensor?.event_resolution ?? 'PT0S') || 0) / 1000)

export function useBeliefs(
  ids: readonly number[],
  { from, until, at, latestVersion, mostRecent }: BeliefsWanted,
  version: string | number,
): BeliefsRead {
  const key = ids.join()
  const about = useEach<Sensor>(
    useMemo(() => new Map(ids.map((id) => [String(id), `/api/v3_0/sensors/${id}`])), [key]),
    'once',
  )
  const sensors = useMemo(() => new Map([...about.data].map(([id, sensor]) => [Number(id), sensor])), [about.data])
  const finest = Math.min(...[...sensors.values()].map((sensor) => secondsOf(sensor) * 1000 || 300_000), 3_600_000)
  const grid = gridOf(from, until, finest)
  const ready = !about.loading
  const paths = useMemo(
    () =>
      new Map(
        (ready ? ids.filter((id) => sensors.has(id)) : []).map((id) => [
          String(id),
          address(`/api/v3_0/sensors/${id}/chart_data`, {
            start: iso(grid.start),
            end: iso(grid.start + grid.count * grid.step),
            resolution: durationOf(grid.step),
            prior: at === null ? undefined : iso(at),
            'use-latest-version-per-event': String(latestVersion),
            'most-recent-beliefs-only': String(mostRecent),
            'compress-json': 'true',
          }),
        ]),
      ),
    [key, ready, sensors, grid.start, grid.step, grid.count, at, latestVersion, mostRecent],
  )
  const read = useEach<ChartData>(paths, version)
  return { ...read, errors: [...about.errors, ...read.errors], grid, sensors, sensorsLoading: about.loading }
}
