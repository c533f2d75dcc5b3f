/**
 * Giving orders to one EVSE as charging profiles, and reading back what it holds (OCPP 2.0.1 K01, K08; charging reference 2.9, 2.13).
 *
 * One simple profile, always under the same id, replaced in place. When a station refuses it, the next form of a short ladder is tried:
 * the other unit, then a TxDefaultProfile; what worked is remembered. Order by order in sequence; an order that waits gives way to a newer one.
 */

import type { Answer } from '#ems'
import { type Clock, describeError, type Instant, instant, type Log, parseInstant, say, type Watts } from '#kernel'
import {
  CallError,
  type ChargingProfileType,
  type GetCompositeScheduleResponse,
  type Session,
  type SetChargingProfileResponse,
} from '#protocols/ocpp'
import { asTimestamp, type Store } from '#store'
import type { ChargingConfig } from './config.ts'
import { rateUnits } from './device-model.ts'
import { heldBy, limitOf, orderProfile, PROFILE, powerOf, standingProfile, type Wires } from './order.ts'
import { SAYING } from './saying.ts'
import type { Station } from './station.ts'

export interface Order {
  /** W, consumption positive. */
  power: number
  until: Instant
  transaction: string
  evse: number
  phases: number
}

/** What is laid on the EVSE as far as we know. */
export interface Hold {
  epoch: string
  transaction: string
  evse: number
  limit: number
  wires: Wires
  /** End of the profile without its margin. */
  until: Instant
  sentAt: Instant
  /** What the station says it holds, W. */
  held: Watts | undefined
}

type Form = { purpose: 'TxProfile' | 'TxDefaultProfile'; unit: 'A' | 'W' }
type Outcome = { kind: 'accepted' } | { kind: 'refused'; reason: string; code: string } | { kind: 'silent'; why: string }

export interface Orders {
  give(order: Order): Promise<Answer>
  /** Lays the installation's limit and the safe default under everything; for a station that has just come. */
  layFloor(): Promise<void>
  hold(): Hold | undefined
  /** The session ended or the station was reset: nothing of ours is in force. */
  forget(): void
}

export interface OrderParts {
  station: Station
  store: Store
  clock: Clock
  log: Log
  config: ChargingConfig
}

