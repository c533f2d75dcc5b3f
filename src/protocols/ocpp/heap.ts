/** A binary heap: what comes before the others is at hand, adding and taking cost the logarithm of its size. */
export interface Heap<T> {
  readonly size: number
  /** The first, undefined when there is none. */
  first(): T | undefined
  take(): T | undefined
  add(item: T): void
}

/** An empty heap; `before(a, b)` says whether a comes out before b. */
export function heap<T>(before: (one: T, other: T) => boolean): Heap<T> {
  const items: T[] = []
  const swap = (one: number, other: number) => {
    const kept = items[one]!
    items[one] = items[other]!
    items[other] = kept
  }
  const sink = (from: number) => {
    for (let at = from; ; ) {
      let best = at
      for (const child of [2 * at + 1, 2 * at + 2]) if (child < items.length && before(items[child]!, items[best]!)) best = child
      if (best === at) return
      swap(at, best)
      at = best
    }
  }
  return {
    get size() {
      return items.length
    },
    first: () => items[0],
    take() {
      const taken = items[0]
      const last = items.pop()
      if (items.length > 0 && last !== undefined) {
        items[0] = last
        sink(0)
      }
      return taken
    },
    add(item) {
      let at = items.push(item) - 1
      while (at > 0) {
        const parent = (at - 1) >> 1
        if (!before(items[at]!, items[parent]!)) return
        swap(at, parent)
        at = parent
      }
    },
  }
}
