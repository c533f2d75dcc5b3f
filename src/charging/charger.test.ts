import assert from 'node:assert/strict'
import test from 'node:test'
import { after, isProblem } from '#kernel'
import { CallError, type ChargingProfileType, compositeSchedule, type InstalledProfile, type Payload } from '#protocols/ocpp'
import { MODEL, measured, NOW, type Rig, rig, type StationOptions, setpoint, started } from './rig.fixture.ts'

type Answers = NonNullable<StationOptions['on']>

const V2X = { ...MODEL, 'V2XChargingCtrlr.Enabled': 'true' }

/** A car plugged into CP001, and its charger. */
async function plugged(house: Rig, options: StationOptions = {}) {
  const station = await house.station('CP001', options)
  await station.event('Started', 0, started({ meterValue: [measured(NOW, ['SoC', 40, 'Percent'])] }))
  station.calls.length = 0
  const profiles = () => station.calls.filter(({ action }) => action === 'SetChargingProfile').map(({ payload }) => payload)
  const profile = (index = 0) => profiles()[index]?.['chargingProfile'] as unknown as ChargingProfileType
  return { station, charger: house.devices.get('CP001')!, profiles, profile }
}

/** A station that keeps profiles and answers composite schedules by the engine of the protocol room. */
function engine(house: () => Rig, unit: 'A' | 'W' = 'W'): Answers {
  const installed: InstalledProfile[] = []
  return {
    SetChargingProfile: ({ evseId, chargingProfile }) => {
      const profile = chargingProfile as ChargingProfileType
      const old = installed.findIndex((one) => one.profile.id === profile.id)
      if (old >= 0) installed.splice(old, 1)
      installed.push({ evseId: evseId as number, profile })
      return { status: 'Accepted' }
    },
    GetCompositeSchedule: ({ evseId, duration, chargingRateUnit }) => {
      const from = house().clock.now()
      const until = after(from, (duration as number) * 1000)
      const asked = (chargingRateUnit ?? unit) as 'A' | 'W'
      const schedule = compositeSchedule({ profiles: installed, evseId: evseId as number, from, until, unit: asked, transactionStart: NOW })
      const scheduleStart = new Date(from).toISOString()
      return {
        status: 'Accepted',
        schedule: { chargingSchedulePeriod: schedule, evseId, duration, scheduleStart, chargingRateUnit: asked } as unknown as Payload,
      }
    },
  }
}

test('what a charger can do follows from the car, the token, the cable and what the station declares', async (t) => {
  const house = await rig(t)
  const charger = house.devices.get('CP001')!
  assert.equal(charger.capability().why, 'The station is not connected.')
  const station = await house.station()
  assert.equal(charger.capability().why, 'No car is plugged in.')
  assert.deepEqual(charger.measured(), { power: 0, at: NOW })
  await station.event('Started', 0, started({ cableMaxCurrent: 20, meterValue: [measured(NOW, ['SoC', 40, 'Percent'])] }))
  const capability = charger.capability()
  assert.equal(capability.controllable, true)
  assert.equal(capability.maxPower, 20 * 230 * 3)
  assert.equal(capability.minStep, 4140)
  assert.equal(capability.minPower, 0, 'a car that could is not discharged through a station that declares nothing')
  assert.deepEqual([capability.storage?.soc, capability.storage?.capacity, capability.storage?.min], [30_000, 75_000, 15_000])
  await station.say('StatusNotification', { timestamp: '2026-11-24T12:00:10Z', connectorStatus: 'Faulted', evseId: 1, connectorId: 1 })
  assert.equal(charger.capability().controllable, false)
  assert.ok(house.news.some((one) => one.kind === 'device' && one.what === 'faulted'))
})

test('discharge is offered only where both the station and the car declare it', async (t) => {
  const house = await rig(t)
  const { charger, profile } = await plugged(house, { model: V2X })
  assert.equal(charger.capability().minPower, -22_000)
  const answer = await charger.apply(setpoint(house.clock, -8000))
  assert.deepEqual(answer, { answer: 'taken', applied: -8000 })
  assert.equal(profile().chargingSchedule[0]?.chargingSchedulePeriod[0]?.limit, -8000)
})

