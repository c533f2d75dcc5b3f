import assert from 'node:assert/strict'
import test from 'node:test'
import { DAY, HOUR, instant } from '#kernel'
import type { BeliefFigures, FiguresQuery } from './belief.ts'
import { recountFigures } from './belief-figures.ts'
import { AT, type BeliefHouse, house, MIN } from './beliefs.fixture.ts'
import { removeBeliefs } from './remove-beliefs.ts'

/** Kept figures and the same counted from the table must agree; sums up to the order of adding. */
async function agree({ beliefs }: BeliefHouse, query: FiguresQuery, what: string): Promise<void> {
  const rounded = (figures: BeliefFigures[]) => figures.map((one) => ({ ...one, sum: Math.round(one.sum * 1e6) / 1e6 }))
  const [kept, counted] = [await beliefs.figures(query), await beliefs.figures({ ...query, fresh: true })]
  assert.deepEqual(rounded(kept), rounded(counted), what)
}

test('figures follow every change of the past: late news, other opinions, replacements, deletions', async (t) => {
  const rig = await house(t)
  const { beliefs, clock, source } = rig
  const id = await rig.sensor({ resolution: HOUR })
  const other = await beliefs.source({ name: 'sun', type: 'forecaster' })
  const start = instant(AT - 20 * DAY)
  const day = (n: number, values: number[], more: object = {}) =>
    beliefs.record([
      { sensor: id, source, starts: values.map((_, k) => instant(start + n * DAY + k * HOUR)), values, beliefTime: 'event-end', ...more },
    ])
  for (let n = 0; n < 22; n++) await day(n, [n, 2 * n, -n])
  await agree(rig, { sensor: id }, 'first count')
  await day(3, [0, 0, 0, 7, 8], { overwrite: true })
  await agree(rig, { sensor: id }, 'replaced, and news on a counted day')
  await day(4, [100, 200], { source: other, horizon: 2 * HOUR, beliefTime: undefined })
  await agree(rig, { sensor: id }, 'another source on a counted day')
  await day(
    5,
    Array.from({ length: 700 }, (_, k) => k),
    { source: other, horizon: HOUR, beliefTime: undefined },
  )
  await agree(rig, { sensor: id }, 'many at once')
  await beliefs.remove({ sensor: id, source: other, from: instant(start + 4 * DAY), until: instant(start + 5 * DAY) })
  await agree(rig, { sensor: id }, 'a source deleted from a day')
  clock.set(instant(clock.now() + 9 * DAY))
  await agree(rig, { sensor: id }, 'days that closed since')
  const edges: [number | undefined, number | undefined][] = [
    [undefined, 4 * DAY + 90 * MIN],
    [2 * DAY + 30 * MIN, undefined],
    [2 * DAY + 30 * MIN, 6 * DAY],
    [3 * DAY, 3 * DAY + HOUR],
    [3 * DAY + 10 * MIN, 3 * DAY + 20 * MIN],
    [25 * DAY, 40 * DAY],
    [4 * DAY, 2 * DAY],
  ]
  for (const [from, until] of edges)
    await agree(
      rig,
      {
        sensor: id,
        ...(from !== undefined && { from: instant(start + from) }),
        ...(until !== undefined && { until: instant(start + until) }),
      },
      `from ${from} until ${until}`,
    )
  const [meter] = await beliefs.figures({ sensor: id, from: start, until: instant(start + DAY) })
  assert.deepEqual(meter, {
    source,
    count: 3,
    sum: 0,
    min: 0,
    max: 0,
    first: start,
    last: start + 2 * HOUR,
    recorded: start + 3 * HOUR,
  })
})

test('what another program inserts or deletes among kept days is found; what it updates, when the figures are counted anew', async (t) => {
  const rig = await house(t)
  const { beliefs, clock, store, source } = rig
  const id = await rig.sensor({ resolution: HOUR })
  const starts = [4, 5, 6].map((days) => instant(AT - days * DAY))
  await beliefs.record([{ sensor: id, source, starts, values: [1, 2, 3], beliefTime: 'event-end' }])
  await agree(rig, { sensor: id }, 'counted')
  await store.query(`insert into timed_belief values ($1, '-1 hour', 0.5, 42, $2, $3)`, [
    new Date(starts[1]! + HOUR).toISOString(),
    id,
    source,
  ])
  await agree(rig, { sensor: id }, 'inserted by another')
  await store.query('delete from timed_belief where sensor_id = $1 and event_value = 1', [id])
  await agree(rig, { sensor: id }, 'deleted by another')
  await store.query('update timed_belief set event_value = 99 where sensor_id = $1 and event_value = 42', [id])
  const maximum = async (fresh: boolean) => (await beliefs.figures({ sensor: id, fresh }))[0]!.max
  assert.deepEqual([await maximum(false), await maximum(true)], [42, 99])
  assert.equal(await recountFigures(store, clock, instant(AT + 1)), 1)
  assert.equal(await maximum(false), 99)
})

test('a change that is not committed while figures are counted is in the next ones', async (t) => {
  const rig = await house(t)
  const { beliefs, store, source, clock } = rig
  const id = await rig.sensor({ resolution: HOUR })
  const start = instant(AT - 10 * DAY)
  await beliefs.record([{ sensor: id, source, starts: [start, instant(start + HOUR)], values: [1, 2], beliefTime: 'event-end' }])
  await store.transact(async (tx) => {
    assert.equal((await removeBeliefs(tx, { sensor: id, until: instant(start + MIN) }, clock.now())).count, 1)
    assert.equal((await beliefs.figures({ sensor: id }))[0]!.count, 2, 'not yet committed')
  })
  await agree(rig, { sensor: id }, 'committed')
})

test('figures of a sensor that is gone are dropped, and so are notes that nobody reads', async (t) => {
  const rig = await house(t)
  const { beliefs, store, source, sensors, clock } = rig
  const [one, two] = [await rig.sensor(), await rig.sensor()]
  for (const sensor of [one, two])
    await beliefs.record([{ sensor, source, starts: [instant(AT - 10 * DAY)], values: [1], beliefTime: 'event-end' }])
  await beliefs.figures({ sensor: one })
  await sensors.remove(one)
  await recountFigures(store, clock, instant(0))
  const rows = async (table: string) => (await store.first<{ n: number }>(`select count(*)::int as n from cariflex.${table}`))!.n
  assert.deepEqual([await rows('belief_figure'), await rows('belief_figured'), await rows('belief_change')], [0, 0, 0])
  await agree(rig, { sensor: two }, 'the other one is counted as ever')
})
