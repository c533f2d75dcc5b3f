import assert from 'node:assert/strict'
import test from 'node:test'
import { after, HOUR, type Instant, MINUTE, manualClock, Problem, SECOND, wattHours } from '#kernel'
import { scratchStore } from '#store'
import { beatOnce } from './heartbeat.ts'
import { eventually, flatPlan, openIsland, settleIsland, smallSite, TEN } from './island.fixture.ts'
import type { Line } from './line.ts'
import type { Plan } from './plan.ts'
import { planOnce, startPlanner } from './planner.ts'
import { startSolverPool } from './scheduling/solver-pool.ts'

const pool = startSolverPool()
test.after(() => pool.close())

async function island(t: Parameters<typeof scratchStore>[0], more: Parameters<typeof smallSite>[0] = {}) {
  const store = await scratchStore(t)
  const clock = manualClock(TEN)
  const site = smallSite(more)
  await settleIsland(store, site)
  return { store, clock, site, ...openIsland(store, clock, site) }
}

/** Hourly prices from `from`: cheap (50) before 17:00 local, dear (300) from 17:00 to 21:00. */
async function marketPrices(line: Line, from: Instant, count: number, price?: (hour: number) => number) {
  const source = await line.beliefs.source({ name: 'market', type: 'market' })
  const starts = Array.from({ length: count }, (_, hour) => after(from, hour * HOUR))
  const values = starts.map((start) => (price ?? usual)(new Date(start - 4 * HOUR).getUTCHours()))
  await line.beliefs.record([{ sensor: 84, source, starts, values, beliefTime: after(from, -HOUR) }])
}
const usual = (hour: number) => (hour >= 17 && hour < 21 ? 300 : 50)
const midnight = after(TEN, -10 * HOUR)

const powerAt = (plan: Plan, device: string, hour: number) =>
  plan.devices.find((each) => each.device === device)!.powerKw[Math.round(((hour - 10) * HOUR) / plan.step)]!

test('the plan charges when energy is cheap, sells when it is dear, and says why', async (t) => {
  const { line, site, news } = await island(t, { chargers: 0 })
  await marketPrices(line, midnight, 72)
  const plan = (await planOnce(line, 'test', { pool }))!
  assert.equal(plan.start, TEN)
  assert.equal(plan.slots, 38 * 4, 'to the end of tomorrow')
  assert.ok(powerAt(plan, 'BAT001', 10) > 0)
  const battery = plan.devices[0]!
  assert.ok(
    battery.powerKw.slice(7 * 4, 11 * 4).some((power) => power < -20),
    'sells in the evening',
  )
  const selling = battery.reasons.find((reason) => battery.powerKw[reason.from]! < -20)!
  assert.match(selling.because, /dear \(180 EUR\/MWh\)/)
  assert.equal(battery.socKwh?.length, plan.slots + 1)
  assert.ok(plan.gap! <= 0.001 && plan.bound! <= plan.objective + 1e-6)
  assert.deepEqual(plan.notes, undefined)
  assert.deepEqual(await line.plans.latest(site.asset, line.clock.now()), plan)
  assert.ok(news.some((one) => one.kind === 'plan' && one.plan === plan.id))
  const planned = await line.beliefs.series({ sensor: 151, from: TEN, until: after(TEN, HOUR), sourceTypes: ['scheduler'] })
  assert.equal(planned.length, 12)
  assert.ok(Math.abs(planned[0]! - battery.powerKw[0]!) < 0.01, 'saved at five minutes, consumption positive')
  const level = await line.beliefs.events({ sensor: 51, from: after(TEN, 1), until: after(TEN, HOUR), sourceTypes: ['scheduler'] })
  assert.equal(level.length, 3)
  const { name, model } = (await line.store.first<{ name: string; model: string }>(
    "select name, model from data_source where type = 'scheduler'",
  ))!
  assert.deepEqual([name, model], ['Cariflex', 'StorageScheduler'])
})

