/** OCPP 2.1: who steers in a period, which purposes may say so, and which fields go with it (charging reference 2.11; K01.FR.111–126, FR.141–147). */
import type { ProfilePurpose, Schedule, SchedulePeriod } from './charging-profile.ts'
import type { OperationModeEnumType as Mode } from './v21.gen.ts'

const EVERY: readonly Mode[] = [
  'Idle',
  'ChargingOnly',
  'CentralSetpoint',
  'ExternalSetpoint',
  'ExternalLimits',
  'CentralFrequency',
  'LocalFrequency',
  'LocalLoadBalancing',
]

/** Modes that a profile of the purpose may have. */
const ALLOWED: Record<ProfilePurpose, readonly Mode[]> = {
  TxProfile: EVERY,
  TxDefaultProfile: EVERY,
  PriorityCharging: ['ChargingOnly'],
  ChargingStationMaxProfile: ['ChargingOnly'],
  ChargingStationExternalConstraints: ['ChargingOnly', 'ExternalSetpoint', 'ExternalLimits'],
  LocalGeneration: ['ChargingOnly', 'ExternalLimits'],
}

type Field =
  | 'limit'
  | 'dischargeLimit'
  | 'setpoint'
  | 'setpointReactive'
  | 'evseSleep'
  | 'v2xBaseline'
  | 'v2xFreqWattCurve'
  | 'v2xSignalWattCurve'

interface Fields {
  needs: readonly Field[]
  may: readonly Field[]
}

const FIELDS: Record<Mode, Fields> = {
  ChargingOnly: { needs: ['limit'], may: [] },
  CentralSetpoint: { needs: ['setpoint'], may: ['limit', 'dischargeLimit', 'setpointReactive'] },
  CentralFrequency: { needs: ['setpoint'], may: ['limit', 'dischargeLimit', 'setpointReactive', 'v2xSignalWattCurve', 'v2xBaseline'] },
  ExternalSetpoint: { needs: [], may: ['limit', 'dischargeLimit'] },
  ExternalLimits: { needs: [], may: [] },
  LocalFrequency: { needs: ['v2xBaseline', 'v2xFreqWattCurve'], may: ['limit', 'dischargeLimit', 'setpointReactive'] },
  LocalLoadBalancing: { needs: [], may: ['limit', 'dischargeLimit'] },
  Idle: { needs: [], may: ['evseSleep'] },
}
const CHECKED: readonly Field[] = [
  'limit',
  'dischargeLimit',
  'setpoint',
  'setpointReactive',
  'evseSleep',
  'v2xBaseline',
  'v2xFreqWattCurve',
  'v2xSignalWattCurve',
]
/** Values that a phase has of its own. */
const PHASED = ['limit', 'dischargeLimit', 'setpoint', 'setpointReactive'] as const

export interface Abilities {
  current?: 'AC' | 'DC'
  operationModes?: readonly Mode[]
  evseSleep?: boolean
}

type OperationFault = [
  'InvalidSchedule' | 'MissingParam' | 'NoFreqWattCurve' | 'InvalidValue' | 'NoPhaseForDC' | 'UnsupportedParam',
  string,
]

/** What is wrong with the mode of a period; undefined when nothing is. Without the fields of 2.1 it says whether a limit is there. */
export function operationFault(
  period: SchedulePeriod,
  { chargingRateUnit }: Schedule,
  purpose: ProfilePurpose,
  { current = 'AC', operationModes = EVERY, evseSleep = true }: Abilities,
): OperationFault | undefined {
  const mode = period.operationMode ?? 'ChargingOnly'
  if (!ALLOWED[purpose].includes(mode)) return ['InvalidSchedule', `A ${purpose} cannot be ${mode}.`] // 2.1 K01.FR.111–115
  if (!operationModes.includes(mode)) return ['UnsupportedParam', `${mode} is not supported here.`]
  const { needs, may } = FIELDS[mode]
  if (mode === 'LocalFrequency') {
    if ((period.v2xFreqWattCurve?.length ?? 0) < 2) return ['NoFreqWattCurve', 'LocalFrequency needs a curve of at least two points.']
    if (chargingRateUnit !== 'W') return ['InvalidSchedule', 'LocalFrequency counts in W.']
  }
  for (const field of needs) if (period[field] === undefined) return ['MissingParam', `${mode} needs ${field}.`]
  for (const field of CHECKED)
    if (period[field] !== undefined && !needs.includes(field) && !may.includes(field))
      return ['InvalidSchedule', `${mode} has no ${field}.`] // 2.1 K01.FR.120–126
  if (period.evseSleep === true && !evseSleep) return ['InvalidSchedule', 'evseSleep is not supported here.']
  return phaseFault(period, current)
}

function phaseFault(period: SchedulePeriod, current: 'AC' | 'DC'): OperationFault | undefined {
  for (const field of PHASED) {
    const second = period[`${field}_L2`]
    const third = period[`${field}_L3`]
    if (second === undefined && third === undefined) continue
    if (current === 'DC') return ['NoPhaseForDC', 'A DC EVSE has no phases.'] // 2.1 K01.FR.147
    const phases = period.numberPhases ?? 3
    if (period[field] === undefined) return ['MissingParam', `${field} of L1 is missing.`]
    if ((second !== undefined && phases < 2) || (third !== undefined && phases < 3))
      return ['InvalidSchedule', `${field} names a phase that is not used.`]
  }
  for (const value of [period.dischargeLimit, period.dischargeLimit_L2, period.dischargeLimit_L3])
    if (value !== undefined && value > 0) return ['InvalidValue', 'dischargeLimit is at most 0.']
  return undefined
}
