/** What a station of 2.1 does beyond the profiles of 2.0.1: new values in a Dynamic profile (K28), priority charging (K21), ways of energy (Q01). */
import { type InstalledProfile, type Payload, type Profile, validateProfile } from '#protocols/ocpp'
import type { Chassis } from './station-chassis.ts'
import { zulu } from './station-meter.ts'

/** What a profile is judged by. */
export const profileContext = (station: Chassis, evseId: number) => {
  const running = station.engine.current()
  return {
    ...(station.spec.version === '2.1' ? { version: '2.1' as const } : {}),
    evseId,
    evses: [1],
    installed: station.profiles,
    transactions: new Map(running ? [[1, running.id]] : []),
    maxStackLevel: station.variables.number('SmartChargingCtrlr', 'ProfileStackLevel'),
    maxPeriods: station.variables.number('SmartChargingCtrlr', 'PeriodsPerSchedule'),
    maxProfiles: station.variables.number('SmartChargingCtrlr', 'Entries'),
    phaseSwitching: false,
    allowNegative: station.mayDischarge(),
  }
}

export const steering = (station: Chassis): Record<string, (request: Payload) => Payload> =>
  station.spec.version !== '2.1'
    ? {}
    : {
        UpdateDynamicSchedule({ chargingProfileId, scheduleUpdate }) {
          const installed = (station.profiles as InstalledProfile<Profile>[]).find(({ profile }) => profile.id === chargingProfileId)
          if (installed?.profile.chargingProfileKind !== 'Dynamic')
            return { status: 'Rejected', statusInfo: { reasonCode: 'InvalidProfileId' } }
          const { profile, evseId } = installed
          const schedule = profile.chargingSchedule[0]!
          const period = { ...schedule.chargingSchedulePeriod[0]!, ...(scheduleUpdate as object) }
          const updated: Profile = {
            ...profile,
            dynUpdateTime: zulu(station.clock.now()),
            chargingSchedule: [{ ...schedule, chargingSchedulePeriod: [period] }],
          }
          const verdict = validateProfile(updated, profileContext(station, evseId))
          if (!verdict.ok) return { status: 'Rejected', statusInfo: { reasonCode: verdict.reason } }
          installed.profile = updated
          return { status: 'Accepted' }
        },
        UsePriorityCharging({ transactionId, activate }) {
          if (station.engine.current()?.id !== transactionId) return { status: 'Rejected', statusInfo: { reasonCode: 'TxNotFound' } }
          const has = (station.profiles as InstalledProfile<Profile>[]).some(
            ({ profile }) => profile.chargingProfilePurpose === 'PriorityCharging',
          )
          if (!has) return { status: 'NoProfile' }
          station.hurries = activate === true
          return { status: 'Accepted' }
        },
        NotifyAllowedEnergyTransfer: ({ transactionId }) => ({
          status: station.engine.current()?.id === transactionId ? 'Accepted' : 'Rejected',
        }),
      }
