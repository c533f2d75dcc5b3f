/** The composite schedule against golden vectors, against a second-by-second evaluator written apart from it, and by its properties. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import test from 'node:test'
import { after, formatInstant, type Instant, parseInstant } from '#kernel'
import type { Installed, InstalledProfile } from './charging-profile.ts'
import { type CompositeInput, type CompositePeriod, compositeSchedule } from './composite-schedule.ts'
import { withoutProfiles, withProfile } from './installed-profiles.ts'
import type { ChargingProfileType, ChargingSchedulePeriodType } from './v201.gen.ts'

const VECTORS = '../shared/data/ocpp/composite_vectors.json'
const NOON = parseInstant('2026-01-01T12:00:00Z')

interface Case {
  id: string
  title: string
  window: { start: string; end: string }
  unit: 'A' | 'W'
  transactionStart: string | null
  simulateTransaction?: boolean
  profiles: ChargingProfileType[]
  expected: CompositePeriod[]
  alternative?: CompositePeriod[]
}

function close(actual: CompositePeriod[], expected: CompositePeriod[], why: string, tolerance = 1e-5) {
  const shape = (periods: CompositePeriod[]) => periods.map(({ startPeriod, numberPhases }) => `${startPeriod}/${numberPhases ?? '-'}`)
  assert.deepEqual(shape(actual), shape(expected), `${why}: ${JSON.stringify(actual)}`)
  for (const [index, { limit }] of expected.entries())
    assert.ok(Math.abs(actual[index]!.limit - limit) <= tolerance, `${why}: ${actual[index]!.limit} instead of ${limit}`)
}

const inputOf = (one: Case, more: Partial<CompositeInput> = {}): CompositeInput => ({
  profiles: one.profiles.map((profile) => ({ evseId: /^ChargingStation/.test(profile.chargingProfilePurpose) ? 0 : 1, profile })),
  evseId: 1,
  from: parseInstant(one.window.start),
  until: parseInstant(one.window.end),
  unit: one.unit,
  ...(one.transactionStart === null ? {} : { transactionStart: parseInstant(one.transactionStart) }),
  ...(one.simulateTransaction ? { simulateTransaction: true } : {}),
  ...more,
})

test('the composite schedule equals all golden vectors', { skip: !existsSync(VECTORS) && `${VECTORS} is absent` }, () => {
  const { cases } = JSON.parse(readFileSync(VECTORS, 'utf8')) as { cases: Case[] }
  assert.equal(cases.length, 19)
  for (const one of cases) close(compositeSchedule(inputOf(one, { recurBeforeStart: true })), one.expected, `${one.id} ${one.title}`)
})

test('by our own policy a recurring schedule begins at its start, and a negative limit counts only where discharge is allowed', {
  skip: !existsSync(VECTORS) && `${VECTORS} is absent`,
}, () => {
  const { cases } = JSON.parse(readFileSync(VECTORS, 'utf8')) as { cases: Case[] }
  const by = (id: string) => cases.find((one) => one.id === id)!
  close(compositeSchedule(inputOf(by('V12'))), by('V12').alternative!, 'V12')
  close(compositeSchedule(inputOf(by('V10'), { allowNegative: true })), [{ startPeriod: 0, limit: -5000 }], 'V10')
})

// ---- random profile sets, seeded -------------------------------------------------------------------------------------------------

function dice(seed: number) {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (count: number) => Math.floor(next() * count)
  const chance = (share: number) => next() < share
  const one = <T>(choices: readonly T[]) => choices[below(choices.length)]!
  return { below, chance, one }
}

const WINDOW = 1800
const iso = (at: number) => formatInstant(at as Instant).replace('+00:00', 'Z')

function randomProfile(
  roll: ReturnType<typeof dice>,
  id: number,
  purpose?: ChargingProfileType['chargingProfilePurpose'],
): InstalledProfile {
  const what =
    purpose ??
    roll.one([
      'ChargingStationExternalConstraints',
      'ChargingStationMaxProfile',
      'TxDefaultProfile',
      'TxDefaultProfile',
      'TxProfile',
    ] as const)
  const kind =
    what === 'ChargingStationMaxProfile'
      ? roll.one(['Absolute', 'Recurring'] as const)
      : roll.one(['Absolute', 'Recurring', 'Relative'] as const)
  const nearby = () => NOON + (roll.below(WINDOW * 2) - WINDOW) * 1000
  const periods: ChargingSchedulePeriodType[] = []
  for (let start = 0, left = 1 + roll.below(4); left > 0; left--, start += 1 + roll.below(600))
    periods.push({ startPeriod: start, limit: roll.below(33), ...(roll.chance(0.25) ? { numberPhases: roll.one([1, 3]) } : {}) })
  const unit = roll.one(['A', 'W'] as const)
  if (unit === 'W') for (const period of periods) period.limit *= 690
  if (/^Tx/.test(what) && roll.chance(0.15)) periods[0]!.limit *= -1
  return {
    evseId: /^ChargingStation/.test(what) ? 0 : what === 'TxDefaultProfile' ? roll.below(2) : 1,
    profile: {
      id,
      stackLevel: id, // unique: no ties
      chargingProfilePurpose: what,
      chargingProfileKind: kind,
      ...(kind === 'Recurring' ? { recurrencyKind: 'Daily' } : {}),
      ...(what === 'TxProfile' ? { transactionId: 'tx' } : {}),
      ...(roll.chance(0.25) ? { validFrom: iso(nearby()) } : {}),
      ...(roll.chance(0.25) ? { validTo: iso(nearby()) } : {}),
      chargingSchedule: [
        {
          id,
          chargingRateUnit: unit,
          chargingSchedulePeriod: periods,
          ...(roll.chance(0.5) ? { duration: 60 + roll.below(1500) } : {}),
          ...(kind === 'Absolute' ? { startSchedule: iso(nearby()) } : {}),
          ...(kind === 'Recurring' ? { startSchedule: iso(nearby() - roll.below(4) * 86_400_000) } : {}),
        },
      ],
    },
  }
}

const randomSet = (roll: ReturnType<typeof dice>): InstalledProfile[] =>
  Array.from({ length: roll.below(7) }, (_, index) => randomProfile(roll, index + 1))

function randomInput(roll: ReturnType<typeof dice>): CompositeInput {
  return {
    profiles: randomSet(roll),
    evseId: 1,
    from: after(NOON, roll.below(600) * 1000),
    until: after(NOON, (601 + roll.below(WINDOW)) * 1000),
    unit: roll.one(['A', 'W'] as const),
    ...(roll.chance(0.8) ? { transactionStart: after(NOON, (roll.below(3000) - 1500) * 1000) } : {}),
    allowNegative: roll.chance(0.5),
    recurBeforeStart: roll.chance(0.5),
  }
}

/** One seed per property; every property sees some hundred inputs. */
function forAll(seed: number, count: number, property: (input: CompositeInput, roll: ReturnType<typeof dice>, why: string) => void) {
  for (let index = 0; index < count; index++) {
    const roll = dice(seed * 100_003 + index)
    const input = randomInput(roll)
    property(input, roll, `seed ${seed}, input ${index}: ${JSON.stringify(input)}`)
  }
}

