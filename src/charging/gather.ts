/** Gathers what stations send in parts (NotifyReport, NotifyMonitoringReport, NotifyCustomerInformation …) until the last part is here (OCPP 2.0.1 B07, B08, N02, N09, O03). */
import { type Clock, Problem, type Timer } from '#kernel'
import type { Queryable } from '#store'

export interface Part {
  requestId: number
  /** From 0; absent where the message has none: then the part that is not to be continued is the last. */
  seqNo?: number
  tbc?: boolean
}

export interface Gatherer<Item> {
  /**
   * Resolves with the items of all parts. `first`: ms to wait for the first of them, when that is another time.
   * @throws Problem `report-incomplete` when no part came for `patience` ms or it grew too large
   */
  expect(station: string, requestId: number, patience: number, first?: number): Promise<Item[]>
  /** Takes one part; false when nobody waits for it. */
  take(station: string, part: Part, items: readonly Item[]): boolean
  /** Nobody waits any more, e.g. because the station said that it will send nothing. */
  forget(station: string, requestId: number): void
}

/** @param most items: a station that never ends must not fill our memory */
export function gatherer<Item>(clock: Clock, most: number): Gatherer<Item> {
  interface Gathering {
    parts: Map<number, readonly Item[]>
    count: number
    last?: number
    timer: Timer
    patience: number
    resolve(items: Item[]): void
    reject(error: Problem): void
  }
  const waiting = new Map<string, Gathering>()
  const keyOf = (station: string, requestId: number) => `${station}\n${requestId}`
  const take = (key: string) => {
    const gathering = waiting.get(key)
    waiting.delete(key)
    gathering?.timer.cancel()
    return gathering
  }
  const give = (key: string, requestId: number, why: string) =>
    take(key)?.reject(
      new Problem('report-incomplete', `Report ${requestId} is incomplete: ${why}.`, {
        status: 504,
        retry: 'later',
        hint: 'Ask for it again.',
      }),
    )
  const watch = (key: string, requestId: number, patience: number) =>
    clock.in(patience, () => give(key, requestId, `no part came for ${patience / 1000} s`))
  return {
    expect: (station, requestId, patience, first = patience) =>
      new Promise((resolve, reject) => {
        const key = keyOf(station, requestId)
        waiting.set(key, { parts: new Map(), count: 0, timer: watch(key, requestId, first), patience, resolve, reject })
      }),
    take(station, { requestId, seqNo, tbc = false }, items) {
      const key = keyOf(station, requestId)
      const gathering = waiting.get(key)
      if (!gathering) return false
      const place = seqNo ?? gathering.parts.size
      gathering.count += items.length - (gathering.parts.get(place)?.length ?? 0)
      gathering.parts.set(place, items)
      if (!tbc) gathering.last = place
      gathering.timer.cancel()
      if (gathering.count > most || gathering.parts.size > most) give(key, requestId, `more than ${most} entries`)
      else if (gathering.last !== undefined && gathering.parts.size >= gathering.last + 1) {
        const inOrder = [...gathering.parts].sort(([a], [b]) => a - b).flatMap(([, all]) => all)
        take(key)?.resolve(inOrder)
      } else gathering.timer = watch(key, requestId, gathering.patience)
      return true
    },
    forget: (station, requestId) => void take(keyOf(station, requestId)),
  }
}

/** A number for a request that a station will refer to, perhaps after we were started anew. */
export async function nextRequest(store: Queryable): Promise<number> {
  const row = await store.first<{ id: number }>("select nextval('cariflex.charging_request')::integer as id")
  return row!.id
}
