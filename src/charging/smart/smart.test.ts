/** What is laid on stations, whether they keep it, what of it is remembered, and what cars are promised: on real sockets. */
import assert from 'node:assert/strict'
import test from 'node:test'
import type { Plan } from '#ems'
import { openPlans } from '#ems'
import { after, formatInstant, HOUR, type Instant, isProblem, MINUTE, SECOND, wattHours } from '#kernel'
import { CallError, type ChargingProfileType, connectStation, OCPP21, type Payload, type V21 } from '#protocols/ocpp'
import { CAR, MODEL, measured, NOW, type Rig, rig, type StationOptions, setpoint, started } from '../rig.test.ts'

const WIDE = { ...MODEL, 'SmartChargingCtrlr.PeriodsPerSchedule': '24' }

async function plugged(house: Rig, options: StationOptions = {}, identity = 'CP001') {
  const station = await house.station(identity, options)
  await station.event('Started', 0, started({ meterValue: [measured(house.clock.now(), ['SoC', 40, 'Percent'])] }))
  station.calls.length = 0
  const profiles = () =>
    station.calls
      .filter(({ action }) => action === 'SetChargingProfile')
      .map(({ payload }) => payload['chargingProfile'] as ChargingProfileType)
  const draw = (power: number, seqNo: number) =>
    station.event('Updated', seqNo, { evse: { id: 1 }, meterValue: [measured(house.clock.now(), ['Power.Active.Import', power, 'W'])] })
  return { station, charger: house.devices.get(identity)!, profiles, draw }
}

/** A plan of the site in which CP001 takes so many kW from slot to slot. */
async function planned(house: Rig, powerKw: number[], start: Instant = NOW, more: Partial<Plan> = {}) {
  const plan = {
    id: `plan-${powerKw.join('-')}`,
    site: 1,
    madeAt: house.clock.now(),
    start,
    step: 15 * MINUTE,
    slots: powerKw.length,
    devices: [{ device: 'CP001', asset: 101, sensor: 61, powerKw, reasons: [] }],
    inflexibleKw: powerKw.map(() => 0),
    consumptionPrice: powerKw.map(() => 200),
    productionPrice: powerKw.map(() => 100),
    currency: 'EUR',
    objective: 0,
    bound: 0,
    gap: 0,
    solver: 'none',
    solveMs: 0,
    brokenWishes: [],
    trigger: 'test',
    ...more,
  } as unknown as Plan
  await openPlans(house.store).keep(plan)
  house.tell({ kind: 'plan', site: 1, plan: plan.id })
}

/** Lets what waits for sockets and the database run until the condition holds. */
async function until(condition: () => boolean, what: string) {
  for (let turns = 0; turns < 2000; turns++) {
    if (condition()) return
    await new Promise((resolve) => setImmediate(resolve))
    if (turns > 200) await new Promise((resolve) => setTimeout(resolve, 1))
  }
  assert.fail(what)
}

test('an order takes the plan with it: should we be lost, the station goes on with it, then falls to its safe default', async (t) => {
  const house = await rig(t)
  const { charger, profiles } = await plugged(house, { model: WIDE })
  await planned(house, [7, 7, 9, 0, 11])
  const order = setpoint(house.clock, 7000, { until: after(NOW, 5 * MINUTE) })
  await charger.apply(order)
  const [schedule] = profiles()[0]!.chargingSchedule
  assert.deepEqual(
    schedule?.chargingSchedulePeriod.map(({ startPeriod, limit }) => [startPeriod, limit]),
    [
      [0, 7000],
      [60 + 1800, 9000],
      [60 + 2700, 0],
      [60 + 3600, 11_000],
    ],
  )
  assert.equal(schedule?.duration, 60 + 3900 + 60)
  // Half an hour later the order is what the profile said: nothing needs to be told.
  house.clock.set(after(NOW, 31 * MINUTE))
  const answer = await charger.apply(setpoint(house.clock, 9000, { until: after(house.clock.now(), 5 * MINUTE) }))
  assert.deepEqual(answer, { answer: 'taken', applied: 9000 })
  assert.equal(profiles().length, 1)
  // An order cut short says that a limit is announced: the plan is not laid across it.
  await charger.apply(setpoint(house.clock, 8000, { until: after(house.clock.now(), 2 * MINUTE) }))
  assert.equal(profiles()[1]!.chargingSchedule[0]!.chargingSchedulePeriod.length, 1)
  // Neither is what is no plan.
  await charger.apply(setpoint(house.clock, 6000, { rung: 'grid', until: after(house.clock.now(), 5 * MINUTE) }))
  assert.equal(profiles()[2]!.chargingSchedule[0]!.chargingSchedulePeriod.length, 1)
})

