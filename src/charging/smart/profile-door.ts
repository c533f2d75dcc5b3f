/**
 * Laying profiles on a station and reading back what it holds (OCPP K01, K08, K10, 2.1 K28): the few calls that smart charging needs, with
 * their outcome as a value. The room speaks 2.0.1 to every station (a line of 1.6 translates) and 2.1 where that is spoken.
 */
import { describeError, type Instant, parseInstant } from '#kernel'
import {
  CallError,
  type ClearChargingProfileRequest,
  type Payload,
  type Profile,
  type SchedulePeriod,
  type Session,
  type V21,
} from '#protocols/ocpp'

export type Outcome =
  | { kind: 'accepted' }
  /** `code`: the station's reasonCode, or the code of its CALLERROR; empty where it gave none. */
  | { kind: 'refused'; code: string; reason: string }
  /** Whether it took effect is unknown. */
  | { kind: 'silent'; why: string }

/** What the station says it holds. */
export interface HeldSchedule {
  start: Instant
  unit: 'A' | 'W'
  periods: SchedulePeriod[]
}

export interface ProfileDoor {
  set(evseId: number, profile: Profile): Promise<Outcome>
  /** Clears what the criteria name; that nothing was there is no failure. */
  clear(what: ClearChargingProfileRequest): Promise<void>
  /** The composite schedule from now on; 'unknown' where the station does not know the message. */
  composite(evseId: number, seconds: number, unit: 'A' | 'W'): Promise<HeldSchedule | 'unknown' | undefined>
  /** Another value in a Dynamic profile (2.1). */
  update(id: number, to: V21.ChargingScheduleUpdateType): Promise<Outcome>
}

/** The door of a connection; `patience` is how long an answer is waited for, ms. */
export function profileDoor(session: Session, patience: number): ProfileDoor {
  const ask = async (action: string, payload: Payload): Promise<Outcome> => {
    try {
      const answer = (await session.call(action, payload, { timeout: patience })) as {
        status?: string
        statusInfo?: { reasonCode?: string; additionalInfo?: string }
      }
      if (answer.status === 'Accepted') return { kind: 'accepted' }
      const code = answer.statusInfo?.reasonCode ?? ''
      const more = answer.statusInfo?.additionalInfo
      return { kind: 'refused', code, reason: `${answer.status ?? ''}${code ? ` (${code}${more ? `: ${more}` : ''})` : ''}` }
    } catch (error) {
      if (error instanceof CallError) return { kind: 'refused', code: error.code, reason: `${error.code} ${error.description}`.trim() }
      return { kind: 'silent', why: describeError(error) }
    }
  }
  return {
    set: (evseId, chargingProfile) => ask('SetChargingProfile', { evseId, chargingProfile: chargingProfile as Payload }),
    async clear(what) {
      await ask('ClearChargingProfile', { ...what } as Payload)
    },
    update: (chargingProfileId, scheduleUpdate) => ask('UpdateDynamicSchedule', { chargingProfileId, scheduleUpdate }),
    async composite(evseId, duration, chargingRateUnit) {
      try {
        const { status, schedule } = (await session.call(
          'GetCompositeSchedule',
          { evseId, duration, chargingRateUnit },
          { timeout: patience },
        )) as unknown as V21.GetCompositeScheduleResponse
        if (status !== 'Accepted' || !schedule || schedule.chargingSchedulePeriod.length === 0) return undefined
        return { start: parseInstant(schedule.scheduleStart), unit: schedule.chargingRateUnit, periods: schedule.chargingSchedulePeriod }
      } catch (error) {
        return error instanceof CallError && (error.code === 'NotImplemented' || error.code === 'NotSupported') ? 'unknown' : undefined
      }
    },
  }
}
