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
    return [...(await chartOfAWeek(house, short))]
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
