/** Whether a charging profile may be installed: the rules of OCPP 2.0.1 Part 2, K01, with the reason codes of its appendix. */
import { parseInstant } from '#kernel'
import type { InstalledProfile } from './composite-schedule.ts'
import type { ChargingProfileType as ChargingProfile, ChargingScheduleType as Schedule } from './v201.gen.ts'
import { validateMessage } from './v201.ts'

export type ProfileFault =
  | 'DuplicateProfile'
  | 'InvalidProfile'
  | 'InvalidProfileId'
  | 'InvalidSchedule'
  | 'InvalidStackLevel'
  | 'InvalidValue'
  | 'MissingParam'
  | 'NoPhaseForDC'
  | 'PhaseConflict'
  | 'TxNotFound'
  | 'UnknownEvse'
  | 'UnsupportedParam'
  | 'UnsupportedPurpose'
  | 'UnsupportedRateUnit'

export interface ProfileContext {
  /** Where it is to be installed; 0 is the station. */
  evseId: number
  /** The EVSEs that exist. */
  evses: readonly number[]
  installed: readonly InstalledProfile[]
  /** transactionId by EVSE, of the transactions that run. */
  transactions: ReadonlyMap<number, string>
  /** The message it came in; SetChargingProfile. */
  from?: 'SetChargingProfile' | 'RequestStartTransaction'
  /** It answers a NotifyEVChargingNeeds: up to three schedules to choose from (K01.FR.34). */
  answersNeeds?: boolean
  rateUnits?: readonly ('A' | 'W')[]
  maxStackLevel?: number
  maxPeriods?: number
  maxProfiles?: number
  /** ACPhaseSwitchingSupported. */
  phaseSwitching?: boolean
  current?: 'AC' | 'DC'
  /** Negative limits (discharge) are understood, in Tx and TxDefault profiles. */
  allowNegative?: boolean
}

export type ProfileVerdict = { ok: true } | { ok: false; reason: ProfileFault; info?: string }
type Complaint = [reason: ProfileFault, info: string] | undefined
type Rule = (profile: ChargingProfile, context: ProfileContext) => Complaint

/**
 * Whether the candidate may be installed, and if not the reasonCode (and text) for the station's statusInfo. Total: any JSON value gets a verdict.
 *
 *     validateProfile({}, context)   // → { ok: false, reason: 'MissingParam', info: "… 'chargingProfile/id' is missing." }
 */
export function validateProfile(candidate: unknown, context: ProfileContext): ProfileVerdict {
  const shape = validateMessage('SetChargingProfile', 'request', { evseId: context.evseId, chargingProfile: candidate })
  if (!shape.ok)
    return {
      ok: false,
      reason: shape.code === 'OccurrenceConstraintViolation' ? 'MissingParam' : 'InvalidValue',
      info: shape.description.slice(0, 512),
    }
  for (const rule of RULES) {
    const complaint = rule(candidate as ChargingProfile, context)
    if (complaint) return { ok: false, reason: complaint[0], info: complaint[1] }
  }
  return { ok: true }
}

const place: Rule = (_, { evseId, evses }) =>
  evseId === 0 || evses.includes(evseId) ? undefined : ['UnknownEvse', `There is no EVSE ${evseId}.`] // K01.FR.28

const purpose: Rule = (profile, { evseId, transactions, from }) => {
  const { chargingProfilePurpose: what, transactionId } = profile
  if (from === 'RequestStartTransaction') {
    if (what !== 'TxProfile') return ['UnsupportedPurpose', 'Only a TxProfile may come with a remote start.'] // F01.FR.09
    return transactionId === undefined ? undefined : ['UnsupportedParam', 'No transactionId before the transaction.'] // F01.FR.11
  }
  switch (what) {
    case 'ChargingStationExternalConstraints':
      return ['UnsupportedPurpose', 'External constraints are never set by the CSMS.'] // K01.FR.22
    case 'ChargingStationMaxProfile':
      if (evseId !== 0) return ['InvalidValue', 'The station maximum belongs to evseId 0.'] // K01.FR.38
      if (profile.chargingProfileKind === 'Relative') return ['InvalidProfile', 'The station maximum cannot be Relative.']
      break
    case 'TxProfile':
      if (transactionId === undefined) return ['MissingParam', 'A TxProfile needs a transactionId.'] // K01.FR.03
      if (evseId === 0) return ['InvalidValue', 'A TxProfile belongs to one EVSE.'] // K01.FR.16
      if (transactions.get(evseId) !== transactionId) return ['TxNotFound', `EVSE ${evseId} has no transaction ${transactionId}.`] // K01.FR.09, FR.33
      return undefined
    default:
  }
  return transactionId === undefined ? undefined : ['UnsupportedParam', `A ${what} has no transactionId.`]
}

const kind: Rule = (profile) => {
  const { chargingProfileKind: what, recurrencyKind, chargingSchedule } = profile
  if (what === 'Recurring' && recurrencyKind === undefined) return ['MissingParam', 'A Recurring profile needs recurrencyKind.']
  if (what !== 'Recurring' && recurrencyKind !== undefined) return ['UnsupportedParam', `A ${what} profile has no recurrencyKind.`]
  const longest = recurrencyKind === 'Weekly' ? 604_800 : recurrencyKind === 'Daily' ? 86_400 : Number.POSITIVE_INFINITY
  for (const { startSchedule, duration } of chargingSchedule) {
    if (what !== 'Relative' && startSchedule === undefined) return ['MissingParam', `A ${what} schedule needs startSchedule.`] // K01.FR.40
    if (what === 'Relative' && startSchedule !== undefined) return ['InvalidSchedule', 'A Relative schedule has no startSchedule.'] // K01.FR.41
    if (duration !== undefined && (duration <= 0 || duration > longest))
      return ['InvalidSchedule', `The duration must be above 0${longest === Number.POSITIVE_INFINITY ? '' : ` and at most ${longest} s`}.`]
  }
  return undefined
}