test('the plan tells what holds each device slot by slot, what a kW costs and what more would bring', async (t) => {
  const { line } = await island(t, { chargers: 0 })
  await marketPrices(line, midnight, 72)
  const plan = (await planOnce(line, 'test', { pool }))!
  const [site] = plan.explanation!
  assert.equal(site!.name, 'site')
  assert.equal(site!.marginalPrice!.length, plan.slots)
  const noon = site!.marginalPrice![8]!
  const evening = site!.marginalPrice![8 * 4]!
  assert.ok(noon > 0 && noon < evening, `${noon} at noon, ${evening} in the evening`)
  const battery = plan.devices[0]!
  const { limits, storedValue, more } = battery.explanation!
  assert.equal(limits[0]!.from, 0)
  assert.equal(limits.at(-1)!.to, plan.slots)
  assert.ok(limits.every((run, index) => index === 0 || run.from === limits[index - 1]!.to))
  const selling = battery.powerKw.findIndex((power) => power < -49)
  assert.match(limits.find(({ from, to }) => from <= selling && selling < to)!.because, /full power/)
  assert.equal(storedValue!.length, plan.slots)
  assert.ok(more!.storage! > 0, 'it buys at noon and sells in the evening: more storage would sell more')
  assert.match(more!.because, /^One kWh more of storage would bring /)
})

test('where producing costs money the plan holds the sun back, the plant is told so, and is let go when it pays again', async (t) => {
  const { line, clock } = await island(t, { chargers: 0, batteries: 0, productionPriceShare: 1 })
  await marketPrices(line, midnight, 72, (hour) => (hour < 12 ? -40 : 80))
  const source = await line.beliefs.source({ name: 'sky', type: 'forecaster' })
  const hours = Array.from({ length: 10 }, (_, hour) => hour)
  const starts = hours.flatMap((hour) => Array.from({ length: 12 }, (_, part) => after(TEN, hour * HOUR + part * 5 * MINUTE)))
  await line.beliefs.record([{ sensor: 41, source, starts, values: starts.map(() => 4), beliefTime: TEN, sign: 'as-stored' }])
  const plan = (await planOnce(line, 'test', { pool }))!
  const [sun] = plan.devices
  assert.equal(sun!.device, 'PV001')
  assert.deepEqual(sun!.availableKw!.slice(0, 4), [-4, -4, -4, -4])
  assert.deepEqual(sun!.powerKw.slice(0, 8), new Array(8).fill(0))
  assert.deepEqual(sun!.powerKw.slice(9, 12), [-4, -4, -4])
  assert.match(sun!.reasons[0]!.because, /producing would cost money/)
  await beatOnce(line)
  const held = await line.setpoints.current(clock.now())
  assert.deepEqual(
    held.map(({ device, power, rung }) => [device, power, rung]),
    [['PV001', 0, 'plan']],
  )
  clock.forward(3 * HOUR)
  await planOnce(line, 'later', { pool })
  await beatOnce(line)
  const free = (await line.setpoints.current(clock.now())).find((each) => each.device === 'PV001')
  assert.ok(!free || free.power <= -4990, 'let go')
})

