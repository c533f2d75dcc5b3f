/** What the station's end of a session is, whatever the protocol: an ask-and-answer loop with a memory. */
import type { Clock, Log } from '#kernel'
import type { Channel } from './channel.ts'
import type { Needs, Outcome, Protocol, Supply } from './parties.ts'

export interface StationSession {
  channel: Channel
  supply: Supply
  clock: Clock
  protocol: Protocol
  /** Sessions that paused and may go on, by id. */
  paused: Map<string, PausedSession>
  log?: Log | undefined
}

export interface PausedSession {
  /** The contract that paid, or undefined for external payment. */
  emaid?: string | undefined
  service?: Needs['control'] | undefined
}

export type StationEnd = Pick<Outcome, 'sessionId' | 'end' | 'reason' | 'turns'>

/** Eight bytes for a new session, never zero. */
export const newSessionId = (random: (size: number) => Buffer): string => {
  const id = random(8)
  if (id.every((byte) => byte === 0)) id[7] = 1
  return id.toString('hex').toUpperCase()
}
