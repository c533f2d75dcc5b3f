import assert from 'node:assert/strict'
import test from 'node:test'
import { askRidge, fitRidge } from './ridge.ts'
import { askTrees, growTrees, randomFrom } from './trees.ts'

const rows = 3000
const random = randomFrom(7)
const [a, b, noise] = [0, 1, 2].map(() => Float64Array.from({ length: rows }, () => random())) as [Float64Array, Float64Array, Float64Array]

test('trees learn a step and an interaction, and pass over a column that says nothing', () => {
  const target = a.map((value, row) => (value > 0.5 ? 10 : 0) + (value > 0.5 && b[row]! < 0.3 ? 5 : 0))
  const trees = growTrees([a, b, noise], target)
  const said = askTrees(trees, [Float64Array.of(0.2, 0.8, 0.8), Float64Array.of(0.1, 0.1, 0.9), Float64Array.of(0.5, 0.5, 0.5)])
  for (const [index, wanted] of [0, 15, 10].entries()) assert.ok(Math.abs(said[index]! - wanted) < 0.4, `${said[index]} for ${wanted}`)
})

test('the same seed grows the same trees', () => {
  const target = a.map((value, row) => value * b[row]!)
  assert.deepEqual(growTrees([a, b], target, { trees: 5, seed: 3 }), growTrees([a, b], target, { trees: 5, seed: 3 }))
})

test('quantile trees leave the wanted share below them, where values spread little and where they spread far', () => {
  const target = a.map((value, row) => (value > 0.5 ? 10 : 1) * (noise[row]! - 0.5))
  for (const quantile of [0.1, 0.9]) {
    const said = askTrees(growTrees([a, b], target, { quantile, depth: 3 }), [a, b])
    for (const isWide of [false, true]) {
      const of = [...target.keys()].filter((row) => a[row]! > 0.5 === isWide)
      const below = of.filter((row) => target[row]! <= said[row]!).length / of.length
      assert.ok(Math.abs(below - quantile) < 0.05, `${below} below the ${quantile} quantile`)
    }
  }
})

test('what is missing is a value of its own', () => {
  const holes = a.map((value) => (value < 0.4 ? Number.NaN : value))
  const target = holes.map((value) => (Number.isNaN(value) ? 7 : 1))
  const said = askTrees(growTrees([holes], target, { columnShare: 1 }), [Float64Array.of(Number.NaN, 0.6)])
  assert.ok(Math.abs(said[0]! - 7) < 0.2 && Math.abs(said[1]! - 1) < 0.2, `${said}`)
})

test('ridge finds a line through columns of any scale, and is not thrown by constant or missing ones', () => {
  const large = b.map((value) => 1e6 * value)
  const constant = new Float64Array(rows).fill(3)
  const holes = a.map((value, row) => (row % 10 === 0 ? Number.NaN : value))
  const target = a.map((value, row) => 4 + 2 * value + 3e-6 * large[row]!)
  const ridge = fitRidge([holes, large, constant], target, 1e-6)
  const [said] = askRidge(ridge, [Float64Array.of(0.5), Float64Array.of(5e5), Float64Array.of(3)])
  assert.ok(Math.abs(said! - 6.5) < 0.02, `${said}`)
  assert.ok(askRidge(ridge, [Float64Array.of(Number.NaN), Float64Array.of(Number.NaN), Float64Array.of(Number.NaN)]).every(Number.isFinite))
})
