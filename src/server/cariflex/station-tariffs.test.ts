/** Prices reach stations and drivers: strict stations of every version on a real socket. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { DAY, type Held, NIGHT, pricedHouse } from '../../../test/ocpp/priced-house.ts'

test('a station of 2.1 holds the tariff from its boot on, prices by it, and its sum is ours to the cent', async (t) => {
  const { charging, come, held, charge, bill, until, api, pass } = await pricedHouse(t)
  await charging.tariffs.choose({ scope: 'all', key: '', tariff: 'DAY' })
  const subject = await come('CP21', { version: '2.1' })
  await until('the tariff', async () => (await held('CP21')).length > 0)
  assert.deepEqual(
    (await held('CP21')).map(({ evse, tariff, way, status }) => [evse, tariff, way, status]),
    [[0, 'DAY', 'tariff', 'Accepted']],
  )
  const asked = await api<{ data: { tariffAssignments: { tariffId: string }[] } }>('POST', '/stations/CP21/tariffs/ask')
  assert.match(asked.body.data.tariffAssignments[0]!.tariffId, /^DAY\./)

  const transaction = await charge(subject, 10)
  subject.station.unplug()
  await until('the end', () => subject.station.state().waitingEvents === 0)
  const { station, bill: ours } = await bill('CP21', transaction)
  assert.ok(Number(ours.total.incl_vat) > 0.6, 'the energy costs something beside the start fee')
  assert.equal(station?.difference, 0)
  assert.equal(station?.total_incl, Number(ours.total.incl_vat))
  assert.equal(subject.heard('CostUpdated').length, 0, 'it prices by itself')

  // Another choice is another tariff at once; none takes it away.
  await charging.tariffs.choose({ scope: 'station', key: 'CP21', tariff: 'NIGHT' })
  await until('the other tariff', async () => (await held('CP21'))[0]?.tariff === 'NIGHT')
  await charging.tariffs.choose({ scope: 'station', key: 'CP21', tariff: undefined })
  await charging.tariffs.choose({ scope: 'all', key: '', tariff: undefined })
  await until('none', async () => (await held('CP21')).length === 0)
  assert.equal((await api<{ data: { status: string } }>('POST', '/stations/CP21/tariffs/ask')).body.data.status, 'NoTariff')
  await pass(1)
})

test('what a station cannot price is not laid on it, and the reason stands beside it; a station that sums up otherwise raises an alarm', async (t) => {
  const { charging, come, held, charge, until, store, api } = await pricedHouse(t)
  const peak = { restrictions: { start_time: '18:00', end_time: '22:00' }, price_components: NIGHT.elements[0]!.price_components }
  await charging.tariffs.put({ ...DAY, id: 'PEAK', elements: [peak, ...DAY.elements] })
  await charging.tariffs.choose({ scope: 'all', key: '', tariff: 'PEAK' })
  const subject = await come('CP21', { version: '2.1' })
  await until('the refusal', async () => (await held('CP21')).length > 0)
  const [refused] = await held('CP21')
  assert.equal(refused?.status, 'ConditionNotSupported')
  assert.match(refused!.reason!, /takes no such tariff/)
  assert.equal(
    subject.frames.some(({ action }) => action === 'SetDefaultTariff'),
    false,
  )
  await charging.tariffs.put({ ...DAY, id: 'STEP', elements: [{ price_components: [{ type: 'ENERGY', price: 1, step_size: 500 }] }] })
  await charging.tariffs.choose({ scope: 'all', key: '', tariff: 'STEP' })
  await until('the other refusal', async () => (await held('CP21'))[0]?.status === 'NotExact')

  // Its owner laid another tariff on it than the one that we price by.
  subject.instead = {}
  await charging.call('CP21', 'SetDefaultTariff', {
    evseId: 0,
    tariff: { tariffId: 'OWN', currency: 'EUR', fixedFee: { prices: [{ priceFixed: 12 }] } },
  })
  await charge(subject, 10)
  subject.station.unplug()
  await until('the alarm', async () => (await store.query("select from cariflex.alarm where code = 'station-cost'")).length > 0)
  const taken = await api<{ data: object }>('DELETE', '/stations/CP21/tariffs')
  assert.equal(taken.status, 200)
  assert.deepEqual(await held('CP21'), [])
  assert.equal((await api<{ data: Held[] }>('POST', '/stations/CP21/tariffs/lay')).body.data[0]?.status, 'NotExact')
})
