import assert from 'node:assert/strict'
import test from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { after, HOUR, type Instant, MINUTE, manualClock, SECOND, silentLog } from '#kernel'
import { decisionAt, type PlanRow, startExecutor } from './executor.ts'
import { BOUNDARY } from './plugs.fixture.ts'

const row = (start: Instant, decisions: readonly number[], appliance = 1): PlanRow => ({ appliance, start, decisions })
const SLOT = 15 * MINUTE

test('the decision of a moment is that of its slot in the newest plan that has begun', () => {
  const plan = row(BOUNDARY, [0, 1, ...Array<number>(94).fill(0)])
  assert.equal(decisionAt([plan], after(BOUNDARY, -1)), undefined)
  assert.deepEqual(decisionAt([plan], after(BOUNDARY, SLOT - SECOND)), { on: false, slot: BOUNDARY })
  assert.deepEqual(decisionAt([plan], after(BOUNDARY, SLOT)), { on: true, slot: after(BOUNDARY, SLOT) })
  assert.deepEqual(decisionAt([plan], after(BOUNDARY, SLOT + SECOND)), { on: true, slot: after(BOUNDARY, SLOT) })
  const newer = row(after(BOUNDARY, 2 * SLOT), [1])
  assert.deepEqual(decisionAt([newer, plan], after(BOUNDARY, SLOT)), { on: true, slot: after(BOUNDARY, SLOT) }, 'the newer has not begun')
  assert.deepEqual(decisionAt([newer, plan], after(BOUNDARY, 2 * SLOT)), { on: true, slot: after(BOUNDARY, 2 * SLOT) })
  assert.equal(decisionAt([plan], after(BOUNDARY, 24 * HOUR)), undefined)
})

function run(start: Instant, plans: () => Promise<readonly PlanRow[]>) {
  const clock = manualClock(start)
  const given: { at: number; appliance: number; on: boolean; slot: number }[] = []
  const executor = startExecutor({
    ...{ clock, plans, log: silentLog },
    control: {
      apply(appliance, event) {
        if (event.kind === 'decision') given.push({ at: clock.now(), appliance, on: event.on, slot: event.slot })
        if (appliance === 666) throw new Error('one that nobody knows')
      },
    },
  })
  const live = async (length: number) => {
    clock.forward(length)
    await turn()
  }
  return { clock, given, executor, live }
}

test('decisions are given 5 s after the boundary, not a second before, and 15 s after the start', async () => {
  const plan = row(after(BOUNDARY, -SLOT), [0, 1, 0])
  const { given, live, executor } = run(after(BOUNDARY, -10 * SECOND), async () => [
    plan,
    row(plan.start, [1, 1], 666),
    row(plan.start, [1, 1], 2),
  ])
  await live(14 * SECOND)
  assert.deepEqual(given, [])
  await live(SECOND)
  const first = given.filter(({ appliance }) => appliance === 1)
  assert.deepEqual(first[0], { at: after(BOUNDARY, 5 * SECOND), appliance: 1, on: true, slot: BOUNDARY })
  assert.ok(
    given.some(({ appliance }) => appliance === 2),
    'one that fails keeps nobody else from his decision',
  )
  given.length = 0
  await live(SLOT - SECOND)
  assert.deepEqual(given, [])
  await live(SECOND)
  assert.deepEqual(given, [{ at: after(BOUNDARY, SLOT + 5 * SECOND), appliance: 1, on: false, slot: after(BOUNDARY, SLOT) }])
  executor.close()
  given.length = 0
  await live(SLOT)
  assert.deepEqual(given, [])
})

test('a start just at the boundary plus 5 s waits for the next one', async () => {
  const plan = row(BOUNDARY, [1, 1])
  const { given, live } = run(after(BOUNDARY, 5 * SECOND), async () => [plan])
  await live(15 * SECOND)
  assert.deepEqual(
    given.map(({ slot }) => slot),
    [BOUNDARY],
  )
  await live(SLOT - 16 * SECOND)
  assert.equal(given.length, 1)
  await live(SECOND)
  assert.equal(given.length, 2)
})

test('while the plans cannot be read the last ones go on, for their 24 h and no longer', async () => {
  let isAway = false
  const plan = row(BOUNDARY, Array<number>(96).fill(1))
  const { given, live } = run(BOUNDARY, async () => {
    if (isAway) throw new Error('away')
    return [plan]
  })
  await live(5 * SECOND)
  isAway = true
  for (let slot = 1; slot < 100; slot++) await live(SLOT)
  const slots = given.map(({ slot }) => (slot - BOUNDARY) / SLOT)
  assert.equal(new Set(slots).size, 96)
  assert.equal(Math.max(...slots), 95)
})
