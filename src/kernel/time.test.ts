import assert from 'node:assert/strict'
import test from 'node:test'
import { addDuration, durationLength, formatDuration, parseDuration } from './duration.ts'
import { HOUR, instant } from './quantity.ts'
import { atWallClock, dayAfter, dayStart, formatInstant, isZone, parseInstant, wallClock } from './zone.ts'

test('ISO durations are read in every form that partners send', () => {
  const table: [string, number][] = [
    ['PT15M', 900_000],
    ['P0DT12H0M0S', 12 * HOUR],
    ['P2DT0H0M0S', 48 * HOUR],
    ['-PT15M', -900_000],
    ['P1D', 24 * HOUR],
    ['P1W', 7 * 24 * HOUR],
    ['PT1.5H', 1.5 * HOUR],
    ['PT0S', 0],
    ['P0D', 0],
  ]
  for (const [text, length] of table) assert.equal(durationLength(parseDuration(text)), length, text)
})

test('what is no duration is refused', () => {
  for (const text of ['', 'P', 'PT', '15M', 'PT15', 'P1DT', '1 hour'])
    assert.throws(() => parseDuration(text), { code: 'invalid-duration' }, text)
})

test('durations are written in the shortest usual form', () => {
  assert.deepEqual([0, 900_000, 3_600_000, 86_400_000, 90_061_000].map(formatDuration), ['PT0S', 'PT15M', 'PT1H', 'P1D', 'P1DT1H1M1S'])
})

test('a calendar day has 23, 24 or 25 hours in Paris and always 24 in Martinique', () => {
  const hours = (day: string, zone: string) => {
    const noon = parseInstant(`${day}T12:00:00+00:00`)
    return (dayAfter(noon, zone) - dayStart(noon, zone)) / HOUR
  }
  assert.deepEqual(
    [hours('2026-03-29', 'Europe/Paris'), hours('2026-06-01', 'Europe/Paris'), hours('2026-10-25', 'Europe/Paris')],
    [23, 24, 25],
  )
  assert.equal(hours('2026-10-25', 'America/Martinique'), 24)
})

test('a day later keeps the wall clock across the change of hour', () => {
  const before = parseInstant('2026-03-28T10:00:00+01:00')
  assert.equal(formatInstant(addDuration(before, parseDuration('P1D'), 'Europe/Paris'), 'Europe/Paris'), '2026-03-29T10:00:00+02:00')
  assert.equal(addDuration(before, parseDuration('PT24H'), 'Europe/Paris') - before, 24 * HOUR)
})

test('moments need an offset, and a space may stand for its plus sign', () => {
  assert.equal(parseInstant('2026-01-15T10:00:00+01:00'), Date.UTC(2026, 0, 15, 9))
  assert.equal(parseInstant('2026-01-15T10:00:00 01:00'), Date.UTC(2026, 0, 15, 9))
  assert.equal(parseInstant('2026-01-15T10:00Z'), Date.UTC(2026, 0, 15, 10))
  assert.equal(parseInstant('2026-01-15 10:00:00.250-0400'), Date.UTC(2026, 0, 15, 14) + 250)
  assert.throws(() => parseInstant('2026-01-15T10:00:00'), { code: 'naive-datetime' })
  assert.throws(() => parseInstant('2026-02-31T10:00:00Z'), { code: 'invalid-datetime' })
  assert.throws(() => parseInstant('tomorrow'), { code: 'invalid-datetime' })
})

test('moments and periods that leave the years 1 to 9999 are refused, whatever adds them', () => {
  const now = parseInstant('2026-11-24T12:00:00Z')
  for (const text of ['P8000Y', 'P99999999Y', '-P2027Y', 'P3000000D', 'PT99999999999H', 'P999999999999999999999Y'])
    assert.throws(() => addDuration(now, parseDuration(text), 'America/Martinique'), { code: 'moment-out-of-range' }, text)
  assert.throws(() => parseInstant('0000-06-01T00:00:00Z'), { code: 'moment-out-of-range' })
  assert.throws(() => parseInstant('0001-01-01T00:00:00+01:00'), { code: 'moment-out-of-range' })
  assert.equal(formatInstant(parseInstant('9999-12-31T23:59:59Z')), '9999-12-31T23:59:59+00:00')
})

test('local times are found, twice-shown ones once and never-shown ones shifted', () => {
  const martinique = instant(Date.UTC(2026, 10, 24, 4))
  assert.deepEqual([wallClock(martinique, 'America/Martinique').hour, wallClock(martinique, 'America/Martinique').weekday], [0, 2])
  assert.equal(
    formatInstant(atWallClock({ year: 2026, month: 10, day: 25, hour: 2, minute: 30 }, 'Europe/Paris'), 'Europe/Paris'),
    '2026-10-25T02:30:00+02:00',
  )
  assert.equal(
    formatInstant(atWallClock({ year: 2026, month: 3, day: 29, hour: 2, minute: 30 }, 'Europe/Paris'), 'Europe/Paris'),
    '2026-03-29T03:30:00+02:00',
  )
  assert.equal(isZone('America/Martinique'), true)
  assert.equal(isZone('America/Nowhere'), false)
})
