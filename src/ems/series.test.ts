import assert from 'node:assert/strict'
import test from 'node:test'
import { type Instant, instant } from '#kernel'
import type { BeliefSearch } from './belief.ts'
import { AT, type BeliefHouse, house, MIN, slots } from './beliefs.fixture.ts'
import { rankSources, type SourceRanks } from './source-ranks.ts'

/** A row as it stands in the table. */
interface Row {
  start: number
  horizon: number
  probability: number
  value: number
  source: number
}

const rowsOf = async ({ store }: BeliefHouse, sensor: number): Promise<Row[]> =>
  store.query<Row>(
    `select event_start as start, belief_horizon as horizon, cumulative_probability as probability, event_value as value, source_id as source
     from timed_belief where sensor_id = $1`,
    [sensor],
  )

/** Small seeded generator (mulberry32). */
function randomOf(seed: number): (n: number) => number {
  let state = seed
  return (n) => {
    state = (state + 0x6d2b79f5) | 0
    let x = Math.imul(state ^ (state >>> 15), 1 | state)
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x
    return ((x ^ (x >>> 14)) >>> 0) % n
  }
}

const by = <T>(rows: readonly T[], key: (row: T) => unknown): T[][] => {
  const groups = new Map<unknown, T[]>()
  for (const row of rows) groups.set(key(row), [...(groups.get(key(row)) ?? []), row])
  return [...groups.values()]
}

const most = <T>(rows: readonly T[], measure: (row: T) => number[]): T =>
  rows.reduce((best, row) => {
    const [a, b] = [measure(row), measure(best)]
    const i = a.findIndex((value, k) => value !== b[k])
    return i >= 0 && a[i]! > b[i]! ? row : best
  })

/** What the search means, said as plainly as possible over all rows of the sensor. */
function expected(rows: readonly Row[], query: BeliefSearch, ranks: SourceRanks, known: (start: number) => number): Row[] {
  let found = rows.filter(
    (row) =>
      row.start >= query.from &&
      row.start < query.until &&
      (query.at === undefined || known(row.start) - row.horizon <= query.at) &&
      (query.horizonAtLeast === undefined || row.horizon >= query.horizonAtLeast) &&
      (query.horizonAtMost === undefined || row.horizon <= query.horizonAtMost) &&
      (query.sourceTypes === undefined || query.sourceTypes.includes(ranks.get(row.source)!.type)),
  )
  const event = (row: Row) => `${row.start} ${row.source}`
  if (query.beliefs !== 'all')
    found = by(found, event).flatMap((group) => group.filter((row) => row.horizon === Math.min(...group.map((each) => each.horizon))))
  if (query.one)
    found = by(found, (row) => `${event(row)} ${row.horizon}`).map((group) => {
      const upper = group.filter((row) => row.probability >= 0.5)
      const middle = upper.length > 0 ? most(upper, (row) => [-row.probability]) : most(group, (row) => [row.probability])
      return { ...middle, probability: 0.5 }
    })
  if (query.versions !== 'all')
    found = by(found, (row) => `${row.start} ${ranks.get(row.source)!.group}${query.one === 'per-event' ? '' : ` ${row.horizon}`}`).flatMap(
      (group) => {
        const top = Math.max(...group.map((row) => ranks.get(row.source)!.order))
        return group.filter((row) => ranks.get(row.source)!.order === top)
      },
    )
  if (query.one === 'per-event')
    found = by(found, (row) => row.start).map((group) => most(group, (row) => [ranks.get(row.source)!.version, -row.horizon, row.source]))
  return found.sort((a, b) => a.start - b.start || a.source - b.source || b.horizon - a.horizon || a.probability - b.probability)
}

