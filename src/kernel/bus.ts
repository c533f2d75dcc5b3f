/** News inside the program: who is told what happened. One face; in process today. */

export interface Bus<News extends { kind: string }> {
  tell(news: News): void
  /** Subscribes to one kind of news; returns how to unsubscribe. A listener that throws never stops the others. */
  on<Kind extends News['kind']>(kind: Kind, listener: (news: Extract<News, { kind: Kind }>) => void): () => void
  /** Subscribes to all news. */
  any(listener: (news: News) => void): () => void
}

/** An in-process bus; listeners run in order of subscription, synchronously. */
export function inProcessBus<News extends { kind: string }>(onError: (error: unknown, news: News) => void): Bus<News> {
  const byKind = new Map<string, Set<(news: News) => void>>()
  const all = new Set<(news: News) => void>()
  const call = (listener: (news: News) => void, news: News) => {
    try {
      listener(news)
    } catch (error) {
      onError(error, news)
    }
  }
  return {
    tell(news) {
      for (const listener of [...(byKind.get(news.kind) ?? [])]) call(listener, news)
      for (const listener of [...all]) call(listener, news)
    },
    on(kind, listener) {
      const set = byKind.get(kind) ?? new Set()
      byKind.set(kind, set)
      set.add(listener as (news: News) => void)
      return () => set.delete(listener as (news: News) => void)
    },
    any(listener) {
      all.add(listener)
      return () => all.delete(listener)
    },
  }
}