test('that a station can give power back may change with the car, and is asked again when it comes back', async (t) => {
  const house = await rig(t)
  const on: Answers = {
    GetVariables: ({ getVariableData }) => ({
      getVariableResult: (getVariableData as Payload[]).map(({ component, variable }) => ({
        component,
        variable,
        attributeStatus: 'Accepted',
        attributeValue: 'true',
      })),
    }),
  }
  const { charger, station } = await plugged(house, { model: { ...V2X, 'V2XChargingCtrlr.Available': 'true' }, on })
  const tell = (actualValue: string) =>
    station.say('NotifyEvent', {
      generatedAt: '2026-11-24T12:00:10Z',
      seqNo: 0,
      eventData: [
        {
          eventId: 1,
          timestamp: '2026-11-24T12:00:10Z',
          trigger: 'Delta',
          actualValue,
          eventNotificationType: 'HardWiredNotification',
          component: { name: 'V2XChargingCtrlr' },
          variable: { name: 'Available' },
        },
      ],
    })
  assert.equal(charger.capability().minPower, -22_000)
  await tell('false')
  assert.equal(charger.capability().minPower, 0)
  assert.ok(house.news.some((one) => one.kind === 'device' && one.what === 'changed'))
  await station.close()
  await house.restart()
  const again = await house.station('CP001', { boot: false, on })
  assert.equal(house.devices.get('CP001')?.capability().minPower, 0, 'it was kept')
  await again.say('Heartbeat', {})
  await again.called('GetTransactionStatus')
  assert.equal(house.devices.get('CP001')?.capability().minPower, -22_000)
})

test('an order to discharge never reaches a station that did not declare that it can', async (t) => {
  const house = await rig(t)
  const { charger, profile } = await plugged(house)
  assert.deepEqual(await charger.apply(setpoint(house.clock, -8000)), { answer: 'taken', applied: 0 })
  assert.equal(profile().chargingSchedule[0]?.chargingSchedulePeriod[0]?.limit, 0)
})

test('an order becomes one plain profile that starts a minute ago and ends shortly after the order', async (t) => {
  const house = await rig(t)
  const { charger, profiles } = await plugged(house)
  const answer = await charger.apply(setpoint(house.clock, 7000.9))
  assert.deepEqual(answer, { answer: 'taken', applied: 7000 })
  assert.deepEqual(profiles(), [
    {
      evseId: 1,
      chargingProfile: {
        id: 3,
        stackLevel: 0,
        chargingProfilePurpose: 'TxProfile',
        chargingProfileKind: 'Absolute',
        transactionId: 'T1',
        chargingSchedule: [
          {
            id: 3,
            startSchedule: '2026-11-24T11:59:10Z',
            duration: 60 + 900 + 60,
            chargingRateUnit: 'W',
            chargingSchedulePeriod: [{ startPeriod: 0, limit: 7000 }],
          },
        ],
      },
    },
  ])
  const kept = await house.store.first('select status, limit_value, unit from cariflex.charging_profile where profile_id = 3')
  assert.deepEqual(kept, { status: 'Accepted', limit_value: 7000, unit: 'W' })
  assert.equal(house.charging.stations()[0]?.limit?.because, 'Cheap sun at noon.')
})

test('a station that only knows amperes gets them, rounded down', async (t) => {
  const house = await rig(t)
  const { charger, profile } = await plugged(house, { model: { 'SmartChargingCtrlr.RateUnit': 'Current' } })
  const answer = await charger.apply(setpoint(house.clock, 7000))
  assert.equal(profile().chargingSchedule[0]?.chargingRateUnit, 'A')
  assert.equal(profile().chargingSchedule[0]?.chargingSchedulePeriod[0]?.limit, 10.1)
  assert.deepEqual(answer, { answer: 'taken', applied: 10.1 * 3 * 230 })
})

test('below 6 A a car cannot be told anything but to pause', async (t) => {
  const house = await rig(t)
  const { charger, profile } = await plugged(house)
  assert.deepEqual(await charger.apply(setpoint(house.clock, 4100)), { answer: 'taken', applied: 0 })
  assert.equal(profile().chargingSchedule[0]?.chargingSchedulePeriod[0]?.limit, 0)
})

test('the same order is not sent again while it still holds long enough, another one is', async (t) => {
  const house = await rig(t)
  const { charger, profiles } = await plugged(house)
  await charger.apply(setpoint(house.clock, 7000))
  house.clock.forward(10_000)
  assert.deepEqual(await charger.apply(setpoint(house.clock, 7000)), { answer: 'taken', applied: 7000 })
  assert.equal(profiles().length, 1)
  await charger.apply(setpoint(house.clock, 6000))
  assert.equal(profiles().length, 2)
  house.clock.forward(500_000)
  await charger.apply(setpoint(house.clock, 6000))
  assert.equal(profiles().length, 3, 'less than half of its time was left')
})

