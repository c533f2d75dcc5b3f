import assert from 'node:assert/strict'
import test from 'node:test'
import { type Beliefs, type News, openBeliefs, openLimits, type Site } from '#ems'
import { after, type Bus, HOUR, inProcessBus, instant, kilowatts, MINUTE, manualClock } from '#kernel'
import { scratchStore } from '#store'
import { signalLimits } from './signals.ts'

const TEN = instant(Date.parse('2026-11-24T10:00:00-04:00'))
const site: Site = {
  asset: 1,
  name: 'Martinique',
  zone: 'America/Martinique',
  currency: 'EUR',
  latitude: 14.6,
  longitude: -61,
  devices: [
    { device: 'BAT001', asset: 2, name: 'BAT001', kind: 'battery', nominal: kilowatts(50) },
    { device: 'CP001', asset: 3, name: 'CP001', kind: 'evse', nominal: kilowatts(22) },
    { device: 'PV001', asset: 4, name: 'PV001', kind: 'pv', nominal: kilowatts(5) },
  ],
  sensors: { loadControl: 86, demandResponse: 87 },
  productionPriceShare: 0.6,
  demandResponseShares: [1, 0.75, 0.5, 0],
  author: 'Cariflex',
}

async function room(t: Parameters<typeof scratchStore>[0]) {
  const store = await scratchStore(t)
  const clock = manualClock(after(TEN, 7 * MINUTE))
  const bus: Bus<News> = inProcessBus<News>((error) => {
    throw error
  })
  await store.query(`insert into account (id, name) values (1, 'Cariflex')`)
  await store.query(`insert into generic_asset_type (id, name) values (100, 'site')`)
  await store.query(
    `insert into generic_asset (id, name, account_id, generic_asset_type_id, attributes) values (1, 'Martinique', 1, 100, '{}'), (2, 'BAT001', 1, 100, '{}')`,
  )
  for (const [id, unit] of [
    [86, '%'],
    [87, ''],
  ])
    await store.query(
      `insert into sensor (id, name, unit, timezone, event_resolution, knowledge_horizon_fnc, knowledge_horizon_par, attributes, generic_asset_id)
       values ($1, $2, $3, 'UTC', interval '15 minutes', 'ex_post', '{"ex_post_horizon": "P0D"}', '{}', 1)`,
      [id, `signal ${id}`, unit],
    )
  const beliefs = openBeliefs({ store, clock, bus })
  const limits = openLimits({ store, clock, bus, site, sources: [signalLimits(beliefs, site)], onError: assert.ifError })
  const operator = await beliefs.source({ name: 'operator', type: 'user' })
  return { clock, beliefs, limits, post: (sensor: number, values: number[]) => post(beliefs, operator, sensor, values) }
}

const post = (beliefs: Beliefs, source: number, sensor: number, values: number[]) =>
  beliefs.record([{ sensor, source, starts: values.map((_, slot) => after(TEN, slot * 15 * MINUTE)), values }])

test('a percentage on the load control sensor is a grid limit for as long as its event lasts', async (t) => {
  const { limits, post, clock } = await room(t)
  await post(86, [50, 50, 50, 50])
  const [view, ...others] = await limits.views()
  assert.deepEqual(others, [])
  assert.deepEqual(view, {
    id: 'sensor-86-2026-11-24T14:00:00+00:00',
    asset: 1,
    rung: 'grid',
    from: '2026-11-24T10:00:00-04:00',
    until: '2026-11-24T11:00:00-04:00',
    because: 'The grid operator allows 50 % of flexible consumption (36 kW) until 11:00 (load control).',
    maxKw: 36,
    minKw: null,
    scope: 'flexible-consumption',
    origin: 'sensor 86',
  })
  clock.forward(53 * MINUTE)
  assert.deepEqual(await limits.views(), [], 'its last event is over')
})

test('a charger that joins the site counts at once', async (t) => {
  const { limits, post } = await room(t)
  await post(86, [50])
  site.devices.push({ device: 'CP002', asset: 5, name: 'CP002', kind: 'evse', nominal: kilowatts(20) })
  t.after(() => site.devices.pop())
  assert.equal((await limits.views())[0]?.maxKw, 46)
})

test('100 % lifts a limit of 0 % that was posted for the same event', async (t) => {
  const { limits, post, clock } = await room(t)
  await post(86, [0, 0])
  assert.equal((await limits.views())[0]?.maxKw, 0)
  clock.forward(1000)
  await post(86, [100, 100])
  assert.deepEqual(await limits.views(), [])
  clock.forward(1000)
  await post(86, [0])
  assert.equal((await limits.views())[0]?.maxKw, 0, 'and again')
})

test('demand response levels allow 100, 75, 50 and 0 %', async (t) => {
  const { limits, post, clock } = await room(t)
  await post(87, [0, 1, 2, 3])
  const seen: (number | null | undefined)[] = []
  for (let slot = 0; slot < 4; slot++) {
    seen.push((await limits.views())[0]?.maxKw)
    clock.forward(15 * MINUTE)
  }
  assert.deepEqual(seen, [undefined, 54, 36, 0])
})

test('signals of later events are announced, and the tightest of all limits comes with the others', async (t) => {
  const { limits, post } = await room(t)
  await post(86, [100, 50])
  await post(87, [0, 3])
  await limits.post({ maxKw: 60, until: after(TEN, HOUR), origin: 'user ops' })
  const ahead = await limits.within(after(TEN, 7 * MINUTE), after(TEN, HOUR))
  assert.deepEqual(ahead.map((limit) => [limit.origin, limit.max]).sort(), [
    ['sensor 86', 36_000],
    ['sensor 87', 0],
    ['user ops', 60_000],
  ])
  assert.deepEqual(
    (await limits.views()).map((limit) => limit.origin),
    ['user ops'],
    'only what is in force now',
  )
})
