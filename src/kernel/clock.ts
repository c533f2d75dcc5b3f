/** One virtual clock everywhere: nothing below `main` calls Date.now or setTimeout directly. */
import { after, type Instant, instant } from './quantity.ts'

export interface Timer {
  cancel(): void
}

export interface Clock {
  now(): Instant
  /** Calls `work` once after `delay` milliseconds of this clock's time. */
  in(delay: number, work: () => void): Timer
  /** Calls `work` every `period` milliseconds of this clock's time, first after one period. */
  every(period: number, work: () => void): Timer
}

/** The machine's clock. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => instant(Date.now()),
  in(delay, work) {
    const handle = setTimeout(work, Math.min(delay, 2 ** 31 - 1))
    handle.unref()
    return { cancel: () => clearTimeout(handle) }
  },
  every(period, work) {
    const handle = setInterval(work, period)
    handle.unref()
    return { cancel: () => clearInterval(handle) }
  },
}

export interface ManualClock extends Clock {
  /** Moves time on, running due timers in order. */
  forward(length: number): void
  /** Jumps without running what lay between (a clock set by hand); the next `forward` runs what is due by then once. */
  set(at: Instant): void
}

/** A clock that a test moves by hand. */
export function manualClock(start: Instant): ManualClock {
  let now = start
  let serial = 0
  const due: { at: Instant; order: number; period: number; work: () => void }[] = []
  const add = (delay: number, period: number, work: () => void): Timer => {
    const entry = { at: after(now, delay), order: serial++, period, work }
    due.push(entry)
    return {
      cancel() {
        const index = due.indexOf(entry)
        if (index >= 0) due.splice(index, 1)
      },
    }
  }
  return {
    now: () => now,
    in: (delay, work) => add(delay, 0, work),
    every: (period, work) => add(period, period, work),
    set(at) {
      now = at
    },
    forward(length) {
      const end = after(now, length)
      for (;;) {
        due.sort((a, b) => a.at - b.at || a.order - b.order)
        const next = due[0]
        if (!next || next.at > end) break
        now = Math.max(next.at, now) as Instant
        // Of a timer that was jumped over, only one call is made up for.
        if (next.period > 0) next.at = after(next.at + next.period > now ? next.at : now, next.period)
        else due.shift()
        next.work()
      }
      now = end
    },
  }
}

/** Resolves after `delay` milliseconds of the clock's time, or at once when the signal aborts. */
export function pause(clock: Clock, delay: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const timer = clock.in(delay, () => {
      signal?.removeEventListener('abort', stop)
      resolve()
    })
    const stop = () => {
      timer.cancel()
      resolve()
    }
    signal?.addEventListener('abort', stop, { once: true })
  })
}
