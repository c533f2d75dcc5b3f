/**
 * A charging session as its events tell it. Events may come twice, late and in any order (OCPP 2.0.1 E04, E08, E12; charging reference 2.4):
 * folding one in is therefore idempotent and does not depend on the order.
 */
import type { Instant } from '#kernel'
import type { TransactionEventRequest } from '#protocols/ocpp'
import type { Sample } from './meter.ts'

/** A meter register over a session: begin and last by time of measurement; `base` holds what was counted before the register went back. */
export interface Register {
  base: number
  begin?: number
  beginAt?: Instant
  last?: number
  lastAt?: Instant
}

export interface Transaction {
  station: string
  id: string
  evse?: number
  connector?: number
  token?: string
  tokenType?: string
  /** What the table said of the token; 'Accepted' = may charge. */
  tokenStatus?: string
  /** Which event's token counts: an accepted one before a refused one, a later before an earlier one. */
  tokenRank?: number
  /** Numeric asset of the car. */
  vehicle?: number
  remoteStartId?: number
  reservationId?: number
  chargingState?: string
  stateSeq?: number
  phases?: number
  cableMax?: number
  firstAt: Instant
  lastAt: Instant
  startedAt?: Instant
  endedAt?: Instant
  stoppedReason?: string
  imported: Register
  exported: Register
  needs?: Needs
  flags: string[]
  events: number
  maxSeq: number
}

/** What the car asked for (NotifyEVChargingNeeds). */
export interface Needs {
  at: Instant
  /** Wh still wanted at that moment. */
  energy?: number
  departure?: Instant
  /** Wh that it needs at least and takes at most (15118-20). */
  least?: number
  most?: number
  /** Percent, DC only. */
  soc?: number
  /** Percent wanted (15118-20). */
  targetSoc?: number
  /** Wh, DC only. */
  capacity?: number
  /** W */
  maxPower?: number
  maxDischarge?: number
  /** A per phase */
  maxCurrent?: number
  minCurrent?: number
  /** Where it uses fewer phases than there are. */
  phases?: number
  /** AC_three_phase, DC_BPT, … */
  transfer?: string
  /** Who schedules: we offer schedules, or we steer it as it goes (15118-20). */
  control?: 'ScheduledControl' | 'DynamicControl'
  /** Schedules that it can choose from. */
  schedules?: number
  /** Wh to either end of the window in which it may be discharged (15118-20), counted from its energy then. */
  v2xFrom?: number
  v2xTo?: number
  /** Wh that the session had taken at that moment. */
  takenBefore: number
}

export interface EventFacts {
  at: Instant
  samples: readonly Sample[]
  /** What the table of tokens said, when the event carries a token. */
  verdict?: { status: string; vehicle: number | undefined }
}

export const newTransaction = (station: string, id: string, at: Instant): Transaction => ({
  station,
  id,
  firstAt: at,
  lastAt: at,
  imported: { base: 0 },
  exported: { base: 0 },
  flags: ['orphan'],
  events: 0,
  maxSeq: -1,
})

/** The session with one more event. */
export function foldEvent(before: Transaction, event: TransactionEventRequest, { at, samples, verdict }: EventFacts): Transaction {
  const after: Transaction = { ...before, flags: [...before.flags] }
  const { transactionInfo: info, seqNo } = event
  after.firstAt = Math.min(before.firstAt, at) as Instant
  after.lastAt = Math.max(before.lastAt, at) as Instant
  after.maxSeq = Math.max(before.maxSeq, seqNo)
  if (event.evse && event.evse.id > 0) {
    after.evse = event.evse.id
    if (event.evse.connectorId !== undefined) after.connector = event.evse.connectorId
  }
  if (info.remoteStartId !== undefined) after.remoteStartId = info.remoteStartId
  if (event.reservationId !== undefined) after.reservationId = event.reservationId
  if (event.numberOfPhasesUsed) after.phases = event.numberOfPhasesUsed
  if (event.cableMaxCurrent) after.cableMax = event.cableMaxCurrent
  if (info.chargingState !== undefined && seqNo >= (before.stateSeq ?? -1)) {
    after.chargingState = info.chargingState
    after.stateSeq = seqNo
  }
  // A token that only stops the session (perhaps another one of the same group) does not become its token.
  const stops = event.triggerReason === 'StopAuthorized' || event.eventType === 'Ended'
  if (event.idToken && verdict && (!stops || before.token === undefined)) {
    const rank = (verdict.status === 'Accepted' ? 2 ** 32 : 0) + seqNo
    if (rank >= (before.tokenRank ?? -1)) {
      after.token = event.idToken.idToken
      after.tokenType = event.idToken.type
      after.tokenStatus = verdict.status
      after.tokenRank = rank
      if (verdict.vehicle !== undefined) after.vehicle = verdict.vehicle
    }
  }
  for (const sample of samples) {
    if (sample.imported !== undefined) after.imported = foldRegister(after.imported, sample.at, sample.imported, after)
    if (sample.exported !== undefined) after.exported = foldRegister(after.exported, sample.at, sample.exported, after)
  }
  if (event.offline) flag(after, 'offline')
  if (event.eventType === 'Started') {
    after.startedAt = Math.min(before.startedAt ?? at, at) as Instant
    after.flags = after.flags.filter((name) => name !== 'orphan')
  }
  const lost = before.flags.includes('lost')
  if (event.eventType === 'Ended') {
    after.endedAt = lost || before.endedAt === undefined ? at : (Math.max(before.endedAt, at) as Instant)
    after.stoppedReason = info.stoppedReason ?? 'Local' // the default of the standard
    after.flags = after.flags.filter((name) => name !== 'lost')
  } else if (lost && at > before.lastAt) {
    // We had given it up, and here it is again.
    delete after.endedAt
    delete after.stoppedReason
    after.flags = after.flags.filter((name) => name !== 'lost')
  }
  return after
}

const flag = (transaction: Transaction, name: string) => {
  if (!transaction.flags.includes(name)) transaction.flags.push(name)
}

function foldRegister(register: Register, at: Instant, value: number, transaction: Transaction): Register {
  const { begin, beginAt, last, lastAt, base } = register
  if (begin === undefined || beginAt === undefined || last === undefined || lastAt === undefined)
    return { base, begin: value, beginAt: at, last: value, lastAt: at }
  if (at > lastAt) {
    if (value >= last) return { ...register, last: value, lastAt: at }
    // The register started anew (meter swapped, reset after a power loss): keep what was counted, go on from here.
    flag(transaction, 'meter-went-back')
    return { base: base + last - begin, begin: value, beginAt: at, last: value, lastAt: at }
  }
  if (at < beginAt && value <= begin && base === 0) return { ...register, begin: value, beginAt: at }
  return register
}

/** Wh counted by a register over the session. */
export const energyOf = ({ base, begin, last }: Register): number => base + (begin === undefined || last === undefined ? 0 : last - begin)

/** Wh that went into the car: import less export. */
export const takenBy = (transaction: Transaction): number => energyOf(transaction.imported) - energyOf(transaction.exported)

/** True when Started, Ended and everything between are here. */
export const isComplete = (transaction: Transaction): boolean =>
  transaction.startedAt !== undefined &&
  transaction.endedAt !== undefined &&
  !transaction.flags.includes('lost') &&
  transaction.events === transaction.maxSeq + 1
