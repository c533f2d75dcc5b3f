import assert from 'node:assert/strict'
import test from 'node:test'
import { instant } from '#kernel'
import { AT, house, MIN, slots } from './beliefs.fixture.ts'

test('posts that come in at once are stored each as if it came alone, in fewer statements than there are posts', async (t) => {
  const { beliefs, sensor, source, store, count } = await house(t)
  const other = await beliefs.source({ name: 'other meter', type: 'gateway' })
  const [one, two] = [await sensor(), await sensor()]
  await beliefs.record([{ sensor: two, source, starts: [instant(AT - 600 * MIN)], values: [7], beliefTime: AT }])
  const posts = Array.from({ length: 120 }, (_, i) => ({
    sensor: i % 2 === 0 ? one : two,
    source: i % 3 === 0 ? source : other,
    starts: slots(instant(AT + i * 30 * MIN), 15 * MIN, 1 + (i % 2)),
    values: [i, i].slice(0, 1 + (i % 2)),
  }))
  const outcomes = await Promise.all(posts.map((post) => beliefs.record([post])))
  assert.deepEqual(
    outcomes,
    posts.map(({ values }) => ({ stored: values.length, known: 0 })),
  )
  assert.deepEqual([await count(one), await count(two)], [60, 121])
  const written = await store.query<{ sensor: number; source: number; start: number; value: number }>(
    'select sensor_id as sensor, source_id as source, event_start as start, event_value as value from timed_belief where event_start >= to_timestamp($1)',
    [AT / 1000],
  )
  const text = (rows: { sensor: number; source: number; start: number; value: number }[]) =>
    rows.map((row) => `${row.sensor} ${row.source} ${row.start} ${row.value}`).sort()
  assert.deepEqual(
    text(written),
    text(
      posts.flatMap((post) => post.starts.map((start, i) => ({ sensor: post.sensor, source: post.source, start, value: post.values[i]! }))),
    ),
  )
  const commits = await store.query<{ n: string }>('select distinct xmin::text as n from timed_belief')
  assert.ok(commits.length < 40, `${commits.length} transactions for 120 posts`)
})

test('what is known, replaced or of a sensor that is gone is told to its sender alone', async (t) => {
  const { beliefs, sensor, sensors, source, store, count } = await house(t)
  const ids = await Promise.all(Array.from({ length: 6 }, () => sensor()))
  const [known, replaced, gone, ...fresh] = ids as [number, number, number, ...number[]]
  const post = (id: number, value: number) => ({ sensor: id, source, starts: [AT], values: [value], beliefTime: instant(AT + 60 * MIN) })
  await store.query(
    `insert into timed_belief (event_start, belief_horizon, cumulative_probability, event_value, sensor_id, source_id)
     select to_timestamp($1), interval '-45 min', 0.5, 1, id, $2 from unnest($3::int[]) id`,
    [AT / 1000, source, [known, replaced]],
  )
  await sensors.need(gone)
  await store.query('delete from sensor where id = $1', [gone])
  // The first two find free lanes; what follows goes together.
  const early = fresh.slice(0, 2).map((id) => beliefs.record([post(id, 1)]))
  const late = await Promise.allSettled([fresh[2]!, known, replaced, gone].map((id) => beliefs.record([post(id, id === replaced ? 2 : 1)])))
  assert.deepEqual(await Promise.all(early), [
    { stored: 1, known: 0 },
    { stored: 1, known: 0 },
  ])
  assert.deepEqual(
    late.map((one) => (one.status === 'fulfilled' ? one.value : (one.reason as { code: string }).code)),
    [{ stored: 1, known: 0 }, { stored: 0, known: 1 }, 'invalid-replacement', 'unknown-sensor'],
  )
  assert.equal(await count(fresh[2]!), 1)
})
