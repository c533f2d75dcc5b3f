// Chart data of an asset week and the status of five hundred sensors, in a database that holds millions of other beliefs.
import type { Store } from '#store'
import { type House, openHouse } from './http-house.ts'

export const name = 'Charts and status'

const MINUTE = 60_000
const WEEK = 7 * 86_400_000
const END = Date.parse('2026-06-08T00:00:00Z')

/** What FlexMeasures 1.0.1 took for a week of four sensors on two such cores (reference section 10), ms. */
const THEIRS = '550–900'

export async function run({ short }: { short: boolean }): Promise<string[]> {
  const house = await openHouse()
  try {
    return [...(await chartOfAWeek(house, short)), ...(await statusOfMany(house, short))]
  } finally {
    await house.close()
  }
}

/** An asset whose four sensors have 192, 645, 4,001 and 1,803 beliefs in the week, among others that have theirs. */
async function chartOfAWeek(house: House, short: boolean): Promise<string[]> {
  const { server, store } = house
  const account = (await server.accounts.list({ accounts: 'all' }))[0]!.id
  const asset = await server.assets.create({ name: 'chart', type: 5, account })
  const forecaster = await server.sources.of({ name: 'Bench', type: 'forecaster', model: 'Bench' })
  const sensor = async (of: number, n: number, unit: string, resolution: number) =>
    (await server.sensors.create({ name: `c${n}`, unit, resolution, asset: of, timezone: 'UTC' })).id
  const shapes: [unit: string, step: number, beliefs: number, source: number][] = [
    ['EUR/MWh', 60 * MINUTE, 192, house.source],
    ['kW', 15 * MINUTE, 645, forecaster],
    ['kW', 5 * MINUTE, 4001, house.source],
    ['kWh', 0, 1803, house.source],
  ]
  const ids: number[] = []
  for (const [n, [unit, step]] of shapes.entries()) ids.push(await sensor(asset.id, n, unit, step))
  await server.assets.update(asset.id, { sensorsToShow: ids })
  const others = await server.assets.create({ name: 'others', type: 1, account })
  const crowd: number[] = []
  for (let i = 0; i < 50; i++) crowd.push(await sensor(others.id, i, 'kW', 5 * MINUTE))
  await store.query(
    `insert into timed_belief (event_start, belief_horizon, cumulative_probability, event_value, sensor_id, source_id)
     select to_timestamp(($1::float8 - e * $2::float8) / 1000), interval '0', 0.5, e % 50, s, $3
     from generate_series(1, $4::int) e, unnest($5::int[]) s`,
    [END, 5 * MINUTE, house.source, short ? 10_000 : 60_000, crowd],
  )
  for (const [n, [, step, beliefs, source]] of shapes.entries()) await fill(store, ids[n]!, source, step, beliefs)
  await store.query('vacuum analyze timed_belief')
  const path = `/api/v3_0/assets/${asset.id}/chart_data?start=${new Date(END - WEEK).toISOString()}&end=${new Date(END).toISOString()}`
  const ask = async (more: string) => {
    const answer = await fetch(house.url + path + more, { headers: { authorization: house.token } })
    const text = await answer.text()
    if (answer.status !== 200) throw new Error(`${answer.status} ${text.slice(0, 200)}`)
    return text.length
  }
  const plain = () =>
    store.query(
      `select event_start, event_value, source_id, belief_horizon from timed_belief where sensor_id = any($1::int[])
       and event_start >= to_timestamp($2::float8 / 1000) and event_start < to_timestamp($3::float8 / 1000)`,
      [ids, END - WEEK, END],
    )
  const rows = (await plain()).length
  const records = (
    JSON.parse(await (await fetch(`${house.url}${path}&compress-json=true`, { headers: { authorization: house.token } })).text()) as {
      data: unknown[]
    }
  ).data.length
  const shortForm = await median(30, () => ask('&compress-json=true'))
  const longForm = await median(30, () => ask(''))
  const select = await median(30, plain)
  const held = await store.first<{ n: number }>('select count(*)::float8 as n from timed_belief')
  return [
    `asset week (${rows} beliefs of 4 sensors, ${records} records) in ${(held!.n / 1e6).toFixed(1)} million: short ${shortForm.toFixed(1)} ms, long ${longForm.toFixed(1)} ms (wanted ≤ 30; FlexMeasures ${THEIRS}: ${Math.round(550 / shortForm)}–${Math.round(900 / shortForm)}×)`,
    `plain SELECT of the same beliefs ${select.toFixed(1)} ms: the short chart takes ${(shortForm / select).toFixed(2)} of it`,
  ]
}

