/** A value that many parts of the page watch: the whole state machinery of this UI. */
import { useEffect, useState } from 'preact/hooks'

export interface Cell<T> {
  get(): T
  set(next: T): void
  /** Calls `watcher` after each change; returns the way to stop it. */
  watch(watcher: () => void): () => void
}

export function cell<T>(first: T): Cell<T> {
  let value = first
  const watchers = new Set<() => void>()
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return
      value = next
      for (const watcher of [...watchers]) watcher()
    },
    watch(watcher) {
      watchers.add(watcher)
      return () => watchers.delete(watcher)
    },
  }
}

/** The value of a cell, redrawing the component when it changes. */
export function useCell<T>(source: Cell<T>): T {
  const [value, setValue] = useState(source.get())
  useEffect(() => {
    const update = () => setValue(() => source.get())
    update()
    return source.watch(update)
  }, [source])
  return value
}
