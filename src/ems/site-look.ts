/** One look at a site for its scheduler: the asset, all above it and all below it, in one statement. */
import { measures } from '#kernel'
import { isRowId } from '#store'
import { type Ancestor, type FlexSourceParts, factsOf, flexSource, inherited } from './flex-source.ts'
import type { AssetFacts, SeriesSource } from './scheduling/series-source.ts'

export interface SiteLook {
  asset: { id: number; account: number | null; consultancy: number | null }
  /** Ids of the asset and of everything below it. */
  tree: ReadonlySet<number>
  /** Answers for the assets of the site from this look, for everything else from the database. */
  source: SeriesSource
}

interface Row {
  id: number
  name: string
  type: string
  attributes: Record<string, unknown>
  flexModel: Record<string, unknown>
  context: Record<string, unknown>
  parent: number | null
  account: number | null
  consultancy: number | null
  /** False: above the asset. */
  below: boolean
  /** Its sensors of flows. */
  flows: number[] | null
}

const LOOK = `
with recursive up as (
  select id, parent_asset_id, 0 as level from generic_asset where id = $1
  union all select g.id, g.parent_asset_id, up.level + 1 from generic_asset g join up on g.id = up.parent_asset_id where up.level < 100
), tree as (
  select id, array[id] as path from generic_asset where id = $1
  union all select k.id, tree.path || k.id from generic_asset k join tree on k.parent_asset_id = tree.id
  where cardinality(tree.path) < 1000 and k.id <> all(tree.path)
), flow as (
  select s.generic_asset_id as asset, array_agg(s.id order by s.id) as sensors from sensor s
  where s.event_resolution > interval '0' and s.generic_asset_id in (select id from tree) group by 1
), every as (select id, path from tree union all select id, null from up where level > 0)
select g.id, g.name, t.name as type, g.attributes, g.flex_model as "flexModel", g.flex_context as context, g.parent_asset_id as parent,
  g.account_id as account, a.consultancy_account_id as consultancy, every.path is not null as below, flow.sensors as flows
from every join generic_asset g on g.id = every.id join generic_asset_type t on t.id = g.generic_asset_type_id
  left join account a on a.id = g.account_id left join flow on flow.asset = g.id
order by every.path nulls last`

/** What is at the site now; undefined when there is no such asset. */
export async function lookAtSite(parts: FlexSourceParts, root: number): Promise<SiteLook | undefined> {
  const { store, sensors } = parts
  const rows = isRowId(root) ? await store.query<Row>(LOOK, [root], 'look-at-site') : []
  const [first] = rows
  if (!first) return undefined
  const byId = new Map<number, Row>()
  for (const row of rows) if (!byId.has(row.id)) byId.set(row.id, row)
  const source = flexSource(parts)
  const contextOf = (row: Row): Record<string, unknown> => {
    const line: Ancestor[] = []
    const seen = new Set<number>()
    for (let at: Row | undefined = row; at && !seen.has(at.id); at = at.parent === null ? undefined : byId.get(at.parent)) {
      seen.add(at.id)
      line.push({ asset: at.id, name: at.name, context: at.context })
    }
    return Object.fromEntries(Object.entries(inherited(line)).map(([field, { value }]) => [field, value]))
  }
  const facts = ({ id, name, type, attributes, flexModel }: Row, flexContext: Record<string, unknown>): AssetFacts => ({
    ...{ id, name, type, attributes, flexModel, flexContext },
  })
  return {
    asset: { id: first.id, account: first.account, consultancy: first.consultancy },
    tree: new Set(rows.filter(({ below }) => below).map(({ id }) => id)),
    source: {
      ...source,
      async asset(id) {
        const row = byId.get(id)
        return row?.below ? facts(row, contextOf(row)) : source.asset(id)
      },
      async offspring(asset) {
        if (asset !== root) return source.offspring(asset)
        const flexible = rows.filter(({ below, flexModel }) => below && Object.keys(flexModel).length > 0)
        return Promise.all(
          flexible.map(async (row): Promise<AssetFacts> => {
            const known = await Promise.all((row.flows ?? []).map((id) => sensors.get(id)))
            const powers = known.filter((sensor) => sensor && measures(sensor.unit, 'power'))
            return { ...facts(row, {}), ...(powers.length === 1 && { onlyPowerSensor: factsOf(powers[0]!) }) }
          }),
        )
      },
    },
  }
}
