import assert from 'node:assert/strict'
import test from 'node:test'
import { after, kilowatts, MINUTE, manualClock, Problem, SECOND, watts } from '#kernel'
import { scratchStore } from '#store'
import { beatOnce, startHeartbeat } from './heartbeat.ts'
import { eventually, flatPlan, openIsland, settleIsland, smallSite, TEN } from './island.fixture.ts'

async function island(t: Parameters<typeof scratchStore>[0], more: Parameters<typeof smallSite>[0] = {}, patience?: number) {
  const store = await scratchStore(t)
  const clock = manualClock(TEN)
  const site = smallSite(more)
  await settleIsland(store, site)
  return { store, clock, site, ...openIsland(store, clock, site, () => [], patience) }
}

test('a device gets the order of the plan with its reason, and a receipt from what it then measured', async (t) => {
  const { line, clock, site, made, news } = await island(t)
  await line.plans.keep(flatPlan(site, TEN, { BAT001: -20, CP001: 11 }))
  await beatOnce(line)
  const battery = made['BAT001']!
  await eventually(async () => (await line.setpoints.current(clock.now())).every((entry) => entry.answer), 'orders are answered')
  assert.equal(battery.got.length, 1)
  assert.equal(battery.got[0]!.power, kilowatts(-20))
  assert.equal(battery.got[0]!.because, 'As the plan says.')
  assert.equal(battery.got[0]!.rung, 'plan')
  clock.forward(20 * SECOND)
  await beatOnce(line)
  const views = await line.setpoints.views({}, clock.now())
  assert.deepEqual(
    views.map(({ device, powerKw, rung, receipt }) => [device, powerKw, rung, receipt?.outcome, receipt?.powerKw]),
    [
      ['BAT001', -20, 'plan', 'obeyed', -20],
      ['CP001', 11, 'plan', 'obeyed', 11],
    ],
  )
  assert.equal(battery.got.length, 1, 'an order that holds is not sent again')
  assert.ok(news.some((one) => one.kind === 'receipt' && one.device === 'BAT001' && one.outcome === 'obeyed'))
})

test('an order is in the journal before the device hears of it', async (t) => {
  const { line, site, made, clock } = await island(t)
  await line.plans.keep(flatPlan(site, TEN, { BAT001: 10 }))
  const seen: unknown[] = []
  const { apply } = made['BAT001']!
  made['BAT001']!.apply = async (setpoint) => {
    seen.push(...(await line.store.query('select power_w, answer from cariflex.setpoint where device = $1', ['BAT001'])))
    return apply(setpoint)
  }
  await beatOnce(line)
  await eventually(async () => (await line.setpoints.current(clock.now()))[0]?.answer !== undefined, 'the battery answered')
  assert.deepEqual(seen, [{ power_w: 10_000, answer: null }])
})

test('an order is renewed before it ends, in the same line of the journal', async (t) => {
  const { line, site, made, clock } = await island(t)
  await line.plans.keep(flatPlan(site, TEN, { BAT001: 10 }))
  for (let beat = 0; beat < 31; beat++) {
    await beatOnce(line)
    await eventually(() => !line.lanes.busy('BAT001'), 'the battery answered')
    clock.forward(10 * SECOND)
  }
  const rows = await line.store.query<{ until: number }>('select until from cariflex.setpoint where device = $1', ['BAT001'])
  assert.equal(rows.length, 1)
  assert.ok(rows[0]!.until > clock.now())
  assert.equal(made['BAT001']!.got.length, 2)
})

test('a device that hangs or throws gets a silent receipt and delays nobody', async (t) => {
  const { line, site, made, clock } = await island(t, { batteries: 4 }, 50)
  await line.plans.keep(flatPlan(site, TEN, { BAT001: 10, BAT002: 10, BAT003: 10, BAT004: 10 }))
  made['BAT001']!.manner = 'throw'
  made['BAT002']!.manner = 'hang'
  const beat = beatOnce(line)
  await eventually(() => made['BAT004']!.got.length === 1, 'the fourth battery has its order')
  await beat
  made['BAT003']!.reading = 'throw'
  clock.forward(30 * SECOND)
  await eventually(() => !line.lanes.busy('BAT002'), 'the hanging battery was given up')
  made['BAT002']!.reading = 'hang'
  const second = beatOnce(line)
  await eventually(() => {
    clock.forward(50)
    return line.watch.silence('BAT002') !== undefined
  }, 'patience ends')
  await second
  const outcome = async (device: string) => (await line.setpoints.views({ device }, clock.now()))[0]?.receipt
  assert.equal((await outcome('BAT001'))?.outcome, 'silent')
  assert.match((await outcome('BAT001'))?.why ?? '', /^Connection reset\. /)
  assert.equal((await outcome('BAT002'))?.outcome, 'silent')
  assert.equal((await outcome('BAT004'))?.outcome, 'obeyed')
  const alarms = await line.alarms.views(site.zone)
  assert.deepEqual(alarms.map((alarm) => [alarm.asset, alarm.code]).sort(), [
    [51, 'order-unanswered'],
    [52, 'order-unanswered'],
  ])
})

