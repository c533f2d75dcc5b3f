/** The tables of the platform and in which order they can be filled. */
import { Problem } from '#kernel'
import { knownMigrations } from '../migrate.ts'
import type { Queryable } from '../store.ts'

export interface Table {
  /** Quoted, with its schema: `public.account`. */
  name: string
  /** Quoted columns that can be written. */
  columns: string[]
}

/** Made anew by the migrations, so never copied. */
const MIGRATIONS = 'cariflex.migration'

/** Names of the tables of schema public that the migrations make: those of FlexMeasures. Others there belong to strangers. */
export const flexMeasuresTables = (): Set<string> =>
  new Set(knownMigrations().flatMap(({ sql }) => [...sql.matchAll(/create table if not exists public\.(\w+)/g)].map(([, name]) => name!)))

/** All tables of schemas public and cariflex; what is referred to stands before what refers to it. */
export async function tablesInOrder(store: Queryable): Promise<Table[]> {
  const tables = await store.query<Table>(`
    select format('%I.%I', n.nspname, c.relname) as name,
      array_agg(quote_ident(a.attname) order by a.attnum) filter (where a.attgenerated = '') as columns
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where n.nspname in ('public', 'cariflex') and c.relkind in ('r', 'p') and not c.relispartition
      and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
    group by 1 order by 1`)
  const references = await store.query<{ child: string; parent: string }>(`
    select format('%I.%I', n.nspname, c.relname) as child, format('%I.%I', pn.nspname, p.relname) as parent
    from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
      join pg_class p on p.oid = k.confrelid join pg_namespace pn on pn.oid = p.relnamespace
    where k.contype = 'f' and k.conrelid <> k.confrelid`)
  const ordered: Table[] = []
  const placed = new Set<string>()
  let rest = tables.filter(({ name }) => name !== MIGRATIONS)
  while (rest.length > 0) {
    const free = rest.filter(({ name }) => references.every(({ child, parent }) => child !== name || placed.has(parent)))
    if (free.length === 0)
      throw new Problem('backup-impossible', `These tables refer to each other in a circle: ${rest.map(({ name }) => name).join(', ')}.`, {
        status: 500,
        hint: 'Report this.',
      })
    for (const table of free) {
      ordered.push(table)
      placed.add(table.name)
    }
    rest = rest.filter(({ name }) => !placed.has(name))
  }
  return ordered
}

export interface Sequence {
  name: string
  value: number
}

/** Counters that were used, with the value they gave last. */
export const sequences = (store: Queryable): Promise<Sequence[]> =>
  store.query(`select format('%I.%I', schemaname, sequencename) as name, last_value as value from pg_sequences
    where schemaname in ('public', 'cariflex') and last_value is not null order by 1`)
