/** Holds back a peer that says more than it may: it is read no faster, and nothing that it says is lost. */
import { type Clock, SECOND, type Timer } from '#kernel'

export interface Pace {
  /** A message came. */
  spend(): void
  end(): void
}

/** How many seconds' worth may come at once: what was kept while a station was off line. */
const BURST = 10

/** `perSecond` messages in the long run, ten seconds' worth at once. */
export function openPace(socket: { pause(): void; resume(): void }, clock: Clock, perSecond: number): Pace {
  const most = perSecond * BURST
  let left = most
  let at = clock.now()
  let waiting: Timer | undefined
  const refill = () => {
    const now = clock.now()
    left = Math.min(most, left + (Math.max(0, now - at) / SECOND) * perSecond)
    at = now
  }
  const wait = () => {
    waiting = clock.in(SECOND / 4, () => {
      waiting = undefined
      refill()
      if (left < 1) return wait()
      socket.resume()
    })
  }
  return {
    spend() {
      refill()
      left--
      if (left >= 0 || waiting) return
      socket.pause()
      wait()
    },
    end: () => waiting?.cancel(),
  }
}
