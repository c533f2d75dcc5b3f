// Reading from a database with millions of beliefs: 96 values, a week, a year, the page of an asset, figures of a sensor; against FlexMeasures and
// against a bare handler that asks PostgreSQL for the same rows.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { systemClock } from '#kernel'
import { type Store, tidyTable } from '#store'
import { FLEXMEASURES, times } from './flexmeasures-figures.ts'
import { type House, openHouse, perCall } from './http-house.ts'

export const name = 'Reading beliefs'

const SENSORS = 100
const STEP = 5 * 60_000
const QUARTER = 15 * 60_000
const WEEK = 7 * 86_400_000
const END = Date.parse('2026-06-01T00:00:00Z')

export async function run({ short }: { short: boolean }): Promise<string[]> {
  const size = short ? { island: 2_000_000, one: 1_000_000 } : { island: 20_000_000, one: 10_000_000 }
  const house = await openHouse()
  try {
    const made = await makeData(house, size)
    const held = await house.store.first<{ n: number }>('select count(*)::float8 as n from timed_belief')
    return [
      `${(held!.n / 1e6).toFixed(0)} million beliefs`,
      ...(await windows(house, made, 'as they came')),
      ...(short ? [] : await inOrder(house, made)),
      ...(await rates(house, made, short ? 1500 : 4000)),
      await figures(house, made.one),
    ]
  } finally {
    await house.close()
  }
}

interface Made {
  assets: number[]
  sensors: number[]
  /** Weeks that the sensors of the island go back. */
  depth: number
  /** A sensor of 15-minute values with a year behind it. */
  year: number
  /** A sensor with a third of all beliefs. */
  one: number
}

async function makeData({ server, store, source }: House, size: { island: number; one: number }): Promise<Made> {
  const account = (await server.accounts.list({ accounts: 'all' }))[0]!.id
  const assets: number[] = []
  const make = async (label: string, resolution: number) => {
    const asset = await server.assets.create({ name: label, type: 1, account })
    assets.push(asset.id)
    return (await server.sensors.create({ name: 'power', unit: 'kW', resolution, asset: asset.id, timezone: 'UTC' })).id
  }
  const sensors: number[] = []
  for (let i = 0; i < SENSORS; i++) sensors.push(await make(`asset ${i}`, STEP))
  const [year, one] = [await make('a year', QUARTER), await make('much', 60_000)]
  const forecaster = await server.sources.of({ name: 'Bench', type: 'forecaster', model: 'Bench' })
  // Two beliefs an event: what was foretold and what was measured.
  const sources = [source, forecaster]
  const events = Math.ceil(size.island / SENSORS / 2)
  await fillDatabase(store, [
    { sensors, sources, events, step: STEP },
    { sensors: [year], sources, events: (370 * 86_400_000) / QUARTER, step: QUARTER },
    { sensors: [one], sources, events: size.one / 2, step: 60_000 },
  ])
  return { assets, sensors, depth: Math.max(1, Math.floor((events * STEP) / WEEK)), year, one }
}

/** Windows never asked for before, one after another: what a person waits who opens a page. */
async function windows(house: House, { assets, sensors, depth, year }: Made, how: string): Promise<string[]> {
  const start = (turn: number) => new Date(END - ((turn % depth) + 1) * WEEK).toISOString()
  const page = await waits(house, 40, (turn) => [
    `/api/cariflex/v1/assets/${assets[(turn * 37) % SENSORS]}/series?start=${start(turn)}&duration=P7D&resolution=PT5M`,
    3 * 2016,
  ])
  const week = await waits(house, 40, (turn) => [
    `/api/v3_0/sensors/${sensors[(turn * 53) % SENSORS]}/data?start=${start(turn)}&duration=P7D&unit=kW`,
    2016,
  ])
  const whole = await waits(house, 5, (turn) => [
    `/api/v3_0/sensors/${year}/data?start=${new Date(END - 365 * 86_400_000 - turn * QUARTER).toISOString()}&duration=P365D&unit=kW`,
    35_040,
  ])
  return [
    `beliefs ${how}: asset page, a week of 5-minute values measured, foretold and planned (3 × 2,016 slots): median ${page.median} ms, slowest of 40 ${page.slowest} ms (wanted ≤ 50)`,
    `beliefs ${how}: GET data, a week of 5-minute values: median ${week.median} ms, slowest of 40 ${week.slowest} ms (FlexMeasures: ${FLEXMEASURES.readWeek} to 200 ms in a small database)`,
    `beliefs ${how}: GET data, a year of 15-minute values: median ${whole.median} ms, slowest of 5 ${whole.slowest} ms`,
  ]
}