export function openOrders({ station, store, clock, log, config }: OrderParts): Orders {
  let hold: Hold | undefined
  let liked: Form | undefined
  let readsBack = true
  let notBefore = instant(-Infinity)
  let busy: Promise<unknown> = Promise.resolve()
  let waiting: { order: Order; answers: ((answer: Answer) => void)[] } | undefined

  const wiresFor = (unit: 'A' | 'W', phases: number): Wires => ({ unit, phases, voltage: config.voltage })

  /** Forms in the order in which they are tried; what worked before comes first. */
  const ladder = (): Form[] => {
    const units = rateUnits(station.model) ?? (['A', 'W'] as const)
    const forms = (['TxProfile', 'TxDefaultProfile'] as const).flatMap((purpose) => units.map((unit): Form => ({ purpose, unit })))
    const first = liked
    return first ? [first, ...forms.filter((form) => form.purpose !== first.purpose || form.unit !== first.unit)] : forms
  }

  const set = async (session: Session, evseId: number, chargingProfile: ChargingProfileType): Promise<Outcome> => {
    try {
      const answer = (await session.call(
        'SetChargingProfile',
        { evseId, chargingProfile },
        { timeout: config.patience },
      )) as SetChargingProfileResponse
      if (answer.status === 'Accepted') return { kind: 'accepted' }
      const code = answer.statusInfo?.reasonCode ?? ''
      const more = answer.statusInfo?.additionalInfo
      return { kind: 'refused', code, reason: `${answer.status}${code ? ` (${code}${more ? `: ${more}` : ''})` : ''}` }
    } catch (error) {
      if (error instanceof CallError) return { kind: 'refused', code: error.code, reason: `${error.code} ${error.description}`.trim() }
      return { kind: 'silent', why: describeError(error) }
    }
  }

  const clear = (session: Session, evseId: number, form: Form) =>
    session
      .call(
        'ClearChargingProfile',
        { chargingProfileCriteria: { evseId, chargingProfilePurpose: form.purpose, stackLevel: form.purpose === 'TxProfile' ? 0 : 1 } },
        { timeout: config.patience },
      )
      .catch(() => undefined)

  const readBack = async (session: Session, order: Order, wires: Wires): Promise<Watts | undefined> => {
    if (!readsBack) return undefined
    const request = { evseId: order.evse, duration: 60, chargingRateUnit: wires.unit }
    try {
      const answer = (await session.call('GetCompositeSchedule', request, { timeout: config.patience })) as GetCompositeScheduleResponse
      if (answer.status !== 'Accepted' || !answer.schedule) return undefined
      const start = parseInstant(answer.schedule.scheduleStart)
      return heldBy(answer.schedule, clock.now(), start, wires)
    } catch (error) {
      if (error instanceof CallError && (error.code === 'NotImplemented' || error.code === 'NotSupported')) readsBack = false
      log.info({ station: station.record.identity, error: describeError(error) }, 'the limit could not be read back')
      return undefined
    }
  }

  const stillHolds = (session: Session, order: Order, now: Instant): boolean => {
    if (!hold || hold.epoch !== session.epoch || hold.transaction !== order.transaction || hold.evse !== order.evse) return false
    if (hold.wires.phases !== order.phases || limitOf(order.power, hold.wires) !== hold.limit) return false
    // Long enough: to its end, or at least half of what is asked for now.
    return hold.until >= Math.min(order.until, now + (order.until - now) / 2)
  }

  const execute = async (order: Order): Promise<Answer> => {
    const session = station.session
    const now = clock.now()
    if (!session) return { answer: 'silent', why: say(SAYING.offLine) }
    if (hold && stillHolds(session, order, now)) return answerFor(hold)
    if (now < notBefore) return { answer: 'refused', why: say(SAYING.pause, { age: `${Math.ceil((notBefore - now) / 1000)} s` }) }
    let refusal: Extract<Outcome, { kind: 'refused' }> | undefined
    for (const form of ladder()) {
      const wires = wiresFor(form.unit, order.phases)
      const limit = limitOf(order.power, wires)
      const profile = orderProfile({
        purpose: form.purpose,
        evse: order.evse,
        limit,
        wires,
        transaction: order.transaction,
        now,
        until: instant(order.until + config.margin),
      })
      let outcome = await set(session, order.evse, profile)
      if (outcome.kind === 'refused' && outcome.code === 'DuplicateProfile') {
        await clear(session, order.evse, form)
        outcome = await set(session, order.evse, profile)
      }
      if (outcome.kind === 'silent') {
        // Whether it took effect is unknown: the next order must go out, even when it is the same.
        hold = undefined
        void note(order, form, limit, 'silent', outcome.why, undefined)
        return { answer: 'silent', why: outcome.why }
      }
      if (outcome.kind === 'accepted') {
        // The order before, in another form, must not bound this one.
        if (liked && liked.purpose !== form.purpose && hold) await clear(session, order.evse, liked)
        liked = form
        const held = await readBack(session, order, wires)
        hold = {
          epoch: session.epoch,
          transaction: order.transaction,
          evse: order.evse,
          limit,
          wires,
          until: order.until,
          sentAt: now,
          held,
        }
        await note(order, form, limit, 'Accepted', undefined, held)
        return answerFor(hold)
      }
      refusal = outcome
      if (outcome.code === 'RateLimitExceeded') {
        const seconds = Number(/\d+/.exec(outcome.reason)?.[0] ?? 30)
        notBefore = instant(now + Math.min(seconds, 600) * 1000)
        break
      }
      // Another form of the same order would meet the same wall.
      if (['TxNotFound', 'UnknownEvse', 'RateLimitExceeded', 'SecurityError'].includes(outcome.code)) break
      if (outcome.code === 'NotImplemented' || outcome.code === 'NotSupported') break
      log.info({ station: station.record.identity, form, reason: outcome.reason }, 'the profile was refused; trying another form')
    }
    const why = refusal ? say(SAYING.refused, { answer: refusal.reason }) : say(SAYING.noForm)
    await note(order, liked ?? ladder()[0]!, Number.NaN, 'refused', why, undefined)
    return { answer: 'refused', why }
  }

  const answerFor = ({ limit, wires, held }: Hold): Answer => {
    const ordered = powerOf(limit, wires)
    if (held === undefined) return { answer: 'taken', applied: ordered }
    const tolerance = Math.max(100, Math.abs(ordered) * 0.005)
    if (Math.abs(held - ordered) <= tolerance) return { answer: 'taken', applied: ordered }
    const kw = (power: number) => `${(power / 1000).toFixed(2)} kW`
    return { answer: 'taken', applied: held, why: say(SAYING.holdsOther, { power: kw(held), other: kw(ordered) }) }
  }

  const note = async (order: Order, form: Form, limit: number, status: string, reason: string | undefined, held: Watts | undefined) => {
    try {
      await keepProfile(store, {
        station: station.record.identity,
        evse: order.evse,
        profile: PROFILE.order(order.evse),
        purpose: form.purpose,
        stackLevel: form.purpose === 'TxProfile' ? 0 : 1,
        transaction: order.transaction,
        unit: form.unit,
        limit: Number.isNaN(limit) ? limitOf(order.power, wiresFor(form.unit, order.phases)) : limit,
        until: order.until,
        sentAt: clock.now(),
        status,
        reason,
        held,
      })
    } catch (error) {
      // The order is given; that its note was not kept must not hide it.
      log.warn({ station: station.record.identity, error: describeError(error) }, 'a charging profile was not noted')
    }
  }

  return {
    give(order) {
      return new Promise((resolve) => {
        if (waiting) {
          waiting.order = order
          waiting.answers.push(resolve)
          return
        }
        const turn = { order, answers: [resolve] }
        waiting = turn
        busy = busy.then(async () => {
          waiting = undefined
          const answer = await execute(turn.order).catch((error: unknown): Answer => {
            log.error({ station: station.record.identity, error: describeError(error) }, 'an order could not be given')
            return { answer: 'silent', why: describeError(error) }
          })
          for (const tell of turn.answers) tell(answer)
        })
      })
    },
    layFloor() {
      const work = busy.then(async () => {
        const session = station.session
        if (!session) return
        const { identity, maxCurrent, phases } = station.record
        for (const [purpose, amperes] of [
          ['ChargingStationMaxProfile', maxCurrent],
          ['TxDefaultProfile', Math.min(config.safeCurrent, maxCurrent)],
        ] as const) {
          let outcome: Outcome = { kind: 'refused', code: '', reason: 'no unit' }
          for (const unit of rateUnits(station.model) ?? (['A', 'W'] as const)) {
            const profile = standingProfile(purpose, amperes, wiresFor(unit, phases), clock.now())
            outcome = await set(session, 0, profile)
            const period = profile.chargingSchedule[0]!.chargingSchedulePeriod[0]!
            await keepProfile(store, {
              station: identity,
              evse: 0,
              profile: profile.id,
              purpose,
              stackLevel: profile.stackLevel,
              transaction: undefined,
              unit,
              limit: period.limit,
              until: undefined,
              sentAt: clock.now(),
              status: outcome.kind === 'accepted' ? 'Accepted' : outcome.kind,
              reason: outcome.kind === 'refused' ? outcome.reason : outcome.kind === 'silent' ? outcome.why : undefined,
              held: undefined,
            })
            if (outcome.kind !== 'refused') break
          }
          if (outcome.kind !== 'accepted') log.warn({ station: identity, purpose, outcome }, 'the station has no limit to fall back to')
        }
      })
      busy = work.catch(() => undefined)
      return work
    },
    hold: () => hold,
    forget() {
      hold = undefined
    },
  }
}

