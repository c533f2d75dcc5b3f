/** What OCPP 1.6 and 2.1 have otherwise than 2.0.1: composite schedules, rules, the form on the wire. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { after, formatInstant, type Instant, parseInstant } from '#kernel'
import { type Installed, type Profile, profileFrom16, profileTo16, type SchedulePeriod } from './charging-profile.ts'
import { type CompositeInput, compositeSchedule } from './composite-schedule.ts'
import { withoutOutlived, withProfile } from './installed-profiles.ts'
import { type ProfileContext, validateProfile } from './profile-rules.ts'
import { v16 } from './v16.ts'
import type { ChargingProfileType as Profile201 } from './v201.gen.ts'

const NOON = parseInstant('2026-01-01T12:00:00Z')
const iso = (at: number) => formatInstant(at as Instant).replace('+00:00', 'Z')

function seeded(seed: number) {
  let state = seed * 2_654_435_761
  const next = () => {
    state = (Math.imul(state ^ (state >>> 13), 1_274_126_177) + 12_345) | 0
    return ((state ^ (state >>> 16)) >>> 0) / 2 ** 32
  }
  return { below: (count: number) => Math.floor(next() * count), chance: (share: number) => next() < share }
}

const profile = (id: number, more: Partial<Profile> = {}, periods: SchedulePeriod[] = [{ startPeriod: 0, limit: 10 }]): Profile => ({
  id,
  stackLevel: id,
  chargingProfilePurpose: 'TxDefaultProfile',
  chargingProfileKind: 'Absolute',
  chargingSchedule: [{ id, chargingRateUnit: 'A', startSchedule: iso(NOON - 3_600_000), chargingSchedulePeriod: periods }],
  ...more,
})
const on = (evseId: number, one: Profile): Installed => ({ evseId, profile: one })
const amperes = (profiles: Installed[], more: Partial<CompositeInput> = {}) =>
  compositeSchedule({ profiles, evseId: 1, from: NOON, until: after(NOON, 600_000), unit: 'A', transactionStart: NOON, ...more })
const limits = (profiles: Installed[], more: Partial<CompositeInput> = {}) =>
  amperes(profiles, more).map(({ startPeriod, limit }) => `${startPeriod}:${limit}`)

test('in 1.6 the default of a connector takes the place of the one of all, and the same level replaces whatever its id', () => {
  const everywhere = on(0, profile(9, {}, [{ startPeriod: 0, limit: 6 }]))
  const here = on(1, profile(1, {}, [{ startPeriod: 0, limit: 16 }]))
  assert.deepEqual(limits([everywhere, here]), ['0:6'], '2.0.1: the higher level of the two')
  assert.deepEqual(limits([everywhere, here], { version: '1.6' }), ['0:16'])
  assert.deepEqual(limits([everywhere, here], { version: '1.6', evseId: 2 }), ['0:6'])
  const again = profile(2, { stackLevel: 1 }, [{ startPeriod: 0, limit: 20 }])
  assert.deepEqual(
    withProfile<Profile>([everywhere, here], 1, again, '1.6').map((one) => one.profile.id),
    [9, 2],
  )
  assert.equal(withProfile<Profile>([everywhere, here], 1, again).length, 3)
})

test('a profile of 1.6 reads as the common form and is written back, its limits rounded down to a tenth', () => {
  const form = profileTo16(
    profile(4, { chargingProfilePurpose: 'TxProfile', transactionId: '77' }, [
      { startPeriod: 0, limit: 16.19 },
      { startPeriod: 60, limit: -3.19 },
      { startPeriod: 90, limit: 16.1, numberPhases: 1 },
      { startPeriod: 99, limit: 0.3 },
    ]),
  )!
  assert.deepEqual(
    form.chargingSchedule.chargingSchedulePeriod.map(({ limit }) => limit),
    [16.1, -3.1, 16.1, 0.3],
  )
  assert.equal(form.transactionId, 77)
  assert.deepEqual(v16.validate('SetChargingProfile', 'request', { connectorId: 1, csChargingProfiles: form }), { ok: true })
  assert.deepEqual(profileTo16(profileFrom16(form)), form)
  const max = profileTo16(profile(1, { chargingProfilePurpose: 'ChargingStationMaxProfile' }))!
  assert.equal(max.chargingProfilePurpose, 'ChargePointMaxProfile')
  assert.equal(profileFrom16(max).chargingProfilePurpose, 'ChargingStationMaxProfile')
  assert.equal(profileTo16(profile(1, { chargingProfileKind: 'Dynamic' })), undefined)
  assert.equal(profileTo16(profile(1, { transactionId: 'a-b' })), undefined)
  assert.equal(profileTo16(profile(1, {}, [{ startPeriod: 0, operationMode: 'CentralSetpoint', setpoint: 5 }])), undefined)
})

// ---- 2.1 second by second, by an evaluation that shares nothing with the engine -------------------------------------------------------

function oracle(input: CompositeInput, second: number) {
  const t = input.from / 1000 + second
  const stamp = (text: string) => Date.parse(text) / 1000
  const said = (one: Profile): SchedulePeriod | undefined => {
    if (one.maxOfflineDuration !== undefined && input.offlineSince !== undefined && t >= input.offlineSince / 1000 + one.maxOfflineDuration)
      return undefined
    const schedule = one.chargingSchedule[0]!
    const start = stamp(one.chargingProfileKind === 'Dynamic' ? one.dynUpdateTime! : schedule.startSchedule!)
    if (t < start || t >= start + (schedule.duration ?? Infinity)) return undefined
    const list = schedule.chargingSchedulePeriod
    let found: SchedulePeriod | undefined
    list.forEach((period, index) => {
      const wait = schedule.randomizedDelay ? (one.id * 7 + index * 13) % (schedule.randomizedDelay + 1) : 0
      const end = list[index + 1]?.startPeriod ?? schedule.duration ?? Infinity
      if (period.startPeriod + wait < end && t >= start + period.startPeriod + wait) found = period
    })
    if (!found) return undefined
    const cap = schedule.limitAtSoC
    return cap && input.soc! >= cap.soc ? { ...found, limit: Math.min(found.limit ?? cap.limit, cap.limit) } : found
  }
  const best = (purpose: string) =>
    input.profiles
      .filter((one) => one.profile.chargingProfilePurpose === purpose)
      .map((one) => ({ level: one.profile.stackLevel, period: said(one.profile) }))
      .filter((one) => one.period !== undefined)
      .sort((a, b) => b.level - a.level)[0]?.period
  const priority = input.priorityCharging ? best('PriorityCharging') : undefined
  const layer = priority ?? best('TxProfile') ?? best('TxDefaultProfile')
  const outside = best('ChargingStationExternalConstraints')?.limit
  const local = best('LocalGeneration')?.limit
  const external = outside !== undefined && local !== undefined && input.localGeneration ? outside + local : outside
  const caps = [layer?.limit, external, best('ChargingStationMaxProfile')?.limit].filter((limit) => limit !== undefined)
  const limit = caps.length > 0 ? Math.min(...caps) : 48
  const setpoint = layer?.setpoint === undefined ? undefined : Math.max(Math.min(layer.setpoint, limit), layer.dischargeLimit ?? -Infinity)
  return { limit, setpoint, mode: layer?.operationMode }
}

test('P1 for 2.1: dynamic, prioritised, delayed, off line, full or made on the spot, each second is what a naive evaluation says', () => {
  const purposes = [
    'TxProfile',
    'TxDefaultProfile',
    'PriorityCharging',
    'LocalGeneration',
    'ChargingStationExternalConstraints',
    'ChargingStationMaxProfile',
  ] as const
  for (let seed = 0; seed < 60; seed++) {
    const roll = seeded(seed + 1)
    const nearby = () => iso(NOON + (roll.below(600) - 300) * 1000)
    const profiles = Array.from({ length: 2 + roll.below(7) }, (_, index): Installed => {
      const id = index + 1
      const purpose = purposes[roll.below(purposes.length)]!
      const isDynamic = roll.chance(0.3)
      const isTx = /^Tx/.test(purpose)
      const steers = isTx && roll.chance(0.4)
      const period = (startPeriod: number): SchedulePeriod =>
        steers
          ? {
              startPeriod,
              operationMode: 'CentralSetpoint',
              setpoint: roll.below(40) - 20,
              limit: roll.below(32),
              dischargeLimit: 0 - roll.below(16),
            }
          : { startPeriod, limit: roll.below(32) }
      const count = isDynamic ? 1 : 1 + roll.below(4)
      const made = profile(id, {
        chargingProfilePurpose: purpose,
        chargingProfileKind: isDynamic ? 'Dynamic' : 'Absolute',
        ...(isDynamic ? { dynUpdateTime: nearby() } : {}),
        ...(roll.chance(0.3) ? { maxOfflineDuration: roll.below(400) } : {}),
        chargingSchedule: [
          {
            id,
            chargingRateUnit: 'A',
            ...(isDynamic ? {} : { startSchedule: nearby() }),
            chargingSchedulePeriod: Array.from({ length: count }, (_, step) => period(step * (20 + roll.below(90)) + step)),
            ...(roll.chance(0.5) ? { duration: 30 + roll.below(500) } : {}),
            ...(isTx && roll.chance(0.4) ? { randomizedDelay: 1 + roll.below(60) } : {}),
            ...(roll.chance(0.3) ? { limitAtSoC: { soc: roll.below(100), limit: roll.below(20) } } : {}),
          },
        ],
      })
      made.chargingSchedule[0]!.chargingSchedulePeriod.sort((a, b) => a.startPeriod - b.startPeriod)
      return on(/^(Charging|Local)/.test(purpose) ? 0 : 1, made)
    })
    const input: CompositeInput = {
      profiles,
      evseId: 1,
      version: '2.1',
      from: NOON,
      until: after(NOON, 420_000),
      unit: 'A',
      transactionStart: after(NOON, -3_600_000),
      soc: roll.below(100),
      priorityCharging: roll.chance(0.5),
      localGeneration: roll.chance(0.5),
      ...(roll.chance(0.5) ? { offlineSince: after(NOON, (roll.below(400) - 200) * 1000) } : {}),
      delay: ({ id, chargingSchedule }, index) => (id * 7 + index * 13) % ((chargingSchedule[0]!.randomizedDelay ?? 0) + 1),
    }
    const periods = compositeSchedule(input)
    for (let second = 0; second < 420; second++) {
      const found = periods.findLast(({ startPeriod }) => startPeriod <= second)!
      const wanted = oracle(input, second)
      assert.ok(Math.abs(found.limit - wanted.limit) < 1e-9, `seed ${seed} at ${second}: ${found.limit} instead of ${wanted.limit}`)
      assert.equal(found.setpoint, wanted.setpoint, `seed ${seed} at ${second}`)
      assert.equal(found.operationMode, wanted.mode, `seed ${seed} at ${second}`)
    }
  }
})

test('a Dynamic profile that is not updated ends with its duration: the dead-man of 2.1', () => {
  const dynamic = profile(5, {
    chargingProfileKind: 'Dynamic',
    chargingProfilePurpose: 'TxProfile',
    dynUpdateTime: iso(NOON - 60_000),
    chargingSchedule: [
      {
        id: 5,
        chargingRateUnit: 'W',
        duration: 120,
        chargingSchedulePeriod: [{ startPeriod: 0, operationMode: 'CentralSetpoint', setpoint: -6900, limit: 0, dischargeLimit: -6900 }],
      },
    ],
  })
  const safe = on(0, profile(2, {}, [{ startPeriod: 0, limit: 6 }]))
  const found = amperes([on(1, dynamic), safe], { version: '2.1' })
  assert.deepEqual(
    found.map(({ startPeriod, setpoint, limit, operationMode }) => [startPeriod, setpoint, limit, operationMode]),
    [
      [0, -10, 0, 'CentralSetpoint'],
      [60, undefined, 6, undefined],
    ],
  )
})

test('limits of single phases are compared phase by phase', () => {
  const uneven = profile(3, { chargingProfilePurpose: 'TxProfile' }, [{ startPeriod: 0, limit: 20, limit_L2: 10, limit_L3: 6 }])
  const cap = profile(1, { chargingProfilePurpose: 'ChargingStationMaxProfile' }, [{ startPeriod: 0, limit: 12 }])
  assert.deepEqual(amperes([on(1, uneven), on(0, cap)]), [{ startPeriod: 0, limit: 12, limit_L2: 10, limit_L3: 6 }])
  assert.deepEqual(amperes([on(1, uneven)], { unit: 'W' }), [{ startPeriod: 0, limit: 4600, limit_L2: 2300, limit_L3: 1380 }])
})

test('a schedule by local time keeps its hour on both sides of the change to summer time', () => {
  const daily = profile(
    1,
    { chargingProfileKind: 'Recurring', recurrencyKind: 'Daily', chargingProfilePurpose: 'ChargingStationMaxProfile' },
    [{ startPeriod: 0, limit: 9 }],
  )
  Object.assign(daily.chargingSchedule[0]!, { startSchedule: '2026-03-20T22:00:00', useLocalTime: true, duration: 3600 })
  const at = (from: string) =>
    compositeSchedule({
      profiles: [on(0, daily)],
      evseId: 1,
      from: parseInstant(from),
      until: after(parseInstant(from), 3 * 3_600_000),
      unit: 'A',
      zone: 'Europe/Paris',
      version: '2.1',
    }).map(({ startPeriod, limit }) => `${startPeriod}:${limit}`)
  assert.deepEqual(at('2026-03-27T20:00:00Z'), ['0:48', '3600:9', '7200:48'], '22:00 is 21:00 UTC in winter')
  assert.deepEqual(at('2026-03-30T20:00:00Z'), ['0:9', '3600:48'], 'and 20:00 UTC in summer')
})

test('a profile that outlives its time off line is deleted where it says so, and silent otherwise', () => {
  const brief = on(1, profile(1, { maxOfflineDuration: 60, invalidAfterOfflineDuration: true }))
  const patient = on(1, profile(2, { maxOfflineDuration: 60 }))
  assert.deepEqual(
    withoutOutlived([brief, patient], 61).map((one) => one.profile.id),
    [2],
  )
  assert.equal(withoutOutlived([brief, patient], 60).length, 2)
  assert.deepEqual(limits([patient], { offlineSince: after(NOON, 100_000) }), ['0:10', '160:48'])
})

// ---- rules ------------------------------------------------------------------------------------------------------------------------

const verdict = (candidate: unknown, more: Partial<ProfileContext> = {}) => {
  const result = validateProfile(candidate, {
    version: '2.1',
    evseId: 1,
    evses: [1],
    installed: [],
    transactions: new Map([[1, 'T1']]),
    ...more,
  })
  return result.ok ? 'ok' : result.reason
}
const tx = (period: Partial<SchedulePeriod>, more: Partial<Profile> = {}, unit: 'A' | 'W' = 'W') => {
  const made = profile(9, { chargingProfilePurpose: 'TxProfile', transactionId: 'T1', ...more }, [{ startPeriod: 0, ...period }])
  for (const schedule of made.chargingSchedule) schedule.chargingRateUnit = unit
  return made
}

test('every rule that 2.1 adds has its reason code', () => {
  const curve = [
    { frequency: 49.8, power: 5000 },
    { frequency: 50.2, power: -5000 },
  ]
  const single = (more: object) => {
    const made = tx({ limit: 6 })
    Object.assign(made.chargingSchedule[0]!, more)
    return made
  }
  const other = (purpose: Profile['chargingProfilePurpose'], period: Partial<SchedulePeriod>, schedule: object = {}) => {
    const made = profile(9, { chargingProfilePurpose: purpose }, [{ startPeriod: 0, ...period }])
    Object.assign(made.chargingSchedule[0]!, schedule)
    return made
  }
  const dynamic = (more: object = {}) => ({ ...tx({ limit: 6 }), chargingProfileKind: 'Dynamic', ...more })
  const table: [string, string, unknown, Partial<ProfileContext>?][] = [
    ['good', 'ok', tx({ limit: 6000 })],
    ['limit missing', 'MissingParam', tx({})],
    ['setpoint', 'ok', tx({ operationMode: 'CentralSetpoint', setpoint: -3000, limit: 5000, dischargeLimit: -5000 })],
    ['setpoint missing', 'MissingParam', tx({ operationMode: 'CentralSetpoint', limit: 1 })],
    ['setpoint without mode', 'InvalidSchedule', tx({ limit: 6, setpoint: 3 })],
    ['FR.111 max', 'InvalidSchedule', other('ChargingStationMaxProfile', { operationMode: 'Idle' }), { evseId: 0 }],
    ['FR.111 priority', 'InvalidSchedule', other('PriorityCharging', { operationMode: 'LocalLoadBalancing' })],
    ['FR.70 duration', 'InvalidSchedule', other('PriorityCharging', { limit: 6 }, { duration: 60 })],
    ['priority', 'ok', other('PriorityCharging', { limit: 6 })],
    ['external mode', 'ok', tx({ operationMode: 'ExternalLimits' })],
    ['external mode with limit', 'InvalidSchedule', tx({ operationMode: 'ExternalLimits', limit: 6 })],
    ['mode not had', 'UnsupportedParam', tx({ operationMode: 'ExternalLimits' }), { operationModes: ['ChargingOnly'] }],
    ['curve', 'ok', tx({ operationMode: 'LocalFrequency', v2xBaseline: 0, v2xFreqWattCurve: curve })],
    ['curve missing', 'NoFreqWattCurve', tx({ operationMode: 'LocalFrequency', v2xBaseline: 0 })],
    ['curve in A', 'InvalidSchedule', tx({ operationMode: 'LocalFrequency', v2xBaseline: 0, v2xFreqWattCurve: curve }, {}, 'A')],
    ['idle', 'ok', tx({ operationMode: 'Idle', evseSleep: true })],
    ['no sleep here', 'InvalidSchedule', tx({ operationMode: 'Idle', evseSleep: true }), { evseSleep: false }],
    ['discharge above 0', 'InvalidValue', tx({ operationMode: 'CentralSetpoint', setpoint: 0, dischargeLimit: 1 })],
    ['L2 on one phase', 'InvalidSchedule', tx({ limit: 6, limit_L2: 6, numberPhases: 1 })],
    ['L2 without L1', 'MissingParam', tx({ operationMode: 'CentralSetpoint', setpoint: 1, limit_L2: 6 })],
    ['L2 on DC', 'NoPhaseForDC', tx({ limit: 6, limit_L2: 6 }), { current: 'DC' }],
    ['FR.80', 'InvalidProfileId', tx({ limit: 6 }), { maxExternalId: 9 }],
    ['FR.95', 'InvalidSchedule', other('ChargingStationMaxProfile', { limit: 6 }, { randomizedDelay: 5 }), { evseId: 0 }],
    ['delay', 'ok', single({ randomizedDelay: 5 })],
    ['no delay here', 'InvalidSchedule', single({ randomizedDelay: 5 }), { randomDelay: false }],
    ['local time', 'ok', single({ startSchedule: '2026-01-01T12:00:00', useLocalTime: true })],
    ['no local time', 'InvalidSchedule', single({ startSchedule: '2026-01-01T12:00:00', useLocalTime: true }), { localTime: false }],
    ['limitAtSoC', 'ok', single({ limitAtSoC: { soc: 80, limit: 6 } })],
    ['no limitAtSoC', 'InvalidSchedule', single({ limitAtSoC: { soc: 80, limit: 6 } }), { socLimit: false }],
    ['dynamic', 'ok', dynamic({ dynUpdateInterval: 30 })],
    ['no dynamic here', 'UnsupportedKind', dynamic(), { dynamic: false }],
    [
      'dynamic of two',
      'InvalidSchedule',
      {
        ...dynamic(),
        chargingSchedule: [
          single({
            chargingSchedulePeriod: [
              { startPeriod: 0, limit: 1 },
              { startPeriod: 5, limit: 2 },
            ],
          }).chargingSchedule[0],
        ],
      },
    ],
    ['updated though Absolute', 'UnsupportedParam', tx({ limit: 6 }, { dynUpdateInterval: 30 })],
    ['local generation', 'UnsupportedPurpose', other('LocalGeneration', { limit: 6 })],
    ['FR.56', 'RateLimitExceeded', tx({ limit: 6 }), { wait: 12.2 }],
  ]
  for (const [name, wanted, candidate, more] of table) assert.equal(verdict(candidate, more), wanted, name)
})

test('the rules of 1.6: no transactionId needed, absolute without start, ids replace, one decimal', () => {
  const old = (more: object = {}, schedule: object = {}) => {
    const form = profileTo16(profile(3, { chargingProfilePurpose: 'TxProfile', transactionId: '1' }))!
    return { ...form, ...more, chargingSchedule: { ...form.chargingSchedule, ...schedule } }
  }
  const at16 = (candidate: unknown, more: Partial<ProfileContext> = {}) =>
    verdict(candidate, { version: '1.6', transactions: new Map([[1, '1']]), ...more })
  const { transactionId: _, ...anonymous } = old()
  assert.equal(at16(anonymous), 'ok')
  assert.equal(at16(old({ transactionId: 2 })), 'TxNotFound')
  assert.equal(at16(anonymous, { transactions: new Map() }), 'TxNotFound')
  assert.equal(at16(old({}, { startSchedule: undefined })), 'ok')
  assert.equal(at16(old({ chargingProfilePurpose: 'ChargePointMaxProfile', transactionId: undefined })), 'InvalidValue')
  assert.equal(at16(old({}, { chargingSchedulePeriod: [{ startPeriod: 0, limit: 6.123 }] })), 'InvalidValue')
  assert.equal(at16(old({ chargingProfileKind: 'Dynamic' })), 'InvalidValue')
  const installed = [on(1, profile(8, { stackLevel: 3, chargingProfilePurpose: 'TxProfile', transactionId: '1' }))]
  assert.equal(at16(old(), { installed }), 'ok')
})

test('P17: whatever JSON is sent, every version has a verdict and never throws', () => {
  const roll = seeded(4711)
  const values = [
    null,
    true,
    -1,
    0,
    1e308,
    2 ** 53,
    '',
    'T1',
    'Absolute',
    'Dynamic',
    '2026-01-01T12:00:00Z',
    '2026-02-31T99:00:00',
    [],
    {},
    [null],
    'W',
    'A',
    'Daily',
  ]
  const full = tx(
    { limit: 6, operationMode: 'CentralSetpoint', setpoint: 4, dischargeLimit: -4 },
    { validFrom: iso(NOON), dynUpdateInterval: 3 },
  )
  const old = profileTo16(profile(3, { chargingProfilePurpose: 'TxProfile', transactionId: '1' }))!
  const spoil = (value: unknown): unknown => {
    if (roll.chance(0.06)) return values[roll.below(values.length)]
    if (Array.isArray(value)) return roll.chance(0.1) ? [...value, ...value].map(spoil) : value.map(spoil)
    if (typeof value !== 'object' || value === null) return value
    const entries = Object.entries(value).filter(() => !roll.chance(0.05))
    return Object.fromEntries(entries.map(([key, item]) => [key, spoil(item)]))
  }
  let good = 0
  for (let count = 0; count < 3000; count++) {
    const version = (['1.6', '2.0.1', '2.1'] as const)[count % 3]!
    const candidate = spoil(version === '1.6' ? old : full)
    const installed = [on(0, profile(9) as Profile201)]
    if (verdict(candidate, { version, installed, transactions: new Map([[1, version === '1.6' ? '1' : 'T1']]) }) === 'ok') good++
  }
  assert.ok(good > 0 && good < 3000)
})