test('a station that draws more than it was told is shown, alarmed and told again in another form, and what did not work is remembered of its model', async (t) => {
  const house = await rig(t)
  const { charger, profiles, draw, station } = await plugged(house)
  await charger.apply(setpoint(house.clock, 7000, { until: after(NOW, HOUR) }))
  const look = async (seconds: number, power: number, seqNo: number) => {
    house.clock.forward(seconds * SECOND)
    await draw(power, seqNo)
    house.clock.forward(5 * SECOND)
  }
  await look(20, 11_000, 1)
  assert.equal(charger.capability().controllable, true, 'the car had no time to follow')
  await look(20, 11_000, 2)
  await look(20, 11_000, 3)
  assert.equal(charger.capability().why, 'CP001 draws 11.0 kW where 7.0 kW is allowed.')
  assert.equal(charger.capability().controllable, false, 'what it takes is taken as it is: the others make room')
  assert.equal(house.charging.stations()[0]?.disobedience, 'CP001 draws 11.0 kW where 7.0 kW is allowed.')
  await until(() => profiles().length === 2, 'it was not told again')
  assert.deepEqual(
    profiles().map(({ chargingProfilePurpose, chargingSchedule }) => `${chargingProfilePurpose} ${chargingSchedule[0]?.chargingRateUnit}`),
    ['TxProfile W', 'TxProfile A'],
  )
  assert.ok(station.calls.some(({ action }) => action === 'ClearChargingProfile'))
  const alarm = () =>
    house.store.first<{ message: string }>("select message from cariflex.alarm where code = 'station-disobeys' and ended_at is null")
  await until(() => house.news.some((one) => one.kind === 'alarm' && one.active), 'nobody was told')
  assert.match((await alarm())!.message, /CP001 draws/)
  await look(40, 6900, 4)
  assert.equal(charger.capability().controllable, true)
  await until(() => house.news.some((one) => one.kind === 'alarm' && !one.active), 'the alarm did not end')
  // Another station of the model is spared the detour, and so is this one after a restart.
  await station.close()
  await house.restart()
  const other = await plugged(house, { password: 'correct-horse-battery' }, 'CP002')
  await other.charger.apply(setpoint(house.clock, 7000, { until: after(house.clock.now(), HOUR) }))
  assert.equal(other.profiles()[0]?.chargingSchedule[0]?.chargingRateUnit, 'A')
  assert.deepEqual(house.charging.card('CP002').learned.deaf, ['tx W'])
})

test('a station that says it would allow more keeps an old profile: cleared and laid anew, and from then on cleared first', async (t) => {
  const house = await rig(t)
  let held: number | undefined
  const on: NonNullable<StationOptions['on']> = {
    SetChargingProfile: ({ chargingProfile }) => {
      // Replacing does nothing to it, as with some wall boxes.
      const profile = chargingProfile as ChargingProfileType
      if (profile.chargingProfilePurpose === 'TxProfile') held ??= profile.chargingSchedule[0]!.chargingSchedulePeriod[0]!.limit
      return { status: 'Accepted' }
    },
    ClearChargingProfile: () => {
      held = undefined
      return { status: 'Accepted' }
    },
    GetCompositeSchedule: ({ evseId, duration, chargingRateUnit }) => ({
      status: 'Accepted',
      schedule: {
        evseId,
        duration,
        chargingRateUnit,
        scheduleStart: formatInstant(house.clock.now()),
        chargingSchedulePeriod: [{ startPeriod: 0, limit: held ?? 4140 }],
      } as unknown as Payload,
    }),
  }
  const { charger, station } = await plugged(house, { on })
  await charger.apply(setpoint(house.clock, 11_000, { until: after(NOW, HOUR) }))
  assert.equal(held, 11_000)
  assert.deepEqual(await charger.apply(setpoint(house.clock, 7000, { until: after(NOW, HOUR) })), { answer: 'taken', applied: 7000 })
  assert.equal(held, 7000)
  assert.equal(house.charging.card('CP001').learned.clearFirst, true)
  station.calls.length = 0
  await charger.apply(setpoint(house.clock, 6000, { until: after(NOW, HOUR) }))
  assert.deepEqual(
    station.calls.map(({ action }) => action),
    ['ClearChargingProfile', 'SetChargingProfile', 'GetCompositeSchedule'],
  )
})