// ---- the other evaluator: what does one profile say at second t, asked afresh for every second ---------------------------------------

interface Said {
  limit: number
  unit: 'A' | 'W'
  phases: number | undefined
}
const seen = new Map<string, number>()
function seconds(text: string): number {
  const known = seen.get(text)
  if (known !== undefined) return known
  const value = Math.floor(Date.parse(text) / 1000)
  seen.set(text, value)
  return value
}
function says({ profile }: Installed, t: number, tx: number, input: CompositeInput): Said | undefined {
  if (profile.validFrom && t < seconds(profile.validFrom)) return undefined
  if (profile.validTo && t >= seconds(profile.validTo)) return undefined
  const { startSchedule, duration = Number.POSITIVE_INFINITY, chargingSchedulePeriod, chargingRateUnit } = profile.chargingSchedule[0]!
  let since = t - (startSchedule ? seconds(startSchedule) : tx)
  if (profile.chargingProfileKind === 'Recurring') {
    if (since < 0 && !input.recurBeforeStart) return undefined
    since = ((since % 86_400) + 86_400) % 86_400
  }
  if (since < 0 || since >= duration) return undefined
  let found: Said | undefined
  for (const period of chargingSchedulePeriod)
    if (period.startPeriod <= since) found = { limit: period.limit ?? 0, unit: chargingRateUnit, phases: period.numberPhases }
  return found && found.limit < 0 && !input.allowNegative ? undefined : found
}