test('an obeyed order turns silent when its device does, and obeyed again when it returns', async (t) => {
  const { line, site, made, clock } = await island(t, { chargers: 0 })
  await line.plans.keep(flatPlan(site, TEN, { BAT001: 20 }))
  const beats = async (count: number) => {
    for (let beat = 0; beat < count; beat++) {
      clock.forward(10 * SECOND)
      await beatOnce(line)
      await eventually(() => !line.lanes.busy('BAT001'), 'told')
    }
    const [view] = await line.setpoints.views({}, clock.now())
    return [view?.receipt?.outcome, view?.receipt?.why]
  }
  assert.deepEqual(await beats(3), ['obeyed', null])
  made['BAT001']!.reading = 'throw'
  assert.deepEqual(await beats(3), ['obeyed', null], 'a look or two may be missed')
  assert.deepEqual(await beats(1), ['silent', 'No answer from the device.'])
  assert.deepEqual(
    (await line.alarms.views(site.zone)).map(({ code }) => code),
    ['order-unanswered'],
  )
  made['BAT001']!.reading = 'prompt'
  assert.deepEqual(await beats(1), ['obeyed', null])
  assert.deepEqual(await line.alarms.views(site.zone), [])
})

test('the order of a charger that lost its connection stays in the journal until it ends, and turns silent', async (t) => {
  const { line, site, made, clock } = await island(t, { batteries: 0 })
  const charger = made['CP001']!
  await line.plans.keep(flatPlan(site, TEN, { CP001: 11 }))
  await beatOnce(line)
  await eventually(() => charger.got.length === 1 && !line.lanes.busy('CP001'), 'told')
  clock.forward(20 * SECOND)
  await beatOnce(line)
  const seen = async () => (await line.setpoints.views({}, clock.now())).map(({ receipt }) => [receipt?.outcome, receipt?.why])
  assert.deepEqual(await seen(), [['obeyed', null]])
  const last = { power: charger.power, at: clock.now() }
  const able = charger.capability()
  charger.capability = () => ({ ...able, controllable: false, lack: 'connection', why: 'The station is not connected.' })
  charger.measured = () => last
  clock.forward(40 * SECOND)
  await beatOnce(line)
  assert.deepEqual(await seen(), [['silent', 'The station is not connected.']])
  assert.equal(charger.got.length, 1)
  clock.forward(5 * MINUTE)
  await beatOnce(line)
  assert.deepEqual(await seen(), [], 'it ended, and nobody wants another one of it')
})

test('a device that gives less says clipped, one that refuses says refused', async (t) => {
  const { line, site, made, clock } = await island(t, { batteries: 2 })
  await line.plans.keep(flatPlan(site, TEN, { BAT001: 20, BAT002: 20 }))
  made['BAT001']!.manner = 'half'
  made['BAT002']!.manner = 'refuse'
  await beatOnce(line)
  await eventually(async () => (await line.setpoints.current(clock.now())).every((entry) => entry.answer), 'answers')
  clock.forward(20 * SECOND)
  await beatOnce(line)
  const views = await line.setpoints.views({}, clock.now())
  assert.deepEqual(
    views.map(({ device, receipt }) => [device, receipt?.outcome, receipt?.why]),
    [
      ['BAT001', 'clipped', 'It gives way. Measured 10 kW of 20 kW.'],
      ['BAT002', 'refused', 'Rejected by the station. Measured 0 kW of 20 kW.'],
    ],
  )
})

