/** A station's clock against ours: whether it can be believed, and by how much its moments are off. */
import { type Instant, SECOND } from '#kernel'

/** Two messages that lag alike are the doing of a clock; late messages of a right clock catch up. */
const ALIKE = 5 * SECOND
/** Messages closer together than this prove nothing: a queue may be emptying. */
const APART = 5 * SECOND

export interface StationClock {
  /** How far the clock is behind ours (negative: ahead), ms; undefined while it can be believed. */
  readonly lag: number | undefined
  /** Hears the moment of a message about what happens now. Says whether the clock went wrong or was put right by that. */
  hear(said: Instant, now: Instant): 'wrong' | 'right' | undefined
  /** To be added to the moments of a message whose newest one is `said`: 0 while the clock is believed, else up to now or by its lag. */
  shift(said: Instant, now: Instant): number
}

/** @param tolerance difference that is still believed, ms */
export function openStationClock(tolerance: number): StationClock {
  let lag: number | undefined
  let suspect: { lag: number; at: Instant } | undefined
  return {
    get lag() {
      return lag
    },
    hear(said, now) {
      const found = now - said
      const wasWrong = lag !== undefined
      if (Math.abs(found) <= tolerance) {
        suspect = undefined
        lag = undefined
        return wasWrong ? 'right' : undefined
      }
      const isAlike = suspect !== undefined && Math.abs(found - suspect.lag) <= ALIKE
      if (isAlike && now - suspect!.at >= APART) {
        lag = found
        suspect = { lag: found, at: now }
        return wasWrong ? undefined : 'wrong'
      }
      if (!isAlike) suspect = { lag: found, at: now }
      return undefined
    },
    shift(said, now) {
      if (lag === undefined) return 0
      const found = now - said
      return Math.abs(found - lag) <= ALIKE ? found : lag
    },
  }
}