/** The same after `cariflex maintain`. */
async function inOrder(house: House, made: Made): Promise<string[]> {
  const { milliseconds } = await tidyTable({
    store: house.store,
    clock: systemClock,
    table: 'timed_belief',
    columns: ['sensor_id', 'event_start'],
  })
  return [`'cariflex maintain' took ${(milliseconds / 1000).toFixed(0)} s`, ...(await windows(house, made, 'in order'))]
}

async function waits({ url, token }: House, count: number, ask: (turn: number) => [path: string, values: number]) {
  const took: number[] = []
  for (let turn = 0; turn < count; turn++) {
    const [path, values] = ask(turn)
    const from = performance.now()
    const answer = await fetch(url + path, { headers: { authorization: token } })
    const text = await answer.text()
    took.push(performance.now() - from)
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${text.slice(0, 200)}`)
    const came = (text.match(/[\d.]+(?=[,\]])/g) ?? []).length
    if (came < values * 0.6) throw new Error(`${path}: only ${came} values came`)
  }
  took.sort((a, b) => a - b)
  return { median: took[count >> 1]!.toFixed(1), slowest: took.at(-1)!.toFixed(1) }
}

/** Requests a second of clients that ask again and again for 96 values. */
async function rates(house: House, { sensors }: Made, milliseconds: number): Promise<string[]> {
  const query = `start=${new Date(END - WEEK).toISOString()}&duration=PT8H&unit=kW`
  const bare = await bareHandler(house, sensors[3]!)
  const bareUrl = `http://127.0.0.1:${(bare.address() as AddressInfo).port}/?${query}`
  const lines: string[] = []
  for (const connections of [1, 4] as const) {
    const asking = { get: true, connections, firstMinute: 0, values: 96 }
    const rate = async (url: string) => {
      await house.load({ ...asking, url, milliseconds: 500 })
      const before = house.processor()
      const report = await house.load({ ...asking, url, milliseconds })
      const spent = perCall(before, house.processor(), report.posts)
      if (report.failed > 0) throw new Error(`${report.failed} of ${report.posts} requests failed`)
      return { rate: report.posts / (report.milliseconds / 1000), spent }
    }
    const ours = await rate(`${house.url}/api/v3_0/sensors/${sensors[3]}/data?${query}`)
    const plain = await rate(bareUrl)
    lines.push(
      `GET data of 96 values, ${connections} client${connections > 1 ? 's' : ''}: ${Math.round(ours.rate)} requests/s, ${times(ours.rate, FLEXMEASURES.read96[connections], 20)}; ${ours.spent}; a bare handler with one plain query ${Math.round(plain.rate)}/s (${plain.spent}): ratio ${(ours.rate / plain.rate).toFixed(2)}`,
    )
  }
  bare.close()
  return lines
}

/** The least a server must do: ask for the most recent beliefs, put them in a list, answer. */
function bareHandler({ store }: House, sensor: number): Promise<Server> {
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://bare')
    const start = Date.parse(searchParams.get('start')!)
    store
      .query<{ value: number }>(
        `select distinct on (event_start) event_start, event_value as value from timed_belief
         where sensor_id = $1 and event_start >= $2 and event_start < $3 order by event_start, belief_horizon`,
        [sensor, new Date(start).toISOString(), new Date(start + 96 * STEP).toISOString()],
        'bare',
      )
      .then(
        (rows) =>
          response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ values: rows.map((row) => row.value) })),
        () => response.writeHead(500).end(),
      )
  })
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)))
}

