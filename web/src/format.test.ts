import assert from 'node:assert/strict'
import test from 'node:test'
import { formatFor, milliseconds, problemLine } from './format.ts'

const fr = formatFor('fr', 'America/Martinique')
const en = formatFor('en', 'America/Martinique')

test('a number always carries its unit, held to it by a no-break space', () => {
  assert.equal(fr.amount(3.24, 'kW'), '3,2\u00a0kW')
  assert.equal(en.amount(3.24, 'kW'), '3.2\u00a0kW')
  assert.equal(fr.amount(0, 'kW'), '0\u00a0kW')
  assert.equal(fr.amount(0.05, 'kW'), '0,05\u00a0kW')
})

test('a value that is not there is a dash, never a zero', () => {
  assert.equal(fr.amount(null, 'kW'), '–')
  assert.equal(fr.amount(undefined, 'kWh'), '–')
  assert.equal(fr.amount(Number.NaN, 'kWh'), '–')
})

test('a tiny negative does not read as minus zero', () => {
  assert.equal(en.amount(-0.001, 'kW'), '0\u00a0kW')
  assert.equal(en.amount(-0.04, 'kW', 1), '0.0\u00a0kW')
})

test('times are those of the island, also around midnight', () => {
  const at = Date.parse('2026-11-25T02:30:00Z')
  assert.equal(fr.clock(at), '22:30')
  assert.equal(fr.clock(Date.parse('2026-11-25T04:00:00Z')), '00:00')
  assert.match(fr.near(at, at + 3_600_000 * 2), /mar\. 24 nov\. 22:30/)
  assert.equal(fr.near(at, at + 60_000), '22:30')
  assert.equal(fr.fullDate(at), '24 nov. 2026')
  assert.match(en.fullDate(at), /^24 Nov\.? 2026$/)
})

test('durations of the API become milliseconds', () => {
  assert.equal(milliseconds('PT5M'), 300_000)
  assert.equal(milliseconds('P0DT12H0M0S'), 43_200_000)
  assert.equal(milliseconds('P1DT12H'), 129_600_000)
  assert.equal(milliseconds(900_000), 900_000)
  assert.ok(Number.isNaN(milliseconds('a while')))
})

test('of the problem of a job one line is read, without the name of the error', () => {
  assert.equal(problemLine('ValueError: No sensor tells it.\n    at work'), 'No sensor tells it.')
  assert.equal(problemLine('InfeasibleProblemException: infeasible.'), 'infeasible.')
  assert.equal(problemLine('Not enough data: 3 values.'), 'Not enough data: 3 values.')
})
