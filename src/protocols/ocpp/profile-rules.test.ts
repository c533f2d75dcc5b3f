import assert from 'node:assert/strict'
import test from 'node:test'
import type { InstalledProfile } from './charging-profile.ts'
import { limitSourceOf, matchingProfiles, withoutProfiles } from './installed-profiles.ts'
import { type ProfileContext, validateProfile } from './profile-rules.ts'
import type { ChargingProfileType, ChargingScheduleType } from './v201.gen.ts'

const schedule = (more: Partial<ChargingScheduleType> = {}): ChargingScheduleType => ({
  id: 1,
  chargingRateUnit: 'W',
  startSchedule: '2026-01-01T00:00:00Z',
  chargingSchedulePeriod: [{ startPeriod: 0, limit: 11_000 }],
  ...more,
})
const profile = (more: Partial<ChargingProfileType> = {}): ChargingProfileType => ({
  id: 1,
  stackLevel: 0,
  chargingProfilePurpose: 'TxProfile',
  chargingProfileKind: 'Absolute',
  transactionId: 'T1',
  chargingSchedule: [schedule()],
  ...more,
})
const fallback = (more: Partial<ChargingProfileType> = {}): ChargingProfileType => {
  const { transactionId: _, ...rest } = profile({ chargingProfilePurpose: 'TxDefaultProfile', ...more })
  return rest
}
const context = (more: Partial<ProfileContext> = {}): ProfileContext => ({
  evseId: 1,
  evses: [1],
  installed: [],
  transactions: new Map([[1, 'T1']]),
  maxStackLevel: 9,
  maxPeriods: 24,
  maxProfiles: 5,
  ...more,
})
const verdict = (candidate: unknown, more: Partial<ProfileContext> = {}) => {
  const result = validateProfile(candidate, context(more))
  return result.ok ? 'ok' : result.reason
}
const has = (one: ChargingProfileType, evseId = 1): InstalledProfile => ({ evseId, profile: one })
const relative = ({ startSchedule: _, ...rest }: ChargingScheduleType) => rest
const without = (one: ChargingProfileType, key: keyof ChargingProfileType) => {
  const copy = { ...one }
  delete copy[key]
  return copy
}

test('good profiles are accepted', () => {
  assert.equal(verdict(profile()), 'ok')
  assert.equal(verdict(fallback(), { evseId: 0 }), 'ok')
  assert.equal(verdict(fallback({ chargingProfilePurpose: 'ChargingStationMaxProfile' }), { evseId: 0 }), 'ok')
  assert.equal(verdict(fallback({ chargingProfileKind: 'Relative', chargingSchedule: [relative(schedule())] })), 'ok')
  assert.equal(verdict(fallback({ chargingProfileKind: 'Recurring', recurrencyKind: 'Daily' })), 'ok')
})