function bruteForce(input: CompositeInput, t: number): { limit: number; phases: number | undefined } {
  const from = Math.floor(input.from / 1000)
  const tx = input.transactionStart === undefined ? undefined : Math.floor(input.transactionStart / 1000)
  const top = (purpose: string, began: number) => {
    const speaking = input.profiles
      .filter((one) => one.profile.chargingProfilePurpose === purpose)
      .map((one) => ({ level: one.profile.stackLevel, said: says(one, t, began, input) }))
      .filter((one) => one.said !== undefined)
      .sort((a, b) => b.level - a.level)
    return speaking[0]?.said
  }
  const parts: Said[] = []
  const external = top('ChargingStationExternalConstraints', from)
  const station = top('ChargingStationMaxProfile', from)
  const running = tx !== undefined && t >= tx ? (top('TxProfile', tx) ?? top('TxDefaultProfile', tx)) : undefined
  for (const part of [external, station, running]) if (part) parts.push(part)
  if (parts.length === 0) return { limit: input.unit === 'A' ? 48 : 33_120, phases: undefined }
  const stated = parts.map((part) => part.phases).filter((phases) => phases !== undefined)
  const phases = stated.length > 0 ? Math.min(...stated) : undefined
  const limits = parts.map(({ limit, unit }) =>
    unit === input.unit ? limit : unit === 'A' ? limit * 230 * (phases ?? 3) : limit / 230 / (phases ?? 3),
  )
  return { limit: Math.min(...limits), phases }
}

const at = (periods: CompositePeriod[], second: number) => periods.findLast((period) => period.startPeriod <= second)!

test('P1, P11, P12: at every second it says what a naive evaluation says, in the fewest ascending periods', () => {
  forAll(1, 150, (input, _, why) => {
    const periods = compositeSchedule(input)
    assert.equal(periods[0]!.startPeriod, 0)
    for (const [index, period] of periods.entries()) {
      const before = periods[index - 1]
      if (!before) continue
      assert.ok(period.startPeriod > before.startPeriod, why)
      assert.ok(Math.abs(period.limit - before.limit) > 1e-9 || period.numberPhases !== before.numberPhases, why)
    }
    const from = Math.floor(input.from / 1000)
    for (let second = 0; from + second < input.until / 1000; second++) {
      const expected = bruteForce(input, from + second)
      const actual = at(periods, second)
      assert.ok(Math.abs(actual.limit - expected.limit) < 1e-6, `${why} at ${second}: ${actual.limit} instead of ${expected.limit}`)
      assert.equal(actual.numberPhases, expected.phases, `${why} at ${second}`)
    }
  })
})

test('P3, P4, P5: installing twice is once, the same id replaces, and removal restores', () => {
  forAll(3, 200, (input, roll, why) => {
    const set = input.profiles
    const added = randomProfile(roll, 50)
    const once = withProfile(set, added.evseId, added.profile)
    assert.deepEqual(
      compositeSchedule({ ...input, profiles: withProfile(once, added.evseId, added.profile) }),
      compositeSchedule({ ...input, profiles: once }),
      why,
    )
    const other = randomProfile(roll, 50)
    assert.deepEqual(
      compositeSchedule({ ...input, profiles: withProfile(once, other.evseId, other.profile) }),
      compositeSchedule({ ...input, profiles: withProfile(set, other.evseId, other.profile) }),
      why,
    )
    if (added.profile.chargingProfilePurpose !== 'ChargingStationExternalConstraints')
      assert.deepEqual(
        compositeSchedule({ ...input, profiles: withoutProfiles(once, { chargingProfileId: 50 }) }),
        compositeSchedule(input),
        why,
      )
  })
})

