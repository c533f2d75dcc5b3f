/**
 * Small batches that come in while others are being stored go into the database together: one statement and one flush to disk for all of them.
 * Nobody waits for company: what finds a free lane goes at once, and each is told when its own values are durable.
 */
import type { Connections } from '#store'
import { isCollision } from './record-collision.ts'
import { storeNews } from './record-statements.ts'
import type { SettledBatch } from './settle-batch.ts'

export interface NewsQueue {
  /** True: stored and durable. False: not everything was unheard of (or somebody was quicker), and nothing of the batch was stored. */
  store(db: Connections, batch: SettledBatch, closed: string): Promise<boolean>
}

interface Waiting {
  db: Connections
  batch: SettledBatch
  closed: string
  tell(stored: boolean): void
  fail(error: unknown): void
}

/** Statements on their way at once: while one is flushed to disk, the next is made ready. */
const LANES = 2
/** What goes together at most. */
const MOST = { batches: 64, values: 500 }

export function openNewsQueue(): NewsQueue {
  let waiting: Waiting[] = []
  let lanes = LANES
  const go = () => {
    while (lanes > 0 && waiting.length > 0) {
      const { group, rest } = choose(waiting)
      waiting = rest
      lanes--
      void storeGroup(group).finally(() => {
        lanes++
        go()
      })
    }
  }
  return {
    store: (db, batch, closed) =>
      new Promise((tell, fail) => {
        waiting.push({ db, batch, closed, tell, fail })
        go()
      }),
  }
}

/** The first that wait, as many as fit; of one sensor and source only such as do not touch, for each must not see the others' values. */
function choose(waiting: readonly Waiting[]): { group: Waiting[]; rest: Waiting[] } {
  const group: Waiting[] = []
  const rest: Waiting[] = []
  let values = 0
  for (const one of waiting) {
    const count = one.batch.starts.length
    const fits =
      group.length === 0 ||
      (group.length < MOST.batches && values + count <= MOST.values && one.db === group[0]!.db && !group.some((other) => touch(one, other)))
    if (fits) values += count
    ;(fits ? group : rest).push(one)
  }
  return { group, rest }
}

const touch = ({ batch: one }: Waiting, { batch: other }: Waiting): boolean =>
  one.sensor.id === other.sensor.id &&
  one.source === other.source &&
  one.starts[0]! <= other.starts.at(-1)! &&
  other.starts[0]! <= one.starts.at(-1)!

async function storeGroup(group: readonly Waiting[]): Promise<void> {
  const closed = group
    .map((one) => one.closed)
    .sort()
    .at(-1)!
  // Writers that take rows in one order never wait for each other in a ring.
  const batches = group
    .map(({ batch }) => batch)
    .sort((a, b) => a.sensor.id - b.sensor.id || a.source - b.source || a.starts[0]! - b.starts[0]!)
  try {
    const stored = await storeNews(group[0]!.db, batches, closed)
    for (const { tell } of group) tell(stored)
  } catch (error) {
    if (isCollision(error)) for (const { tell } of group) tell(false)
    else for (const { fail } of group) fail(error)
  }
}
