/** Both sides compared: sessions, meter values, connectors, and the limit that each station holds. What differs is mended, or an alarm. */
import { type Clock, describeError, type Instant, instant, type Log, MINUTE, say } from '#kernel'
import { OCPP16, type Payload } from '#protocols/ocpp'
import { powerOf } from '../order.ts'
import type { Hold } from '../orders.ts'
import { profileDoor } from '../smart/profile-door.ts'
import { compare, tolerance } from '../smart/read-back.ts'
import { pluggedAt, type Station } from '../station.ts'
import type { CitrineRows, CitrineSession, CitrineStation } from './citrineos-rows.ts'
import type { BridgedStation } from './citrineos-station.ts'
import { SAYING } from './saying.ts'

/** A difference that could not be mended. */
export interface Drift {
  station: string
  kind: 'sessions' | 'profile'
  what: string
}

export interface Reconciler {
  run(): Promise<Drift[]>
  drifts(): Drift[]
  comparedAt(): Instant | undefined
}

export interface ReconcileParts {
  rows: CitrineRows | undefined
  clock: Clock
  log: Log
  patience: number
  present: ReadonlyMap<string, BridgedStation>
  /** Reads what the tables hold of a station since a moment. */
  reread(station: Station, since: Instant): Promise<void>
  catchUp(): Promise<void>
  holdOf(station: Station): Hold | undefined
  forgetOrders(station: Station): void
  alarm(station: Station, code: string, sentence: string | undefined): void
}

/** Ended sessions that are compared go back so far, and so far the tables are read again. */
const BACK = 24 * 60 * MINUTE
/** A meter value may be on its way for so long. */
const ON_ITS_WAY = 2 * MINUTE

export function openReconciler(parts: ReconcileParts): Reconciler {
  const { rows, clock, log, present, patience, reread } = parts
  let drifts: Drift[] = []
  let comparedAt: Instant | undefined
  let running: Promise<Drift[]> | undefined

  const ours = (one: BridgedStation, { transaction }: CitrineSession) =>
    one.version === OCPP16 ? String(one.ours(Number(transaction)) ?? `?${transaction}`) : transaction

  /** How the sessions of a station differ, in a sentence; undefined: they do not. */
  const difference = ({ station, ...one }: BridgedStation, theirs: readonly CitrineSession[]): string | undefined => {
    const plugged = (session: CitrineSession) => station.open.get(ours({ station, ...one }, session))
    for (const session of theirs) {
      const here = plugged(session)
      const slots = { station: station.record.identity, transaction: session.transaction }
      if (session.isActive && !here) return say(SAYING.openThere, slots)
      if (!session.isActive && here) return say(SAYING.endedThere, slots)
      const measured = here?.sample?.at ?? here?.transaction.firstAt
      if (session.isActive && session.metered !== null && measured !== undefined && session.metered - measured > ON_ITS_WAY)
        return say(SAYING.metersLack, slots)
    }
    const known = new Set(theirs.map((session) => ours({ station, ...one }, session)))
    const lone = [...station.open.keys()].find((id) => !known.has(id))
    return lone === undefined ? undefined : say(SAYING.openHere, { station: station.record.identity, transaction: lone })
  }

  const sessionsOf = async (one: BridgedStation): Promise<CitrineSession[]> => {
    const all = (await rows?.sessions(instant(clock.now() - BACK))) ?? []
    return all.filter(({ station }) => station === one.station.record.identity)
  }
  const compareSessions = async (one: BridgedStation, theirs: readonly CitrineSession[]): Promise<Drift | undefined> => {
    const { station } = one
    const { identity } = station.record
    if (difference(one, theirs) !== undefined) await reread(station, instant(clock.now() - BACK))
    else return void parts.alarm(station, 'bridge-sessions', undefined)
    const what = difference(one, await sessionsOf(one))
    parts.alarm(station, 'bridge-sessions', what)
    return what === undefined ? undefined : { station: identity, kind: 'sessions', what }
  }

  const compareStatus = async (one: BridgedStation, theirs: CitrineStation) => {
    for (const { evse, connector, status, at } of theirs.connectors) {
      // A connector that CitrineOS only made up for a session has told nothing yet.
      if (status === null || at === null) continue
      if (one.version === OCPP16)
        await one.hand({
          action: 'StatusNotification',
          payload: { connectorId: evse, status, errorCode: 'NoError', timestamp: at } as Payload,
        })
      else {
        const connectorStatus = WORDS.has(status) ? status : 'Occupied'
        await one.hand({
          action: 'StatusNotification',
          payload: { evseId: evse, connectorId: connector, connectorStatus, timestamp: at } as Payload,
        })
      }
    }
  }

  /** What the station holds beside what was laid on it; what it lost is laid anew. */
  const compareProfile = async ({ station }: BridgedStation): Promise<Drift | undefined> => {
    const hold = parts.holdOf(station)
    const { session } = station
    const now = clock.now()
    if (!hold || !session || hold.until <= now || !pluggedAt(station)) return undefined
    const schedule = await profileDoor(session, patience).composite(hold.evse, 60, hold.wires.unit)
    if (schedule === undefined || schedule === 'unknown') return undefined
    const { held, above } = compare(schedule, hold.compiled, now)
    const told = powerOf(hold.limit, hold.wires)
    const isKept = above.length === 0 && (held === undefined || Math.abs(held - told) <= tolerance(told))
    if (isKept) return void parts.alarm(station, 'bridge-profile', undefined)
    const { identity } = station.record
    const sentence = say(SAYING.driftProfile, { station: identity, power: kw(above[0]?.held ?? held ?? 0), other: kw(told) })
    parts.alarm(station, 'bridge-profile', sentence)
    parts.forgetOrders(station)
    return { station: identity, kind: 'profile', what: sentence }
  }

  const run = async (): Promise<Drift[]> => {
    await parts.catchUp()
    const sessions = rows && (await rows.sessions(instant(clock.now() - BACK)))
    const stations = rows && (await rows.stations())
    const found: Drift[] = []
    for (const [identity, one] of present) {
      try {
        const theirs = stations?.find(({ id }) => id === identity)
        if (theirs) await compareStatus(one, theirs)
        const drift =
          sessions &&
          (await compareSessions(
            one,
            sessions.filter(({ station }) => station === identity),
          ))
        const other = await compareProfile(one)
        found.push(...[drift, other].filter((each) => each !== undefined))
      } catch (error) {
        log.warn({ station: identity, error: describeError(error) }, 'a station was not compared with CitrineOS')
      }
    }
    comparedAt = clock.now()
    drifts = found
    return found
  }

  return {
    run() {
      running ??= run()
        .catch((error: unknown) => {
          log.warn({ error: describeError(error) }, 'CitrineOS and we were not compared')
          return drifts
        })
        .finally(() => {
          running = undefined
        })
      return running
    },
    drifts: () => drifts,
    comparedAt: () => comparedAt,
  }
}

/** What 2.0.1 says of a connector. */
const WORDS = new Set(['Available', 'Occupied', 'Reserved', 'Unavailable', 'Faulted'])
const kw = (power: number) => `${(power / 1000).toFixed(1)} kW`
