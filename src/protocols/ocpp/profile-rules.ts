/** Whether a charging profile may be installed: the rules of OCPP 1.6, 2.0.1 (Part 2, K01) and 2.1, with the reason codes of their appendix. */
import { isProblem, parseInstant } from '#kernel'
import { type Installed, type Profile, type Profile16, type ProfileVersion, profileFrom16, type Schedule } from './charging-profile.ts'
import { operationFault } from './operation-mode.ts'
import { startOf } from './profile-course.ts'
import { v16 } from './v16.ts'
import type { OperationModeEnumType } from './v21.gen.ts'
import { v21 } from './v21.ts'
import { v201 } from './v201.ts'

export type ProfileFault =
  | 'DuplicateProfile'
  | 'InvalidProfile'
  | 'InvalidProfileId'
  | 'InvalidSchedule'
  | 'InvalidStackLevel'
  | 'InvalidValue'
  | 'MissingParam'
  | 'NoFreqWattCurve'
  | 'NoPhaseForDC'
  | 'PhaseConflict'
  | 'RateLimitExceeded'
  | 'TxNotFound'
  | 'UnknownEvse'
  | 'UnsupportedKind'
  | 'UnsupportedParam'
  | 'UnsupportedPurpose'
  | 'UnsupportedRateUnit'

export interface ProfileContext {
  /** The rules of that version, 2.0.1; a candidate of 1.6 has the form of 1.6. */
  version?: ProfileVersion
  /** Where it is to be installed; 0 is the station. */
  evseId: number
  /** The EVSEs that exist. */
  evses: readonly number[]
  installed: readonly Installed[]
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
  /** Seconds that the sender must still wait before its next profile (K01.FR.56). */
  wait?: number
  /** 2.1: ids up to this one belong to external constraints (K01.FR.80). */
  maxExternalId?: number
  /** 2.1: operation modes the station has; all of them unless said. */
  operationModes?: readonly OperationModeEnumType[]
  /** 2.1: what the station can do; true unless said. */
  dynamic?: boolean
  localTime?: boolean
  randomDelay?: boolean
  socLimit?: boolean
  evseSleep?: boolean
}

export type ProfileVerdict = { ok: true } | { ok: false; reason: ProfileFault; info: string }

type Complaint = [ProfileFault, string] | undefined
type Rule = (profile: Profile, context: ProfileContext) => Complaint

/**
 * Whether the candidate may be installed, and if not the reasonCode (and text) for the station's statusInfo. Total: any JSON value gets a verdict.
 *
 *     validateProfile({}, context)   // → { ok: false, reason: 'MissingParam', info: "… 'chargingProfile/id' is missing." }
 */
export function validateProfile(candidate: unknown, context: ProfileContext): ProfileVerdict {
  const shape = shapeOf(candidate, context)
  if (!shape.ok)
    return {
      ok: false,
      reason: shape.code === 'OccurrenceConstraintViolation' ? 'MissingParam' : 'InvalidValue',
      info: shape.description.slice(0, 512),
    }
  const profile = context.version === '1.6' ? profileFrom16(candidate as Profile16) : (candidate as Profile)
  for (const rule of RULES) {
    const complaint = rule(profile, context)
    if (complaint) return { ok: false, reason: complaint[0], info: complaint[1] }
  }
  return { ok: true }
}

function shapeOf(candidate: unknown, { version = '2.0.1', evseId }: ProfileContext) {
  if (version === '1.6') return v16.validate('SetChargingProfile', 'request', { connectorId: evseId, csChargingProfiles: candidate })
  if (version === '2.0.1') return v201.validate('SetChargingProfile', 'request', { evseId, chargingProfile: candidate })
  return v21.validate('SetChargingProfile', 'request', { evseId, chargingProfile: withOffsets(candidate) })
}

