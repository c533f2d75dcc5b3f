/** What has to be told: orders that differ from those in force, those that are about to end, those that the device may not know. */
import { after, type Instant, MINUTE, SECOND } from '#kernel'
import type { Order, Want } from './held.ts'
import type { Limit } from './limit.ts'
import type { Answer } from './setpoint.ts'
import type { Entry } from './setpoints.ts'

/** An order holds so long unless it is renewed; then the device falls back to its safe default. */
const HOLD = 5 * MINUTE
/** Renewed when less than this is left. */
const RENEW = 2 * MINUTE
/** A device that refused is asked again after this. */
const ASK_AGAIN = MINUTE

export interface Changes {
  /** To be written and told. */
  fresh: Order[]
  /** In force already: hold longer and tell again. */
  renew: Entry[]
  /** In force already: tell again. */
  repeat: Entry[]
  /** Same power and rung, but a better reason. */
  reworded: { id: number; because: string }[]
  /** Orders that nobody wants any more. */
  over: Entry[]
}

export interface InForce {
  current: readonly Entry[]
  wants: readonly Want[]
  at: Instant
  told(device: string): { entry: Entry; answer: Answer } | undefined
  /** Devices whose last order is kept until it ends although nothing is wanted of them (they do not answer). */
  keeps(device: string): boolean
}

/** Compares orders with those in force. */
export function changes(orders: readonly Order[], { current, wants, at, told, keeps }: InForce): Changes {
  const result: Changes = { fresh: [], renew: [], repeat: [], reworded: [], over: [] }
  const inForce = new Map(current.map((entry) => [entry.device, entry]))
  for (const order of orders) {
    const entry = inForce.get(order.device)
    inForce.delete(order.device)
    const want = wants.find((each) => each.device === order.device)
    if (want?.capability.kind === 'pv' && order.rung === 'plan' && !want.curtails) {
      // The sun needs no order to shine; one is given to end a curtailment.
      if (entry && (entry.rung !== 'plan' || entry.power > want.capability.minPower + 50))
        result.fresh.push({ ...order, power: want.capability.minPower })
      continue
    }
    if (!entry || entry.rung !== order.rung || !isSame(entry.power, order, want)) {
      result.fresh.push(order)
      continue
    }
    if (entry.because !== order.because) result.reworded.push({ id: entry.id, because: order.because })
    const last = told(order.device)
    const isKnown = last?.entry.id === entry.id && last.answer.answer !== 'silent'
    if (entry.until < after(at, RENEW)) result.renew.push(entry)
    else if (!isKnown || (last.answer.answer === 'refused' && after(entry.toldAt ?? entry.at, ASK_AGAIN) <= at)) result.repeat.push(entry)
  }
  result.over = [...inForce.values()].filter((entry) => !keeps(entry.device))
  return result
}

/** Small differences downwards are not worth a message; the order in force must never exceed the new one. */
function isSame(power: number, order: Order, want: Want | undefined): boolean {
  const most = want ? Math.max(Math.abs(want.capability.maxPower), Math.abs(want.capability.minPower)) : 0
  const less = Math.abs(order.power) - Math.abs(power)
  if (Math.abs(order.power - power) <= 1) return true
  return order.power * power > 0 && less >= 0 && less <= Math.max(50, 0.005 * most)
}

/** Until when new orders hold: never into a limit that is announced, so that a platform that dies before it breaks no limit. */
export function holdUntil(limits: readonly Limit[], at: Instant): Instant {
  const soonest = after(at, 15 * SECOND)
  return limits.reduce((until, limit) => (limit.from > soonest && limit.from < until ? limit.from : until), after(at, HOLD))
}
