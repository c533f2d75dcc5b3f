/** /health/live: the program runs. /health/ready: it can work, that is, the database answers and the rooms say so. */
import { describeError } from '#kernel'
import type { Store } from '#store'
import type { App } from './app.ts'

/** Resolves when the part is ready; rejects with the reason when it is not. */
export type ReadinessCheck = () => Promise<void> | void

export function addHealth(app: App, store: Store, checks: Map<string, ReadinessCheck>): void {
  app.get('/health/live', { schema: { tags: ['health'], summary: 'The program runs' } }, async () => ({ status: 'alive' }))
  app.get('/health/ready', { schema: { tags: ['health'], summary: 'The program can work' } }, async (_request, reply) => {
    const why: Record<string, string> = {}
    const database = await store.first('select 1').then(
      () => true,
      (error: unknown) => {
        why['database_sql'] = describeError(error)
        return false
      },
    )
    for (const [name, check] of checks) {
      try {
        await check()
      } catch (error) {
        why[name] = describeError(error)
      }
    }
    const ready = Object.keys(why).length === 0
    if (!ready) reply.header('Retry-After', 2)
    return reply.code(ready ? 200 : 503).send({ database_sql: database, ...(ready ? {} : { why }) })
  })
}
