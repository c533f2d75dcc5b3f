import assert from 'node:assert/strict'
import test from 'node:test'
import { spread } from './spread.ts'

test('markers in one town end side by side, near where they belong', () => {
  const town = Array.from({ length: 12 }, (_, index) => ({ x: 100 + (index % 3), y: 200 + (index % 4) }))
  const places = spread(town, 28)
  for (let a = 0; a < places.length; a++) {
    for (let b = a + 1; b < places.length; b++) {
      const distance = Math.hypot(places[a]!.x - places[b]!.x, places[a]!.y - places[b]!.y)
      assert.ok(distance > 26, `markers ${a} and ${b} are ${distance.toFixed(1)} px apart`)
    }
    assert.ok(Math.hypot(places[a]!.x - 101, places[a]!.y - 201) < 90, `marker ${a} strayed`)
  }
})

test('a marker alone stays where it is', () => {
  const [place] = spread([{ x: 10, y: 20 }], 28)
  assert.ok(Math.hypot(place!.x - 10, place!.y - 20) < 1)
})

test('the same places come out each time', () => {
  const points = Array.from({ length: 40 }, (_, index) => ({ x: (index * 37) % 300, y: (index * 91) % 400 }))
  assert.deepEqual(spread(points, 28), spread(points, 28))
})
