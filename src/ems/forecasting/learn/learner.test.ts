import assert from 'node:assert/strict'
import { performance } from 'node:perf_hooks'
import test from 'node:test'
import { MINUTE, systemClock } from '#kernel'
import { openLearner } from './learner.ts'
import { made } from './series.fixture.ts'

const task = (days: number) => {
  const frame = made({ days, step: 30 * MINUTE, rule: (hour, day, random) => hour + (day % 7) + random })
  return {
    frame,
    options: { origin: frame.target.length - 96, horizon: 96 },
    viewpoints: [{ origin: frame.target.length - 96, count: 96 }],
  }
}

test('a forecast is learned in its thread: this one goes on, hears how far it is, and may call it off', async (t) => {
  const learner = openLearner(systemClock)
  t.after(() => learner.close())
  const stages: number[] = []
  performance.eventLoopUtilization()
  const before = performance.eventLoopUtilization()
  const { foretold } = await learner.learn(task(20), { onProgress: (_, share) => stages.push(share) })
  const { utilization } = performance.eventLoopUtilization(before)
  assert.equal(foretold[0]!.values.length, 96)
  assert.ok(utilization < 0.5, `this thread was busy for ${(utilization * 100).toFixed(0)} % of the time`)
  assert.ok(stages.length > 0 && stages.every((share, index) => index === 0 || share >= stages[index - 1]!), `${stages}`)
  const abort = new AbortController()
  const called = learner.learn(task(60), { signal: abort.signal, onProgress: () => abort.abort(new Error('called off')) })
  const next = learner.learn(task(10))
  await assert.rejects(called, /called off/)
  assert.equal((await next).foretold.length, 1, 'the next one is served all the same')
})

test('what fails in the thread is told, and work that nobody waits for lets others go first', async (t) => {
  const learner = openLearner(systemClock)
  t.after(() => learner.close())
  const order: string[] = []
  const first = learner.learn(task(10)).then(() => order.push('first'))
  const idle = learner.learn(task(10), { idly: true }).then(() => order.push('idle'))
  const urgent = learner.learn(task(10)).then(() => order.push('urgent'))
  await Promise.all([first, idle, urgent])
  assert.deepEqual(order, ['first', 'urgent', 'idle'])
  const broken = { ...task(3), frame: undefined as never }
  await assert.rejects(learner.learn(broken), /undefined/)
  await learner.close()
  await assert.rejects(learner.learn(task(3)), { code: 'learner-closed' })
})
