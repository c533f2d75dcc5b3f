/** /health/live: the program runs. /health/ready: it can work, that is, the database answers and the rooms say so. */
import { type Clock, describeError, pause } from '#kernel'
import type { Store } from '#store'
import type { App } from './app.ts'

/** Resolves when the part is ready; rejects with the reason when it is not. */
export type ReadinessCheck = () => Promise<void> | void

/** A part that has said nothing for so long is not ready; whoever asks hears it within two seconds. */
const PATIENCE = 1500

export function addHealth(app: App, store: Store, clock: Clock, checks: Map<string, ReadinessCheck>): void {
  const database = askedOnce(() => store.first('select 1'), clock)
  const asked = new Map<string, () => Promise<string | undefined>>()
  app.get('/health/live', { schema: { tags: ['health'], security: [], summary: 'The program runs' } }, async () => ({ status: 'alive' }))
  app.get('/health/ready', { schema: { tags: ['health'], security: [], summary: 'The program can work' } }, async (_request, reply) => {
    for (const name of checks.keys())
      if (!asked.has(name))
        asked.set(
          name,
          askedOnce(async () => checks.get(name)?.(), clock),
        )
    const parts: [string, () => Promise<string | undefined>][] = [['database_sql', database], ...asked]
    const told = await Promise.all(parts.map(async ([name, ask]) => [name, await ask()] as const))
    const why = Object.fromEntries(told.filter(([, reason]) => reason !== undefined))
    const ready = Object.keys(why).length === 0
    if (!ready) reply.header('Retry-After', 2)
    return reply.code(ready ? 200 : 503).send({ database_sql: !('database_sql' in why), ...(ready ? {} : { why }) })
  })
}

/** What keeps a part from being ready, if anything. While a part leaves one question open it is not asked another: none pile up. */
function askedOnce(ask: () => Promise<unknown>, clock: Clock): () => Promise<string | undefined> {
  let open: Promise<string | undefined> | undefined
  return async () => {
    open ??= ask()
      .then(() => undefined, describeError)
      .finally(() => {
        open = undefined
      })
    const stop = new AbortController()
    const silence = pause(clock, PATIENCE, stop.signal).then(() => `it has not answered for ${PATIENCE / 1000} s`)
    return Promise.race([open, silence]).finally(() => stop.abort())
  }
}