test('a posted limit bends orders at once, and its end restores them', async (t) => {
  const { line, site, made, clock } = await island(t)
  await line.plans.keep(flatPlan(site, TEN, { BAT001: 30, CP001: 22 }))
  const heart = startHeartbeat(line)
  t.after(() => heart.stop())
  await heart.beat()
  await eventually(() => made['BAT001']!.power === kilowatts(30), 'the plan is followed')
  const limit = await line.limits.post({ maxKw: 0, until: after(TEN, 60 * MINUTE), origin: 'test' })
  await eventually(() => made['BAT001']!.power === 0 && made['CP001']!.power === 0, 'nothing consumes')
  const bent = await line.setpoints.views({}, clock.now())
  assert.deepEqual(
    bent.map(({ powerKw, rung }) => [powerKw, rung]),
    [
      [0, 'grid'],
      [0, 'grid'],
    ],
  )
  assert.match(bent[0]!.because, /grid operator allows at most 0 kW of consumption until 11:00/)
  await line.limits.end(limit.id)
  await eventually(() => made['BAT001']!.power === kilowatts(30) && made['CP001']!.power === kilowatts(22), 'the plan is back')
})

test('an override replaces the plan but not the grid', async (t) => {
  const { line, site, made, clock } = await island(t)
  await line.plans.keep(flatPlan(site, TEN, { BAT001: -30 }))
  const override = await line.overrides.post({ device: 'BAT001', powerKw: 40, until: after(TEN, 60 * MINUTE), owner: 'ops@example.com' })
  await beatOnce(line)
  await eventually(() => made['BAT001']!.power === kilowatts(40), 'the owner is heard')
  await line.limits.post({ asset: 51, maxKw: 12, until: after(TEN, 60 * MINUTE), origin: 'test' })
  await beatOnce(line)
  await eventually(() => made['BAT001']!.power === kilowatts(12), 'the grid stands above the owner')
  await line.overrides.undo(override.id, 'ops@example.com')
  await beatOnce(line)
  await eventually(() => made['BAT001']!.power === kilowatts(-30), 'the plan is back')
  const journal = await line.setpoints.views({ device: 'BAT001', from: TEN }, clock.now())
  assert.deepEqual(
    journal.map(({ rung }) => rung),
    ['plan', 'grid', 'override'],
  )
})

test('the sun gets no orders until it is held back, and is set free again', async (t) => {
  const { line, made, clock, site } = await island(t, { batteries: 0, chargers: 0, maxProduction: kilowatts(500) })
  const plant = made['PV001']!
  plant.power = kilowatts(-4)
  await beatOnce(line)
  assert.deepEqual(await line.setpoints.views({}, clock.now()), [])
  const limit = await line.limits.post({ minKw: -1, until: after(TEN, 60 * MINUTE), scope: 'site-net', origin: 'test' })
  await beatOnce(line)
  await eventually(() => plant.power === kilowatts(-1), 'held back')
  clock.forward(10 * SECOND)
  await beatOnce(line)
  await eventually(() => !line.lanes.busy('PV001'), 'quiet')
  assert.equal(plant.got.length, 1, 'still held back: what it could give is not seen')
  await line.limits.end(limit.id)
  await beatOnce(line)
  await eventually(() => plant.got.length === 2, 'set free')
  assert.equal(plant.got[1]!.power, kilowatts(-5))
  clock.forward(6 * MINUTE)
  await beatOnce(line)
  assert.deepEqual(await line.setpoints.views({}, clock.now()), [], 'and needs no order any more')
  assert.equal(site.maxProduction, 500_000)
})

test('a plant that is limited at night shows its limit, and obeys it whatever the sun does', async (t) => {
  const { line, made, clock } = await island(t, { batteries: 0, chargers: 0 })
  const plant = made['PV001']!
  plant.manner = 'ignore'
  await line.limits.post({ asset: 41, minKw: 0, until: after(TEN, 60 * MINUTE), origin: 'test' })
  await beatOnce(line)
  await eventually(() => plant.got.length === 1 && !line.lanes.busy('PV001'), 'told')
  clock.forward(20 * SECOND)
  await beatOnce(line)
  const [view] = await line.setpoints.views({}, clock.now())
  assert.deepEqual([view?.powerKw, view?.rung, view?.receipt?.outcome], [0, 'grid', 'obeyed'])
  assert.match(view!.because, /^The grid operator allows at most 0 kW of production until 11:00/)
  assert.equal(plant.got.length, 1, 'told once')
})

test('after a kill the next process tells what is in force again and keeps the journal', async (t) => {
  const { store, line, site, made, clock } = await island(t)
  await line.plans.keep(flatPlan(site, TEN, { BAT001: 15 }))
  await beatOnce(line)
  await eventually(() => made['BAT001']!.got.length === 1, 'the first process told it')
  clock.forward(30 * SECOND)
  const reborn = openIsland(store, clock, site)
  await beatOnce(reborn.line)
  await eventually(() => reborn.made['BAT001']!.got.length === 1, 'the second process told it again')
  const rows = await store.query('select id from cariflex.setpoint where device = $1', ['BAT001'])
  assert.equal(rows.length, 1, 'the same order, not a new one')
})

