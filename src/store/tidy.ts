/** Putting the rows of a table in the order of one of its indexes, so that what is read together lies together on disk. */
import { type Clock, Problem, SECOND } from '#kernel'
import type { Store } from './store.ts'

export interface Tidied {
  table: string
  rows: number
  /** Bytes on disk with all indexes, before and after. */
  before: number
  after: number
  milliseconds: number
}

export interface TidyOptions {
  store: Store
  clock: Clock
  table: string
  /** Columns that the index begins with, in order. */
  columns: readonly string[]
  progress?: (done: number, total: number) => void
}

const SIZE = 'select pg_total_relation_size($1::regclass)::float8 as size'

/** The table's size on disk: as much room is needed again while it is put in order. */
export const sizeOf = async ({ store, table }: Pick<TidyOptions, 'store' | 'table'>): Promise<number> =>
  (await store.first<{ size: number }>(SIZE, [table]))!.size

/**
 * Rewrites the table, which nobody can read or write meanwhile; its definition stays as it was. Then it is vacuumed and analysed.
 * @throws Problem `no-such-index`, `table-busy` when others hold the table for longer than 30 s
 */
export async function tidyTable({ store, clock, table, columns, progress }: TidyOptions): Promise<Tidied> {
  const index = await store.first<{ name: string }>(
    `select c.relname as name from pg_index i join pg_class c on c.oid = i.indexrelid
     where i.indrelid = $1::regclass and i.indpred is null and i.indisvalid and (
       select array_agg(a.attname::text order by k.n) from unnest(i.indkey::int2[]) with ordinality as k(attribute, n)
       join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attribute) = $2::text[]`,
    [table, columns],
  )
  if (!index)
    throw new Problem('no-such-index', `The table ${table} has no index on (${columns.join(', ')}).`, {
      hint: 'Was it made by FlexMeasures 1.0? Its migrations make the index.',
    })
  const from = clock.now()
  const before = await sizeOf({ store, table })
  const follow = progress && clock.every(SECOND, () => void tellProgress(store, progress).catch(() => undefined))
  try {
    await store.transact(async (tx) => {
      await tx.query("set local lock_timeout = '30s'")
      await tx.query("set local maintenance_work_mem = '256MB'")
      await tx.query(`cluster ${table} using "${index.name}"`)
      // The mark that CLUSTER leaves would show in a dump of the table's definition.
      await tx.query(`alter table ${table} set without cluster`)
    })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === '55P03')
      throw new Problem('table-busy', `The table ${table} is in use.`, {
        retry: 'later',
        hint: 'Stop the programs that use it, or try again when it is quiet.',
      })
    throw error
  } finally {
    follow?.cancel()
  }
  await store.query(`vacuum (analyze) ${table}`)
  const count = await store.first<{ rows: number }>('select reltuples::float8 as rows from pg_class where oid = $1::regclass', [table])
  progress?.(1, 1)
  return { table, rows: count!.rows, before, after: await sizeOf({ store, table }), milliseconds: clock.now() - from }
}

/** Reading the table is about half of the work, building its indexes the other. */
async function tellProgress(store: Store, progress: (done: number, total: number) => void): Promise<void> {
  const row = await store.first<{ done: number; total: number; built: number; indexes: number }>(
    `select heap_blks_scanned::float8 as done, heap_blks_total::float8 as total, index_rebuild_count::float8 as built,
     (select count(*) from pg_index where indrelid = relid)::float8 as indexes from pg_stat_progress_cluster limit 1`,
  )
  if (row && row.total > 0) progress(row.done / row.total / 2 + row.built / Math.max(1, row.indexes) / 2, 1)
}
