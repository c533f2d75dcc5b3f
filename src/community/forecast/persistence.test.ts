import assert from 'node:assert/strict'
import test from 'node:test'
import { after, HOUR, MINUTE, parseInstant } from '#kernel'
import { forecastBalance, persist, quarters, type Sample } from './persistence.ts'

const START = parseInstant('2026-03-10T18:00:00Z')
const at = (minutes: number, power: number): Sample => [after(START, minutes * MINUTE), power]

test('persistence gives the golden vectors of ELFE', () => {
  assert.deepEqual(persist([10, 20, 30, 40]), [40, 42.5, 41.25, 42.8125])
  assert.deepEqual(persist([0, -100, 200, 50]), [50, -62.5, 218.75, 54.6875])
  assert.deepEqual(persist([]), [])
})

test('a quarter is the mean of what was held in it, by time; the last one that is cut is left out', () => {
  const samples = [at(20, 300), at(-5, 100), at(5, 400), at(5, 700), at(40, 60)]
  assert.deepEqual(quarters(samples, START, after(START, 44 * MINUTE)), [(100 * 5 + 700 * 10) / 15, (700 * 5 + 300 * 10) / 15])
})

test('a quarter that begins unknown is unknown, even if something is heard in it', () => {
  assert.deepEqual(quarters([at(5, 400)], START, after(START, 30 * MINUTE)), [undefined, 400])
})

test('what is planned anew is taken out of the balance before, when its load is given', () => {
  const balance = [at(-24 * 60, -5000)]
  const flexible = [at(-24 * 60, 0), at(-12 * 60, 2000), at(-11 * 60, 0)]
  const asItIs = forecastBalance({ balance }, START)!
  const corrected = forecastBalance({ balance, flexible }, START)!
  assert.deepEqual([...new Set(asItIs)], [-5000])
  assert.equal(corrected.length, 96)
  assert.ok(Math.max(...corrected) > -3500, 'the hour of the planned load is not lighter')
  assert.equal(corrected[0], -5000)
})

test('a curve that began late still gives a whole day; without one there is no forecast', () => {
  assert.equal(forecastBalance({ balance: [[after(START, -HOUR), 800]] }, START)?.length, 96)
  assert.equal(forecastBalance({ balance: [] }, START), undefined)
})