test('room is kept for a car that is away and usually comes, and nobody is told of a wish it may never have', async (t) => {
  const { line, site } = await island(t, { batteries: 1, chargers: 1 })
  await marketPrices(line, midnight, 72)
  for (const charger of line.devices.all()) if (charger.kind === 'evse') line.devices.remove(charger.id)
  const vehicle = site.devices.find(({ kind }) => kind === 'vehicle')!
  // Every evening at six with 20 kWh, away at seven in the morning with 50.
  const presence = new Array(168).fill(0).map((_, bin) => (bin % 24 >= 18 || bin % 24 < 7 ? 1 : 0))
  const habits = {
    presence,
    levelKwh: new Array(168).fill(30),
    arrivalKwh: 20,
    departureKwh: 50,
    departs: new Array(7).fill(7 * 60),
    days: 20,
  }
  const plan = (await planOnce(line, 'test', { pool, presence: async () => habits }))!
  const [car] = plan.expected!
  assert.equal(car!.device, vehicle.device)
  assert.equal(car!.needKwh, 30)
  assert.equal(car!.arrives, after(TEN, 8 * HOUR))
  assert.equal(car!.leaves, after(TEN, 21 * HOUR))
  const energy = car!.powerKw.reduce((sum, power) => sum + power / 4, 0)
  assert.ok(Math.abs(energy * 0.92 - 30) < 0.01, `${energy}`)
  assert.ok(
    car!.powerKw.every((power, slot) => power < 1e-6 || (slot >= 32 && slot < 84)),
    'only while it is there',
  )
  assert.ok(plan.devices.every(({ device }) => device !== vehicle.device))
  const asked = await planOnce(line, 'test', { pool, presence: async () => ({ ...habits, arrivalKwh: 49.9 }) })
  assert.equal(asked!.expected, undefined, 'a car that needs nothing is not waited for')
  assert.deepEqual(plan.brokenWishes, [])
})

test('a wish that cannot be met is named with what is missing and why', async (t) => {
  const { line, made, site } = await island(t)
  await marketPrices(line, midnight, 72)
  made['CP001']!.socKwh = 10
  made['CP001']!.wishes = { soc: wattHours(70_000), by: after(TEN, HOUR), floor: wattHours(0) }
  await beatOnce(line)
  const plan = (await planOnce(line, 'CP001: a car arrived', { pool }))!
  assert.equal(plan.brokenWishes.length, 1)
  const [broken] = plan.brokenWishes
  assert.deepEqual([broken!.name, broken!.cause], ['soc-minima', 'power'])
  assert.equal(broken!.at, after(TEN, HOUR))
  assert.ok(Math.abs(broken!.missingKwh - (60 - 22 * 0.95)) < 0.05)
  assert.equal(broken!.because, 'V2G001: 39 kWh will be missing at 11:00: the charger gives 22 kW.')
  const car = plan.devices.find((each) => each.device === 'CP001')!
  assert.deepEqual(car.powerKw.slice(0, 5), [22, 22, 22, 22, 0], 'best effort, then gone')
  assert.equal(plan.trigger, 'CP001: a car arrived')
  const missed = async () => (await line.alarms.views(site.zone)).some((alarm) => alarm.code === 'wish-broken' && alarm.asset === 61)
  assert.equal(await missed(), true)
  made['CP001']!.plugged = false
  await planOnce(line, 'CP001: the car left', { pool })
  assert.equal(await missed(), false, 'a car that left misses nothing')
})

test('a grid limit caps the plan, which keeps what it would have done without', async (t) => {
  const { line, clock } = await island(t, { batteries: 2, chargers: 0 })
  await marketPrices(line, midnight, 72)
  await line.limits.post({ maxKw: 30, until: after(TEN, HOUR), origin: 'test', because: 'The grid is tight until 11:00.' })
  const plan = (await planOnce(line, 'limit', { pool }))!
  const sum = (pick: (device: Plan['devices'][number]) => number[] | undefined, slot: number) =>
    plan.devices.reduce((total, device) => total + Math.max(0, pick(device)![slot]!), 0)
  for (let slot = 0; slot < 4; slot++) assert.ok(sum((device) => device.powerKw, slot) <= 30.001)
  assert.ok(sum((device) => device.freePowerKw, 0) > 60, 'free, both would charge at full power')
  const held = plan.devices.flatMap((device) => device.reasons.filter((reason) => reason.from === 0).map((reason) => reason.because))
  assert.ok(held.every((because) => because.includes('The grid is tight until 11:00.')))
  await beatOnce(line)
  const orders = await line.setpoints.views({}, clock.now())
  assert.deepEqual([...new Set(orders.map((order) => order.rung))], ['grid'], 'each order that the limit bent says so')
  assert.deepEqual([...new Set(orders.map((order) => order.because))], ['The grid is tight until 11:00.'])
})

