import assert from 'node:assert/strict'
import test from 'node:test'
import type { MachineCycle } from './detect.ts'
import { defaultProgramme, learnProgrammes } from './learner.ts'

const ran = (start: number, profileW: number[], seconds = profileW.length * 900): MachineCycle => ({
  start,
  end: start + seconds,
  energyWh: profileW.reduce((sum, power) => sum + power / 4, 0),
  profileW,
})
const COTTON = [1900, 1500, 200, 150, 200, 400]
const ECO = [900, 300, 150, 150, 150, 150, 150, 150, 150, 300]
const nearly = (profile: readonly number[], share: number): number[] => profile.map((power) => power * share)

test('cycles that look alike are one programme; the most frequent comes first', () => {
  const cycles = [
    ran(4e5, ECO),
    ran(1e5, COTTON),
    ran(3e5, nearly(ECO, 1.1)),
    ran(2e5, nearly(COTTON, 0.95)),
    ran(5e5, nearly(COTTON, 1.05)),
  ]
  const programmes = learnProgrammes(cycles)
  assert.deepEqual(
    programmes.map(({ name, count, lastStart, durationSeconds }) => [name, count, lastStart, durationSeconds]),
    [
      ['1', 3, 5e5, 5400],
      ['2', 2, 4e5, 9000],
    ],
  )
  assert.ok(
    programmes[0]!.profileW.every((power, bin) => Math.abs(power - COTTON[bin]!) < 1e-9),
    'its shape is not the mean',
  )
  assert.deepEqual(learnProgrammes(cycles.toReversed()), programmes)
})

test('of the same energy and another shape, or of another duration, is another programme', () => {
  assert.equal(learnProgrammes([ran(0, COTTON), ran(1e5, COTTON.toReversed())]).length, 2)
  assert.equal(learnProgrammes([ran(0, COTTON), ran(1e5, [...COTTON, 1, 1, 1, 1])]).length, 2)
})

test('confidence grows with what was seen, and falls with how unlike it was', () => {
  const once = learnProgrammes([ran(0, COTTON)])[0]!
  const thrice = learnProgrammes([0, 1e5, 2e5].map((start) => ran(start, COTTON)))[0]!
  const mixed = learnProgrammes([0.85, 1, 1.15].map((share, index) => ran(index * 1e5, nearly(COTTON, share))))[0]!
  assert.ok(once.confidence < mixed.confidence && mixed.confidence < thrice.confidence && thrice.confidence < 1, 'in another order')
})

test('a machine nobody measured has the cycle of its kind, at its nominal power', () => {
  assert.deepEqual(learnProgrammes([]), [])
  const washer = defaultProgramme(112, 2200)
  assert.deepEqual([Math.max(...washer.profileW), washer.durationSeconds, washer.confidence], [2200, 7200, 0])
  assert.notDeepEqual(defaultProgramme(113).profileW, defaultProgramme(1).profileW)
})
