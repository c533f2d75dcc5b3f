/** Gives the plan's decisions to control, 5 s after each quarter of an hour. */
import { after, type Clock, ceilTo, describeError, type Instant, type Log, MINUTE, SECOND, type Timer } from '#kernel'
import type { Control } from './control.ts'

/** What a plan decided for one appliance: decision k holds from `start + k · 15 min`. */
export interface PlanRow {
  readonly appliance: number
  readonly start: Instant
  /** 0 or 1 a slot, 96 of them. */
  readonly decisions: readonly number[]
}

/** The newest rows of each appliance; they may hold some that begin later. @throws when they cannot be read now */
export type PlanSource = () => Promise<readonly PlanRow[]>

const SLOT = 15 * MINUTE
const AFTER_BOUNDARY = 5 * SECOND
const AFTER_START = 15 * SECOND

export interface ExecutorParts {
  readonly clock: Clock
  readonly plans: PlanSource
  readonly control: Pick<Control, 'apply'>
  readonly log: Log
}

export interface Executor {
  close(): void
}

/** The decision of the newest row that has begun and reaches until now, with the slot it is for; undefined when there is none. */
export function decisionAt(rows: readonly PlanRow[], now: Instant): { on: boolean; slot: Instant } | undefined {
  let newest: PlanRow | undefined
  for (const row of rows) if (slotOf(row, now) >= 0 && (!newest || row.start > newest.start)) newest = row
  const decision = newest?.decisions[slotOf(newest, now)]
  if (!newest || decision === undefined) return undefined
  return { on: decision === 1, slot: after(newest.start, slotOf(newest, now) * SLOT) }
}

function byAppliance(rows: readonly PlanRow[]): Map<number, PlanRow[]> {
  const found = new Map<number, PlanRow[]>()
  for (const row of rows) {
    const own = found.get(row.appliance)
    if (own) own.push(row)
    else found.set(row.appliance, [row])
  }
  return found
}

const slotOf = ({ start }: PlanRow, now: Instant): number => Math.floor((now - start) / SLOT)

/**
 * Starts giving decisions: 15 s after the start, then 5 s after each quarter. What was read last goes on when the source fails, and a plan goes on to
 * its end (24 h) when no newer one comes.
 */
export function startExecutor({ clock, plans, control, log }: ExecutorParts): Executor {
  let rows: readonly PlanRow[] = []
  let timer: Timer
  let isClosed = false

  const carryOut = async (now: Instant): Promise<void> => {
    try {
      rows = await plans()
    } catch (error) {
      log.warn({ error: describeError(error), rows: rows.length }, 'the plan cannot be read: the last one goes on')
    }
    if (isClosed) return
    for (const [appliance, own] of byAppliance(rows)) {
      const decision = decisionAt(own, now)
      if (!decision) continue
      try {
        control.apply(appliance, { kind: 'decision', ...decision })
      } catch (error) {
        log.warn({ appliance, error: describeError(error) }, 'a decision of the plan is not carried out')
      }
    }
  }
  const next = () => {
    const now = clock.now()
    // Of this moment on: at 10:00:04 the boundary of 10:00 is still to come, at 10:00:05 it is not.
    const boundary = ceilTo(after(now, 1 - AFTER_BOUNDARY), SLOT)
    timer = clock.in(after(boundary, AFTER_BOUNDARY) - now, () => {
      next()
      void carryOut(clock.now())
    })
  }
  const first = clock.in(AFTER_START, () => void carryOut(clock.now()))
  next()
  return {
    close() {
      isClosed = true
      first.cancel()
      timer.cancel()
    },
  }
}