interface KeptProfile {
  station: string
  evse: number
  profile: number
  purpose: string
  stackLevel: number
  transaction: string | undefined
  unit: string
  limit: number
  until: Instant | undefined
  sentAt: Instant
  status: string
  reason: string | undefined
  held: Watts | undefined
}

const keepProfile = (store: Store, kept: KeptProfile) =>
  store.query(
    `insert into cariflex.charging_profile
       (station, evse_id, profile_id, purpose, stack_level, transaction_id, unit, limit_value, until, sent_at, status, reason, held_w)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
     on conflict (station, evse_id, profile_id) do update set purpose = excluded.purpose, stack_level = excluded.stack_level,
       transaction_id = excluded.transaction_id, unit = excluded.unit, limit_value = excluded.limit_value, until = excluded.until,
       sent_at = excluded.sent_at, status = excluded.status, reason = excluded.reason, held_w = excluded.held_w`,
    [
      kept.station,
      kept.evse,
      kept.profile,
      kept.purpose,
      kept.stackLevel,
      kept.transaction ?? null,
      kept.unit,
      kept.limit,
      kept.until === undefined ? null : asTimestamp(kept.until),
      asTimestamp(kept.sentAt),
      kept.status,
      kept.reason?.slice(0, 1000) ?? null,
      kept.held ?? null,
    ],
  )