test('a planner killed in mid-solve leaves the last plan in force, and says so', async (t) => {
  const { line, site, clock } = await island(t, { batteries: 3 })
  await marketPrices(line, midnight, 72)
  const own = startSolverPool()
  t.after(() => own.close())
  await own.ready()
  const killing = {
    ...own,
    plan: async (...args: Parameters<typeof own.plan>) => {
      const solving = own.plan(...args)
      own.killOne()
      await solving.catch(() => undefined)
      throw new Problem('solver-killed', 'The thread was killed again.')
    },
  }
  const unproven = (await planOnce(line, 'zeroth', { pool: killing }))!
  assert.equal(unproven.gap, null, 'without a last plan, one that is not proven is better than none')
  assert.match(unproven.notes!.join(), /not proven/)
  clock.forward(MINUTE)
  const first = (await planOnce(line, 'first', { pool }))!
  clock.forward(5 * MINUTE)
  const second = (await planOnce(line, 'second', { pool: killing }))!
  assert.match(second.fallback ?? '', /^The plan of 10:01 is kept: /)
  assert.deepEqual(second.devices, first.devices)
  assert.ok((await line.alarms.views(site.zone)).some((alarm) => alarm.code === 'planner' && alarm.active))
  const third = (await planOnce(line, 'third', { pool: own }))!
  assert.equal(third.fallback, undefined, 'the killed thread was replaced')
  assert.ok(third.gap !== null && third.gap <= 0.001)
  assert.ok(!(await line.alarms.views(site.zone)).some((alarm) => alarm.code === 'planner'))
})

test('when planning fails the last plan stays in force as long as it lasts, and says so', async (t) => {
  const { line, site, clock } = await island(t, { chargers: 0 })
  await marketPrices(line, midnight, 72)
  const first = (await planOnce(line, 'first', { pool }))!
  clock.forward(5 * MINUTE)
  const broken = { ...pool, solve: () => Promise.reject(new Error('out of memory')) }
  const beliefs = { ...line.beliefs, series: () => Promise.reject(new Error('no series today')) }
  const failing = { ...line, beliefs }
  const second = (await planOnce(failing, 'second', { pool: broken }))!
  assert.match(second.fallback ?? '', /^The plan of 10:00 is kept: No series today\.$/)
  assert.deepEqual(second.devices, first.devices)
  clock.forward(5 * MINUTE)
  const third = (await planOnce(failing, 'third', { pool: broken }))!
  assert.equal(third.fallback, second.fallback, 'the reason of the first failure stays')
  assert.ok((await line.alarms.views(site.zone)).some((alarm) => alarm.code === 'planner' && alarm.active))
  clock.forward(48 * HOUR)
  assert.equal(await planOnce(failing, 'fourth', { pool: broken }), undefined, 'a plan that is over is not kept')
})

test('with nothing new the next plan is the same plan', async (t) => {
  const { line } = await island(t)
  await marketPrices(line, midnight, 72)
  const one = (await planOnce(line, 'one', { pool }))!
  const other = (await planOnce(line, 'other', { pool }))!
  assert.notEqual(one.id, other.id)
  one.devices.forEach(({ device, powerKw }, index) => {
    powerKw.forEach((power, slot) => {
      assert.ok(
        Math.abs(power - other.devices[index]!.powerKw[slot]!) < 0.0015,
        `${device}, slot ${slot}: ${power} and then ${other.devices[index]!.powerKw[slot]}`,
      )
    })
  })
})

