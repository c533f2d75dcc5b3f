/** What is laid on stations, whether they keep it, what of it is remembered, and what cars are promised: on real sockets. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { after, formatInstant, HOUR, MINUTE, SECOND } from '#kernel'
import type { ChargingProfileType, Payload } from '#protocols/ocpp'
import { measured, NOW, rig, type StationOptions, setpoint } from '../rig.fixture.ts'
import { is, planned, plugged, until, WIDE } from './smart.fixture.ts'

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
