import assert from 'node:assert/strict'
import test from 'node:test'
import { after, formatInstant, HOUR, isProblem, manualClock, parseInstant, systemClock } from '#kernel'
import { SLOT } from '../declarations/outset.ts'
import type { Wish } from '../declarations/wish.ts'
import { type CommunityPlan, planCommunity } from '../planning/plan.ts'
import { elfeRows } from './elfe-rows.ts'
import { planInThread } from './plan-thread.ts'
import { carryOn, type RoundInputs, type RoundWish, repairsSaid, roundOf } from './round.ts'

const START = parseInstant('2026-03-10T12:00:00+01:00')
const at = (slot: number): string => formatInstant(after(START, slot * SLOT))
const machine: Wish = { kind: 'machine', done: { at: at(40) } }
const wish = (appliance: number, wished: Wish, more: Partial<RoundWish> = {}): RoundWish => ({
  id: appliance,
  declaration: { appliance, type: 112, wish: wished },
  ...more,
})
/** Surplus of 3 kW in slots 20 to 27, else 2 kW lack. */
const balanceW = Array.from({ length: 96 }, (_, slot) => (slot >= 20 && slot < 28 ? 3000 : -2000))
const inputsOf = (wishes: readonly RoundWish[], more: Partial<RoundInputs> = {}): RoundInputs => ({
  ...{ format: 'cariflex.community.round/1', start: at(0), zone: 'Europe/Paris', objective: 'import', balanceW, wishes },
  ...{ running: [], groups: [], previous: {} },
  ...more,
})
function plan(inputs: RoundInputs): CommunityPlan {
  const { problem, previous } = roundOf(inputs)
  return planCommunity(problem, problem.objective, { milliseconds: 10_000, previous })
}
const startOf = (made: CommunityPlan, id: number): string | undefined => made.placements.find((one) => one.id === String(id))?.start

test('a machine waits for the surplus, and a machine that runs already takes its part of it', () => {
  const alone = inputsOf([wish(1, machine, { profileW: [3000, 3000, 3000, 3000] })])
  const first = (parseInstant(startOf(plan(alone), 1)!) - START) / SLOT
  assert.ok(first >= 20 && first <= 24, `slot ${first}`)
  const running = [{ appliance: 9, since: at(-2), profileKw: new Array<number>(28).fill(3) }]
  const beside = (parseInstant(startOf(plan({ ...alone, running }), 1)!) - START) / SLOT
  assert.ok(beside === 24, `slot ${beside}`)
})

test('what began is started once and goes on; what waits keeps its start in mind', () => {
  const inputs = inputsOf([
    wish(1, { ...machine, done: { at: at(4) } }, { profileW: [2000, 2000, 1000, 500] }),
    wish(2, machine, { profileW: [3000] }),
  ])
  const made = plan(inputs)
  assert.equal(parseInstant(startOf(made, 1)!), START)
  const legacy = carryOn(inputs, made, after(START, SLOT))
  assert.deepEqual(legacy.running, [{ appliance: 1, since: at(0), profileKw: [2, 2, 1, 0.5] }])
  assert.deepEqual(legacy.previous, { 2: startOf(made, 2) })
  const next = roundOf({ ...inputs, ...legacy, start: at(1) })
  assert.deepEqual(
    next.problem.appliances.map(({ id }) => id),
    ['2'],
  )
  assert.deepEqual(next.problem.baseConsumptionKw.slice(0, 4), [4, 3, 2.5, 2])
  const shifted = [...balanceW.slice(1), -2000]
  assert.equal(startOf(plan({ ...inputs, ...legacy, start: at(1), balanceW: shifted }), 2), startOf(made, 2))
  const muchLater = carryOn(inputs, made, after(START, 8 * HOUR))
  assert.deepEqual([muchLater.running, muchLater.wishes.map(({ lastStart }) => lastStart)], [[], [at(0), startOf(made, 2)]])
})

test('a standing machine is planned again only after the deadline that it was started for', () => {
  const daily: Wish = { kind: 'machine', done: { time: '18:00', days: [1, 2, 3, 4, 5, 6, 7] } }
  const planned = (start: string, lastStart: string) =>
    roundOf(inputsOf([wish(1, daily, { profileW: [500], lastStart })], { start })).problem.appliances.length
  assert.equal(planned('2026-03-10T17:00:00+01:00', '2026-03-10T14:00:00+01:00'), 0)
  assert.equal(planned('2026-03-10T18:00:00+01:00', '2026-03-10T14:00:00+01:00'), 1)
})