const validity: Rule = ({ validFrom, validTo, chargingSchedule }) => {
  try {
    for (const { startSchedule } of chargingSchedule) if (startSchedule !== undefined) parseInstant(startSchedule)
    const from = validFrom === undefined ? Number.NEGATIVE_INFINITY : parseInstant(validFrom)
    const to = validTo === undefined ? Number.POSITIVE_INFINITY : parseInstant(validTo)
    return from < to ? undefined : ['InvalidValue', 'validTo must come after validFrom.']
  } catch {
    return ['InvalidValue', 'A moment cannot be read.']
  }
}

const sizes: Rule = (profile, context) => {
  const { maxStackLevel = Number.POSITIVE_INFINITY, maxPeriods = 1024, maxProfiles = Number.POSITIVE_INFINITY } = context
  if (profile.stackLevel < 0 || profile.stackLevel > maxStackLevel)
    return ['InvalidStackLevel', `The stack level must be 0 to ${maxStackLevel}.`]
  if (profile.chargingSchedule.length > 1 && !context.answersNeeds)
    return ['InvalidProfile', 'Several schedules only answer NotifyEVChargingNeeds.'] // K01.FR.34
  if (profile.chargingSchedule.some((schedule) => schedule.chargingSchedulePeriod.length > maxPeriods))
    return ['InvalidSchedule', `At most ${maxPeriods} periods.`]
  if (context.installed.filter((one) => one.profile.id !== profile.id).length >= maxProfiles)
    return ['InvalidProfile', `There is room for ${maxProfiles} profiles; clear one first.`]
  return undefined
}

const schedules: Rule = (profile, context) => {
  for (const schedule of profile.chargingSchedule) {
    const complaint = scheduleFault(schedule, profile, context)
    if (complaint) return complaint
  }
  return undefined
}

function scheduleFault(schedule: Schedule, profile: ChargingProfile, context: ProfileContext): Complaint {
  const { rateUnits = ['A', 'W'], current = 'AC', phaseSwitching = false, allowNegative = false } = context
  if (!rateUnits.includes(schedule.chargingRateUnit)) return ['UnsupportedRateUnit', `Only ${rateUnits.join(' and ')} here.`] // K01.FR.26
  const mayDischarge = allowNegative && /^Tx/.test(profile.chargingProfilePurpose)
  let before = -1
  for (const { startPeriod, limit, numberPhases, phaseToUse } of schedule.chargingSchedulePeriod) {
    if (before < 0 ? startPeriod !== 0 : startPeriod <= before) return ['InvalidSchedule', 'Periods start at 0 and ascend.'] // K01.FR.31, FR.35
    before = startPeriod
    if (limit < 0 && !mayDischarge) return ['InvalidValue', 'A negative limit (discharge) is not supported here.']
    if (current === 'DC' && (numberPhases !== undefined || phaseToUse !== undefined)) return ['NoPhaseForDC', 'A DC EVSE has no phases.'] // K01.FR.44
    if (numberPhases !== undefined && (numberPhases < 1 || numberPhases > 3)) return ['InvalidValue', 'numberPhases is 1, 2 or 3.']
    if (phaseToUse !== undefined && (numberPhases !== 1 || !phaseSwitching))
      return ['PhaseConflict', 'phaseToUse needs numberPhases 1 and a station that switches phases.'] // K01.FR.19, FR.20, FR.48
    if (phaseToUse !== undefined && (phaseToUse < 1 || phaseToUse > 3)) return ['InvalidValue', 'phaseToUse is 1, 2 or 3.']
  }
  return undefined
}

const duplicates: Rule = (profile, { evseId, installed }) => {
  for (const other of installed) {
    if (other.profile.id === profile.id) {
      if (other.profile.chargingProfilePurpose === 'ChargingStationExternalConstraints')
        return ['InvalidProfileId', `Id ${profile.id} belongs to an external constraint.`] // K01.FR.05
      continue
    }
    if (other.profile.chargingProfilePurpose !== profile.chargingProfilePurpose || other.profile.stackLevel !== profile.stackLevel) continue
    const clash =
      profile.chargingProfilePurpose === 'TxProfile'
        ? other.profile.transactionId === profile.transactionId // K01.FR.39
        : (other.evseId === evseId || (profile.chargingProfilePurpose === 'TxDefaultProfile' && (evseId === 0 || other.evseId === 0))) && // K01.FR.53
          overlap(other.profile, profile) // K01.FR.06
    if (clash) return ['DuplicateProfile', `Profile ${other.profile.id} has the same purpose and stack level.`]
  }
  return undefined
}

function overlap(one: ChargingProfile, other: ChargingProfile): boolean {
  const from = (profile: ChargingProfile) => (profile.validFrom === undefined ? Number.NEGATIVE_INFINITY : parseInstant(profile.validFrom))
  const to = (profile: ChargingProfile) => (profile.validTo === undefined ? Number.POSITIVE_INFINITY : parseInstant(profile.validTo))
  return from(one) < to(other) && from(other) < to(one)
}

/** In order: where, what, when, how much, and last what is there already. */
const RULES: readonly Rule[] = [place, purpose, kind, validity, sizes, schedules, duplicates]