test('every rule of the table has its reason code', () => {
  const period = (more: object) => [schedule({ chargingSchedulePeriod: [{ startPeriod: 0, limit: 6, ...more }] })]
  const table: [string, string, unknown, Partial<ProfileContext>?][] = [
    ['K01.FR.03', 'MissingParam', without(profile(), 'transactionId')],
    ['K01.FR.09', 'TxNotFound', profile(), { transactions: new Map() }],
    ['K01.FR.16', 'InvalidValue', profile(), { evseId: 0 }],
    ['K01.FR.33', 'TxNotFound', profile({ transactionId: 'T2' })],
    ['F01.FR.09', 'UnsupportedPurpose', fallback(), { from: 'RequestStartTransaction' }],
    ['F01.FR.11', 'UnsupportedParam', profile(), { from: 'RequestStartTransaction' }],
    ['F01 good', 'ok', without(profile(), 'transactionId'), { from: 'RequestStartTransaction' }],
    ['a default with a transaction', 'UnsupportedParam', profile({ chargingProfilePurpose: 'TxDefaultProfile' })],
    ['K01.FR.05 replace', 'ok', fallback(), { installed: [has(fallback({ stackLevel: 3 }))] }],
    [
      'K01.FR.05 external id',
      'InvalidProfileId',
      fallback(),
      { installed: [has(fallback({ chargingProfilePurpose: 'ChargingStationExternalConstraints' }), 0)] },
    ],
    ['K01.FR.06', 'DuplicateProfile', fallback({ id: 2 }), { installed: [has(fallback())] }],
    [
      'K01.FR.06 other validity',
      'ok',
      fallback({ id: 2, validFrom: '2026-02-01T00:00:00Z' }),
      { installed: [has(fallback({ validTo: '2026-02-01T00:00:00Z' }))] },
    ],
    ['K01.FR.39', 'DuplicateProfile', profile({ id: 2 }), { installed: [has(profile())] }],
    ['K01.FR.39 other transaction', 'ok', profile({ id: 2 }), { installed: [has(profile({ transactionId: 'T0' }))] }],
    ['K01.FR.53', 'DuplicateProfile', fallback({ id: 2 }), { installed: [has(fallback(), 0)] }],
    ['another stack level', 'ok', fallback({ id: 2, stackLevel: 1 }), { installed: [has(fallback())] }],
    ['K01.FR.22', 'UnsupportedPurpose', fallback({ chargingProfilePurpose: 'ChargingStationExternalConstraints' }), { evseId: 0 }],
    ['K01.FR.26', 'UnsupportedRateUnit', profile(), { rateUnits: ['A'] }],
    ['K01.FR.28', 'UnknownEvse', fallback(), { evseId: 2 }],
    ['K01.FR.31', 'InvalidSchedule', profile({ chargingSchedule: [schedule({ chargingSchedulePeriod: [{ startPeriod: 5, limit: 1 }] })] })],
    [
      'K01.FR.35',
      'InvalidSchedule',
      profile({ chargingSchedule: [schedule({ chargingSchedulePeriod: [0, 60, 60].map((startPeriod) => ({ startPeriod, limit: 1 })) })] }),
    ],
    ['K01.FR.38 evse', 'InvalidValue', fallback({ chargingProfilePurpose: 'ChargingStationMaxProfile' })],
    [
      'K01.FR.38 relative',
      'InvalidProfile',
      fallback({
        chargingProfilePurpose: 'ChargingStationMaxProfile',
        chargingProfileKind: 'Relative',
        chargingSchedule: [relative(schedule())],
      }),
      { evseId: 0 },
    ],
    ['K01.FR.40', 'MissingParam', profile({ chargingSchedule: [relative(schedule())] })],
    ['K01.FR.41', 'InvalidSchedule', profile({ chargingProfileKind: 'Relative' })],
    ['recurrency missing', 'MissingParam', fallback({ chargingProfileKind: 'Recurring' })],
    ['recurrency too much', 'UnsupportedParam', fallback({ recurrencyKind: 'Daily' })],
    [
      'longer than a day',
      'InvalidSchedule',
      fallback({ chargingProfileKind: 'Recurring', recurrencyKind: 'Daily', chargingSchedule: [schedule({ duration: 86_401 })] }),
    ],
    [
      'a week',
      'ok',
      fallback({ chargingProfileKind: 'Recurring', recurrencyKind: 'Weekly', chargingSchedule: [schedule({ duration: 604_800 })] }),
    ],
    ['no duration', 'InvalidSchedule', profile({ chargingSchedule: [schedule({ duration: 0 })] })],
    ['K01.FR.20', 'PhaseConflict', profile({ chargingSchedule: period({ numberPhases: 1, phaseToUse: 2 }) })],
    ['K01.FR.19', 'PhaseConflict', profile({ chargingSchedule: period({ numberPhases: 3, phaseToUse: 2 }) }), { phaseSwitching: true }],
    ['phase switching', 'ok', profile({ chargingSchedule: period({ numberPhases: 1, phaseToUse: 2 }) }), { phaseSwitching: true }],
    ['K01.FR.44', 'NoPhaseForDC', profile({ chargingSchedule: period({ numberPhases: 3 }) }), { current: 'DC' }],
    ['four phases', 'InvalidValue', profile({ chargingSchedule: period({ numberPhases: 4 }) })],
    ['K01.FR.34', 'InvalidProfile', profile({ chargingSchedule: [schedule(), schedule()] })],
    ['answer to needs', 'ok', profile({ chargingSchedule: [schedule(), schedule()] }), { answersNeeds: true }],
    [
      'four schedules',
      'MissingParam',
      profile({ chargingSchedule: [schedule(), schedule(), schedule(), schedule()] }),
      { answersNeeds: true },
    ],
    ['stack level above', 'InvalidStackLevel', profile({ stackLevel: 10 })],
    ['stack level below', 'InvalidStackLevel', profile({ stackLevel: -1 })],
    [
      'too many periods',
      'InvalidSchedule',
      profile({
        chargingSchedule: [
          schedule({ chargingSchedulePeriod: Array.from({ length: 25 }, (_, startPeriod) => ({ startPeriod, limit: 1 })) }),
        ],
      }),
    ],
    [
      'too many profiles',
      'InvalidProfile',
      fallback({ id: 9, stackLevel: 9 }),
      { installed: [1, 2, 3, 4, 5].map((id) => has(fallback({ id, stackLevel: id }))) },
    ],
    ['discharge not understood', 'InvalidValue', profile({ chargingSchedule: period({ limit: -5000 }) })],
    ['discharge understood', 'ok', profile({ chargingSchedule: period({ limit: -5000 }) }), { allowNegative: true }],
    [
      'a negative maximum',
      'InvalidValue',
      fallback({ chargingProfilePurpose: 'ChargingStationMaxProfile', chargingSchedule: period({ limit: -5000 }) }),
      { allowNegative: true, evseId: 0 },
    ],
    ['validity backwards', 'InvalidValue', fallback({ validFrom: '2026-02-01T00:00:00Z', validTo: '2026-01-01T00:00:00Z' })],
    ['31 February', 'InvalidValue', fallback({ validFrom: '2026-02-31T00:00:00Z' })],
    ['missing field', 'MissingParam', without(profile(), 'id')],
    ['foreign field', 'InvalidValue', { ...profile(), soc: 80 }],
  ]
  for (const [rule, expected, candidate, more] of table) assert.equal(verdict(candidate, more), expected, rule)
})

