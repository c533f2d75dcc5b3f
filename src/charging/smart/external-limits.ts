/**
 * Limits that somebody else laid on a station, as it tells them (OCPP K11–K14): an energy manager on the spot, the network operator by its own
 * channel. They are not ours to lift; the plan keeps below them.
 */
import { after, type Clock, SECOND } from '#kernel'
import { type ClearedChargingLimitRequest, compositeSchedule, type Installed, type NotifyChargingLimitRequest } from '#protocols/ocpp'
import { zulu } from '../order.ts'

export interface ExternalLimits {
  noted(station: string, request: NotifyChargingLimitRequest): void
  cleared(station: string, request: ClearedChargingLimitRequest): void
  /** W that the EVSE may draw by them now; undefined: nobody limits it. */
  on(station: string, evse: number, wires: { phases: number; voltage: number }): number | undefined
}

interface Noted extends Installed {
  source: string
}

/** Above any supply: nothing is limited. */
const UNBOUNDED = 1e9

/** What stations told since we are here; they tell it again when they reconnect. */
export function openExternalLimits(clock: Clock): ExternalLimits {
  const byStation = new Map<string, Noted[]>()
  return {
    noted(station, { evseId = 0, chargingLimit, chargingSchedule = [] }) {
      const source = chargingLimit.chargingLimitSource
      const others = (byStation.get(station) ?? []).filter((one) => one.source !== source || one.evseId !== evseId)
      const at = clock.now()
      const told = chargingSchedule.map(
        (schedule, index): Noted => ({
          evseId,
          source,
          profile: {
            id: -1 - index,
            stackLevel: index,
            chargingProfilePurpose: 'ChargingStationExternalConstraints',
            chargingProfileKind: 'Absolute',
            // Without a start it holds from now.
            chargingSchedule: [{ ...schedule, startSchedule: schedule.startSchedule ?? zulu(at) }],
          },
        }),
      )
      byStation.set(station, [...others, ...told])
    },
    cleared(station, { chargingLimitSource, evseId }) {
      const kept = (byStation.get(station) ?? []).filter(
        (one) => one.source !== chargingLimitSource || (evseId !== undefined && one.evseId !== evseId),
      )
      byStation.set(station, kept)
    },
    on(station, evse, { phases, voltage }) {
      let least: number | undefined
      for (const one of byStation.get(station) ?? []) {
        if (one.evseId !== 0 && one.evseId !== evse) continue
        const now = clock.now()
        const [period] = compositeSchedule({
          profiles: [one],
          evseId: evse,
          from: now,
          until: after(now, SECOND),
          unit: 'W',
          phases,
          nominalVoltage: voltage,
          defaultLimit: UNBOUNDED,
        })
        if (period && period.limit < UNBOUNDED / 2) least = Math.min(least ?? Infinity, period.limit)
      }
      return least
    },
  }
}
