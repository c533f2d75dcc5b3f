/** Writing that can be tried: all of it is done, then taken back. */
import type { Connections, Transaction } from '#store'

/**
 * One transaction of which nothing stays when `dryRun`.
 * @returns what `work` resolves to
 */
export async function dryRunOf<T>(store: Connections, dryRun: boolean, work: (tx: Transaction) => Promise<T>): Promise<T> {
  let tried: { value: T } | undefined
  try {
    return await store.transact(async (tx) => {
      const value = await work(tx)
      if (!dryRun) return value
      tried = { value }
      throw new Error('rolls a dry run back')
    })
  } catch (error) {
    if (tried) return tried.value
    throw error
  }
}
