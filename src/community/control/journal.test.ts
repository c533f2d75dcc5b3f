import assert from 'node:assert/strict'
import test from 'node:test'
import { after, manualClock, millis, SECOND, silentLog } from '#kernel'
import { type Store, scratchStore } from '#store'
import { openControl } from './control.ts'
import { openJournal } from './journal.ts'
import { BOUNDARY, fakeBroker, machine, plug } from './plugs.fixture.ts'

const NOW = after(BOUNDARY, 5 * SECOND)

const register = (store: Store, count: number) =>
  store.query(
    `insert into cariflex.community_appliance (id, type, typology, mode, control, command, name, description, wanted_on)
     select n, 112, 120, 30, 25, 11, 'Lave-linge', '', false from generate_series(1, $1) n`,
    [count],
  )
const reads = async (store: Store) => ({
  orders: await store.query('select device, state, tries, because, slot, reason from cariflex.device_order order by device'),
  appliance: await store.first('select mode, control, command, wanted_on from cariflex.community_appliance where id = 1'),
})
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve))
}

test('an order is in the database before it is published, how it ended is too, and a restart finds all of it', async (t) => {
  const store = await scratchStore(t)
  await register(store, 1)
  const clock = manualClock(NOW)
  const broker = fakeBroker(clock)
  const seen: unknown[] = []
  const publish = broker.publish
  broker.publish = async (topic, payload) => {
    seen.push((await reads(store)).orders)
    await publish(topic, payload)
  }
  const open = () => {
    const journal = openJournal({ store, clock, log: silentLog })
    return openControl({ journal, clock, broker, log: silentLog, tell: () => {} }, [machine(1)], [plug('A101', 1)])
  }
  const control = await open()
  control.apply(1, { kind: 'decision', on: true, slot: BOUNDARY })
  await until(() => broker.sent.length === 1)
  assert.deepEqual(seen, [[{ device: 'A101', state: 'sent', tries: 1, because: 'start', slot: BOUNDARY, reason: null }]])
  await control.close()

  const again = await open()
  assert.equal(again.standing(1)?.wish?.order, broker.sent[0]!.order)
  broker.say('A101', { relay: true })
  await again.close()
  const { orders, appliance } = await reads(store)
  assert.deepEqual(orders, [{ device: 'A101', state: 'acknowledged', tries: 1, because: 'start', slot: BOUNDARY, reason: null }])
  assert.deepEqual(appliance, { mode: 20, control: 15, command: 13, wanted_on: true })
  await (await open()).close()
})

test('while the database is away orders go on, and what is owed is written when it is back', async (t) => {
  const store = await scratchStore(t)
  await register(store, 1)
  const clock = manualClock(NOW)
  const broker = fakeBroker(clock)
  let isAway = false
  const transact: Store['transact'] = (work) => (isAway ? Promise.reject(new Error('away')) : store.transact(work))
  const journal = openJournal({ store: { ...store, query: store.query, first: store.first, transact }, clock, log: silentLog })
  const control = await openControl({ journal, clock, broker, log: silentLog, tell: () => {} }, [machine(1)], [plug('A101', 1)])
  isAway = true
  control.apply(1, { kind: 'decision', on: true, slot: BOUNDARY })
  await until(() => broker.sent.length === 1)
  broker.say('A101', { relay: true })
  assert.deepEqual((await reads(store)).orders, [])
  isAway = false
  await until(async () => {
    clock.forward(millis(10 * SECOND))
    return (await reads(store)).orders.length === 1
  })
  assert.equal((await reads(store)).appliance?.['mode'], 20)
  await control.close()
})

test('500 orders are kept and published within a fraction of their minute', async (t) => {
  const store = await scratchStore(t)
  await register(store, 500)
  const clock = manualClock(NOW)
  const broker = fakeBroker(clock)
  broker.obeys = true
  const numbers = Array.from({ length: 500 }, (_, index) => index + 1)
  const journal = openJournal({ store, clock, log: silentLog })
  const parts = { journal, clock, broker, log: silentLog, tell: () => {} }
  const control = await openControl(
    parts,
    numbers.map((id) => machine(id)),
    numbers.map((id) => plug(`A${id}`, id)),
  )
  const began = performance.now()
  for (const id of numbers) control.apply(id, { kind: 'decision', on: true, slot: BOUNDARY })
  await until(() => numbers.every((id) => control.standing(id)?.command === 13))
  await control.close()
  const took = performance.now() - began
  assert.ok(took < 20_000, `it took ${took} ms`)
  const [counted] = await store.query("select count(*) as orders from cariflex.device_order where state = 'acknowledged'")
  assert.deepEqual(counted, { orders: 500 })
  t.diagnostic(`500 orders kept, published and acknowledged in ${Math.round(took)} ms`)
})