/** Local starts (useLocalTime) with an offset: the schema knows no others. */
function withOffsets(candidate: unknown): unknown {
  if (!isRecord(candidate) || !Array.isArray(candidate['chargingSchedule'])) return candidate
  const chargingSchedule = candidate['chargingSchedule'].map((schedule: unknown) => {
    if (!isRecord(schedule) || schedule['useLocalTime'] !== true) return schedule
    const { startSchedule: start } = schedule
    return typeof start === 'string' && /T[\d:.]+$/.test(start) ? { ...schedule, startSchedule: `${start}Z` } : schedule
  })
  return { ...candidate, chargingSchedule }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

const pace: Rule = (_, { wait = 0 }) => (wait > 0 ? ['RateLimitExceeded', `Wait ${Math.ceil(wait)} seconds.`] : undefined) // K01.FR.56, FR.57

const place: Rule = (_, { evseId, evses }) =>
  evseId === 0 || evses.includes(evseId) ? undefined : ['UnknownEvse', `There is no EVSE ${evseId}.`] // K01.FR.28

const ids: Rule = ({ id }, { version, maxExternalId }) =>
  version === '2.1' && maxExternalId !== undefined && id <= maxExternalId
    ? ['InvalidProfileId', `Ids up to ${maxExternalId} belong to external constraints.`] // 2.1 K01.FR.80, FR.81
    : undefined

const purpose: Rule = (profile, { evseId, transactions, from, version }) => {
  const { chargingProfilePurpose: what, transactionId } = profile
  if (from === 'RequestStartTransaction') {
    if (what !== 'TxProfile') return ['UnsupportedPurpose', 'Only a TxProfile may come with a remote start.'] // F01.FR.09
    return transactionId === undefined ? undefined : ['UnsupportedParam', 'No transactionId before the transaction.'] // F01.FR.11
  }
  switch (what) {
    case 'ChargingStationExternalConstraints':
    case 'LocalGeneration':
      return ['UnsupportedPurpose', 'External constraints are never set by the CSMS.'] // K01.FR.22
    case 'ChargingStationMaxProfile':
      if (evseId !== 0) return ['InvalidValue', 'The station maximum belongs to evseId 0.'] // K01.FR.38
      if (profile.chargingProfileKind === 'Relative') return ['InvalidProfile', 'The station maximum cannot be Relative.']
      break
    case 'TxProfile':
      if (transactionId === undefined && version !== '1.6') return ['MissingParam', 'A TxProfile needs a transactionId.'] // K01.FR.03
      if (evseId === 0) return ['InvalidValue', 'A TxProfile belongs to one EVSE.'] // K01.FR.16
      if (!transactions.has(evseId)) return ['TxNotFound', `EVSE ${evseId} has no transaction.`] // K01.FR.09
      if (transactionId !== undefined && transactions.get(evseId) !== transactionId)
        return ['TxNotFound', `EVSE ${evseId} has no transaction ${transactionId}.`] // K01.FR.33
      return undefined
    default:
  }
  return transactionId === undefined ? undefined : ['UnsupportedParam', `A ${what} has no transactionId.`]
}

const kind: Rule = (profile, { version }) => {
  const { chargingProfileKind: what, recurrencyKind, chargingSchedule } = profile
  if (what === 'Recurring' && recurrencyKind === undefined) return ['MissingParam', 'A Recurring profile needs recurrencyKind.']
  if (what !== 'Recurring' && recurrencyKind !== undefined) return ['UnsupportedParam', `A ${what} profile has no recurrencyKind.`]
  const longest = recurrencyKind === 'Weekly' ? 604_800 : recurrencyKind === 'Daily' ? 86_400 : Number.POSITIVE_INFINITY
  for (const { startSchedule, duration } of chargingSchedule) {
    const isFixed = what === 'Recurring' || (what === 'Absolute' && version !== '1.6')
    if (isFixed && startSchedule === undefined) return ['MissingParam', `A ${what} schedule needs startSchedule.`] // K01.FR.40
    if (what === 'Relative' && startSchedule !== undefined) return ['InvalidSchedule', 'A Relative schedule has no startSchedule.'] // K01.FR.41
    if (duration !== undefined && (duration <= 0 || duration > longest))
      return ['InvalidSchedule', `The duration must be above 0${longest === Number.POSITIVE_INFINITY ? '' : ` and at most ${longest} s`}.`]
  }
  return undefined
}

/** K28: a Dynamic profile is one value that is pushed or pulled. */
const dynamic: Rule = (profile, context) => {
  const { chargingProfileKind: what, chargingSchedule, dynUpdateInterval, dynUpdateTime } = profile
  if (what !== 'Dynamic')
    return dynUpdateInterval === undefined && dynUpdateTime === undefined
      ? undefined
      : ['UnsupportedParam', `A ${what} profile is not updated.`]
  if (context.dynamic === false) return ['UnsupportedKind', 'Dynamic profiles are not supported here.']
  if (chargingSchedule.length !== 1 || chargingSchedule[0]!.chargingSchedulePeriod.length !== 1)
    return ['InvalidSchedule', 'A Dynamic profile has one schedule of one period.']
  return undefined
}

/** What 2.1 adds to schedules, by purpose and by what the station can do. */
const extras: Rule = ({ chargingProfilePurpose: what, chargingSchedule }, context) => {
  const isOfTransaction = what === 'TxProfile' || what === 'TxDefaultProfile'
  for (const { duration, randomizedDelay, useLocalTime, limitAtSoC } of chargingSchedule) {
    if (what === 'PriorityCharging' && duration !== undefined) return ['InvalidSchedule', 'Priority charging has no duration.'] // 2.1 K01.FR.70
    if (randomizedDelay !== undefined) {
      if (!isOfTransaction) return ['InvalidSchedule', `A ${what} begins when it says.`] // 2.1 K01.FR.95
      if (context.randomDelay === false) return ['InvalidSchedule', 'randomizedDelay is not supported here.']
      if (randomizedDelay < 0) return ['InvalidValue', 'randomizedDelay cannot be negative.']
    }
    if (useLocalTime && context.localTime === false) return ['InvalidSchedule', 'useLocalTime is not supported here.']
    if (limitAtSoC && context.socLimit === false) return ['InvalidSchedule', 'limitAtSoC is not supported here.']
    if (limitAtSoC && (limitAtSoC.soc < 0 || limitAtSoC.soc > 100)) return ['InvalidValue', 'limitAtSoC counts in percent.']
  }
  return undefined
}

const validity: Rule = ({ validFrom, validTo, chargingSchedule, dynUpdateTime }) => {
  try {
    for (const schedule of chargingSchedule) startOf(schedule, 'UTC')
    if (dynUpdateTime !== undefined) parseInstant(dynUpdateTime)
    const from = validFrom === undefined ? Number.NEGATIVE_INFINITY : parseInstant(validFrom)
    const to = validTo === undefined ? Number.POSITIVE_INFINITY : parseInstant(validTo)
    return from < to ? undefined : ['InvalidValue', 'validTo must come after validFrom.']
  } catch (error) {
    if (!isProblem(error) && !(error instanceof RangeError)) throw error
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
  if (profile.chargingSchedule.some((schedule) => schedule.chargingSchedulePeriod.length === 0))
    return ['InvalidSchedule', 'A schedule needs a period.']
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

function scheduleFault(schedule: Schedule, profile: Profile, context: ProfileContext): Complaint {
  const { rateUnits = ['A', 'W'], current = 'AC', phaseSwitching = false, allowNegative = false } = context
  if (!rateUnits.includes(schedule.chargingRateUnit)) return ['UnsupportedRateUnit', `Only ${rateUnits.join(' and ')} here.`] // K01.FR.26
  const mayDischarge = allowNegative && /^Tx/.test(profile.chargingProfilePurpose)
  let before = -1
  for (const period of schedule.chargingSchedulePeriod) {
    const { startPeriod, limit, numberPhases, phaseToUse } = period
    if (before < 0 ? startPeriod !== 0 : startPeriod <= before) return ['InvalidSchedule', 'Periods start at 0 and ascend.'] // K01.FR.31, FR.35
    before = startPeriod
    if (limit !== undefined && limit < 0 && !mayDischarge) return ['InvalidValue', 'A negative limit (discharge) is not supported here.']
    if (current === 'DC' && (numberPhases !== undefined || phaseToUse !== undefined)) return ['NoPhaseForDC', 'A DC EVSE has no phases.'] // K01.FR.44
    if (numberPhases !== undefined && (numberPhases < 1 || numberPhases > 3)) return ['InvalidValue', 'numberPhases is 1, 2 or 3.']
    if (phaseToUse !== undefined && (numberPhases !== 1 || !phaseSwitching))
      return ['PhaseConflict', 'phaseToUse needs numberPhases 1 and a station that switches phases.'] // K01.FR.19, FR.20, FR.48
    if (phaseToUse !== undefined && (phaseToUse < 1 || phaseToUse > 3)) return ['InvalidValue', 'phaseToUse is 1, 2 or 3.']
    const fault = operationFault(period, schedule, profile.chargingProfilePurpose, context)
    if (fault) return fault
  }
  return undefined
}

const duplicates: Rule = (profile, { evseId, installed, version }) => {
  for (const other of installed) {
    if (other.profile.id === profile.id) {
      if (other.profile.chargingProfilePurpose === 'ChargingStationExternalConstraints')
        return ['InvalidProfileId', `Id ${profile.id} belongs to an external constraint.`] // K01.FR.05
      continue
    }
    // In 1.6 the same purpose and stack level replaces, whatever the id.
    if (version === '1.6') continue
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

function overlap(one: Profile, other: Profile): boolean {
  const from = (profile: Profile) => (profile.validFrom === undefined ? Number.NEGATIVE_INFINITY : parseInstant(profile.validFrom))
  const to = (profile: Profile) => (profile.validTo === undefined ? Number.POSITIVE_INFINITY : parseInstant(profile.validTo))
  return from(one) < to(other) && from(other) < to(one)
}

/** In order: how soon, where, what, when, how much, and last what is there already. */
const RULES: readonly Rule[] = [pace, place, ids, purpose, kind, dynamic, validity, extras, sizes, schedules, duplicates]
