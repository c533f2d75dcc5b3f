/**
 * Giving orders to one EVSE as charging profiles, and reading back what it holds (OCPP K01, K08, 2.1 K28; charging reference 2.9, 2.13).
 *
 * The plan is compiled for the station's card into one profile, always under the same id, replaced in place. When a station refuses it, or
 * takes it and would draw more all the same, the next form of the ladder is tried; what worked is remembered of its model. Order by order in
 * sequence; an order that waits gives way to a newer one.
 */

import type { Answer } from '#ems'
import { type Clock, describeError, type Instant, instant, type Log, MINUTE, say, type Watts } from '#kernel'
import type { Session } from '#protocols/ocpp'
import type { Store } from '#store'
import type { ChargingConfig } from './config.ts'
import { rateUnits } from './device-model.ts'
import { limitOf, PROFILE, powerOf, standingProfile, type Wires } from './order.ts'
import { SAYING } from './saying.ts'
import { type CapabilityCard, type Cards, type Form, formName, ladder, priorityForms } from './smart/capability-card.ts'
import { type Compiled, compile, levelAt, type Place, type Step } from './smart/compiler.ts'
import { keepProfile } from './smart/kept-profile.ts'
import type { Choice } from './smart/offers.ts'
import { type Outcome, type ProfileDoor, profileDoor } from './smart/profile-door.ts'
import { compare } from './smart/read-back.ts'
import { SAYING as SMART } from './smart/saying.ts'
import type { Station } from './station.ts'

export interface Order {
  /** W, consumption positive. */
  power: number
  until: Instant
  transaction: string
  evse: number
  phases: number
  /** What is planned after it, until `aheadUntil`: the station goes on with it should we be lost. */
  ahead?: readonly Step[]
  aheadUntil?: Instant
  /** The whole time must be covered, if with less detail: a car waits for its schedule. */
  covers?: boolean
  /** What was laid before is not enough: the car asked anew. */
  since?: Instant
  /** The car may choose among schedules, once, in answer to its needs. */
  choice?: Choice
  /** Its driver is in a hurry: laid as priority charging where the station has it (2.1, K21). */
  priority?: boolean
}

/** What is laid on the EVSE as far as we know. */
export interface Hold {
  epoch: string
  transaction: string
  evse: number
  form: Form
  compiled: Compiled
  /** The limit in force now, in the unit of the wires. */
  limit: number
  wires: Wires
  /** End of the profile without its margin. */
  until: Instant
  sentAt: Instant
  /** What the station says it holds, W. */
  held: Watts | undefined
  /** How it does not keep what it was told, in a sentence. */
  deviation?: string
}

type Refusal = Extract<Outcome, { kind: 'refused' }>

export interface Orders {
  give(order: Order): Promise<Answer>
  /** Gives the last order again in another form: the station took it and draws more all the same. False when nothing is left to try. */
  insist(): Promise<boolean>
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
  cards: Cards
  /** Has the station begin or end priority charging; false when it does not. */
  usePriority(transaction: string, activate: boolean): Promise<boolean>
}

/** Whatever the form, these answers would be the same. */
const HOPELESS = ['TxNotFound', 'UnknownEvse', 'RateLimitExceeded', 'SecurityError', 'NotImplemented', 'NotSupported']
/** A plan whose far end changed is laid anew when the last one is this old. */
const AHEAD_REFRESH = 5 * MINUTE