test('a car that tells its needs has its schedule within seconds, within its limits and to its departure, plan or no plan', async (t) => {
  const house = await rig(t)
  const { station, charger, profiles } = await plugged(house, { model: WIDE })
  const tell = () =>
    station.say('NotifyEVChargingNeeds', {
      evseId: 1,
      maxScheduleTuples: 3,
      chargingNeeds: {
        requestedEnergyTransfer: 'AC_three_phase',
        departureTime: formatInstant(after(NOW, 3 * HOUR)),
        acChargingParameters: { energyAmount: 21_000, evMinCurrent: 6, evMaxCurrent: 16, evMaxVoltage: 400 },
      },
    })
  assert.deepEqual(await tell(), { status: 'Accepted' })
  // Nobody plans: after a few seconds it gets what is safe.
  house.clock.forward(4 * SECOND)
  await until(() => profiles().length === 1, 'the car waits in vain')
  const first = profiles()[0]!
  assert.equal(first.chargingProfilePurpose, 'TxProfile')
  assert.equal(first.transactionId, 'T1')
  assert.deepEqual(first.chargingSchedule[0]?.chargingSchedulePeriod, [{ startPeriod: 0, limit: 6 * 690 }])
  assert.ok(first.chargingSchedule[0]!.duration! >= 3 * 3600, 'it reaches to its departure')
  // The plan comes: the promise is kept anew, the whole way, and never above what the car takes.
  await planned(house, [22, 22, 0, 22, 5, 22, 22, 22, 0, 0, 9, 9, 9])
  await charger.apply(setpoint(house.clock, 22_000, { until: after(house.clock.now(), 5 * MINUTE) }))
  const second = profiles()[1]!.chargingSchedule[0]!
  assert.ok(second.chargingSchedulePeriod.length > 3)
  for (const { limit } of second.chargingSchedulePeriod) assert.ok(limit <= 16 * 690, `${limit} W is more than the car takes`)
  assert.ok(Math.abs(second.duration! - 3 * 3600) < 200)
  // It chooses from what was offered, or is refused (K15.FR.13); asking again (K17) is a promise again.
  const chosen = (limit: number) =>
    station.say('NotifyEVChargingSchedule', {
      evseId: 1,
      timeBase: formatInstant(house.clock.now()),
      chargingSchedule: { id: 1, chargingRateUnit: 'W', chargingSchedulePeriod: [{ startPeriod: 0, limit }] },
    })
  assert.equal((await chosen(0))['status'], 'Accepted')
  assert.equal((await chosen(11_040))['status'], 'Rejected', 'it would draw while the plan says 0')
  house.clock.forward(10 * SECOND)
  await tell()
  house.clock.forward(4 * SECOND)
  await until(() => profiles().length === 3, 'it was not offered anew')
})