test('a station that came back gets its order again', async (t) => {
  const house = await rig(t)
  const { charger, station } = await plugged(house)
  await charger.apply(setpoint(house.clock, 7000))
  await station.close()
  assert.equal((await charger.apply(setpoint(house.clock, 7000))).answer, 'silent')
  const again = await house.station('CP001', { boot: false })
  assert.deepEqual(await charger.apply(setpoint(house.clock, 7000)), { answer: 'taken', applied: 7000 })
  assert.ok(again.calls.some(({ action }) => action === 'SetChargingProfile'))
})

test('what the station really holds is read back, and said when it is less than ordered', async (t) => {
  let house!: Rig
  house = await rig(t)
  const { charger, station } = await plugged(house, { on: engine(() => house) })
  assert.deepEqual(await charger.apply(setpoint(house.clock, 7000)), { answer: 'taken', applied: 7000 })
  assert.ok(station.calls.some(({ action }) => action === 'GetCompositeSchedule'))
  // The installation allows less than the car and the charger: its limit was laid at boot and holds.
  await station.close()
  await house.charging.registerStation({ identity: 'CP001', asset: 101, powerSensor: 61, nominalW: 22_000, maxCurrentA: 10 })
  const again = await house.station('CP001', { boot: false, on: engine(() => house) })
  await again.say('Heartbeat', {})
  for (;;) if ((await again.called('TriggerMessage'))['requestedMessage'] === 'StatusNotification') break
  await house.charging.registerStation({ identity: 'CP001', asset: 101, powerSensor: 61, nominalW: 22_000, maxCurrentA: 32 })
  const answer = await charger.apply(setpoint(house.clock, 11_000))
  assert.equal(answer.applied, 6900)
  assert.equal(answer.why, 'The station holds 6.90 kW where 11.00 kW was ordered.')
  assert.equal(house.charging.stations()[0]?.limit?.kw, 6.9)
})

test('when the platform is lost the order runs out and the safe default remains', async (t) => {
  let house!: Rig
  house = await rig(t)
  const answers = engine(() => house)
  const { charger, station } = await plugged(house, { on: answers })
  await charger.apply(setpoint(house.clock, 11_000))
  const limit = () => {
    const { schedule } = answers['GetCompositeSchedule']!({ evseId: 1, duration: 60, chargingRateUnit: 'A' }) as unknown as {
      schedule: { chargingSchedulePeriod: { limit: number }[] }
    }
    return schedule.chargingSchedulePeriod[0]!.limit
  }
  assert.ok(Math.abs(limit() - 11_000 / 690) < 1e-3)
  await station.close()
  house.clock.set(after(NOW, 961_000))
  assert.equal(limit(), 6)
})

test('a refused profile is tried in another unit, then as a default, and what worked is remembered', async (t) => {
  const house = await rig(t)
  const tried: string[] = []
  const { charger, station } = await plugged(house, {
    on: {
      SetChargingProfile: ({ chargingProfile }) => {
        const { chargingProfilePurpose, chargingSchedule } = chargingProfile as ChargingProfileType
        tried.push(`${chargingProfilePurpose} ${chargingSchedule[0]?.chargingRateUnit}`)
        const good = chargingProfilePurpose === 'TxDefaultProfile' && chargingSchedule[0]?.chargingRateUnit === 'A'
        return good ? { status: 'Accepted' } : { status: 'Rejected', statusInfo: { reasonCode: 'InvalidProfile' } }
      },
    },
  })
  tried.length = 0
  assert.deepEqual(await charger.apply(setpoint(house.clock, 6900)), { answer: 'taken', applied: 6900 })
  assert.deepEqual(tried, ['TxProfile W', 'TxProfile A', 'TxDefaultProfile W', 'TxDefaultProfile A'])
  const last = station.calls.findLast(({ action }) => action === 'SetChargingProfile')?.payload['chargingProfile'] as ChargingProfileType
  assert.equal(last.stackLevel, 1, 'it must lie above the safe default')
  tried.length = 0
  await charger.apply(setpoint(house.clock, 13_800))
  assert.deepEqual(tried, ['TxDefaultProfile A'])
})