export function openOrders({ station, store, clock, log, config, cards, usePriority }: OrderParts): Orders {
  let hold: Omit<Hold, 'limit'> | undefined
  let last: Order | undefined
  let notBefore = instant(-Infinity)
  let busy: Promise<unknown> = Promise.resolve()
  /** The session that charges by priority, and one whose station refused to. */
  let urgent: string | undefined
  let unhurried: string | undefined
  let waiting: { order: Order; answers: ((answer: Answer) => void)[] } | undefined

  const placeOf = ({ evse, transaction, phases }: Order): Place => ({
    ...{ evse, transaction, phases },
    voltage: config.voltage,
    installation: station.record.maxCurrent,
    safe: Math.min(config.safeCurrent, station.record.maxCurrent),
  })

  const compiledFor = (order: Order, form: Form, card: CapabilityCard, now: Instant): Compiled | undefined => {
    // Set-points are told one by one; a profile that ends in the safe limit ends with the order.
    const isPlain = form.rung === 'tx' || form.rung === 'default'
    const ahead = isPlain ? (order.ahead ?? []) : []
    const until = isPlain && ahead.length > 0 ? (order.aheadUntil ?? order.until) : order.until
    return compile({
      plan: { steps: [{ at: now, power: order.power }, ...ahead], until },
      ...{ card, form, now },
      place: placeOf(order),
      margin: config.margin,
      ...(order.covers ? { spare: 'detail' } : {}),
      ...(hold && hold.sentAt >= (order.since ?? -Infinity) ? {} : { choice: order.choice }),
    })
  }

  const isUrgent = ({ priority = false, transaction, power }: Order) =>
    priority && transaction !== unhurried && power >= 0 && cards.of(station).priority
  /** Has what was laid used as priority charging; false: the station will not, and gets the order otherwise. */
  const hurry = async (order: Order, door: ProfileDoor, compiled: Compiled): Promise<boolean> => {
    if (urgent !== order.transaction && !(await usePriority(order.transaction, true))) {
      unhurried = order.transaction
      await door.clear({ chargingProfileId: compiled.profile.id })
      return false
    }
    urgent = order.transaction
    return true
  }
  /** A car that is in no hurry any more; what is laid for it stands already. */
  const calm = async (door: ProfileDoor) => {
    const transaction = urgent!
    urgent = undefined
    await usePriority(transaction, false)
    await door.clear({ chargingProfileId: PROFILE.priority(hold?.evse ?? station.record.evse) })
  }

  const stillHolds = (session: Session, order: Order, now: Instant): boolean => {
    if (!hold || hold.epoch !== session.epoch || hold.transaction !== order.transaction || hold.evse !== order.evse) return false
    if ((urgent === order.transaction) !== isUrgent(order) || hold.deviation !== undefined || hold.sentAt < (order.since ?? -Infinity))
      return false
    if (hold.wires.phases !== order.phases || limitOf(order.power, hold.wires) !== levelAt(hold.compiled, now)) return false
    // Long enough: to its end, or at least half of what is asked for now.
    if (hold.until < Math.min(order.until, now + (order.until - now) / 2)) return false
    if (order.covers && !hold.compiled.covers) return false
    const isOld = now - hold.sentAt >= AHEAD_REFRESH
    return !(
      isOld && (order.ahead ?? []).some(({ at, power }) => at < hold!.until && limitOf(power, hold!.wires) !== levelAt(hold!.compiled, at))
    )
  }

  /** Puts one form on the station. */
  const put = async (door: ProfileDoor, session: Session, compiled: Compiled, form: Form, card: CapabilityCard): Promise<Outcome> => {
    const { evseId, profile } = compiled
    if (
      form.rung === 'dynamic' &&
      hold?.form.rung === 'dynamic' &&
      hold.epoch === session.epoch &&
      hold.transaction === profile.transactionId
    ) {
      const { setpoint = 0, limit = 0, dischargeLimit = 0 } = profile.chargingSchedule[0]!.chargingSchedulePeriod[0]!
      const updated = await door.update(profile.id, { setpoint, limit, dischargeLimit })
      if (updated.kind !== 'refused') return updated
    }
    if (card.learned.clearFirst) await door.clear({ chargingProfileId: profile.id })
    const first = await door.set(evseId, profile)
    const isRefused = first.kind === 'refused'
    // It may take one schedule where it does not take several.
    const [only] = profile.chargingSchedule
    const outcome =
      isRefused && profile.chargingSchedule.length > 1 ? await door.set(evseId, { ...profile, chargingSchedule: [only!] }) : first
    if (outcome.kind !== 'refused' || outcome.code !== 'DuplicateProfile') return outcome
    await door.clear(criteriaOf(compiled))
    return door.set(evseId, profile)
  }

  /** What the station makes of it. Above what it was told, the old profile is cleared and the new one laid once more. */
  const verify = async (door: ProfileDoor, compiled: Compiled, card: CapabilityCard) => {
    if (card.learned.readsBack === false) return { held: undefined, above: [] }
    const look = async () => {
      const now = clock.now()
      const seconds = Math.max(60, Math.min(86_400, Math.round((compiled.until - now) / 1000)))
      const schedule = await door.composite(compiled.evseId || station.record.evse, seconds, compiled.wires.unit)
      if (schedule === 'unknown') await cards.learn(station, { readsBack: false })
      return schedule === undefined || schedule === 'unknown' ? undefined : compare(schedule, compiled, now)
    }
    const first = await look()
    if (!first || first.above.length === 0) return first ?? { held: undefined, above: [] }
    await door.clear({ chargingProfileId: compiled.profile.id })
    if ((await door.set(compiled.evseId, compiled.profile)).kind !== 'accepted') return first
    const second = (await look()) ?? first
    if (second.above.length === 0 && !card.learned.clearFirst) await cards.learn(station, { clearFirst: true })
    return second
  }

  const execute = async (order: Order): Promise<Answer> => {
    const session = station.session
    const now = clock.now()
    if (!session) return { answer: 'silent', why: say(SAYING.offLine) }
    last = order
    if (hold && stillHolds(session, order, now)) return answerFor(hold, now)
    if (now < notBefore) return { answer: 'refused', why: say(SAYING.pause, { age: `${Math.ceil((notBefore - now) / 1000)} s` }) }
    const door = profileDoor(session, config.patience)
    let card = cards.of(station)
    let refusal: Refusal | undefined
    let poor: Omit<Hold, 'limit'> | undefined
    const forms = [...(isUrgent(order) ? priorityForms(card) : []), ...ladder(card, order.power < 0)]
    for (const form of forms) {
      if (form.rung === 'priority' && unhurried === order.transaction) continue
      card = cards.of(station)
      const compiled = compiledFor(order, form, card, now)
      if (!compiled) continue
      const outcome = await put(door, session, compiled, form, card)
      if (outcome.kind === 'silent') {
        // Whether it took effect is unknown: the next order must go out, even when it is the same.
        hold = undefined
        void note(order, form, compiled, { status: 'silent', reason: outcome.why })
        return { answer: 'silent', why: outcome.why }
      }
      if (outcome.kind === 'accepted') {
        if (form.rung === 'priority') {
          if (!(await hurry(order, door, compiled))) continue
        } else if (urgent !== undefined) await calm(door)
        // The order before, in another form, must not bound this one; priority charging stands above it.
        else if (hold && hold.form.rung !== form.rung) await withdraw(door, hold)
        const { held, above } = await verify(door, compiled, card)
        const worst = above[0]
        const deviation = worst && say(SMART.wouldDraw, { station: station.record.identity, power: kw(worst.held), other: kw(worst.told) })
        hold = {
          epoch: session.epoch,
          transaction: order.transaction,
          evse: order.evse,
          ...{ form, compiled, held },
          wires: compiled.wires,
          until: compiled.until,
          sentAt: now,
          ...(deviation === undefined ? {} : { deviation }),
        }
        await note(order, form, compiled, {
          status: 'Accepted',
          ...(held === undefined ? {} : { held }),
          ...(deviation === undefined ? {} : { deviation }),
        })
        if (deviation === undefined) {
          const name = formName(form)
          if (card.learned.form !== name && form.rung !== 'dynamic' && form.rung !== 'priority') await cards.learn(station, { form: name })
          return answerFor(hold, now)
        }
        log.warn({ station: station.record.identity, form, worst }, 'the profile was accepted and would not be kept; trying another form')
        poor ??= hold
        continue
      }
      refusal = outcome
      if (outcome.code === 'RateLimitExceeded') {
        const seconds = Number(/\d+/.exec(outcome.reason)?.[0] ?? 30)
        notBefore = instant(now + Math.min(seconds, 600) * 1000)
      }
      // Another form of the same order would meet the same wall.
      if (HOPELESS.includes(outcome.code)) break
      log.info({ station: station.record.identity, form, reason: outcome.reason }, 'the profile was refused; trying another form')
    }
    if (hold && poor) return answerFor(hold, now)
    const why = refusal ? say(SAYING.refused, { answer: refusal.reason }) : say(SAYING.noForm)
    const form = forms[0]!
    const compiled = compiledFor(order, form, card, now)
    if (compiled) await note(order, form, compiled, { status: 'refused', reason: why })
    return { answer: 'refused', why }
  }

  /** Takes a profile of another form away; what stood in its place before is laid again. */
  const withdraw = async (door: ProfileDoor, { form, compiled }: Omit<Hold, 'limit'>) => {
    if (form.rung === 'station-max' || form.rung === 'default-zero')
      await layStanding(door, form.rung === 'station-max' ? 'ChargingStationMaxProfile' : 'TxDefaultProfile')
    else await door.clear(criteriaOf(compiled))
  }

  const answerFor = ({ compiled, wires, held, deviation }: Omit<Hold, 'limit'>, now: Instant): Answer => {
    const ordered = powerOf(levelAt(compiled, now) ?? 0, wires)
    const tolerance = Math.max(100, Math.abs(ordered) * 0.005)
    if (held === undefined || Math.abs(held - ordered) <= tolerance)
      return { answer: 'taken', applied: ordered, ...(deviation === undefined ? {} : { why: deviation }) }
    return { answer: 'taken', applied: held, why: say(SAYING.holdsOther, { power: kw(held), other: kw(ordered) }) }
  }

  const note = async (
    order: Order,
    { rung, unit }: Form,
    { profile, levels }: Compiled,
    found: { status: string; reason?: string; held?: Watts; deviation?: string },
  ) => {
    try {
      await keepProfile(store, {
        station: station.record.identity,
        evse: rung === 'station-max' ? 0 : order.evse,
        profile: profile.id,
        purpose: profile.chargingProfilePurpose,
        stackLevel: profile.stackLevel,
        transaction: order.transaction,
        unit,
        limit: levels[0]!.limit,
        until: order.until,
        sentAt: clock.now(),
        status: found.status,
        reason: found.reason,
        held: found.held,
        sent: profile,
        deviation: found.deviation,
      })
    } catch (error) {
      // The order is given; that its note was not kept must not hide it.
      log.warn({ station: station.record.identity, error: describeError(error) }, 'a charging profile was not noted')
    }
  }

  const layStanding = async (door: ProfileDoor, purpose: 'ChargingStationMaxProfile' | 'TxDefaultProfile') => {
    const { identity, maxCurrent, phases } = station.record
    const amperes = purpose === 'ChargingStationMaxProfile' ? maxCurrent : Math.min(config.safeCurrent, maxCurrent)
    let outcome: Outcome = { kind: 'refused', code: '', reason: 'no unit' }
    for (const unit of rateUnits(station.model) ?? (['A', 'W'] as const)) {
      const profile = standingProfile(purpose, amperes, { unit, phases, voltage: config.voltage }, clock.now())
      outcome = await door.set(0, profile)
      await keepProfile(store, {
        station: identity,
        evse: 0,
        profile: profile.id,
        purpose,
        stackLevel: profile.stackLevel,
        transaction: undefined,
        unit,
        limit: profile.chargingSchedule[0]!.chargingSchedulePeriod[0]!.limit,
        until: undefined,
        sentAt: clock.now(),
        status: outcome.kind === 'accepted' ? 'Accepted' : outcome.kind,
        reason: outcome.kind === 'refused' ? outcome.reason : outcome.kind === 'silent' ? outcome.why : undefined,
        held: undefined,
        sent: profile,
        deviation: undefined,
      })
      if (outcome.kind !== 'refused') break
    }
    if (outcome.kind !== 'accepted') log.warn({ station: identity, purpose, outcome }, 'the station has no limit to fall back to')
  }

  const enqueue = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = busy.then(work)
    busy = turn.catch(() => undefined)
    return turn
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
        void enqueue(async () => {
          waiting = undefined
          const answer = await execute(turn.order).catch((error: unknown): Answer => {
            log.error({ station: station.record.identity, error: describeError(error) }, 'an order could not be given')
            return { answer: 'silent', why: describeError(error) }
          })
          for (const tell of turn.answers) tell(answer)
        })
      })
    },
    insist: () =>
      enqueue(async () => {
        const order = last
        if (!order || !station.session) return false
        const card = cards.of(station)
        if (hold) {
          const name = formName(hold.form)
          const deaf = new Set(card.learned.deaf)
          // Once every form was tried the round begins again: a car that disobeyed may have left.
          const everything = ladder(card, order.power < 0).map(formName)
          if (everything.every((form) => form === name || deaf.has(form))) deaf.clear()
          deaf.add(name)
          await cards.learn(station, { deaf: [...deaf] })
        }
        const before = hold
        hold = undefined
        if (before) await withdraw(profileDoor(station.session, config.patience), before)
        const { ahead: _, aheadUntil: __, choice: ___, ...plain } = order
        const answer = await execute({ ...plain, until: instant(Math.max(order.until, clock.now() + AHEAD_REFRESH)) })
        return answer.answer === 'taken'
      }),
    layFloor: () =>
      enqueue(async () => {
        const session = station.session
        if (!session) return
        const door = profileDoor(session, config.patience)
        await layStanding(door, 'ChargingStationMaxProfile')
        await layStanding(door, 'TxDefaultProfile')
      }),
    hold: () => hold && { ...hold, limit: levelAt(hold.compiled, clock.now()) ?? hold.compiled.levels.at(-1)!.limit },
    forget() {
      hold = undefined
      urgent = undefined
    },
  }
}

const kw = (power: number) => `${(power / 1000).toFixed(2)} kW`

/** Where a profile stands, for those who do not replace by id. */
const criteriaOf = ({ evseId, profile }: Compiled) => ({
  chargingProfileCriteria: {
    evseId,
    chargingProfilePurpose: profile.chargingProfilePurpose as 'TxProfile' | 'TxDefaultProfile' | 'ChargingStationMaxProfile',
    stackLevel: profile.stackLevel,
  },
})
