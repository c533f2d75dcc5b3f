import assert from 'node:assert/strict'
import test from 'node:test'
import { beliefLines, type ChartData, gridOf } from './belief-lines.ts'

const HOUR = 3_600_000
const source = (type: string) => ({ name: type, model: '', version: '', type, display_type: type, description: type })
const data = (records: [ts: number, val: number, src: number, bt: number][]): ChartData => ({
  data: records.map(([ts, val, src, bt]) => ({ ts, sid: 5, val, src, bt })),
  sensors: {},
  sources: { 1: source('other'), 2: source('forecaster') },
})
const wanted = { sensor: 5, name: 'power', unit: 'kW', resolution: 3600, colour: '--battery' }
const grid = { start: 0, step: HOUR, count: 3 }
const asked = { hidden: new Set<number>(), spread: false, nameOf: ({ name }: { name: string }) => name }

test('a grid is as fine as a picture can show, and never finer than what is measured', () => {
  assert.deepEqual(gridOf(0, 36 * HOUR, 60_000), { start: 0, step: 5 * 60_000, count: 432 })
  assert.equal(gridOf(0, 7 * 24 * HOUR).step, 15 * 60_000)
  assert.equal(gridOf(0, 6 * HOUR, HOUR).step, HOUR)
  assert.equal(gridOf(HOUR / 2, 6 * HOUR, HOUR).start, 0)
  assert.ok(gridOf(0, 366 * 24 * HOUR).count <= 720)
})

test('each source is a line of its own; gaps stay gaps, and the newest belief is drawn', () => {
  const lines = beliefLines(
    wanted,
    data([
      [0, 1, 1, 10],
      [2 * HOUR, 3, 1, 10],
      [0, 7, 2, 10],
      [0, 8, 2, 20],
      [0, 6, 2, 5],
    ]),
    grid,
    asked,
  )
  assert.deepEqual(
    lines.map(({ label, values }) => [label, values]),
    [
      ['power · other', [1, null, 3]],
      ['power · forecaster', [8, null, null]],
    ],
  )
  assert.deepEqual(lines[1]!.dash, [6, 4])
})

test('what was believed otherwise stands around the newest, when it is wanted', () => {
  const lines = beliefLines(
    wanted,
    data([
      [0, 7, 2, 10],
      [0, 8, 2, 20],
      [0, 6, 2, 5],
    ]),
    grid,
    { ...asked, spread: true },
  )
  assert.deepEqual(
    lines.map(({ values }) => values[0]),
    [8, 6, 8],
  )
})

test('moments that fall into one slot are not taken for different beliefs of one', () => {
  const moments = data([
    [0, 7, 1, 10],
    [60_000, 9, 1, 70_000],
  ])
  const lines = beliefLines({ ...wanted, resolution: 0 }, moments, grid, { ...asked, spread: true })
  assert.deepEqual(
    lines.map(({ values }) => values[0]),
    [9],
  )
})

test('hidden sources and values outside of the window are left out', () => {
  assert.deepEqual(
    beliefLines(
      wanted,
      data([
        [0, 1, 1, 1],
        [-HOUR, 2, 2, 1],
        [9 * HOUR, 2, 2, 1],
      ]),
      grid,
      { ...asked, hidden: new Set([1]) },
    ),
    [],
  )
})

test('on a finer grid a value holds for its whole event, and moments stand alone', () => {
  const fine = { start: 0, step: HOUR / 4, count: 8 }
  const records = data([
    [0, 1, 1, 10],
    [HOUR, 2, 1, 10],
  ])
  const [hourly] = beliefLines(wanted, records, fine, asked)
  assert.deepEqual(hourly?.values, [1, 1, 1, 1, 2, 2, 2, 2])
  assert.equal(hourly?.stepped, true)
  const [moments] = beliefLines({ ...wanted, resolution: 0 }, records, fine, asked)
  assert.deepEqual(moments?.values, [1, null, null, null, 2, null, null, null])
  assert.equal(moments?.stepped, false)
})