test('P6: a lower stack under a higher one that covers everything changes nothing', () => {
  forAll(6, 200, (input, roll, why) => {
    const cover = randomProfile(roll, 60, 'TxDefaultProfile')
    cover.profile = {
      ...cover.profile,
      chargingProfileKind: 'Absolute',
      stackLevel: 100,
      chargingSchedule: [
        { id: 60, chargingRateUnit: 'A', startSchedule: '2025-01-01T00:00:00Z', chargingSchedulePeriod: [{ startPeriod: 0, limit: 13 }] },
      ],
    }
    delete cover.profile.validFrom
    delete cover.profile.validTo
    const covered = [...input.profiles, cover]
    const under = randomProfile(roll, 61, 'TxDefaultProfile')
    assert.deepEqual(
      compositeSchedule({ ...input, profiles: [...covered, under] }),
      compositeSchedule({ ...input, profiles: covered }),
      why,
    )
  })
})

test('P7: moving all moments by the same length moves nothing in the result', () => {
  const shift = 12_345_000
  const later = (text: string | undefined) => (text === undefined ? undefined : iso(parseInstant(text) + shift))
  forAll(7, 200, (input, _, why) => {
    const profiles = input.profiles.map(({ evseId, profile }) => {
      const moved = structuredClone(profile)
      for (const key of ['validFrom', 'validTo'] as const) if (moved[key]) moved[key] = later(moved[key])!
      for (const schedule of moved.chargingSchedule) if (schedule.startSchedule) schedule.startSchedule = later(schedule.startSchedule)!
      return { evseId, profile: moved }
    })
    const moved = {
      ...input,
      profiles,
      from: after(input.from, shift),
      until: after(input.until, shift),
      ...(input.transactionStart === undefined ? {} : { transactionStart: after(input.transactionStart, shift) }),
    }
    assert.deepEqual(compositeSchedule(moved), compositeSchedule(input), why)
  })
})

test('P8: a period split in two equal ones is the same period', () => {
  forAll(8, 200, (input, _, why) => {
    const profiles = input.profiles.map(({ evseId, profile }) => ({
      evseId,
      profile: {
        ...profile,
        chargingSchedule: profile.chargingSchedule.map((schedule) => ({
          ...schedule,
          chargingSchedulePeriod: schedule.chargingSchedulePeriod.flatMap((period, index, all) => {
            const next = all[index + 1]?.startPeriod ?? period.startPeriod + 100
            return next - period.startPeriod > 1 ? [period, { ...period, startPeriod: next - 1 }] : [period]
          }),
        })),
      },
    }))
    assert.deepEqual(compositeSchedule({ ...input, profiles }), compositeSchedule(input), why)
  })
})

test('P9: two windows one after the other say what the whole window says', () => {
  forAll(9, 200, (input, roll, why) => {
    const transactionStart = input.transactionStart ?? NOON
    // Relative external constraints count from the window's start when no transaction is theirs: out of this property.
    const profiles = input.profiles.filter(
      (one) => one.profile.chargingProfileKind !== 'Relative' || /^Tx/.test(one.profile.chargingProfilePurpose),
    )
    const whole = { ...input, profiles, transactionStart }
    const length = (input.until - input.from) / 1000
    const cut = 1 + roll.below(length - 1)
    const middle = after(input.from, cut * 1000)
    const first = compositeSchedule({ ...whole, until: middle })
    const second = compositeSchedule({ ...whole, from: middle })
    const expected = compositeSchedule(whole)
    for (let second_ = 0; second_ < length; second_++) {
      const found = second_ < cut ? at(first, second_) : at(second, second_ - cut)
      assert.ok(Math.abs(found.limit - at(expected, second_).limit) < 1e-9, `${why} at ${second_}`)
    }
  })
})

