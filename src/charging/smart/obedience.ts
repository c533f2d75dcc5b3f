/** Whether a station really keeps what was laid on it: the power drawn beside the limit in force. Who does not is shown, and told again. */
import { type Clock, type Instant, instant, MINUTE, say } from '#kernel'
import { powerOf } from '../order.ts'
import type { Orders } from '../orders.ts'
import type { Plugged } from '../station.ts'
import { disobeys } from './read-back.ts'
import { SAYING } from './saying.ts'

export interface Obedience {
  /** A sentence while the station disobeys. */
  why(): string | undefined
  /** Looks once; false positives of ramps and meters are left out by a grace and by a second sample. */
  look(): void
}

export interface ObedienceParts {
  station: string
  clock: Clock
  orders: Orders
  plugged(): Plugged | undefined
  /** W that the car may draw when nothing of ours is in force. */
  fallback(): number
  /** It began to disobey (a sentence), or obeys again. */
  changed(why: string | undefined): void
}

/** Told again so often while it goes on. */
const INSIST = MINUTE

/** Watches one EVSE; nothing runs by itself. */
export function openObedience({ station, clock, orders, plugged, fallback, changed }: ObedienceParts): Obedience {
  let why: string | undefined
  let suspicious = 0
  let seen: Instant | undefined
  let insisted = instant(-Infinity)
  let transaction: string | undefined

  const settle = () => {
    suspicious = 0
    if (why === undefined) return
    why = undefined
    changed(undefined)
  }

  return {
    why: () => why,
    look() {
      const here = plugged()
      if (!here || here.transaction.id !== transaction) {
        transaction = here?.transaction.id
        settle()
        return
      }
      const sample = here.sample
      const hold = orders.hold()
      if (sample?.power === undefined || sample.at === seen || !hold || hold.transaction !== here.transaction.id) return
      seen = sample.at
      const level = hold.compiled.levels.findLast(({ at }) => at <= sample.at)
      const isOver = sample.at >= hold.until
      const allowed = isOver ? fallback() : powerOf(level?.limit ?? hold.limit, hold.wires)
      const since = isOver ? hold.until : instant(Math.max(hold.sentAt, level?.at ?? hold.sentAt))
      if (!disobeys({ power: sample.power, at: sample.at }, allowed, since)) {
        // A sample from before the limit could be followed says nothing either way.
        if (sample.power <= Math.max(allowed, 0)) settle()
        return
      }
      suspicious++
      if (suspicious < 2) return
      const wasQuiet = why === undefined
      why = say(SAYING.draws, { station, power: kw(sample.power), other: kw(allowed) })
      if (wasQuiet) changed(why)
      if (clock.now() - insisted < INSIST) return
      insisted = clock.now()
      void orders.insist()
    },
  }
}

const kw = (power: number) => `${(power / 1000).toFixed(1)} kW`
