/** What grows is thinned by named policies, once a day. */
import { after, type Clock, DAY, describeError, type Instant, type Log, MINUTE, type Millis } from '#kernel'
import type { Queue } from './queue/queue.ts'
import type { Store } from './store.ts'
import { asTimestamp } from './value.ts'

export interface Retention {
  /** `forget` removes what is older than the moment and returns how many rows that were; it keeps `keep` of them. */
  policy(name: string, keep: Millis, forget: (before: Instant) => Promise<number>): void
  /** Runs every policy now; one that fails does not stop the others. Rows removed by name. */
  run(): Promise<Record<string, number>>
}

const QUEUE = 'retention'
/** After a start the platform has better things to do. */
const FIRST = 5 * MINUTE

/** Runs daily as a job of the queue, so that two programs on one database do it once. */
export async function openRetention({ queue, clock, log }: { queue: Queue; clock: Clock; log: Log }): Promise<Retention> {
  const policies = new Map<string, { keep: Millis; forget: (before: Instant) => Promise<number> }>()
  const run = async () => {
    const removed: Record<string, number> = {}
    for (const [name, { keep, forget }] of policies)
      try {
        removed[name] = await forget(after(clock.now(), -keep))
      } catch (error) {
        log.error({ policy: name, error: describeError(error) }, 'a retention policy failed; it runs again tomorrow')
      }
    log.info({ removed }, 'old rows were removed')
    return removed
  }
  queue.work(QUEUE, async () => {
    const removed = await run()
    await queue.enqueue(QUEUE, {}, { key: 'daily', runAt: after(clock.now(), DAY), priority: 1000 })
    return removed
  })
  await queue.enqueue(QUEUE, {}, { key: 'daily', runAt: after(clock.now(), FIRST), priority: 1000 })
  return { policy: (name, keep, forget) => void policies.set(name, { keep, forget }), run }
}

/** Removes messages to partners that were sent, or given up, before the moment. */
export const forgetOutbox =
  (store: Store) =>
  async (before: Instant): Promise<number> =>
    (await store.query('delete from cariflex.outbox where coalesce(sent_at, failed_at) < $1 returning id', [asTimestamp(before)])).length