test('searches find what the plain reading of all beliefs finds, whatever was posted late, replaced or written by others', async (t) => {
  const seed = 20261124
  const random = randomOf(seed)
  const rig = await house(t)
  const { beliefs, store, sensors } = rig
  const sources = [
    rig.source,
    await beliefs.source({ name: 'Seita', type: 'scheduler', model: 'StorageScheduler', version: '9' }),
    await beliefs.source({ name: 'Seita', type: 'scheduler', model: 'StorageScheduler', version: '10' }),
    await beliefs.source({ name: 'Seita', type: 'forecaster', model: 'Pipeline', version: '1' }),
  ]
  const rules = [{}, { fnc: 'x_days_ago_at_y_oclock', par: { x: 1, y: 12, z: 'Europe/Paris' } }]
  for (const rule of rules) {
    const id = await rig.sensor(rule)
    const starts = slots(AT, 15 * MIN, 12)
    for (let round = 0; round < 25; round++) {
      const from = random(10)
      const some = starts.slice(from, from + 1 + random(4))
      await beliefs.record([
        {
          sensor: id,
          source: sources[random(4)]!,
          starts: some,
          values: some.map(() => random(5)),
          beliefTime: instant(AT + (random(400) - 300) * MIN),
          overwrite: random(3) === 0,
        },
      ])
      // Another program writes into the table itself, also distributions.
      await store.query(
        `insert into timed_belief (event_start, belief_horizon, cumulative_probability, event_value, sensor_id, source_id)
         values ($1, $2, $3, $4, $5, $6) on conflict do nothing`,
        [
          new Date(starts[random(12)]!).toISOString(),
          `${random(300) - 60} minutes`,
          [0.1, 0.4, 0.5, 0.9][random(4)],
          random(5),
          id,
          sources[random(4)],
        ],
      )
    }
    const rows = await rowsOf(rig, id)
    const ranks = rankSources(await store.query('select id, name, type, model, version from data_source'))
    const known = (start: number) => knownAt(instant(start))
    const { knownAt } = await sensors.need(id)
    for (let round = 0; round < 60; round++) {
      const from = instant(AT + random(6) * 15 * MIN)
      const query: BeliefSearch = {
        sensor: id,
        from,
        until: instant(from + random(8) * 15 * MIN),
        ...(random(2) === 0 && { at: instant(AT + (random(400) - 300) * MIN) }),
        ...(random(4) === 0 && { horizonAtLeast: (random(200) - 60) * MIN }),
        ...(random(4) === 0 && { horizonAtMost: (random(200) - 60) * MIN }),
        ...(random(4) === 0 && { sourceTypes: ['scheduler'] }),
        ...(random(2) === 0 && { beliefs: 'all' }),
        ...(random(2) === 0 && { versions: 'all' }),
        ...([{}, { one: 'per-event' }, { one: 'per-source' }] as const)[random(3)],
      }
      const wanted = expected(rows, query, ranks, known)
      const { length, starts: found, horizons, probabilities, values, sources: who, beliefTimes } = await beliefs.search(query)
      const got = Array.from({ length }, (_, i) => ({
        start: found[i]!,
        horizon: horizons[i]!,
        probability: probabilities[i]!,
        value: values[i]!,
        source: who[i]!,
      }))
      assert.deepEqual(got, wanted, `seed ${seed}, round ${round}: ${JSON.stringify(query)}`)
      assert.deepEqual(
        [...beliefTimes],
        wanted.map((row) => known(row.start) - row.horizon),
      )
    }
  }
})

test('a series takes the latest version of a source, then who spoke last; FlexMeasures prefers the highest version', async (t) => {
  const { beliefs, sensor, source } = await house(t)
  const id = await sensor()
  const plan = (version: string) => beliefs.source({ name: 'Seita', type: 'scheduler', model: 'StorageScheduler', version })
  const [nine, ten] = [await plan('9'), await plan('10')]
  const starts = slots(AT, 15 * MIN, 2)
  const say = (who: number, values: number[], minutes: number) =>
    beliefs.record([{ sensor: id, source: who, starts: starts.slice(0, values.length), values, beliefTime: instant(AT - minutes * MIN) }])
  await say(ten, [10], 60)
  await say(nine, [9, 9], 30)
  const window = { sensor: id, from: AT, until: instant(AT + 30 * MIN) }
  assert.deepEqual(await beliefs.series(window), [10, 9], 'version 9 spoke later, but only where 10 is silent it counts')
  await say(source, [1, 1], -30)
  assert.deepEqual(await beliefs.series(window), [1, 1])
  assert.deepEqual(await beliefs.series({ ...window, prefer: 'version' }), [10, 9])
})

test('of a distribution the first value reached with one half is read', async (t) => {
  const { beliefs, sensor, source, store } = await house(t)
  const id = await sensor()
  const put = (start: Instant, probability: number, value: number) =>
    store.query('insert into timed_belief values ($1, $2, $3, $4, $5, $6)', [
      new Date(start).toISOString(),
      '1 hour',
      probability,
      value,
      id,
      source,
    ])
  const [a, b, c] = slots(AT, 15 * MIN, 3)
  for (const [probability, value] of [
    [0.1, 1],
    [0.5, 5],
    [0.9, 9],
  ] as const)
    await put(a!, probability, value)
  for (const [probability, value] of [
    [0.4, 4],
    [0.8, 8],
  ] as const)
    await put(b!, probability, value)
  for (const [probability, value] of [
    [0.1, 1],
    [0.3, 3],
  ] as const)
    await put(c!, probability, value)
  assert.deepEqual(await beliefs.series({ sensor: id, from: AT, until: instant(AT + 45 * MIN) }), [5, 8, 3])
})

test('the latest measurement is found behind any number of forecasts, and however long ago it was', async (t) => {
  const { beliefs, sensor, source } = await house(t)
  const id = await sensor()
  const at = (hours: number) => instant(AT - hours * 60 * MIN)
  assert.equal(await beliefs.latest(id), undefined)
  const foretold = [0, 1, 24, 100, 2000].map((hours) => at(hours))
  await beliefs.record([{ sensor: id, source, starts: foretold, values: [1, 2, 3, 4, 5], horizon: 60 * MIN }])
  assert.equal(await beliefs.latest(id), undefined, 'nothing was measured yet')
  const measured = async (hours: number, value: number) =>
    beliefs.record([{ sensor: id, source, starts: [at(hours)], values: [value], beliefTime: 'event-end' }])
  await measured(9000, 90)
  assert.deepEqual(await beliefs.latest(id), { start: at(9000), value: 90, beliefTime: at(9000) + 15 * MIN, source })
  await measured(24, 24)
  await measured(1, 1)
  assert.equal((await beliefs.latest(id))!.value, 1)
  assert.equal((await beliefs.latest(id, at(2)))!.value, 24)
  assert.equal((await beliefs.latest(id, at(25)))!.value, 90)
})