test('without a plan for the moment a device has no order, and falls back to its safe default', async (t) => {
  const { line, site, made, clock } = await island(t)
  await line.plans.keep(flatPlan(site, TEN, { BAT001: 15 }))
  clock.forward(25 * 60 * MINUTE)
  await beatOnce(line)
  assert.equal(made['BAT001']!.got.length, 0)
  assert.deepEqual(await line.setpoints.views({}, clock.now()), [])
})

test('a car that leaves ends its order', async (t) => {
  const { line, site, made, clock } = await island(t)
  await line.plans.keep(flatPlan(site, TEN, { CP001: 11 }))
  await beatOnce(line)
  await eventually(() => made['CP001']!.got.length === 1, 'the charger was told')
  made['CP001']!.plugged = false
  clock.forward(10 * SECOND)
  await beatOnce(line)
  assert.deepEqual(await line.setpoints.views({}, clock.now()), [])
})

test('readings become beliefs at the sensor’s resolution, with the sign of the sensor', async (t) => {
  const { line, made, clock } = await island(t)
  made['PV001']!.power = kilowatts(-4)
  for (let beat = 0; beat < 40; beat++) {
    if (beat === 15) made['PV001']!.power = kilowatts(-2)
    await beatOnce(line)
    clock.forward(10 * SECOND)
  }
  await line.recorder.settle(clock.now())
  await line.recorder.settle(clock.now())
  const events = await line.beliefs.events({ sensor: 41, from: TEN, until: after(TEN, 60 * MINUTE) })
  assert.deepEqual(
    events.map((event) => [event.start, event.value, event.beliefTime]),
    [[TEN, 3, after(TEN, 5 * MINUTE)]],
  )
  const levels = await line.beliefs.events({ sensor: 51, from: TEN, until: after(TEN, 60 * MINUTE) })
  assert.deepEqual(
    levels.map((event) => [event.start, event.value]),
    [
      [TEN, 50],
      [after(TEN, 5 * MINUTE), 50],
    ],
  )
})

test('a value on the load control sensor reaches devices at once, without waiting for the next heartbeat', async (t) => {
  const store = await scratchStore(t)
  const clock = manualClock(TEN)
  const site = smallSite()
  await settleIsland(store, site)
  const { line, made } = openIsland(store, clock, site, ({ beliefs }) => [
    {
      name: 'sensor 86',
      async limits(_, from, until) {
        const events = await beliefs.events({ sensor: 86, from: after(from, -15 * MINUTE), until })
        return events
          .filter((event) => event.value < 100)
          .map((event) => ({
            id: '86',
            rung: 'grid' as const,
            asset: site.asset,
            from: event.start,
            until: after(event.start, 15 * MINUTE),
            max: kilowatts(event.value),
            scope: 'flexible-consumption' as const,
            because: 'load control',
            origin: 'sensor 86',
          }))
      },
    },
  ])
  await line.plans.keep(flatPlan(site, TEN, { BAT001: 30, CP001: 11 }))
  const heart = startHeartbeat(line)
  t.after(() => heart.stop())
  await heart.beat()
  await eventually(() => made['CP001']!.power === kilowatts(11), 'the plan is followed')
  const source = await line.beliefs.source({ name: 'operator', type: 'user' })
  await line.beliefs.record([{ sensor: 86, source, starts: [TEN], values: [0] }])
  await eventually(() => made['BAT001']!.power === 0 && made['CP001']!.power === 0, 'nothing consumes')
  clock.forward(1)
  await line.beliefs.record([{ sensor: 86, source, starts: [TEN], values: [100] }])
  await eventually(() => made['BAT001']!.power === kilowatts(30) && made['CP001']!.power === kilowatts(11), 'the plan is back')
})

