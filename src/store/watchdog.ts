/**
 * A server that hangs (stopped, swapping, its disk stuck) leaves its connections open and answers nothing. A query that takes long makes us ask
 * on another connection whether anybody is there; if nobody is, all who wait that long are told so. A query may take as long as it needs while
 * the server lives.
 */
import { type Clock, Problem, SECOND } from '#kernel'

/** A query that takes longer raises the question. */
const LONG = 5 * SECOND

export interface Watchdog {
  /** The answer of the work, or Problem `database-unavailable` when the server hangs. */
  guard<T>(work: () => Promise<T>): Promise<T>
}

interface Waiting {
  since: number
  fail(error: Problem): void
}

/** `isAlive` resolves to whether the server answers; it must not take for ever itself. */
export function openWatchdog(clock: Clock, isAlive: () => Promise<boolean>): Watchdog {
  const waiting = new Set<Waiting>()
  let isWatching = false
  const watch = () => {
    if (isWatching || waiting.size === 0) return
    isWatching = true
    const [oldest] = waiting
    clock.in(Math.max(0, oldest!.since + LONG - clock.now()), () => void look())
  }
  const look = async () => {
    const late = [...waiting].filter(({ since }) => clock.now() - since >= LONG)
    if (late.length > 0) {
      const alive = await isAlive()
      for (const one of late) {
        if (!waiting.delete(one)) continue
        if (!alive) one.fail(hangs())
        else waiting.add(Object.assign(one, { since: clock.now() }))
      }
    }
    isWatching = false
    watch()
  }
  return {
    guard(work) {
      return new Promise((resolve, reject) => {
        const one: Waiting = { since: clock.now(), fail: reject }
        waiting.add(one)
        watch()
        const ended =
          <V>(tell: (value: V) => void) =>
          (value: V) => {
            waiting.delete(one)
            tell(value)
          }
        work().then(ended(resolve), ended(reject))
      })
    },
  }
}

const hangs = () =>
  new Problem('database-unavailable', 'The database hangs: it takes connections but does not answer.', {
    status: 503,
    retry: 'later',
    hint: 'It is not certain whether this was stored. Send it again in some seconds; if it lasts, look at the database server.',
  })
