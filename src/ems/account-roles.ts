/** Rows that only operators add: roles of accounts and kinds of assets. */
import { Problem } from '#kernel'
import type { Queryable, Store } from '#store'

/** @throws Problem `name-taken` (409) */
export const addAccountRole = (db: Queryable, name: string, description: string | undefined): Promise<number> =>
  insertNamed(db, 'account_role', name, description, 'account role')

/** @throws Problem `name-taken` (409) */
export const addAssetType = (db: Queryable, name: string, description: string | undefined): Promise<number> =>
  insertNamed(db, 'generic_asset_type', name, description, 'asset type')

/** Resolves to the names of the accounts that had it. @throws Problem `unknown-role` (422) */
export function removeAccountRole(store: Store, name: string): Promise<string[]> {
  return store.transact(async (tx) => {
    const role = await tx.first<{ id: number }>('select id from account_role where name = $1', [name])
    if (!role) throw new Problem('unknown-role', `Account role '${name}' does not exist.`, { status: 422, hint: 'See show roles.' })
    const held = await tx.query<{ name: string }>(
      `with gone as (delete from roles_accounts where role_id = $1 returning account_id)
       select a.name from account a join gone on gone.account_id = a.id order by a.id`,
      [role.id],
    )
    await tx.query('delete from account_role where id = $1', [role.id])
    return held.map((account) => account.name)
  })
}

async function insertNamed(
  db: Queryable,
  table: 'account_role' | 'generic_asset_type',
  name: string,
  description: string | undefined,
  what: string,
): Promise<number> {
  const row = await db.first<{ id: number }>(
    `insert into ${table} (name, description) select $1::text, $2::text where not exists (select from ${table} where name = $1::text) returning id`,
    [name, description ?? null],
  )
  if (row) return row.id
  throw new Problem('name-taken', `There is an ${what} '${name}' already.`, {
    status: 409,
    hint: 'Choose another name.',
  })
}
