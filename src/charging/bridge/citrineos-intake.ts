/**
 * What the tap delivers, sorted: requests of stations go to our room, with what CitrineOS answered where that is needed; the rest tells the line
 * of a station what became of calls. The broker may forget a message once it is kept.
 */
import { type Clock, type Instant, SECOND, type Timer } from '#kernel'
import type { CitrineAdapter, TapMessage } from './citrineos-adapter.ts'
import type { Delivery } from './citrineos-broker.ts'
import { type BridgedStation, needsAnswer } from './citrineos-station.ts'

export interface IntakeParts {
  adapter: CitrineAdapter
  tenant: number
  clock: Clock
  /** The station of a message, which is there now; undefined: none of ours. */
  stationOf(message: TapMessage): Promise<BridgedStation | undefined>
  /** One message of a station is kept. */
  kept(station: BridgedStation, message: TapMessage): void
}

export interface Intake {
  take(delivery: Delivery): void
  /** Deliveries of a broker that is gone come again. */
  clear(): void
  /** When the oldest message came that is not kept yet. */
  oldest(): Instant | undefined
  counts(): { taken: number; unread: number; strange: number }
}

/** CitrineOS answers within 30 s, or never. */
const ANSWER = 35 * SECOND

export function openIntake({ adapter, tenant, clock, stationOf, kept }: IntakeParts): Intake {
  const waiting = new Map<string, { message: TapMessage; delivery: Delivery; timer: Timer }>()
  const arrivals = new Map<Delivery, Instant>()
  const counts = { taken: 0, unread: 0, strange: 0 }
  /** Who is looked up goes in the order in which messages came. */
  let sorting: Promise<unknown> = Promise.resolve()

  const done = (delivery: Delivery) => {
    delivery.done()
    arrivals.delete(delivery)
  }
  const hand = async (message: TapMessage, answer: TapMessage | undefined, deliveries: Delivery[]) => {
    const { action, correlation, payload } = message
    const station = await stationOf(message)
    if (station) {
      // Kept in the background: stations do not wait for each other.
      void station.hand({ action, payload, answer: answer?.payload, correlation }).then(() => {
        counts.taken += 1
        for (const delivery of deliveries) done(delivery)
        kept(station, message)
      })
      return
    }
    counts.strange += 1
    for (const delivery of deliveries) done(delivery)
  }
  const sort = async (message: TapMessage, delivery: Delivery) => {
    if (message.from === 'station' && message.kind === 'request') {
      if (!needsAnswer(message)) return hand(message, undefined, [delivery])
      const key = keyOf(message)
      const timer = clock.in(ANSWER, () => {
        if (waiting.delete(key)) sorting = sorting.then(() => hand(message, undefined, [delivery]))
      })
      waiting.set(key, { message, delivery, timer })
      return
    }
    const asked = message.from === 'csms' && message.kind === 'response' ? waiting.get(keyOf(message)) : undefined
    if (asked) {
      asked.timer.cancel()
      waiting.delete(keyOf(message))
      return hand(asked.message, message, [asked.delivery, delivery])
    }
    await (await stationOf(message))?.saw(message)
    done(delivery)
  }

  return {
    take(delivery) {
      arrivals.set(delivery, clock.now())
      const message = adapter.read(delivery.content, delivery.headers, tenant)
      if (!message) {
        counts.unread += 1
        return done(delivery)
      }
      sorting = sorting.then(() => sort(message, delivery)).catch(() => undefined)
    },
    clear() {
      for (const { timer } of waiting.values()) timer.cancel()
      waiting.clear()
      arrivals.clear()
    },
    oldest: () => arrivals.values().next().value,
    counts: () => ({ ...counts }),
  }
}

const keyOf = ({ station, correlation }: TapMessage) => `${station}\n${correlation}`
