/** Prices reach drivers at strict stations of every version. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { CallError } from '#protocols/ocpp'
import { DAY, pricedHouse } from './priced-house.ts'

test('a session gets another tariff while it goes on, also at the station; what it cost until then stays', async (t) => {
  const { charging, come, held, charge, bill, until, api, pass } = await pricedHouse(t)
  await charging.tariffs.choose({ scope: 'all', key: '', tariff: 'DAY' })
  const subject = await come('CP21', { version: '2.1' })
  await until('the tariff', async () => (await held('CP21')).length > 0)
  const transaction = await charge(subject, 20)
  const before = Number((await bill('CP21', transaction)).bill.total.incl_vat)
  const changed = await api<{ data: { tariff: string; total: string } }>('PUT', `/stations/CP21/transactions/${transaction}/tariff`, {
    tariff: 'NIGHT',
  })
  assert.deepEqual([changed.status, changed.body.data.tariff], [200, 'NIGHT'])
  await pass(40)
  subject.station.unplug()
  await until('the end', () => subject.station.state().waitingEvents === 0)
  const after = await bill('CP21', transaction)
  const dearer = Number(after.bill.total.incl_vat) - before
  // Some 4 kW for 40 s at 9.60 instead of 2.40 € a kWh.
  assert.ok(dearer > 0.3, `${dearer}`)
  assert.ok(Math.abs(after.station!.difference) <= 0.03, JSON.stringify(after))
  const late = await api<{ code: string }>('PUT', `/stations/CP21/transactions/${transaction}/tariff`, { tariff: 'DAY' })
  assert.deepEqual([late.status, late.body.code], [409, 'no-transaction'])
})

test('the tariff of a token reaches a station of 2.1 with the verdict on it', async (t) => {
  const { charging, come, charge } = await pricedHouse(t)
  await charging.tariffs.choose({ scope: 'token', key: 'cariflex001', tariff: 'NIGHT' })
  const subject = await come('CP21', { version: '2.1' })
  await charge(subject, 1)
  const answer = subject.told('Authorize').at(-1) as {
    tariff?: { tariffId: string }
    idTokenInfo: { personalMessage: { content: string } }
  }
  assert.match(answer.tariff!.tariffId, /^NIGHT\./)
  assert.equal(answer.idTokenInfo.personalMessage.content, '9,60 EUR/kWh, TTC')
})

test('a station of 2.0.1 shows the tariff with the token, the cost as it grows, and by itself when nothing else is told', async (t) => {
  const { charging, come, charge, held, until, pass } = await pricedHouse(t)
  const [element] = DAY.elements
  const hours = { type: 'TIME', price: 60, vat: 20, step_size: 1 }
  await charging.tariffs.put({ ...DAY, id: 'HOURS', elements: [{ price_components: [...element!.price_components, hours] }] })
  await charging.tariffs.choose({ scope: 'all', key: '', tariff: 'HOURS' })
  await charging.registerToken({ token: 'CARIFLEX001', message: 'Bonjour', language: 'en' })
  const subject = await come('CP201')
  await until('the text', async () => (await held('CP201')).length > 0)
  assert.deepEqual([(await held('CP201'))[0]?.way, (await held('CP201'))[0]?.status], ['text', 'Accepted'])
  await charge(subject, 20)
  const { price, cost } = subject.station.state().display
  assert.match(
    price!,
    /^Bonjour · 2\.40 EUR\/kWh; 72\.00 EUR\/h of charging; 72\.00 EUR\/h of parking; 0\.60 EUR at the start, incl\. VAT$/,
  )
  assert.ok(cost! > 0.6, `${cost}`)
  // The station has nothing to tell any more: what time costs is told all the same.
  await charging.call('CP201', 'SetVariables', {
    setVariableData: [{ attributeValue: '0', component: { name: 'SampledDataCtrlr' }, variable: { name: 'TxUpdatedInterval' } }],
  })
  await until('the cost of time', () => subject.heard('CostUpdated').length > 0, 150)
  const [told] = subject.heard('CostUpdated')
  assert.equal(subject.station.state().display.cost, told!.totalCost)
  const count = subject.heard('CostUpdated').length
  await pass(60)
  assert.ok(subject.heard('CostUpdated').length - count <= 1, 'at most once a minute')
})

test('a station of 1.6 that shows prices gets them as the whitepaper has it; another gets none', async (t) => {
  const { charging, come, charge, held, until } = await pricedHouse(t)
  await charging.tariffs.choose({ scope: 'all', key: '', tariff: 'DAY' })
  const subject = await come('CP16', { version: '1.6', early: true })
  await until('the default price', async () => (await held('CP16'))[0]?.status === 'Accepted')
  const priced = () =>
    subject
      .heard('DataTransfer')
      .map(({ messageId, data }) => ({ messageId, ...(JSON.parse(String(data)) as { cost?: number; priceText?: string; state?: string }) }))
  await charge(subject, 130)
  subject.station.unplug()
  await until('the final cost', () => priced().some(({ messageId }) => messageId === 'FinalCost'))
  const [first] = priced()
  assert.equal(first!.messageId, 'SetUserPrice')
  assert.match(first!.priceText!, /2,40 EUR\/kWh/)
  const running = priced().filter(({ messageId }) => messageId === 'RunningCost')
  assert.ok(running.length >= 1 && running.length <= 3, `${running.length} running costs in two minutes`)
  assert.deepEqual([running[0]!.state, running[0]!.cost! > 0.6], ['Charging', true])
  const last = priced().at(-1)!
  assert.deepEqual(subject.station.state().display, { price: last.priceText, cost: last.cost })
})

test('a station of 2.1 that knows nothing of tariffs shows the text, and hears the cost from us', async (t) => {
  const { charging, come, charge, held, until } = await pricedHouse(t)
  const subject = await come('CP21', { version: '2.1' })
  Object.assign(subject.instead, { GetTariffs: () => new CallError('NotSupported') })
  await charging.tariffs.choose({ scope: 'all', key: '', tariff: 'DAY' })
  await until('the text', async () => (await held('CP21'))[0]?.way === 'text')
  await charge(subject, 5)
  assert.ok(subject.station.state().display.cost! >= 0.6, 'the start fee at least')
})
