/** What schedulers read, from the beliefs, sensors and assets of the database. */
import { measures } from '#kernel'
import type { Queryable } from '#store'
import type { Beliefs } from './belief.ts'
import type { AssetFacts, SensorFacts, SeriesSource } from './scheduling/series-source.ts'
import type { Sensor, Sensors } from './sensors.ts'

export interface FlexSourceParts {
  store: Queryable
  beliefs: Beliefs
  sensors: Sensors
}

export function flexSource({ store, beliefs, sensors }: FlexSourceParts): SeriesSource {
  return {
    async sensor(id) {
      const sensor = await sensors.get(id)
      return sensor && factsOf(sensor)
    },
    async asset(id) {
      const row = await store.first<AssetRow>(`${FACTS} where g.id = $1`, [id])
      if (!row) return undefined
      const context = inherited(await ancestry(store, id))
      return { ...row, flexContext: Object.fromEntries(Object.entries(context).map(([field, { value }]) => [field, value])) }
    },
    async offspring(root) {
      const rows = await store.query<AssetRow & { power: number[] | null }>(
        `with recursive tree as (
           select id, array[id] as path from generic_asset where id = $1
           union all select k.id, tree.path || k.id from generic_asset k join tree on k.parent_asset_id = tree.id
           where cardinality(tree.path) < 100 and k.id <> all(tree.path))
         select g.id, g.name, t.name as type, g.attributes, g.flex_model as "flexModel",
           (select array_agg(s.id order by s.id) from sensor s where s.generic_asset_id = g.id and s.event_resolution > interval '0') as power
         from tree join generic_asset g on g.id = tree.id join generic_asset_type t on t.id = g.generic_asset_type_id
         where g.flex_model <> '{}'::jsonb order by tree.path`,
        [root],
      )
      return Promise.all(
        rows.map(async ({ power, ...row }): Promise<AssetFacts> => {
          const known = await Promise.all((power ?? []).map((id) => sensors.get(id)))
          const powers = known.filter((sensor) => sensor && measures(sensor.unit, 'power'))
          return { ...row, flexContext: {}, ...(powers.length === 1 && { onlyPowerSensor: factsOf(powers[0]!) }) }
        }),
      )
    },
    async values({ sensor, from, until, step, prior, sourceAccounts, ...filters }) {
      const series = await beliefs.series({
        sensor,
        from,
        until,
        step,
        at: prior,
        ...filters,
        ...(sourceAccounts && { sourceAccounts }),
      })
      return Float64Array.from(series, (value) => value ?? Number.NaN)
    },
    async moments(query) {
      const events = await beliefs.events(query)
      return events.map(({ start, value }) => ({ at: start, value }))
    },
  }
}

type AssetRow = Omit<AssetFacts, 'flexContext' | 'onlyPowerSensor'>

const FACTS = `select g.id, g.name, t.name as type, g.attributes, g.flex_model as "flexModel"
  from generic_asset g join generic_asset_type t on t.id = g.generic_asset_type_id`

/** What the scheduler sees of a sensor. */
export function factsOf(sensor: Sensor): SensorFacts {
  const { attributes } = sensor
  const positive = attributes['consumption_is_positive']
  const floors = attributes['floor_datetimes_to_resolution']
  const oneWay = attributes['is_strictly_non_positive'] ? 'consumption' : attributes['is_strictly_non_negative'] ? 'production' : undefined
  return {
    id: sensor.id,
    unit: sensor.unit,
    resolution: sensor.resolution,
    zone: sensor.timezone,
    asset: sensor.asset,
    attributes,
    ...(typeof positive === 'boolean' && { consumptionIsPositive: positive }),
    ...(typeof floors === 'boolean' && { floorsDatetimes: floors }),
    ...(oneWay && { oneWay }),
  }
}

/** A field of a flex-context and the asset it comes from. */
export interface InheritedField {
  value: unknown
  from: { asset: number; name: string }
}

/** An asset of a line of ancestors and the flex-context stored on it. */
export interface Ancestor {
  asset: number
  name: string
  context: Record<string, unknown>
}

const ancestry = (store: Queryable, asset: number): Promise<Ancestor[]> =>
  store.query<Ancestor>(
    `with recursive up as (
       select id, name, parent_asset_id, flex_context, 0 as level from generic_asset where id = $1
       union all select g.id, g.name, g.parent_asset_id, g.flex_context, up.level + 1
       from generic_asset g join up on g.id = up.parent_asset_id where up.level < 100)
     select id as asset, name, flex_context as context from up order by level`,
    [asset],
  )

/**
 * Flex-context of the asset and what it inherits, field by field with the asset that states it: the nearest wins (reference 1.4). With `own` as if
 * the asset itself stated that.
 */
export async function inheritedFlexContext(store: Queryable, asset: number, own?: object): Promise<Record<string, InheritedField>> {
  const ancestors = await ancestry(store, asset)
  return inherited(own ? ancestors.map((one) => (one.asset === asset ? { ...one, context: { ...own } } : one)) : ancestors)
}

/** Fields that say one thing together: the nearest asset that names any of them names all. */
const family = (field: string): string => (field.startsWith('inflexible-') ? 'inflexible-*' : field)

/** Fields of a line of ancestors, the nearest asset first. */
export function inherited(ancestors: Ancestor[]): Record<string, InheritedField> {
  const context: Record<string, InheritedField> = {}
  const said = new Set<string>()
  for (const { asset, name, context: own } of ancestors) {
    const fields = Object.entries(own ?? {}).filter(([field]) => !said.has(family(field)))
    for (const [field, value] of fields) context[field] = { value, from: { asset, name } }
    for (const [field] of fields) said.add(family(field))
  }
  return context
}
