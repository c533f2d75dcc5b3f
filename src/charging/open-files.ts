/** Every connected station is an open file of this process, and the system lets it open so many. Node raises that to the hard limit by itself. */
import { readFileSync } from 'node:fs'
import { type Clock, HOUR, type Log } from '#kernel'

/** For the database, the interface, logs and the certificates of others. */
const RESERVE = 500

/** How many files the system lets this process open, from the text of /proc/self/limits; undefined where there is no such text. */
export const limitIn = (text: string): number | undefined => {
  const limit = /^Max open files +(\d+)/m.exec(text)?.[1]
  return limit === undefined ? undefined : Number(limit)
}

function ownLimit(): number | undefined {
  try {
    return limitIn(readFileSync('/proc/self/limits', 'utf8'))
  } catch {
    return undefined
  }
}

/** Complains once an hour at most when so many stations come near the limit: beyond it the system turns them away without a word. */
export function openFileWatch({ clock, log, limit = ownLimit() }: { clock: Clock; log: Log; limit?: number | undefined }) {
  let quietUntil = -Infinity
  return (stations: number): void => {
    if (limit === undefined || stations + RESERVE <= limit || clock.now() < quietUntil) return
    quietUntil = clock.now() + HOUR
    log.warn(
      { limit, stations, needed: stations + RESERVE },
      `the system lets this program open ${limit} files; each of ${stations} stations needs one, beside ${RESERVE} for the rest: start it after 'ulimit -n ${2 * (stations + RESERVE)}', or with LimitNOFILE= of systemd`,
    )
  }
}
