// What the page of an asset asks for (a week of 5-minute values: measured, forecast, plan) from a database with millions of beliefs.
import type { Store } from '#store'
import { openHouse } from './http-house.ts'

export const name = 'A week of 5-minute values'

const SENSORS = 100
const STEP = 5 * 60_000
const WEEK = 7 * 86_400_000
const END = Date.parse('2026-06-01T00:00:00Z')

export async function run({ short }: { short: boolean }): Promise<string[]> {
  const beliefs = short ? 2_000_000 : 20_000_000
  const house = await openHouse()
  try {
    const { server, store, url, token } = house
    const account = (await server.accounts.list({ accounts: 'all' }))[0]!.id
    const assets: number[] = []
    const sensors: number[] = []
    for (let i = 0; i < SENSORS; i++) {
      const asset = await server.assets.create({ name: `asset ${i}`, type: 1, account })
      assets.push(asset.id)
      sensors.push((await server.sensors.create({ name: 'power', unit: 'kW', resolution: STEP, asset: asset.id, timezone: 'UTC' })).id)
    }
    const forecaster = await server.sources.of({ name: 'Bench', type: 'forecaster', model: 'Bench' })
    // Two beliefs an event: what was foretold and what was measured.
    const events = Math.ceil(beliefs / SENSORS / 2)
    await fillDatabase(store, { sensors, sources: [house.source, forecaster], events })
    const held = await store.first<{ n: number }>('select count(*)::float8 as n from timed_belief')
    const read = async (path: string): Promise<{ took: number; values: number }> => {
      const from = performance.now()
      const answer = await fetch(url + path, { headers: { authorization: token } })
      const text = await answer.text()
      const took = performance.now() - from
      if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${text.slice(0, 200)}`)
      return { took, values: (text.match(/,/g) ?? []).length }
    }
    const depth = Math.max(1, Math.floor((events * STEP) / WEEK))
    const start = (turn: number) => new Date(END - ((turn % depth) + 1) * WEEK).toISOString()
    const page = await times(40, (turn) =>
      read(`/api/cariflex/v1/assets/${assets[(turn * 37) % SENSORS]}/series?start=${start(turn)}&duration=P7D&resolution=PT5M`),
    )
    const data = await times(40, (turn) =>
      read(`/api/v3_0/sensors/${sensors[(turn * 53) % SENSORS]}/data?start=${start(turn)}&duration=P7D&unit=kW`),
    )
    const size = `${(held!.n / 1e6).toFixed(0)} million beliefs`
    return [
      `asset page (measured, forecast and plan: 3 × 2,016 slots), ${size}: median ${page.median} ms, slowest of 40 ${page.slowest} ms (wanted ≤ 50)`,
      `GET /sensors/{id}/data (2,016 values), ${size}: median ${data.median} ms, slowest of 40 ${data.slowest} ms`,
    ]
  } finally {
    await house.close()
  }
}

async function times(count: number, ask: (turn: number) => Promise<{ took: number; values: number }>) {
  await ask(0)
  const took: number[] = []
  for (let turn = 0; turn < count; turn++) {
    const answer = await ask(turn)
    if (answer.values < 2000) throw new Error(`only ${answer.values} values came`)
    took.push(answer.took)
  }
  took.sort((a, b) => a - b)
  return { median: took[count >> 1]!.toFixed(1), slowest: took.at(-1)!.toFixed(1) }
}

/** Fills the table in the order in which values would have come in; its indexes are built afterwards, which is quicker. */
async function fillDatabase(store: Store, given: { sensors: number[]; sources: number[]; events: number }): Promise<void> {
  const keys = await store.query<{ name: string; definition: string }>(
    `select conname as name, pg_get_constraintdef(oid) as definition from pg_constraint where conrelid = 'timed_belief'::regclass and contype in ('p', 'f')`,
  )
  const indexes = await store.query<{ name: string; definition: string }>(
    `select indexname as name, indexdef as definition from pg_indexes where tablename = 'timed_belief' and indexname not in
     (select conname from pg_constraint where conrelid = 'timed_belief'::regclass)`,
  )
  for (const { name } of keys) await store.query(`alter table timed_belief drop constraint "${name}"`)
  for (const { name } of indexes) await store.query(`drop index "${name}"`)
  await store.query(
    `insert into timed_belief (event_start, belief_horizon, cumulative_probability, event_value, sensor_id, source_id)
     select to_timestamp(($1::float8 - e * $2::float8) / 1000), h.horizon, 0.5, (e * 7 + s) % 50, s, h.source
     from generate_series($3::int, 1, -1) e, unnest($4::int[]) s, (values (interval '0', $5::int), (interval '6 hours', $6::int)) h(horizon, source)`,
    [END, STEP, given.events, given.sensors, given.sources[0], given.sources[1]],
  )
  for (const { name, definition } of keys.filter((key) => key.definition.startsWith('PRIMARY')))
    await store.query(`alter table timed_belief add constraint "${name}" ${definition}`)
  for (const { definition } of indexes) await store.query(definition)
  for (const { name, definition } of keys.filter((key) => !key.definition.startsWith('PRIMARY')))
    await store.query(`alter table timed_belief add constraint "${name}" ${definition}`)
  await store.query('vacuum analyze timed_belief')
}
