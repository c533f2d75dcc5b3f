/** What schedulers read, from the beliefs, sensors and assets of the database. */
import { instant } from '#kernel'
import type { Asset, Assets } from './assets.ts'
import type { Beliefs } from './belief.ts'
import type { AssetFacts, SensorFacts, SeriesSource, SourceFilters } from './scheduling/series-source.ts'
import type { Sensor, Sensors } from './sensors.ts'
import type { Sources } from './sources.ts'

export interface FlexSourceParts {
  beliefs: Beliefs
  sensors: Sensors
  assets: Assets
  sources: Sources
  /** Called for each sensor that is asked for; throws when the asker may not read it. */
  allow?: (sensor: Sensor) => void
}

export function flexSource({ beliefs, sensors, assets, sources, allow }: FlexSourceParts): SeriesSource {
  const filtersOf = async (query: SourceFilters) => {
    const ids = query.sourceAccounts
      ? (await sources.list('all')).filter((source) => query.sourceAccounts!.includes(source.account ?? -1)).map((source) => source.id)
      : undefined
    const chosen = query.sources && ids ? ids.filter((id) => query.sources!.includes(id)) : (query.sources ?? ids)
    return {
      ...(chosen && { sources: chosen }),
      ...(query.sourceTypes && { sourceTypes: query.sourceTypes }),
      ...(query.excludeSourceTypes && { excludeSourceTypes: query.excludeSourceTypes }),
    }
  }
  return {
    async sensor(id) {
      const sensor = await sensors.get(id)
      if (!sensor) return undefined
      allow?.(sensor)
      return factsOf(sensor)
    },
    async asset(id) {
      const asset = await assets.get(id)
      return asset && assetFacts(asset, await inheritedContext(assets, asset))
    },
    async values({ sensor, from, until, step, prior, ...filters }) {
      const series = await beliefs.series({ sensor, from, until, step, at: prior, ...(await filtersOf(filters)) })
      return Float64Array.from(series, (value) => value ?? Number.NaN)
    },
    async moments({ sensor, from, until, prior }) {
      const events = await beliefs.events({ sensor, from, until: instant(until + 1), at: prior })
      return events.map(({ start, value }) => ({ at: start, value }))
    },
  }
}

function factsOf(sensor: Sensor): SensorFacts {
  const positive = sensor.attributes['consumption_is_positive']
  const floors = sensor.attributes['floor_datetimes_to_resolution']
  return {
    id: sensor.id,
    unit: sensor.unit,
    resolution: sensor.resolution,
    zone: sensor.timezone,
    asset: sensor.asset,
    ...(typeof positive === 'boolean' && { consumptionIsPositive: positive }),
    ...(typeof floors === 'boolean' && { floorsDatetimes: floors }),
  }
}

const assetFacts = (asset: Asset, flexContext: Record<string, unknown>): AssetFacts => ({
  id: asset.id,
  type: asset.type.name,
  attributes: asset.attributes,
  flexModel: asset.flexModel,
  flexContext,
})

/** Fields that say one thing together: the nearest asset that names any of them names all. */
const family = (field: string): string => (field.startsWith('inflexible-') ? 'inflexible-*' : field)

/** Flex-context of the asset and what it inherits: per field the nearest ancestor wins (reference 1.4). */
async function inheritedContext(assets: Assets, asset: Asset): Promise<Record<string, unknown>> {
  const context: Record<string, unknown> = {}
  const said = new Set<string>()
  for (let at: Asset | undefined = asset; at; at = at.parent === null ? undefined : await assets.get(at.parent)) {
    const fields = Object.entries(at.flexContext).filter(([field]) => !said.has(family(field)))
    for (const [field, value] of fields) context[field] = value
    for (const [field] of fields) said.add(family(field))
  }
  return context
}