/** Figures of one sensor: counted once, then kept; beliefs posted for its past in between. */
async function figures({ url, token, server, source, store }: House, sensor: number): Promise<string> {
  const ask = async (query = '') => {
    const from = performance.now()
    const answer = await fetch(`${url}/api/v3_0/sensors/${sensor}/stats${query}`, { headers: { authorization: token } })
    const body = (await answer.json()) as Record<string, { 'Number of values': number }>
    const count = Object.values(body).reduce((sum, line) => sum + (line['Number of values'] ?? 0), 0)
    return { took: performance.now() - from, count }
  }
  const counted = await ask('?fresh=true')
  const first = await ask()
  const took: number[] = []
  for (let turn = 0; turn < 20; turn++) {
    const start = (END - (turn + 200) * 86_400_000 + 30_000) as never
    await server.beliefs.record([{ sensor, source, starts: [start], values: [1], beliefTime: 'event-end', overwrite: true }])
    const answer = await ask()
    if (answer.count !== counted.count) {
      const held = await store.first<{ n: number }>('select count(*)::float8 as n from timed_belief where sensor_id = $1', [sensor])
      if (held!.n !== answer.count) throw new Error(`${answer.count} beliefs were told, ${held!.n} are there`)
    }
    took.push(answer.took)
  }
  took.sort((a, b) => a - b)
  return `stats of a sensor with ${(counted.count / 1e6).toFixed(0)} million beliefs, each time after a change of its past: median ${took[10]!.toFixed(0)} ms, slowest of 20 ${took.at(-1)!.toFixed(0)} ms (wanted ≤ 200); counted from the table ${(counted.took / 1000).toFixed(1)} s, at the first question ${(first.took / 1000).toFixed(1)} s`
}

interface Filling {
  sensors: number[]
  sources: number[]
  events: number
  step: number
}

/** Fills the table in the order in which values would have come in; its indexes are built afterwards, which is quicker. */
async function fillDatabase(store: Store, fillings: Filling[]): Promise<void> {
  const keys = await store.query<{ name: string; definition: string }>(
    `select conname as name, pg_get_constraintdef(oid) as definition from pg_constraint where conrelid = 'timed_belief'::regclass and contype in ('p', 'f')`,
  )
  const indexes = await store.query<{ name: string; definition: string }>(
    `select indexname as name, indexdef as definition from pg_indexes where tablename = 'timed_belief' and indexname not in
     (select conname from pg_constraint where conrelid = 'timed_belief'::regclass)`,
  )
  for (const { name } of keys) await store.query(`alter table timed_belief drop constraint "${name}"`)
  for (const { name } of indexes) await store.query(`drop index "${name}"`)
  for (const { sensors, sources, events, step } of fillings)
    await store.query(
      `insert into timed_belief (event_start, belief_horizon, cumulative_probability, event_value, sensor_id, source_id)
       select to_timestamp(($1::float8 - e * $2::float8) / 1000), h.horizon, 0.5, (e * 7 + s) % 50, s, h.source
       from generate_series($3::int, 1, -1) e, unnest($4::int[]) s, (values (interval '0', $5::int), (interval '6 hours', $6::int)) h(horizon, source)`,
      [END, step, events, sensors, sources[0], sources[1]],
    )
  for (const { name, definition } of keys.filter((key) => key.definition.startsWith('PRIMARY')))
    await store.query(`alter table timed_belief add constraint "${name}" ${definition}`)
  for (const { definition } of indexes) await store.query(definition)
  for (const { name, definition } of keys.filter((key) => !key.definition.startsWith('PRIMARY')))
    await store.query(`alter table timed_belief add constraint "${name}" ${definition}`)
  await store.query('vacuum analyze timed_belief')
}
