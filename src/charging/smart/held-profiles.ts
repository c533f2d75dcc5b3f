/**
 * The profiles a station holds: what we laid on it, what it says itself (GetChargingProfiles with its reports, OCPP K09), and the schedule it
 * makes of all of them (GetCompositeSchedule, K08).
 */
import { type Clock, formatInstant, type Instant, instant, MINUTE } from '#kernel'
import type { GetChargingProfilesRequest, Payload, Profile, SchedulePeriod } from '#protocols/ocpp'
import { asTimestamp, type Store } from '#store'
import type { Commands } from '../commands.ts'
import type { ChargingConfig } from '../config.ts'
import { type Gatherer, nextRequest } from '../gather.ts'
import { isAtWork, type Station } from '../station.ts'
import { type Cards, wireVersion } from './capability-card.ts'
import { profileDoor } from './profile-door.ts'

/** A profile in a report of the station. */
export interface ReportedProfile {
  evseId: number
  /** Who laid it: CSO is us, EMS, SO and Other are others. */
  source: string
  profile: Profile
}

export interface ScheduleView {
  unit: 'A' | 'W'
  /** Null where it counts from the begin of the session. */
  start: string | null
  /** Seconds; null: without end. */
  duration: number | null
  periods: SchedulePeriod[]
}

export interface ProfileView {
  evse: number
  id: number
  purpose: string
  kind: string
  stack: number
  transaction: string | null
  schedules: (ScheduleView & { id: number })[]
}

export interface LaidProfile extends ProfileView {
  at: string
  /** Until when it was ordered; null: it stands without end. */
  until: string | null
  /** 'Accepted', 'refused' or 'silent'. */
  status: string
  reason: string | null
  /** How the station does not keep it, in a sentence. */
  deviation: string | null
  /** What the station then said it holds. */
  heldKw: number | null
}

export interface StationProfiles {
  evse: number
  /** From strongest to weakest: by purpose, then by stack level. */
  laid: LaidProfile[]
  /** What the station said when it was asked last; null: it was not asked since we run, or it cannot say. */
  told: { at: string; profiles: (ProfileView & { source: string; ours: boolean })[] } | null
  composite: (ScheduleView & { at: string; evse: number }) | null
}

export interface ProfileDesk {
  view(station: Station): Promise<StationProfiles>
  /**
   * Asks the station what it holds, and tells it. A station of 1.6 only knows the schedule.
   * @throws Problem `station-offline` (503), `report-incomplete` (504) and those of commands
   */
  ask(station: Station, by?: string): Promise<StationProfiles>
}

export interface ProfileDeskParts {
  store: Store
  clock: Clock
  config: ChargingConfig
  cards: Cards
  commands: Commands
  gather: Gatherer<ReportedProfile>
}

/** The part of the day ahead that a station is asked for, s. */
const AHEAD = 86_400
/** A profile is shown for so long after its end, ms: its margin and the lag of clocks. */
const LINGER = 5 * MINUTE
/** The one that bounds all others first. */
const PURPOSES = [
  'ChargingStationExternalConstraints',
  'ChargingStationMaxProfile',
  'LocalGeneration',
  'PriorityCharging',
  'TxProfile',
  'TxDefaultProfile',
]

export function openProfileDesk({ store, clock, config, cards, commands, gather }: ProfileDeskParts): ProfileDesk {
  const answers = new WeakMap<Station, { told?: Told; composite: StationProfiles['composite'] }>()
  const moment = (at: Instant) => formatInstant(at, config.zone)

  const laidOn = async (station: Station): Promise<LaidProfile[]> => {
    const rows = await store.query<LaidRow>(
      `select evse_id, transaction_id, until, sent_at, status, reason, held_w, profile, deviation from cariflex.charging_profile
       where station = $1 and profile is not null and (until is null or until > $2)`,
      [station.record.identity, asTimestamp(instant(clock.now() - LINGER))],
    )
    return (
      rows
        // The profile of a session goes with it.
        .filter(
          ({ profile, transaction_id: id }) => profile.chargingProfilePurpose !== 'TxProfile' || (id !== null && station.open.has(id)),
        )
        .map((row) => ({
          ...viewOf(row.evse_id, row.profile),
          at: moment(row.sent_at),
          until: row.until === null ? null : moment(row.until),
          status: row.status,
          reason: row.reason,
          deviation: row.deviation,
          heldKw: row.held_w === null ? null : Math.round(row.held_w) / 1000,
        }))
        .sort(byStrength)
    )
  }

  const view = async (station: Station): Promise<StationProfiles> => {
    const { told, composite = null } = answers.get(station) ?? {}
    const laid = await laidOn(station)
    const isOurs = (evse: number, id: number) => laid.some((one) => one.evse === evse && one.id === id)
    return {
      evse: station.record.evse,
      laid,
      told: told
        ? {
            at: moment(told.at),
            profiles: told.profiles
              .map(({ evseId, source, profile }) => ({ ...viewOf(evseId, profile), source, ours: isOurs(evseId, profile.id) }))
              .sort(byStrength),
          }
        : null,
      composite,
    }
  }

  const report = async (station: Station, by: string | undefined): Promise<Told | undefined> => {
    if (wireVersion(station) === '1.6') return undefined
    const { identity } = station.record
    const requestId = await nextRequest(store)
    const all = gather.expect(identity, requestId, config.reportPatience)
    all.catch(() => undefined)
    try {
      const request: GetChargingProfilesRequest = { requestId, chargingProfile: {} }
      const { status } = await commands.send(station, 'GetChargingProfiles', { ...request } as Payload, by)
      return { at: clock.now(), profiles: status === 'Accepted' ? await all : [] }
    } finally {
      gather.forget(identity, requestId)
    }
  }

  return {
    view,
    async ask(station, by) {
      const told = await report(station, by)
      const { session, record } = station
      const unit = cards.of(station).units[0]!
      const held =
        session && isAtWork(station) ? await profileDoor(session, config.patience).composite(record.evse, AHEAD, unit) : undefined
      answers.set(station, {
        ...(told && { told }),
        composite:
          held === undefined || held === 'unknown'
            ? null
            : {
                ...{ at: moment(clock.now()), evse: record.evse, unit: held.unit },
                ...{ start: moment(held.start), duration: AHEAD, periods: held.periods },
              },
      })
      return view(station)
    },
  }
}

interface Told {
  at: Instant
  profiles: ReportedProfile[]
}

interface LaidRow {
  evse_id: number
  transaction_id: string | null
  until: Instant | null
  sent_at: Instant
  status: string
  reason: string | null
  held_w: number | null
  profile: Profile
  deviation: string | null
}

const viewOf = (evse: number, profile: Profile): ProfileView => ({
  evse,
  id: profile.id,
  purpose: profile.chargingProfilePurpose,
  kind: profile.chargingProfileKind,
  stack: profile.stackLevel,
  transaction: profile.transactionId ?? null,
  schedules: profile.chargingSchedule.map(({ id, chargingRateUnit, startSchedule, duration, chargingSchedulePeriod }) => ({
    id,
    unit: chargingRateUnit,
    start: startSchedule ?? null,
    duration: duration ?? null,
    periods: chargingSchedulePeriod,
  })),
})

const byStrength = (one: ProfileView, other: ProfileView): number =>
  PURPOSES.indexOf(one.purpose) - PURPOSES.indexOf(other.purpose) || other.stack - one.stack || one.evse - other.evse
