import assert from 'node:assert/strict'
import test from 'node:test'
import { CAR, rig } from '../rig.fixture.ts'

const DAY = {
  id: 'Day',
  currency: 'EUR',
  elements: [
    {
      price_components: [
        { type: 'FLAT', price: 0.5, vat: 20, step_size: 0 },
        { type: 'ENERGY', price: 0.25, vat: 20, step_size: 1 },
        { type: 'PARKING_TIME', price: 6, step_size: 60 },
      ],
    },
  ],
}

const energy = (wattHours: number, timestamp: string) => ({
  meterValue: [{ timestamp, sampledValue: [{ value: wattHours, measurand: 'Energy.Active.Import.Register' }] }],
})

test('a station is told what its session costs, the bill of an ended one is kept, and events that come late change it', async (t) => {
  const { charging, station, restart } = await rig(t)
  await charging.tariffs.put(DAY)
  await charging.tariffs.choose({ scope: 'all', key: '', tariff: 'day' })
  const cp = await station()
  const at = (minute: number) => `2026-11-24T11:${String(minute).padStart(2, '0')}:00Z`
  const event = (type: string, seq: number, minute: number, state: string, wattHours: number, more = {}) =>
    cp.event(type, seq, {
      timestamp: at(minute),
      transactionInfo: { transactionId: 'T1', chargingState: state },
      ...energy(wattHours, at(minute)),
      ...more,
    })
  const idToken = { idToken: CAR.token, type: 'ISO14443' }
  const started = await event('Started', 0, 0, 'Charging', 1_000, { idToken, evse: { id: 1, connectorId: 1 } })
  assert.equal(started['totalCost'], 0.6)
  assert.equal((await event('Updated', 1, 20, 'Charging', 5_000))['totalCost'], 1.8)
  // A repetition is priced like the first.
  assert.equal((await event('Updated', 1, 20, 'Charging', 5_000))['totalCost'], 1.8)
  await restart()
  const again = await station()
  const late = (type: string, seq: number, minute: number, state: string, wattHours: number) =>
    again.event(type, seq, {
      timestamp: at(minute),
      transactionInfo: { transactionId: 'T1', chargingState: state },
      ...energy(wattHours, at(minute)),
    })
  assert.equal((await late('Ended', 3, 50, 'EVConnected', 9_000))['totalCost'], 3)
  // What was missing tells that the car had stopped asking at 40: ten minutes of parking.
  assert.equal((await late('Updated', 2, 40, 'SuspendedEV', 9_000))['totalCost'], 4)
  const kept = await charging.bill('CP001', 'T1')
  assert.equal(kept?.isFinal, true)
  assert.deepEqual(kept?.bill.total, { excl_vat: '3.5', incl_vat: '4' })
  await assert.rejects(charging.bill('CP001', 'T9'), { code: 'unknown-transaction' })
})

test('a session that began when no tariff held costs nothing, whatever is chosen while it goes on', async (t) => {
  const { charging, station } = await rig(t)
  const cp = await station()
  const charged = (type: string, seq: number, wattHours: number) =>
    cp.event(type, seq, {
      transactionInfo: { transactionId: 'T1', chargingState: 'Charging' },
      ...energy(wattHours, '2026-11-24T11:00:00Z'),
    })
  await charged('Started', 0, 0)
  await charging.tariffs.put(DAY)
  await charging.tariffs.choose({ scope: 'all', key: '', tariff: 'Day' })
  assert.equal((await charged('Ended', 1, 9_000))['totalCost'], undefined)
  assert.equal(await charging.bill('CP001', 'T1'), undefined)
})

test('a session whose price cannot be made is answered all the same, and priced when it can be', async (t) => {
  const { charging, station, store } = await rig(t)
  await charging.tariffs.put(DAY)
  await charging.tariffs.choose({ scope: 'all', key: '', tariff: 'Day' })
  const cp = await station()
  const charged = (type: string, seq: number, wattHours: number, minute: number) => {
    const timestamp = `2026-11-24T11:${minute}:00Z`
    const transactionInfo = { transactionId: 'T1', chargingState: 'Charging' }
    return cp.event(type, seq, { timestamp, transactionInfo, ...energy(wattHours, timestamp) })
  }
  assert.equal((await charged('Started', 0, 0, 10))['totalCost'], 0.6)
  await store.query('alter table cariflex.charging_bill rename to elsewhere')
  assert.equal((await charged('Ended', 1, 9_000, 40))['totalCost'], undefined)
  await store.query('alter table cariflex.elsewhere rename to charging_bill')
  assert.deepEqual((await charging.bill('CP001', 'T1'))?.bill.total, { excl_vat: '2.75', incl_vat: '3.3' })
})

test('the narrowest choice decides, a tariff in use stays, and what is wrong or unknown is said', async (t) => {
  const { charging } = await rig(t)
  const { tariffs } = charging
  await tariffs.put(DAY)
  await tariffs.put({ ...DAY, id: 'Night' })
  await tariffs.choose({ scope: 'all', key: '', tariff: 'Day' })
  await tariffs.choose({ scope: 'token', key: 'ABC', tariff: 'Night' })
  assert.equal(tariffs.tariffFor({ station: 'CP001', evse: 1 })?.id, 'Day')
  assert.equal(tariffs.tariffFor({ station: 'CP001', evse: 1, token: 'abc' })?.id, 'Night')
  await assert.rejects(tariffs.remove('night'), { code: 'tariff-in-use' })
  await assert.rejects(tariffs.choose({ scope: 'all', key: '', tariff: 'Dawn' }), { code: 'unknown-tariff' })
  await assert.rejects(tariffs.put({ ...DAY, elements: [] }), { code: 'invalid-tariff' })
  await assert.rejects(tariffs.put({ ...DAY, start_date_time: 'soon' }), { code: 'invalid-datetime' })
  await tariffs.choose({ scope: 'token', key: 'abc', tariff: undefined })
  await tariffs.remove('night')
  assert.deepEqual(
    tariffs.list().map(({ id }) => id),
    ['Day'],
  )
})
