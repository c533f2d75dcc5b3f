/** Users and accounts that go for good. Only operators do this: the API never deletes them (reference 1.5). */
import type { Queryable, Store } from '#store'

/** Deletes a user; what the user recorded stays, under the source of that name. */
export const removeUser = (store: Store, id: number): Promise<void> => store.transact((tx) => dropUsers(tx, [id]))

/** Deletes an account with its users, and its assets with their sensors and data. Accounts it advised stay without a consultancy. */
export function removeAccount(store: Store, id: number): Promise<{ users: number; assets: number }> {
  return store.transact(async (tx) => {
    const users = await tx.query<{ id: number }>('select id from fm_user where account_id = $1', [id])
    await dropUsers(
      tx,
      users.map((user) => user.id),
    )
    const assets = await tx.query('delete from generic_asset where account_id = $1 returning id', [id])
    await tx.query('delete from roles_accounts where account_id = $1', [id])
    await tx.query('update account set consultancy_account_id = null where consultancy_account_id = $1', [id])
    await tx.query('delete from account where id = $1', [id])
    return { users: users.length, assets: assets.length }
  })
}

async function dropUsers(tx: Queryable, ids: readonly number[]): Promise<void> {
  await tx.query('delete from roles_users where user_id = any($1::int[])', [ids])
  await tx.query('delete from fm_user where id = any($1::int[])', [ids])
}