test('P2, P10, P15: never above an active limit, watts are amperes × 230 V × phases, and what has expired is silent', () => {
  forAll(2, 100, (input, roll, why) => {
    const amperes = compositeSchedule({ ...input, unit: 'A' })
    const watts = compositeSchedule({ ...input, unit: 'W' })
    for (let second = 0; second < (input.until - input.from) / 1000; second += 7) {
      const one = at(amperes, second)
      assert.ok(Math.abs(one.limit * 230 * (one.numberPhases ?? 3) - at(watts, second).limit) < 1e-6, why)
    }
    const limit = roll.below(20)
    const cap = randomProfile(roll, 70, 'ChargingStationMaxProfile')
    cap.profile = {
      ...cap.profile,
      chargingProfileKind: 'Absolute',
      stackLevel: 200,
      validFrom: '2025-01-01T00:00:00Z',
      validTo: '2027-01-01T00:00:00Z',
      chargingSchedule: [
        { id: 70, chargingRateUnit: 'A', startSchedule: '2025-01-01T00:00:00Z', chargingSchedulePeriod: [{ startPeriod: 0, limit }] },
      ],
    }
    for (const period of compositeSchedule({ ...input, unit: 'A', profiles: [...input.profiles, cap] }))
      assert.ok(period.limit <= limit + 1e-9, why)
    const expired = { evseId: 0, profile: { ...cap.profile, validTo: iso(input.from) } }
    assert.deepEqual(compositeSchedule({ ...input, profiles: [...input.profiles, expired] }), compositeSchedule(input), why)
  })
})

test('P13, P14, P16: the station keeps its maximum, without a transaction Tx layers are silent, and daily profiles repeat daily', () => {
  forAll(13, 80, (input, _, why) => {
    const noTx = { ...input }
    delete noTx.transactionStart
    const withoutTxLayers = input.profiles.filter((one) => !/^Tx/.test(one.profile.chargingProfilePurpose))
    assert.deepEqual(compositeSchedule(noTx), compositeSchedule({ ...noTx, profiles: withoutTxLayers }), why)
    const evses = [1, 2, 3].map((id) => ({ id, transactionStart: NOON }))
    const cap: InstalledProfile = {
      evseId: 0,
      profile: {
        id: 90,
        stackLevel: 300,
        chargingProfilePurpose: 'ChargingStationMaxProfile',
        chargingProfileKind: 'Absolute',
        chargingSchedule: [
          {
            id: 90,
            chargingRateUnit: 'W',
            startSchedule: '2025-01-01T00:00:00Z',
            chargingSchedulePeriod: [{ startPeriod: 0, limit: 20_000 }],
          },
        ],
      },
    }
    const station = { ...input, evseId: 0, evses, unit: 'W' as const }
    for (const { limit } of compositeSchedule({ ...station, profiles: [...input.profiles, cap] })) assert.ok(limit <= 20_000 + 1e-6, why)
    assert.deepEqual(compositeSchedule({ ...station, profiles: [] }), [{ startPeriod: 0, limit: 3 * 33_120 }])
    const daily = input.profiles.filter(
      (one) =>
        one.profile.chargingProfileKind === 'Recurring' &&
        !one.profile.validFrom &&
        !one.profile.validTo &&
        !/^Tx/.test(one.profile.chargingProfilePurpose),
    )
    const today = { ...noTx, profiles: daily, recurBeforeStart: true }
    const tomorrow = { ...today, from: after(input.from, 86_400_000), until: after(input.until, 86_400_000) }
    assert.deepEqual(compositeSchedule(tomorrow), compositeSchedule(today), why)
  })
})

test('a window of a century over a weekly schedule of 1024 periods costs no more than the periods it returns', () => {
  const profile: ChargingProfileType = {
    id: 1,
    stackLevel: 0,
    chargingProfilePurpose: 'ChargingStationMaxProfile',
    chargingProfileKind: 'Recurring',
    recurrencyKind: 'Weekly',
    chargingSchedule: [
      {
        id: 1,
        chargingRateUnit: 'A',
        startSchedule: '2025-01-01T00:00:00Z',
        chargingSchedulePeriod: Array.from({ length: 1024 }, (_, index) => ({ startPeriod: index * 60, limit: index % 2 })),
      },
    ],
  }
  const window = {
    profiles: [{ evseId: 0, profile }],
    evseId: 1,
    from: NOON,
    until: after(NOON, 100 * 365 * 86_400_000),
    unit: 'A' as const,
  }
  assert.equal(compositeSchedule(window).length, 1024)
  // Periods out of order are refused by validation; should they get in all the same, the evaluation still ends.
  profile.chargingSchedule[0]!.chargingSchedulePeriod.reverse()
  compositeSchedule({ ...window, until: after(NOON, 3_600_000) })
})