test('P17: any JSON value gets a verdict', () => {
  const nasty: unknown[] = [
    null,
    undefined,
    0,
    '',
    [],
    {},
    [[]],
    { chargingSchedule: null },
    { ...profile(), chargingSchedule: [null] },
    { __proto__: null },
  ]
  const keys = Object.keys(profile())
  for (const key of keys)
    for (const value of [null, -1, 1e308, '', 'x'.repeat(2000), [], {}, true]) nasty.push({ ...profile(), [key]: value })
  for (const key of Object.keys(schedule()))
    for (const value of [null, -1, 1e308, '', [], {}, [null], [{}], [{ startPeriod: -5, limit: Number.NaN }]])
      nasty.push(profile({ chargingSchedule: [{ ...schedule(), [key]: value } as ChargingScheduleType] }))
  for (const candidate of nasty) assert.equal(typeof validateProfile(candidate, context()).ok, 'boolean')
})

test('clearing goes by id, else by all criteria given, and never touches external constraints', () => {
  const set = [
    has(fallback({ id: 1 })),
    has(fallback({ id: 2, stackLevel: 1 }), 0),
    has(profile({ id: 3 })),
    has(fallback({ id: 4, chargingProfilePurpose: 'ChargingStationExternalConstraints' }), 0),
  ]
  const left = (request: Parameters<typeof withoutProfiles>[1]) => withoutProfiles(set, request).map((one) => one.profile.id)
  assert.deepEqual(left({ chargingProfileId: 2 }), [1, 3, 4])
  assert.deepEqual(left({ chargingProfileId: 4 }), [1, 2, 3, 4])
  assert.deepEqual(left({ chargingProfileCriteria: { chargingProfilePurpose: 'TxDefaultProfile', evseId: 0 } }), [1, 3, 4])
  assert.deepEqual(left({ chargingProfileCriteria: { stackLevel: 0 } }), [2, 4])
  assert.deepEqual(left({}), [4])
  assert.deepEqual(
    matchingProfiles(set, { chargingLimitSource: ['SO'] }).map((one) => one.profile.id),
    [4],
  )
  assert.deepEqual(
    matchingProfiles(set, { chargingProfileId: [1, 2], stackLevel: 1 }, 0).map((one) => one.profile.id),
    [2],
  )
  assert.equal(limitSourceOf(set[0]!), 'CSO')
})