test('a car that can choose is offered the plan, the sun of it and its cheap half, each with what energy costs, and never more than planned', async (t) => {
  const house = await rig(t)
  let takesSeveral = true
  const { station, charger, profiles } = await plugged(house, {
    model: WIDE,
    on: {
      SetChargingProfile: ({ chargingProfile }) => ({
        status: takesSeveral || (chargingProfile as ChargingProfileType).chargingSchedule.length === 1 ? 'Accepted' : 'Rejected',
      }),
    },
  })
  const tell = () =>
    station.say('NotifyEVChargingNeeds', {
      evseId: 1,
      maxScheduleTuples: 3,
      chargingNeeds: {
        requestedEnergyTransfer: 'AC_three_phase',
        departureTime: formatInstant(after(house.clock.now(), 2 * HOUR)),
        acChargingParameters: { energyAmount: 21_000, evMinCurrent: 6, evMaxCurrent: 16, evMaxVoltage: 400 },
      },
    })
  await planned(house, [11, 11, 11, 11, 11, 11, 11, 11], NOW, {
    consumptionPrice: [100, 100, 100, 100, 300, 300, 300, 300],
    inflexibleKw: [-5, -5, 1, 1, 1, 1, 1, 1],
  })
  await tell()
  const order = (power: number) => charger.apply(setpoint(house.clock, power, { until: after(house.clock.now(), 5 * MINUTE) }))
  await order(11_000)
  const schedules = profiles().at(-1)!.chargingSchedule
  const limits = schedules.map(({ chargingSchedulePeriod }) => chargingSchedulePeriod.map(({ startPeriod, limit }) => [startPeriod, limit]))
  assert.deepEqual(limits, [
    [[0, 11_000]],
    [
      [0, 5000],
      [60 + 1800, 0],
    ],
    [
      [0, 11_000],
      [60 + 3600, 0],
    ],
  ])
  assert.equal(new Set(schedules.map(({ id }) => id)).size, 3)
  assert.deepEqual(
    schedules.map(({ salesTariff }) => salesTariff?.salesTariffEntry.map(({ ePriceLevel }) => ePriceLevel)),
    [
      [1, 2],
      [1, 2],
      [1, 2],
    ],
  )
  // Another plan is no answer to needs: one schedule (K01.FR.34).
  await order(9000)
  assert.equal(profiles().at(-1)!.chargingSchedule.length, 1)
  // A station that takes one only gets one.
  takesSeveral = false
  house.clock.set(after(house.clock.now(), 10 * SECOND))
  await tell()
  await order(11_000)
  assert.deepEqual(
    profiles()
      .slice(-2)
      .map(({ chargingSchedule }) => chargingSchedule.length),
    [3, 1],
  )
})

/** A station of 2.1 with a car plugged in, which takes whatever it is told. */
async function plugged21(house: Rig, more: Record<string, string>, answers: Record<string, Payload> = {}) {
  const first = await house.station('CP001', { model: { ...MODEL, ...more } })
  await first.close()
  const calls: { action: string; payload: Payload }[] = []
  const session = await connectStation(house.url, {
    identity: 'CP001',
    clock: house.clock,
    versions: [OCPP21],
    handler: async (action, payload) => {
      calls.push({ action, payload })
      if (answers[action]) return answers[action]
      if (/^(TriggerMessage|UpdateDynamicSchedule|UsePriorityCharging|NotifyAllowedEnergyTransfer|AFRRSignal)$|Profile$/.test(action))
        return { status: 'Accepted' }
      throw new CallError('NotImplemented', action)
    },
  })
  const event = started({ meterValue: [measured(NOW, ['SoC', 60, 'Percent'])] })
  await session.call('TransactionEvent', {
    ...event,
    eventType: 'Started',
    seqNo: 0,
    timestamp: formatInstant(NOW),
    triggerReason: 'CablePluggedIn',
    transactionInfo: { transactionId: 'T21', chargingState: 'Charging' },
  })
  const said = (action: string) => calls.filter((call) => call.action === action).map(({ payload }) => payload)
  const profiles = () => said('SetChargingProfile').map(({ chargingProfile }) => chargingProfile as unknown as V21.ChargingProfileType)
  return { session, calls, said, profiles }
}

