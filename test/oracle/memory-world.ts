// Sensors, assets and series in memory behind the face the scheduler reads beliefs through.
import { type Instant, instant, parseDurationLength } from '#kernel'
import type { AssetFacts, SensorFacts, SeriesSource } from '../../src/ems/scheduling/series-source.ts'

/** A world in memory: sensors and assets by id, stepwise series as posted. */
export function memoryWorld() {
  const sensors = new Map<number, SensorFacts>()
  const assets = new Map<number, AssetFacts>()
  const parents = new Map<number, number>()
  const events = new Map<number, { at: number; length: number; value: number }[]>()
  const source: SeriesSource = {
    sensor: async (id) => sensors.get(id),
    asset: async (id) => assets.get(id),
    offspring: async (root) => {
      const below = (id: number): number[] => [id, ...[...parents].flatMap(([child, parent]) => (parent === id ? below(child) : []))]
      return below(root).flatMap((id) => {
        const facts = assets.get(id)
        return facts && Object.keys(facts.flexModel).length > 0 ? [facts] : []
      })
    },
    values: async ({ sensor, from, until, step }) => {
      const known = events.get(sensor) ?? []
      return Float64Array.from({ length: Math.round((until - from) / step) }, (_, slot) => {
        const begin = from + slot * step
        const within = known.filter((event) => event.at < begin + step && event.at + Math.max(event.length, 1) > begin)
        return within.length === 0 ? Number.NaN : within.reduce((sum, event) => sum + event.value, 0) / within.length
      })
    },
    moments: async ({ sensor, from, until }) =>
      (events.get(sensor) ?? [])
        .filter((event) => event.at >= from && event.at < until)
        .map(({ at, value }) => ({ at: instant(at), value })),
  }
  return {
    source,
    asset: (id: number, { parent, ...more }: Partial<AssetFacts> & { parent?: number } = {}) => {
      assets.set(id, { id, type: 'battery', attributes: {}, flexModel: {}, flexContext: {}, ...more })
      if (parent !== undefined) parents.set(id, parent)
      return id
    },
    sensor: (id: number, asset: number, unit: string, resolution: string, more: Partial<SensorFacts> = {}) => {
      sensors.set(id, { id, asset, unit, resolution: parseDurationLength(resolution), zone: 'Europe/Paris', ...more })
      return id
    },
    post: (sensor: number, start: Instant, length: number, values: number[]) => {
      const each = length / values.length
      events.set(sensor, [
        ...(events.get(sensor) ?? []),
        ...values.map((value, index) => ({ at: start + index * each, length: sensors.get(sensor)!.resolution === 0 ? 0 : each, value })),
      ])
    },
  }
}
