/** What a station may draw: its installed profiles under what its hardware can take. */
import type { Instant, Watts } from '#kernel'
import { type CompositePeriod, compositeSchedule, type InstalledProfile } from '#protocols/ocpp'
import type { Transaction } from './station-transaction.ts'

export interface LimitsParts {
  nominal: Watts
  /** The profiles that count; none when smart charging is switched off. */
  profiles: readonly InstalledProfile[]
  transaction: Transaction | undefined
  mayDischarge: boolean
  /** Priority charging is on (2.1). */
  hurries: boolean
}

export interface Span {
  from: Instant
  until: Instant
  unit: 'A' | 'W'
  /** 1, or 0 for the station. */
  evseId: number
}

/** W that the outlet aims at in a period: a set-point where there is one (2.1), else the limit. */
export const aimOf = ({ limit, setpoint }: Pick<CompositePeriod, 'limit' | 'setpoint'>): number => setpoint ?? limit

/** The composite schedule of a span; Relative profiles count from the moment the power path closed. */
export function compositeOf({ nominal, profiles, transaction, mayDischarge, hurries }: LimitsParts, span: Span): CompositePeriod[] {
  return compositeSchedule({
    ...span,
    profiles: [...profiles, factoryLimit(nominal)],
    defaultLimit: nominal,
    allowNegative: mayDischarge,
    priorityCharging: hurries,
    ...(transaction ? { transactionStart: transaction.readyAt ?? transaction.startedAt } : {}),
  })
}

/** The hardware as an external constraint on the EVSE: no CSMS can lift it. */
const factoryLimit = (nominal: number): InstalledProfile => ({
  evseId: 1,
  profile: {
    id: -1,
    stackLevel: 0,
    chargingProfilePurpose: 'ChargingStationExternalConstraints',
    chargingProfileKind: 'Absolute',
    chargingSchedule: [
      {
        id: -1,
        chargingRateUnit: 'W',
        startSchedule: '2000-01-01T00:00:00Z',
        chargingSchedulePeriod: [{ startPeriod: 0, limit: nominal }],
      },
    ],
  },
})
