/**
 * The connections that beliefs are written on. PostgreSQL looks up sensor and source of every row it stores, which is half of what a row costs.
 * Where it lets us, we write on connections that do not; the statements of record-statements.ts lock sensor and source of a batch themselves, once,
 * as these look-ups would (docs/decisions/0012).
 */
import type { Connections, Store } from '#store'

/** Resolves to where beliefs are written now. */
export type BeliefWriter = () => Promise<Connections>

/** Somebody may give the table a trigger, or a key that we know nothing of: looked for again after so long, ms. */
const LOOK_AGAIN = 10_000

const PLAIN = `
select not (c.relhastriggers and exists (select from pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal)) and not c.relhasrules
  and c.relkind = 'r' and not exists (select from pg_constraint k where k.conrelid = c.oid and k.contype = 'f'
    and k.confrelid not in ('public.sensor'::regclass, 'public.data_source'::regclass)) as plain
from pg_class c where c.oid = 'public.timed_belief'::regclass`

export function openBeliefWriter(store: Store, now: () => number): BeliefWriter {
  let known: { writer: Connections; until: number } | undefined
  let looking: Promise<Connections> | undefined
  const look = async (): Promise<Connections> => {
    const unchecked = await store.unchecked()
    const writer = unchecked && (await unchecked.first<{ plain: boolean }>(PLAIN))!.plain ? unchecked : store
    known = { writer, until: now() + LOOK_AGAIN }
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
