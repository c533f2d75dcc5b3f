import assert from 'node:assert/strict'
import test from 'node:test'
import { clockIn, dayIn, momentOf, startOfDay } from './days.ts'

test('a moment is written by the clocks of the zone, and read back', () => {
  const at = Date.parse('2026-11-25T02:30:00Z')
  assert.equal(clockIn(at, 'America/Martinique'), '2026-11-24T22:30')
  assert.equal(dayIn(at, 'America/Martinique'), '2026-11-24')
  assert.equal(momentOf('2026-11-24T22:30', 'America/Martinique'), at)
})

test('midnight keeps its place where the clocks change', () => {
  assert.equal(startOfDay('2026-03-29', 'Europe/Paris'), Date.parse('2026-03-28T23:00:00Z'))
  assert.equal(startOfDay('2026-03-30', 'Europe/Paris'), Date.parse('2026-03-29T22:00:00Z'))
  assert.equal(momentOf('2026-10-25T12:00', 'Europe/Paris'), Date.parse('2026-10-25T11:00:00Z'))
})

test('what is no time is NaN', () => assert.ok(Number.isNaN(momentOf('yesterday', 'UTC'))))