/**
 * Five hundred sensors of one site, each with two months of measurements, and forecasts of two days ahead that were made again and again; every
 * fifth has a plan that reaches less far than the forecasts.
 */
async function statusOfMany({ server, store, url, token, source }: House, short: boolean): Promise<string[]> {
  const account = (await server.accounts.list({ accounts: 'all' }))[0]!.id
  const asset = await server.assets.create({ name: 'site', type: 6, account })
  const ids: number[] = []
  for (let i = 0; i < 500; i++)
    ids.push((await server.sensors.create({ name: `p${i}`, unit: 'kW', resolution: 15 * MINUTE, asset: asset.id, timezone: 'UTC' })).id)
  const forecaster = await server.sources.of({ name: 'Bench', type: 'forecaster', model: 'Bench' })
  const scheduler = await server.sources.of({ name: 'Bench', type: 'scheduler', model: 'Bench' })
  const insert = (sensors: number[], by: number, from: number, count: number, revisions: number) =>
    store.query(
      `insert into timed_belief (event_start, belief_horizon, cumulative_probability, event_value, sensor_id, source_id)
       select date_trunc('hour', now()) + make_interval(mins => 15 * ($1::int + e)),
         case when $1::int < 0 then interval '0' else make_interval(mins => 15 * (e + 1 + r)) end, 0.5, e % 50, s, $2
       from generate_series(0, $3::int - 1) e, generate_series(0, $4::int - 1) r, unnest($5::int[]) s`,
      [from, by, count, revisions, sensors],
    )
  const days = short ? 10 : 60
  await insert(ids, source, -96 * days, 96 * days, 1)
  await insert(ids, forecaster, 0, 192, short ? 8 : 24)
  await insert(
    ids.filter((_, i) => i % 5 === 0),
    scheduler,
    0,
    96,
    8,
  )
  await store.query('vacuum analyze timed_belief')
  const ask = async () => {
    const answer = await fetch(`${url}/api/cariflex/v1/assets/${asset.id}/status`, { headers: { authorization: `Bearer ${token}` } })
    const { data } = (await answer.json()) as { data: { lines: { sources: unknown[] }[] } }
    const lines = data.lines.reduce((sum, line) => sum + line.sources.length, 0)
    if (lines !== 1100) throw new Error(`${lines} lines instead of 1,100`)
  }
  const from = performance.now()
  await ask()
  const first = performance.now() - from
  const every = () =>
    store.query(
      'select sensor_id, source_id, max(event_start) from timed_belief where sensor_id = any($1::int[]) group by sensor_id, source_id',
      [ids],
    )
  const usual = await median(15, ask)
  const grouped = await median(3, every)
  const held = await store.first<{ n: number }>('select count(*)::float8 as n from timed_belief where sensor_id = any($1::int[])', [ids])
  return [
    `status of 500 sensors (1,100 kinds of sources, ${(held!.n / 1e6).toFixed(1)} million beliefs): ${usual.toFixed(0)} ms (wanted ≤ 300), the very first time ${first.toFixed(0)} ms; grouping all of their beliefs takes ${grouped.toFixed(0)} ms: ${(grouped / usual).toFixed(0)}×`,
  ]
}

/** Beliefs of one sensor in the week: one an event, then revisions of the events from the last one backwards. */
async function fill(store: Store, sensor: number, source: number, step: number, beliefs: number): Promise<void> {
  const spacing = step === 0 ? WEEK / beliefs : step
  const events = Math.min(beliefs, Math.floor(WEEK / spacing))
  await store.query(
    `insert into timed_belief (event_start, belief_horizon, cumulative_probability, event_value, sensor_id, source_id)
     select to_timestamp(($1::float8 - (1 + i % $2::int) * $3::float8) / 1000), make_interval(hours => -(i / $2::int)), 0.5, 10 * random(), $4, $5
     from generate_series(0, $6::int - 1) i`,
    [END, events, spacing, sensor, source, beliefs],
  )
}

async function median(count: number, work: () => Promise<unknown>): Promise<number> {
  for (let i = 0; i < 3; i++) await work()
  const took: number[] = []
  for (let i = 0; i < count; i++) {
    const from = performance.now()
    await work()
    took.push(performance.now() - from)
  }
  return took.sort((a, b) => a - b)[count >> 1]!
}
