import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { after, HOUR, isProblem, MINUTE, manualClock, Problem, parseInstant, silentLog } from '#kernel'
import { scratchStore } from '#store'
import { declare, endDeclaration, listDeclarations } from '../declarations/declarations.ts'
import { SLOT } from '../declarations/outset.ts'
import type { Declaration } from '../declarations/wish.ts'
import { planCommunity } from '../planning/plan.ts'
import { inputsOfRound, latestRound } from './history.ts'
import type { PlanInThread, PlanTask } from './plan-thread.ts'
import { roundOf } from './round.ts'
import { startRounds } from './rounds.ts'

const START = parseInstant('2026-03-10T12:00:00+01:00')
const solve = ({ problem, previous }: PlanTask) => planCommunity(problem, problem.objective, { milliseconds: 10_000, previous })

async function house(t: TestContext, plan: PlanInThread = async (task) => solve(task)) {
  const store = await scratchStore(t)
  const clock = manualClock(after(START, -10 * MINUTE))
  const rounds = startRounds({
    ...{ store, clock, log: silentLog, plan, zone: 'Europe/Paris', objective: 'import', groups: [] },
    forecast: async () => Array.from({ length: 96 }, (_, slot) => (slot < 4 ? 2000 : -1000)),
    profileOf: async () => [1000, 1000],
  })
  t.after(() => rounds.close())
  return { store, clock, rounds }
}
const machine: Declaration = {
  appliance: 4001,
  home: 'R004',
  type: 112,
  wish: { kind: 'machine', done: { at: '2026-03-10T18:00:00+01:00' } },
}
const boiler: Declaration = {
  ...{ appliance: 4002, type: 131 },
  wish: { kind: 'water-heater', volumeL: 200, powerW: 2200, offPeak: [{ startSecond: 79_200, endSecond: 108_000 }] },
}

test('an appliance has one declaration that counts: a newer one replaces it, it can be cancelled once', async (t) => {
  const { store } = await house(t)
  const first = await declare(store, machine, START)
  const second = await declare(store, machine, START)
  await declare(store, boiler, START)
  assert.deepEqual(
    (await listDeclarations(store, 'R004')).map(({ id }) => id),
    [second.id],
  )
  assert.equal((await listDeclarations(store)).length, 2)
  const isUnknown = (error: unknown): boolean => isProblem(error) && error.code === 'unknown-declaration'
  await assert.rejects(endDeclaration(store, first.id, 'cancelled', START), isUnknown)
  await endDeclaration(store, second.id, 'cancelled', START)
  await assert.rejects(endDeclaration(store, second.id, 'started', START), isUnknown)
})

test('a round is made 30 s before a quarter begins, kept with its inputs, and written for the tools of ELFE', async (t) => {
  const { store, clock, rounds } = await house(t)
  await declare(store, machine, START)
  await declare(store, boiler, START)
  clock.forward(10 * MINUTE - 30_001)
  assert.equal(await latestRound(store), undefined)
  clock.forward(1)
  await rounds.close()
  const kept = (await latestRound(store))!
  assert.deepEqual([kept.start, kept.madeAt], [START, after(START, -30_000)])
  assert.deepEqual(solve({ ...roundOf((await inputsOfRound(store, START))!), milliseconds: 0 }).placements, kept.plan.placements)
  const rows = await store.query(
    'select machine_id, machine_type, decisions_0, decisions_95 from cariflex.community_result order by machine_id',
  )
  assert.deepEqual(rows, [
    { machine_id: 4001, machine_type: 112, decisions_0: 1, decisions_95: 0 },
    { machine_id: 4002, machine_type: 131, decisions_0: 0, decisions_95: 0 },
  ])
  const curve = await store.query('select power from cariflex.community_p_c_with_flexible_consumption order by data_timestamp limit 3')
  assert.deepEqual(curve, [{ power: 1000 }, { power: 1000 }, { power: 2000 }])
  const info = await store.first<{ consumer_count: number }>('select * from cariflex.community_ems_run_info')
  assert.equal(info?.consumer_count, 2)
})

test('what began in the slot before is not started again; a new declaration is', async (t) => {
  const { store, rounds } = await house(t)
  await declare(store, machine, START)
  await rounds.round(START)
  await rounds.round(after(START, SLOT))
  const frozen = (await latestRound(store))!
  assert.deepEqual(frozen.plan.placements, [])
  assert.equal(frozen.inputs.running[0]?.appliance, 4001)
  await declare(store, machine, after(START, SLOT))
  await rounds.round(after(START, 2 * SLOT))
  assert.equal((await latestRound(store))!.plan.placements.length, 1)
})

test('while no plan is made the last one goes on, and the round after the silence counts what it did', async (t) => {
  let isDown = false
  const { store, rounds } = await house(t, async (task) => {
    if (isDown) throw new Problem('community-plan-late', 'Late.', { status: 503 })
    return solve(task)
  })
  await declare(store, machine, START)
  await rounds.round(START)
  isDown = true
  for (let slot = 1; slot < 8; slot++) await rounds.round(after(START, slot * SLOT))
  assert.equal((await latestRound(store))!.start, START)
  isDown = false
  await rounds.round(after(START, 2 * HOUR))
  assert.equal((await latestRound(store))!.inputs.wishes[0]?.lastStart, '2026-03-10T11:00:00+00:00')
})

test('when the solver fails, kinds are left out from the least trusted on', async (t) => {
  const { store, rounds } = await house(t, async (task) => {
    if (task.problem.appliances.some(({ type }) => type === 131)) throw new Problem('community-plan-failed', 'Failed.', { status: 500 })
    return solve(task)
  })
  await declare(store, machine, START)
  await declare(store, boiler, START)
  await rounds.round(START)
  const kept = (await latestRound(store))!
  assert.deepEqual(kept.dropped, ['servo-heating', 'heating', 'vehicle', 'water-heater'])
  assert.deepEqual(
    kept.plan.placements.map(({ id }) => id),
    ['4001'],
  )
})
