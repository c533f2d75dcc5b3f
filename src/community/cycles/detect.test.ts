import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { type Cycles, detectCycles } from './detect.ts'
import { DEFAULT_PARAMETERS, readTrace } from './trace.ts'

const detect = (samples: readonly (readonly unknown[])[]): Cycles =>
  detectCycles({ parameters: DEFAULT_PARAMETERS, samplePeriodSeconds: 60, samples })
/** Minutes of power, a sample a minute from 0. */
const minutes = (...pieces: [power: number, minutes: number][]): [number, number][] =>
  pieces.flatMap(([power, count]) => new Array<number>(count).fill(power)).map((power, minute) => [minute * 60, power])

test('a cycle begins with its first sample above the threshold and ends where the quiet begins', () => {
  const { cycles, last } = detect(minutes([2, 10], [2000, 20], [5, 5], [500, 10], [1, 15]))
  assert.deepEqual(
    cycles.map(({ start, end }) => [start, end]),
    [[600, 2700]],
  )
  assert.ok(Math.abs(cycles[0]!.energyWh - (2000 * 20 + 5 * 5 + 500 * 10) / 60) < 1e-6, `${cycles[0]!.energyWh} Wh`)
  const sum = cycles[0]!.profileW.reduce((total, power) => total + power / 4, 0)
  assert.ok(Math.abs(sum - cycles[0]!.energyWh) < 1e-6, 'the profile holds another energy')
  assert.equal(last, 0)
})

test('a spike is no cycle, and one dip at the start does not hide one', () => {
  assert.deepEqual(detect(minutes([2, 5], [900, 1], [2, 30])).cycles, [])
  assert.equal(detect(minutes([2, 5], [900, 1], [3, 1], [900, 20], [1, 15])).cycles[0]!.start, 300)
})

test('samples out of order, twice, and without a power change nothing', () => {
  const good = minutes([2, 10], [2000, 20], [1, 20])
  const mixed = [[1800, null], [600, 7], ...good.toReversed(), [700, Number.NaN], [701, -4], ['x', 3]]
  assert.deepEqual(detect(mixed).cycles, detect(good).cycles)
})

test('a gap discards the cycle it falls into; what runs when nothing was known before has an unknown start', () => {
  const before = minutes([2, 10], [2000, 5])
  const after = minutes([2000, 10], [1, 30]).map(([time, power]): [number, number] => [time + 3600, power])
  assert.deepEqual(detect([...before, ...after]), {
    format: 'cariflex.community.cycles/1',
    cycles: [],
    discarded: [
      { start: 600, end: 840, reason: 'gap' },
      { start: 3600, end: 4200, reason: 'unknown-start' },
    ],
    last: null,
  })
})

test('one that has not provably ended is not told', () => {
  assert.deepEqual(detect(minutes([2, 10], [2000, 20], [1, 9])).cycles, [])
  assert.equal(detect(minutes([2, 10], [2000, 20], [1, 10])).cycles.length, 1)
})

const DATA = join('..', 'shared', 'data', 'community', 'cycles')
test('published traces give the stated cycles', { skip: existsSync(DATA) ? false : `no ${DATA}` }, () => {
  const read = (file: string): unknown => JSON.parse(readFileSync(join(DATA, file), 'utf8'))
  const isNear = (a: number, b: number): boolean => Math.abs(a - b) <= Math.max(1, 0.005 * Math.abs(a))
  for (const file of readdirSync(DATA).filter((name) => !name.includes('answer'))) {
    const stated = read(file.replace('.json', '.answer.json')) as Cycles
    const found = detectCycles(readTrace(read(file)))
    assert.deepEqual(found.discarded, stated.discarded, file)
    assert.equal(found.last, stated.last, file)
    assert.equal(found.cycles.length, stated.cycles.length, file)
    for (const [index, cycle] of stated.cycles.entries()) {
      const { start, end, energyWh, profileW } = found.cycles[index]!
      assert.deepEqual([start, end, profileW.length], [cycle.start, cycle.end, cycle.profileW.length], file)
      assert.ok(isNear(cycle.energyWh, energyWh) && cycle.profileW.every((power, bin) => isNear(power, profileW[bin]!)), file)
    }
  }
})