test('a station of 2.1 gives power back by set-points that end by themselves, pushed and pulled', async (t) => {
  const house = await rig(t)
  const v2g = { 'V2XChargingCtrlr.Enabled': 'true', 'SmartChargingCtrlr.SupportsDynamicProfiles': 'true' }
  const { session, calls, profiles: sent } = await plugged21(house, v2g)
  const charger = house.devices.get('CP001')!
  const hold = { until: after(NOW, 5 * MINUTE) }
  assert.deepEqual(await charger.apply(setpoint(house.clock, -8000, hold)), { answer: 'taken', applied: -8000 })
  const dynamic = sent().at(-1)!
  assert.equal(dynamic.chargingProfileKind, 'Dynamic')
  assert.equal(dynamic.chargingSchedule[0]?.duration, 300 + 60)
  assert.deepEqual(dynamic.chargingSchedule[0]?.chargingSchedulePeriod, [
    { startPeriod: 0, operationMode: 'CentralSetpoint', setpoint: -8000, limit: 0, dischargeLimit: -8000 },
  ])
  const before = sent().length
  await charger.apply(setpoint(house.clock, -3000, hold))
  assert.equal(sent().length, before)
  assert.deepEqual(calls.at(-1)?.action === 'GetCompositeSchedule' ? calls.at(-2) : calls.at(-1), {
    action: 'UpdateDynamicSchedule',
    payload: { chargingProfileId: dynamic.id, scheduleUpdate: { setpoint: -3000, limit: 0, dischargeLimit: -3000 } },
  })
  const pulled = await session.call('PullDynamicScheduleUpdate', { chargingProfileId: dynamic.id })
  assert.deepEqual(pulled['scheduleUpdate'], { setpoint: -3000, limit: 0, dischargeLimit: -3000 })
  assert.equal((await session.call('PullDynamicScheduleUpdate', { chargingProfileId: 99 }))['status'], 'Rejected')
  // Nobody turns it by hand; what a network operator signals goes through.
  const update = { chargingProfileId: dynamic.id, scheduleUpdate: { setpoint: 9000 } }
  await assert.rejects(house.charging.call('CP001', 'UpdateDynamicSchedule', update), is('command-not-allowed'))
  const signal = await house.charging.call('CP001', 'AFRRSignal', { timestamp: formatInstant(house.clock.now()), signal: 50 })
  assert.equal(signal.status, 'Accepted')
  session.close()
})

test('a driver in a hurry at a station of 2.1 charges by priority, within every limit, by our word or at the station itself', async (t) => {
  const house = await rig(t)
  const { session, said, profiles } = await plugged21(house, { 'SmartChargingCtrlr.PeriodsPerSchedule': '24' })
  const charger = house.devices.get('CP001')!
  const desk = house.charging.wishes
  const place = desk.session('T21')
  const hold = { until: after(NOW, 5 * MINUTE) }
  await charger.apply(setpoint(house.clock, 7000, hold))
  assert.equal(profiles().at(-1)?.chargingProfilePurpose, 'TxProfile')
  await desk.keep(place, { priority: true }, 'ann@example.com', { limits: [] })
  await until(() => said('UsePriorityCharging').length === 1, 'the station was not told of the hurry')
  assert.deepEqual(said('UsePriorityCharging'), [{ transactionId: 'T21', activate: true }])
  const [period, safe] = profiles().at(-1)!.chargingSchedule[0]!.chargingSchedulePeriod
  assert.deepEqual([profiles().at(-1)!.chargingProfilePurpose, period?.limit, safe?.limit], ['PriorityCharging', 7000, 4140])
  assert.equal(profiles().at(-1)!.chargingSchedule[0]!.duration, undefined, 'K01.FR.70')
  // The operator needs power: priority is no way around a limit.
  await charger.apply(setpoint(house.clock, 5000, { ...hold, rung: 'grid' }))
  const last = profiles().at(-1)!
  assert.deepEqual([last.chargingProfilePurpose, last.chargingSchedule[0]!.chargingSchedulePeriod[0]!.limit], ['PriorityCharging', 5000])
  assert.equal(said('UsePriorityCharging').length, 1, 'it is used already')
  // The driver lets it be.
  await desk.remove(place, 'ann@example.com')
  await until(() => said('ClearChargingProfile').some(({ chargingProfileId: id }) => id === last.id), 'priority was not ended')
  assert.deepEqual(said('UsePriorityCharging').at(-1), { transactionId: 'T21', activate: false })
  assert.equal(profiles().at(-1)?.chargingProfilePurpose, 'TxProfile')
  // At the station itself, and not any more.
  await session.call('NotifyPriorityCharging', { transactionId: 'T21', activated: true })
  assert.deepEqual((await desk.view(place, { limits: [] })).wish, { priority: true })
  await session.call('NotifyPriorityCharging', { transactionId: 'T21', activated: false })
  assert.equal((await desk.view(place, { limits: [] })).said, false)
  const kept = await house.charging.blocks.commands.list('CP001', {}, 'UTC')
  assert.ok(
    kept.some(({ action, status }) => action === 'UsePriorityCharging' && status === 'Accepted'),
    'its answer is shown',
  )
  session.close()
})