test('a refusal is told with the status and the reason of the station', async (t) => {
  const house = await rig(t)
  const { charger } = await plugged(house, {
    on: {
      SetChargingProfile: () => ({ status: 'Rejected', statusInfo: { reasonCode: 'TxNotFound', additionalInfo: 'no such transaction' } }),
    },
  })
  assert.deepEqual(await charger.apply(setpoint(house.clock, 7000)), {
    answer: 'refused',
    why: 'The station refused the profile: Rejected (TxNotFound: no such transaction).',
  })
})

test('a station that asks for slower orders is left in peace for as long', async (t) => {
  const house = await rig(t)
  const { charger, profiles } = await plugged(house, {
    on: { SetChargingProfile: () => ({ status: 'Rejected', statusInfo: { reasonCode: 'RateLimitExceeded', additionalInfo: '20' } }) },
  })
  assert.equal((await charger.apply(setpoint(house.clock, 7000))).answer, 'refused')
  assert.equal((await charger.apply(setpoint(house.clock, 8000))).why, 'The station asked for a pause of 20 s.')
  assert.equal(profiles().length, 1)
  house.clock.forward(21_000)
  await charger.apply(setpoint(house.clock, 8000))
  assert.equal(profiles().length, 2)
})

test('a station that does not answer is silent, and the order goes out again', async (t) => {
  const house = await rig(t)
  let deaf = false
  const { charger, station, profiles } = await plugged(house, {
    on: { SetChargingProfile: () => (deaf ? new Promise(() => undefined) : { status: 'Accepted' }) },
  })
  deaf = true
  const answer = charger.apply(setpoint(house.clock, 7000))
  await station.called('SetChargingProfile')
  await station.called('SetChargingProfile')
  await station.called('SetChargingProfile')
  house.clock.forward(10_000)
  assert.equal((await answer).answer, 'silent')
  deaf = false
  house.clock.forward(20_000) // its side gives up too
  assert.deepEqual(await charger.apply(setpoint(house.clock, 7000)), { answer: 'taken', applied: 7000 })
  assert.equal(profiles().length, 2)
})

test('orders are given one after the other, and one that waits gives way to a newer one', async (t) => {
  const house = await rig(t)
  const { charger, profiles } = await plugged(house)
  const answers = await Promise.all([7000, 8000, 9000].map((power) => charger.apply(setpoint(house.clock, power))))
  assert.deepEqual(
    answers.map(({ applied }) => applied),
    [9000, 9000, 9000],
  )
  assert.equal(profiles().length, 1)
})

test('an operator may start, stop and ask, but not lay profiles nor change passwords', async (t) => {
  const house = await rig(t)
  const { station } = await plugged(house, {
    on: {
      RequestStartTransaction: () => ({ status: 'Rejected' }),
      RequestStopTransaction: () => ({ status: 'Accepted' }),
      GetVariables: () => {
        throw new CallError('InternalError', 'out of order')
      },
    },
  })
  const { status } = await house.charging.remoteStart('CP001', { token: 'CARIFLEX001', evse: 1 })
  assert.equal(status, 'Rejected')
  const request = await station.called('RequestStartTransaction')
  assert.deepEqual(request, { remoteStartId: 1, evseId: 1, idToken: { idToken: 'CARIFLEX001', type: 'Central' } })
  assert.equal((await house.charging.remoteStop('CP001')).status, 'Accepted')
  assert.deepEqual(await station.called('RequestStopTransaction'), { transactionId: 'T1' })
  const is = (code: string) => (error: unknown) => isProblem(error) && error.code === code
  await assert.rejects(house.charging.call('CP001', 'SetChargingProfile', {}), is('command-not-allowed'))
  await assert.rejects(house.charging.call('CP001', 'MakeCoffee', {}), is('command-not-allowed'))
  const secret = {
    setVariableData: [{ attributeValue: 'x', component: { name: 'SecurityCtrlr' }, variable: { name: 'BasicAuthPassword' } }],
  }
  await assert.rejects(house.charging.call('CP001', 'SetVariables', secret), is('command-not-allowed'))
  await assert.rejects(house.charging.call('CP001', 'Reset', { type: 'Sometimes' }), is('invalid-message'))
  await assert.rejects(house.charging.call('CP002', 'Reset', { type: 'Immediate' }), is('station-offline'))
  await assert.rejects(house.charging.call('CP404', 'Reset', { type: 'Immediate' }), is('unknown-station'))
  const variables = { getVariableData: [{ component: { name: 'X' }, variable: { name: 'Y' } }] }
  await assert.rejects(house.charging.call('CP001', 'GetVariables', variables), is('station-refused'))
})