test('while the database is away devices keep their orders, an alarm says so, and the heart beats on', async (t) => {
  const store = await scratchStore(t)
  let isAway = false
  const leaky: typeof store = {
    ...store,
    query: (sql, params) =>
      isAway ? Promise.reject(new Problem('database-unavailable', 'The database is away.')) : store.query(sql, params),
    first: (sql, params) =>
      isAway ? Promise.reject(new Problem('database-unavailable', 'The database is away.')) : store.first(sql, params),
  }
  const clock = manualClock(TEN)
  const site = smallSite({ chargers: 0 })
  await settleIsland(store, site)
  const { line, made } = openIsland(leaky, clock, site)
  await line.plans.keep(flatPlan(site, TEN, { BAT001: 30 }))
  const heart = startHeartbeat(line)
  t.after(() => heart.stop())
  await heart.beat()
  await eventually(() => made['BAT001']!.power === kilowatts(30), 'the plan is followed')
  isAway = true
  clock.forward(10 * SECOND)
  await heart.beat()
  assert.equal(made['BAT001']!.got.length, 1)
  isAway = false
  await line.limits.post({ maxKw: 0, until: after(TEN, 60 * MINUTE), origin: 'test' })
  await eventually(() => made['BAT001']!.power === 0, 'it decides again')
})

test('in the plan cars are continuous; a charger takes what it cannot hold in one burst', async (t) => {
  const { line, site, made, clock } = await island(t, { batteries: 0 })
  await line.plans.keep(flatPlan(site, TEN, { CP001: 2.07 }))
  const seen: number[] = []
  for (let minute = 0; minute < 15; minute += 3) {
    await beatOnce(line)
    await eventually(() => !line.lanes.busy('CP001'), 'told')
    seen.push(made['CP001']!.power)
    clock.forward(3 * MINUTE)
  }
  assert.deepEqual(seen, [4140, 4140, 4140, 0, 0], 'half the quarter-hour at the smallest step')
  const [order] = await line.setpoints.views({ device: 'CP001' }, after(clock.now(), -2 * MINUTE))
  assert.match(order!.because, /On average 2.1 kW: the charger holds 4.1 kW or nothing/)
})

test('what a car gives in the plan below the smallest step it gives in one burst, and a trickle not at all', async (t) => {
  const { line, site, made, clock } = await island(t, { batteries: 0 })
  const { capability } = made['CP001']!
  made['CP001']!.capability = () => ({ ...capability(), minPower: watts(-11_000) })
  await line.plans.keep(flatPlan(site, TEN, { CP001: -2.07 }))
  const seen: number[] = []
  const look = async () => {
    await beatOnce(line)
    await eventually(() => !line.lanes.busy('CP001'), 'told')
    seen.push(made['CP001']!.power)
  }
  await look()
  clock.forward(9 * MINUTE)
  await look()
  await line.plans.keep(flatPlan(site, after(TEN, 15 * MINUTE), { CP001: -0.08 }))
  clock.forward(6 * MINUTE)
  await look()
  assert.deepEqual(seen, [-4140, 0, 0])
})

test('a charger that lost its connection is missed after half a minute', async (t) => {
  const { line, made, clock, site } = await island(t)
  const heart = startHeartbeat(line)
  t.after(() => heart.stop())
  made['CP001']!.capability = () => ({
    kind: 'evse',
    maxPower: watts(0),
    minPower: watts(0),
    minStep: watts(4140),
    controllable: false,
    lack: 'connection',
    why: 'The station is not connected.',
  })
  await heart.beat()
  assert.deepEqual(await line.alarms.views(site.zone), [], 'stations come back by themselves')
  clock.forward(40 * SECOND)
  await heart.beat()
  await eventually(async () => (await line.alarms.views(site.zone)).length === 1, 'the station is missed')
  const [alarm] = await line.alarms.views(site.zone)
  assert.deepEqual([alarm?.code, alarm?.message], ['device-silent', 'CP001 does not answer: The station is not connected.'])
})

test('a device that is out of order or out of reach raises an alarm, which ends with it', async (t) => {
  const { line, made, clock, site } = await island(t)
  const heart = startHeartbeat(line)
  t.after(() => heart.stop())
  const codes = async () => (await line.alarms.views(site.zone)).map((alarm) => [alarm.asset, alarm.code]).sort()
  await heart.beat()
  made['PV001']!.reading = 'throw'
  made['BAT001']!.plugged = false
  made['CP001']!.plugged = false
  await heart.beat()
  assert.deepEqual(await codes(), [[51, 'device-out']], 'a missed look is no alarm, a charger without a car neither')
  clock.forward(40 * SECOND)
  await heart.beat()
  await eventually(async () => (await codes()).length === 2, 'the plant is missed')
  assert.deepEqual(await codes(), [
    [41, 'device-silent'],
    [51, 'device-out'],
  ])
  made['PV001']!.reading = 'prompt'
  made['BAT001']!.plugged = true
  await heart.beat()
  await eventually(async () => (await codes()).length === 0, 'all is well')
})