test('a station that will not charge by priority gets the order as any other', async (t) => {
  const house = await rig(t)
  const { session, said, profiles } = await plugged21(
    house,
    { 'SmartChargingCtrlr.PeriodsPerSchedule': '24' },
    { UsePriorityCharging: { status: 'Rejected' } },
  )
  const charger = house.devices.get('CP001')!
  await house.charging.wishes.keep(house.charging.wishes.session('T21'), { priority: true }, 'ann@example.com', { limits: [] })
  const hold = { until: after(NOW, 5 * MINUTE) }
  assert.deepEqual(await charger.apply(setpoint(house.clock, 7000, hold)), { answer: 'taken', applied: 7000 })
  assert.equal(profiles().at(-1)?.chargingProfilePurpose, 'TxProfile')
  await charger.apply(setpoint(house.clock, 9000, hold))
  assert.equal(said('UsePriorityCharging').length, 1, 'it is not asked again')
  session.close()
})

test('a station of 2.1 is told in which ways energy may flow, whenever owner or driver change their minds', async (t) => {
  const house = await rig(t)
  const { session, said } = await plugged21(house, { 'V2XChargingCtrlr.Enabled': 'true' })
  const desk = house.charging.wishes
  const place = desk.session('T21')
  const car = { asset: CAR.vehicle, device: 'V2G001', socSensor: CAR.soc, capacity: wattHours(75_000), floor: wattHours(15_000) }
  const told = async (count: number) => {
    await until(() => said('NotifyAllowedEnergyTransfer').length === count, `told ${count} times`)
    const { transactionId, allowedEnergyTransfer: modes } = said('NotifyAllowedEnergyTransfer').at(-1)!
    assert.equal(transactionId, 'T21')
    return (modes as string[]).includes('AC_BPT')
  }
  await desk.keep(place, { discharge: false }, 'driver page', { limits: [] })
  assert.equal(await told(1), false)
  await desk.remove(place, 'ann@example.com')
  assert.equal(await told(2), true)
  await desk.keep(place, { energyKwh: 5 }, 'ann@example.com', { limits: [] })
  await house.charging.registerVehicle({ ...car, v2g: false })
  assert.equal(await told(3), false)
  assert.equal(house.devices.get('CP001')!.capability().minPower, 0)
  await house.charging.registerVehicle({ ...car, v2g: true })
  assert.equal(await told(4), true)
  session.close()
})

