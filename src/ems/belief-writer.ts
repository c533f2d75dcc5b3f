/**
 * The connections that beliefs are written on. PostgreSQL looks up sensor and source of every row it stores, which is half of what a row costs.
 * Where it lets us, we write on connections that do not; the statements of record-statements.ts lock sensor and source of a batch themselves, once,
 * as these look-ups would (docs/decisions/0012).
 */
import type { Connections, Queryable, Store } from '#store'

/** Resolves to where beliefs are written now. */
export type BeliefWriter = () => Promise<Connections>

/** Somebody may give the table a trigger, or a key that we know nothing of: looked for again after so long, ms. A young table grows fast. */
const LOOK_AGAIN = { young: 1_000, old: 10_000 }
/** Bytes of a table whose plans are those of any larger one. */
const OLD = 64 * 1024 * 1024

const PLAIN = `
select least(pg_relation_size(c.oid), ${OLD})::int as bytes, not (c.relhastriggers and exists (select from pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal)) and not c.relhasrules
  and c.relkind = 'r' and not exists (select from pg_constraint k where k.conrelid = c.oid and k.contype = 'f'
    and k.confrelid not in ('public.sensor'::regclass, 'public.data_source'::regclass)) as plain
from pg_class c where c.oid = 'public.timed_belief'::regclass`

export function openBeliefWriter(store: Store, now: () => number): BeliefWriter {
  let known: { writer: Connections; until: number } | undefined
  let looking: Promise<Connections> | undefined
  const look = async (): Promise<Connections> => {
    const unchecked = await store.unchecked()
    const table = unchecked && (await unchecked.first<{ plain: boolean; bytes: number }>(PLAIN))!
    const writer = table?.plain ? plannedFor(unchecked!, table.bytes) : store
    known = { writer, until: now() + (table && table.bytes < OLD ? LOOK_AGAIN.young : LOOK_AGAIN.old) }
    return writer
  }
  return async () => {
    if (known && known.until > now()) return known.writer
    looking ??= look().finally(() => {
      looking = undefined
    })
    return looking
  }
}

/**
 * The same connections, whose kept plans are made anew when the table has grown eightfold: to a plan that was made while the table was all but empty,
 * one index is as good as another, and an index on sensors alone reads all beliefs of a sensor for each value.
 */
function plannedFor(connections: Connections, bytes: number): Connections {
  const size = Math.floor(Math.log2(bytes + 1) / 3)
  const named = <T extends Queryable>(db: T): T => ({
    ...db,
    query: (sql, params, name) => db.query(sql, params, name && `${name} ${size}`),
    first: (sql, params, name) => db.first(sql, params, name && `${name} ${size}`),
  })
  return { ...named(connections), transact: (work) => connections.transact((tx) => work(named(tx))) }
}