test('without prices of tomorrow the last known day stands in, and the plan says so', async (t) => {
  const { line, site } = await island(t, { chargers: 0 })
  await marketPrices(line, after(midnight, -24 * HOUR), 36)
  const plan = (await planOnce(line, 'test', { pool }))!
  const hour = (at: number) => plan.consumptionPrice[(at - 10) * 4]
  assert.deepEqual([hour(11), hour(13), hour(18), hour(22), hour(24 + 18)], [50, 50, 300, 50, 300])
  assert.match(plan.notes![0]!, /last known day/)
  assert.ok((await line.alarms.views(site.zone)).some((alarm) => alarm.code === 'prices-missing'))
})

test('without any price the site plans for self-consumption', async (t) => {
  const { line, site } = await island(t, { chargers: 0, pv: 1 })
  const source = await line.beliefs.source({ name: 'Cariflex', type: 'forecaster' })
  const starts = Array.from({ length: 12 * 6 }, (_, i) => after(TEN, i * 5 * MINUTE))
  await line.beliefs.record([{ sensor: 41, source, starts, values: starts.map((_, i) => (i < 12 ? 40 : -30)) }])
  const plan = (await planOnce(line, 'test', { pool }))!
  assert.equal(plan.inflexibleKw[0], -40)
  assert.ok(powerAt(plan, 'BAT001', 10) >= 39.9, 'the sun is stored')
  assert.match(plan.devices[0]!.reasons[0]!.because, /surplus/)
  assert.equal(new Set(plan.consumptionPrice).size, 1)
  assert.match(plan.notes![0]!, /self-consumption/)
  assert.ok((await line.alarms.views(site.zone)).some((alarm) => alarm.code === 'prices-missing'))
})

test('news is gathered into one plan, and a clock jump calls for another', async (t) => {
  const { line, clock, site } = await island(t)
  await marketPrices(line, midnight, 96)
  const planner = startPlanner(line, { pool })
  t.after(() => planner.stop())
  const plans = () => line.store.query<{ body: Plan }>('select body from cariflex.plan order by made_at')
  for (const what of ['unplugged', 'plugged'] as const) line.bus.tell({ kind: 'device', device: 'CP001', asset: 61, what })
  clock.forward(300)
  await eventually(async () => (await plans()).length === 1, 'a plan on news')
  assert.equal((await plans())[0]!.body.trigger, 'CP001: a car arrived', 'the newest news wins')
  await planner.plan('settled')
  clock.set(after(clock.now(), 3 * HOUR))
  clock.forward(10 * SECOND)
  clock.forward(300)
  await eventually(async () => (await line.plans.latest(site.asset, clock.now()))?.trigger === 'the clock jumped', 'a plan after the jump')
  const plan = (await line.plans.latest(site.asset, clock.now()))!
  assert.equal(plan.start, after(TEN, 3 * HOUR))
})

test('a clock set back does not follow the plan of the future', async (t) => {
  const { line, clock, site, made } = await island(t)
  await line.plans.keep(flatPlan(site, TEN, { BAT001: 10 }))
  await line.plans.keep(flatPlan(site, after(TEN, 2 * HOUR), { BAT001: -10 }))
  clock.forward(5 * MINUTE)
  await beatOnce(line)
  await eventually(() => made['BAT001']!.got.length === 1, 'an order')
  assert.equal(made['BAT001']!.got[0]!.power, 10_000)
})

test('on the night the clocks change in Paris the plan has 23 and 25 hours', async (t) => {
  const { line, clock } = await island(t, { zone: 'Europe/Paris', chargers: 0 })
  clock.set(Date.parse('2026-10-24T22:00:00+02:00') as Instant)
  const autumn = (await planOnce(line, 'test', { pool }))!
  assert.equal(autumn.slots, 2 * 4 + 25 * 4)
  clock.set(Date.parse('2027-03-27T22:00:00+01:00') as Instant)
  const spring = (await planOnce(line, 'test', { pool }))!
  assert.equal(spring.slots, 2 * 4 + 23 * 4)
})
