/** Data sources: who believes something. One row per identity (reference 1.3). */
import { createHash } from 'node:crypto'
import { isRowId, type Store } from '#store'
import type { SourceKey } from './belief.ts'

export interface Source {
  id: number
  name: string
  type: string
  model: string | null
  version: string | null
  account: number | null
  user: number | null
}

export interface Sources {
  /** Id of the source, created when it does not exist yet; remembered. Sources of other `attributes` (the config of a forecaster) are others. */
  of(key: SourceKey, attributes?: Readonly<Record<string, unknown>>): Promise<number>
  get(id: number): Promise<Source | undefined>
  /** Sources that the accounts recorded with, plus those of no account; 'all' for everything. */
  list(accounts: readonly number[] | 'all'): Promise<Source[]>
}

const SELECT = 'select id, name, type, model, version, account_id as account, user_id as user from data_source'

/** Sources of the database. Two programs that create the same source at once end up with one row. */
export function openSources(store: Store): Sources {
  const remembered = new Map<string, Promise<number>>()
  const make = async (key: SourceKey, attributes: Readonly<Record<string, unknown>>): Promise<number> => {
    if (key.user !== undefined) {
      const own = await store.first<{ id: number; name: string }>('select id, name from data_source where user_id = $1', [key.user])
      if (own) return own.id
    }
    const params = [
      key.name,
      key.type,
      key.model ?? null,
      key.version ?? null,
      key.user ?? null,
      key.account ?? null,
      JSON.stringify(attributes),
    ]
    return store.transact(async (tx) => {
      await tx.query("select pg_advisory_xact_lock(hashtext('data_source'))")
      const known = await tx.first<{ id: number }>(
        `select id from data_source where name = $1 and type = $2 and model is not distinct from $3 and version is not distinct from $4
         and user_id is not distinct from $5 and account_id is not distinct from $6 and attributes = $7::jsonb order by id limit 1`,
        params,
      )
      if (known) return known.id
      const hash = createHash('sha256').update(sortedJson(attributes)).digest()
      const row = await tx.first<{ id: number }>(
        `insert into data_source (name, type, model, version, user_id, account_id, attributes, attributes_hash)
         values ($1, $2, $3, $4, $5, $6, $7::jsonb, $8) returning id`,
        [...params, key.user === undefined ? hash : null],
      )
      return row!.id
    })
  }
  return {
    of(key, attributes = {}) {
      const text = sortedJson([
        key.name,
        key.type,
        key.model ?? null,
        key.version ?? null,
        key.user ?? null,
        key.account ?? null,
        attributes,
      ])
      const known = remembered.get(text)
      if (known) return known
      const made = make(key, attributes)
      remembered.set(text, made)
      made.catch(() => remembered.delete(text))
      return made
    },
    get: async (id) => (isRowId(id) ? store.first<Source>(`${SELECT} where id = $1`, [id]) : undefined),
    list: (accounts) =>
      accounts === 'all'
        ? store.query<Source>(`${SELECT} order by id`)
        : store.query<Source>(`${SELECT} where (account_id is null and user_id is null) or account_id = any($1::int[]) order by id`, [
            accounts,
          ]),
  }
}

/** JSON as FlexMeasures hashes attributes: keys in order, a space after each comma and colon. */
function sortedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(', ')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1))
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}: ${sortedJson(item)}`).join(', ')}}`
}
