import assert from 'node:assert/strict'
import test from 'node:test'
import { openCrowd } from './crowd.ts'

test('of a crowd so many are served at once, all in order, and one that fails holds nobody up', async () => {
  const crowd = openCrowd(3)
  const begun: number[] = []
  let working = 0
  let most = 0
  const served = await Promise.allSettled(
    Array.from({ length: 20 }, (_, index) =>
      crowd(async () => {
        begun.push(index)
        most = Math.max(most, ++working)
        await new Promise((resolve) => setImmediate(resolve))
        working--
        if (index === 5) throw new Error('that one')
        return index
      }),
    ),
  )
  assert.deepEqual([most, working], [3, 0])
  assert.deepEqual(
    begun,
    Array.from({ length: 20 }, (_, index) => index),
  )
  assert.deepEqual(served.filter(({ status }) => status === 'rejected').length, 1)
})