test('what a vehicle took and what a heater had is counted in the next round', () => {
  const car: Wish = {
    ...{ kind: 'vehicle', capacityWh: 40_000, nowPercent: 50, leastPercent: 60, powersW: [2000], done: { at: at(10) } },
    charging: 'interruptible',
  }
  const heating: Wish = {
    kind: 'heating',
    ecoW: 0,
    comfortW: 1000,
    ecoPercent: 25,
    week: [{ startSecond: 0, endSecond: 86_400 }],
    weekend: [],
  }
  const inputs = inputsOf([wish(1, car), wish(2, heating)])
  const made = plan(inputs)
  const [charged, heated] = carryOn(inputs, made, after(START, 8 * SLOT)).wishes
  const powers = made.placements.find(({ id }) => id === '1')!.powerKw!.slice(0, 8)
  assert.equal(
    charged!.takenWh,
    powers.reduce((sum, power) => sum + power * 250, 0),
  )
  assert.ok(charged!.takenWh! >= 3000, `${charged!.takenWh} Wh`)
  assert.equal(heated!.comfortBefore?.length, 8)
})

test('the same inputs through their JSON give the same plan', () => {
  const inputs = inputsOf([1, 2, 3].map((id) => wish(id, machine, { profileW: [1500, 1500, 500] })))
  const again = JSON.parse(JSON.stringify(inputs)) as RoundInputs
  assert.deepEqual(plan(again).placements, plan(inputs).placements)
})

test('a deadline that gave way is said; a dropped kind is not in the problem', () => {
  const inputs = inputsOf([wish(1, { ...machine, done: { at: at(-4) } }, { profileW: [1000, 1000] })])
  assert.deepEqual(repairsSaid(plan(inputs), inputs), [
    { appliance: 1, text: 'Its deadline has passed; it starts as soon as it can and is done at 12:30.' },
  ])
  assert.deepEqual(roundOf(inputs, new Set(['machine'])).problem.appliances, [])
})

test('decisions are those of ELFE: one at the start of a machine, a full reheat of a water heater, each slot of heating', () => {
  const boiler: Wish = {
    ...{ kind: 'water-heater', volumeL: 200, powerW: 2200, dayEnergyWh: 2200 },
    offPeak: [{ startSecond: 79_200, endSecond: 108_000 }],
  }
  const heating: Wish = {
    ...{ kind: 'heating', ecoW: 100, comfortW: 900, ecoPercent: 25 },
    ...{ week: [{ startSecond: 64_800, endSecond: 79_200 }], weekend: [] },
  }
  const inputs = inputsOf([wish(1, machine, { profileW: [3000, 3000] }), wish(2, boiler), wish(3, heating)])
  const made = plan(inputs)
  const rows = elfeRows(inputs, made)
  const ones = (id: number): number => rows.result.find((row) => row.machine_id === id)!.decisions.reduce((sum, one) => sum + one, 0)
  assert.deepEqual(
    rows.result.map(({ first_valid_timestamp, machine_id, result_type, machine_type, decisions }) => [
      ...[first_valid_timestamp, machine_id, result_type, machine_type, decisions.length],
    ]),
    [1, 2, 3].map((id) => [START / 1000, id, id === 3 ? 1 : 0, 112, 96]),
  )
  assert.deepEqual([ones(1), ones(2)], [1, 22])
  assert.equal(rows.result[0]!.decisions[(parseInstant(startOf(made, 1)!) - START) / SLOT], 1)
  assert.ok(ones(3) >= 12 && ones(3) <= 16, `${ones(3)} slots of comfort`)
  const [without, with_] = [rows.p_c_without_flexible_consumption, rows.p_c_with_flexible_consumption]
  assert.deepEqual([without[20], without.length], [{ data_timestamp: START / 1000 + 18_000, power: 3000 }, 96])
  const placed = without.reduce((sum, { power }, slot) => sum + power - with_[slot]!.power, 0)
  assert.ok(Math.abs(placed - made.loadKw.reduce((sum, power) => sum + power * 1000, 0)) < 1e-6, 'another load')
  const { consumer_count, conso_min_hour, conso_max_hour } = rows.ems_run_info
  assert.ok(consumer_count === 3 && conso_min_hour < 0 && conso_max_hour > 2000, JSON.stringify(rows.ems_run_info))
})

test('a plan is made in a thread of its own, which is killed when it is late', async () => {
  const { problem, previous } = roundOf(inputsOf([wish(1, machine, { profileW: [3000, 3000] })]))
  const made = await planInThread(systemClock)({ problem, previous, milliseconds: 5000 })
  assert.equal(made.placements.length, 1)
  const clock = manualClock(START)
  const late = planInThread(clock, 0)({ problem, previous, milliseconds: 1000 })
  clock.forward(1000)
  await assert.rejects(late, (error) => isProblem(error) && error.code === 'community-plan-late')
})
