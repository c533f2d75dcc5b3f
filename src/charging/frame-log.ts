/**
 * The frames of stations as the conversation keeps them: redacted, with what was mended. A station that floods us must not flood the
 * database: what comes faster than anybody reads is counted, and its number told.
 */
import type { Conversation } from '#ems'
import type { Clock, Instant } from '#kernel'
import type { Frame } from '#protocols/ocpp'
import { redactFrame } from './redaction.ts'

/** Frames a second of one station that are kept, and how many at once. Heartbeats say nothing but that the station is there. */
const KEPT = { other: { rate: 50, burst: 2000 }, Heartbeat: { rate: 1, burst: 20 } } as const

interface Budget {
  left: number
  at: Instant
}
interface Account {
  other: Budget
  Heartbeat: Budget
  skipped: number
}

export type FrameLog = (identity: string, bus: string, frame: Frame) => void

export function openFrameLog(conversation: Conversation, clock: Clock): FrameLog {
  const accounts = new Map<string, Account>()

  const mayKeep = (account: Account, kind: keyof typeof KEPT, now: Instant): boolean => {
    const { rate, burst } = KEPT[kind]
    const budget = account[kind]
    budget.left = Math.min(burst, budget.left + ((now - budget.at) / 1000) * rate)
    budget.at = now
    if (budget.left < 1) return false
    budget.left--
    return true
  }
  const accountOf = (identity: string, now: Instant): Account => {
    const known = accounts.get(identity)
    if (known) return known
    const budget = (kind: keyof typeof KEPT): Budget => ({ left: KEPT[kind].burst, at: now })
    const made = { other: budget('other'), Heartbeat: budget('Heartbeat'), skipped: 0 }
    accounts.set(identity, made)
    return made
  }

  return (identity, bus, frame) => {
    const account = accountOf(identity, frame.at)
    if (!mayKeep(account, frame.action === 'Heartbeat' ? 'Heartbeat' : 'other', frame.at)) {
      account.skipped++
      return
    }
    if (account.skipped > 0) {
      conversation.note({ at: clock.now(), peer: identity, bus, direction: 'in', kind: 'skipped', payload: { frames: account.skipped } })
      account.skipped = 0
    }
    const { payload, mended, ...seen } = frame
    // What was mended stands beside what came.
    const shown = mended === undefined ? payload : { ...(payload as object), mended }
    conversation.note({ ...seen, peer: identity, bus, ...(shown === undefined ? {} : { payload: redactFrame(shown) }) })
  }
}