test('a wish of the driver is judged, kept over a restart, heard by the planner, and bounds the charger by sun and purse', async (t) => {
  const house = await rig(t)
  const { charger, draw } = await plugged(house)
  const limits = { limits: [] }
  const desk = () => house.charging.wishes
  const place = () => desk().session('T1')
  await assert.rejects(desk().judge(place(), {}, limits), is('invalid-wish'))
  await assert.rejects(desk().judge(place(), { energyKwh: 1, socPercent: 2 }, limits), is('invalid-wish'))
  await assert.rejects(desk().judge(place(), { by: after(NOW, -1) }, limits), is('invalid-wish'))
  await assert.rejects(desk().judge(place(), { priority: true, solarOnly: true }, limits), is('invalid-wish'))
  await planned(house, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], NOW)
  const usual = charger.wish!()!
  const by = after(NOW, 2 * HOUR)
  const tried = await desk().judge(place(), { energyKwh: 40, by }, limits)
  assert.deepEqual([tried.feasible, tried.missingKwh > 0, tried.currency], [true, false, 'EUR'])
  assert.equal(tried.reasons[0], 'About 8.00 EUR for 40.0 kWh.')
  assert.deepEqual(charger.wish!(), usual, 'a trial changes nothing')
  const late = await desk().judge(place(), { energyKwh: 40, by: after(NOW, HOUR) }, limits)
  assert.equal(late.feasible, false)
  assert.match(late.reasons.join(' '), /18\.0 kWh will be missing at 09:00\. At most 22\.0 kW can flow/)
  house.news.length = 0
  await desk().keep(place(), { energyKwh: 40, by }, 'ann@example.com', limits)
  assert.ok(
    house.news.some((one) => one.kind === 'device' && one.what === 'changed'),
    'the plan is made anew',
  )
  const wished = charger.wish!()!
  assert.equal(wished.by, by)
  assert.ok(Math.abs(wished.soc - (30_000 + 40_000 * 0.95)) < 1)
  const much = await desk().judge(place(), { energyKwh: 60, by: after(NOW, 4 * HOUR) }, limits)
  assert.equal(much.feasible, false)
  assert.match(much.reasons.join(' '), /The battery has room for 47\.4 kWh\./)
  // As fast as possible.
  await desk().keep(place(), { socPercent: 80, priority: true }, 'ann@example.com', limits)
  assert.equal(charger.wish!()!.soc, 60_000)
  assert.equal(Math.round((charger.wish!()!.by - NOW) / MINUTE), Math.round((30 / 0.95 / 22) * 60))
  // At most three euros of energy at 0.20: 15 kWh.
  await desk().keep(place(), { socPercent: 100, maxCost: 3, by }, 'driver page', limits)
  assert.ok(Math.abs(charger.wish!()!.soc - (30_000 + 15_000 * 0.95)) < 50)
  house.clock.forward(60 * SECOND)
  assert.deepEqual(await desk().limits.limits(1, NOW, by), [])
  await draw(11_000, 1)
  await house.restart()
  const again = house.devices.get('CP001')!
  assert.deepEqual(house.charging.wishes.session('T1').plugged.transaction.id, 'T1')
  assert.equal((await desk().view(place(), limits)).wish.maxCost, 3, 'it outlives us')
  // Sixteen kWh later the purse is empty.
  const station = await house.station('CP001', { boot: false })
  const meter = (value: number, seqNo: number) =>
    station.event('Updated', seqNo, {
      evse: { id: 1 },
      meterValue: [measured(house.clock.now(), ['Energy.Active.Import.Register', value, 'Wh'])],
    })
  await meter(1000, 2)
  house.clock.forward(10 * SECOND)
  await meter(17_000, 3)
  await desk().refresh()
  const [spent] = await desk().limits.limits(1, NOW, by)
  assert.deepEqual([spent?.max, spent?.because, spent?.asset, spent?.scope], [0, 'What the driver wants to spend is spent.', 101, 'device'])
  // The sun only: what the site leaves, slot by slot.
  await desk().keep(place(), { solarOnly: true }, 'ann@example.com', limits)
  const sun = await desk().limits.limits(1, house.clock.now(), by)
  assert.deepEqual([sun.length > 0, sun.every(({ max }) => max === 0)], [true, true], 'there is none in this plan')
  assert.ok(again.wish!()!.soc <= again.capability().storage!.soc + 1)
  // Its owner lets it give back, the driver does not.
  await desk().keep(place(), { discharge: false }, 'driver page', limits)
  assert.equal(again.capability().minPower, 0)
  await desk().remove(place(), 'ann@example.com')
  assert.equal((await desk().view(place(), limits)).said, false)
})

test('a limit that somebody else laid on a station bounds what is planned for it, until it is cleared', async (t) => {
  const house = await rig(t)
  const { station, charger, profiles } = await plugged(house)
  const limit = (startPeriod: number, value: number) => ({ startPeriod, limit: value })
  await station.say('NotifyChargingLimit', {
    chargingLimit: { chargingLimitSource: 'EMS' },
    chargingSchedule: [{ id: 1, chargingRateUnit: 'A', duration: 600, chargingSchedulePeriod: [limit(0, 10), limit(300, 16)] }],
  })
  assert.equal(charger.capability().maxPower, 10 * 690)
  await charger.apply(setpoint(house.clock, 11_000, { until: after(NOW, HOUR) }))
  assert.equal(profiles()[0]?.chargingSchedule[0]?.chargingSchedulePeriod[0]?.limit, 6900)
  house.clock.set(after(NOW, 301_000))
  assert.equal(charger.capability().maxPower, 16 * 690)
  await station.say('NotifyChargingLimit', {
    evseId: 1,
    chargingLimit: { chargingLimitSource: 'SO' },
    chargingSchedule: [{ id: 1, chargingRateUnit: 'W', chargingSchedulePeriod: [limit(0, 5000)] }],
  })
  assert.equal(charger.capability().maxPower, 5000)
  await station.say('ClearedChargingLimit', { chargingLimitSource: 'SO' })
  assert.equal(charger.capability().maxPower, 16 * 690)
  house.clock.set(after(NOW, 601_000))
  assert.equal(charger.capability().maxPower, 22_000, 'it was over by itself')
})

const is = (code: string) => (error: unknown) => isProblem(error) && error.code === code
