/** When the heart beats: every period of the line (ten seconds), shortly after orders changed (for their receipts), and at once on news. */
import { asSentence, describeError, HOUR, MINUTE, SECOND, say, type Timer } from '#kernel'
import { cycle, steer } from './cycle.ts'
import { watchHealth } from './health.ts'
import type { Line } from './line.ts'
import type { News } from './news.ts'
import { type Retention, thin } from './retention.ts'
import { SAYING } from './saying.ts'

export interface Heartbeat {
  /** Beats now, with a look at the devices; resolves when orders are on their way. */
  beat(): Promise<void>
  /** Decides and acts now on what was last measured. */
  steer(): Promise<void>
  stop(): Promise<void>
}

export interface HeartbeatOptions {
  /** Look again so long after orders changed; default 6 s. */
  receiptAfter?: number
  /** How long things are kept, where it differs from `RETENTION`. */
  retention?: Partial<Retention>
}

/** Starts the heart of a site. A failed heartbeat is logged and raises an alarm; the next one tries again. */
export function startHeartbeat(line: Line, { receiptAfter = 6 * SECOND, retention = {} }: HeartbeatOptions = {}): Heartbeat {
  const { clock, bus, log, site } = line
  const health = watchHealth(line)
  let stopped = false
  let steering: Promise<void> | undefined
  let again = false
  let looking: Promise<void> | undefined
  let receipts: Timer | undefined
  let isMoreTold = false
  let isIll = false

  /** One decision at a time; news that comes meanwhile is decided right after. */
  const steerNow = (): Promise<void> => {
    if (steering) {
      again = true
      return steering
    }
    steering = (async () => {
      do {
        again = false
        await guarded(() => steer(line, clock.now()))
      } while (again && !stopped)
      steering = undefined
    })()
    return steering
  }
  const beat = async (): Promise<void> => {
    if (stopped) return
    looking ??= guarded(async () => {
      await line.watch.look(clock.now())
      await health.check(clock.now())
    }).finally(() => {
      looking = undefined
    })
    await looking
    await steerNow()
  }
  const guarded = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work()
      if (isIll) await line.alarms.clear(site.asset, 'heartbeat')
      isIll = false
    } catch (error) {
      log.error({ site: site.name, error }, 'a heartbeat failed')
      isIll = true
      await line.alarms
        .raise(site.asset, 'heartbeat', say(SAYING.undecided, { why: asSentence(describeError(error)) }))
        .catch(() => undefined)
    }
  }
  const isSignal = (news: Extract<News, { kind: 'beliefs' }>) =>
    news.sensors.some((sensor) => sensor === site.sensors.loadControl || sensor === site.sensors.demandResponse)
  const lookSoon = () => {
    if (receipts) {
      isMoreTold = true
      return
    }
    receipts = clock.in(receiptAfter, () => {
      receipts = undefined
      void beat()
      // Orders that were told meanwhile had no time to settle.
      if (isMoreTold && !stopped) lookSoon()
      isMoreTold = false
    })
  }
  const quiet = (work: Promise<void>) =>
    void work.catch((error: unknown) => log.warn({ error: describeError(error) }, 'readings were not settled or old data was not thinned'))
  const timers = [
    clock.every(line.period, () => void beat()),
    clock.every(MINUTE, () => quiet(line.recorder.settle(clock.now()))),
    clock.every(HOUR, () => quiet(thin(line, clock.now(), retention))),
  ]
  const subscriptions = [
    bus.on('limits', (news) => news.site === site.asset && void steerNow()),
    bus.on('plan', (news) => news.site === site.asset && void steerNow()),
    bus.on('beliefs', (news) => isSignal(news) && void steerNow()),
    bus.on('device', ({ device, what }) => {
      if (what === 'online' || what === 'plugged') line.lanes.forget(device)
      void beat()
    }),
    bus.on('setpoint', lookSoon),
  ]
  return {
    beat,
    steer: steerNow,
    async stop() {
      stopped = true
      for (const timer of timers) timer.cancel()
      for (const unsubscribe of subscriptions) unsubscribe()
      receipts?.cancel()
      await looking
      await steering
    },
  }
}

/** One whole heartbeat without a timer, for tests and for the command line. */
export const beatOnce = (line: Line): Promise<void> => cycle(line, line.clock.now())
