import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import test from 'node:test'
import { inProcessBus, silentLog, systemClock } from '#kernel'
import { openStore, type Store } from '#store'
import { closedAt } from './belief-change.ts'
import { openBeliefWriter } from './belief-writer.ts'
import { AT, type BeliefHouse, house, MIN, slots } from './beliefs.fixture.ts'
import { openBeliefs } from './beliefs.ts'
import type { News } from './news.ts'
import { mergeAll } from './record-statements.ts'
import { settleBatch } from './settle-batch.ts'

/** One batch for each way of writing. */
const WAYS: [way: string, batch: (sensor: number, source: number) => Parameters<BeliefHouse['beliefs']['record']>[0][number]][] = [
  ['news', (sensor, source) => ({ sensor, source, starts: slots(AT, 15 * MIN, 4), values: [1, 2, 3, 4] })],
  ['looked at', (sensor, source) => ({ sensor, source, starts: slots(AT, 15 * MIN, 4), values: [1, 2, 3, 4], overwrite: true })],
  ['distribution', (sensor, source) => ({ sensor, source, starts: [AT, AT], values: [1, 2], probabilities: [0.1, 0.9] })],
  ['COPY', (sensor, source) => ({ sensor, source, starts: slots(AT, 15 * MIN, 600), values: new Array<number>(600).fill(1) })],
]

const orphans = async (store: Store): Promise<number> =>
  (await store.first<{ n: number }>(
    `select count(*)::int as n from timed_belief b where not exists (select from sensor s where s.id = b.sensor_id)
     or not exists (select from data_source d where d.id = b.source_id)`,
  ))!.n

test('no belief is stored of a sensor or by a source that was deleted meanwhile, whichever way it is written', async (t) => {
  const { beliefs, sensor, sensors, source, store } = await house(t)
  assert.notEqual(await openBeliefWriter(store, () => 0)(), store, 'PostgreSQL does not look for us')
  for (const [way, batch] of WAYS) {
    const id = await sensor()
    await sensors.need(id)
    await store.query('delete from sensor where id = $1', [id])
    await assert.rejects(beliefs.record([batch(id, source)]), { code: 'unknown-sensor' }, way)
    await assert.rejects(beliefs.record([batch(await sensor(), 77_777)]), { code: 'unknown-sensor' }, way)
    const both = [batch(await sensor(), source), batch(await sensor(), 77_777)]
    await assert.rejects(beliefs.record(both), { code: 'unknown-sensor' }, `${way}, two batches`)
  }
  assert.equal((await store.first<{ n: number }>('select count(*)::int as n from timed_belief'))!.n, 0)
})

test('a sensor that is deleted while beliefs of it come in takes all of them along', async (t) => {
  const { beliefs, sensor, source, store } = await house(t)
  const id = await sensor()
  const writes = Array.from({ length: 24 }, (_, turn) => {
    const [, batch] = WAYS[turn % WAYS.length]!
    const one = batch(id, source)
    return beliefs.record([{ ...one, starts: one.starts.map((start) => (start + turn * 20_000 * MIN) as typeof start) }]).then(
      () => true,
      (error: unknown) => {
        assert.equal((error as { code?: string }).code, 'unknown-sensor')
        return false
      },
    )
  })
  await writes[3]
  await store.query('delete from sensor where id = $1', [id])
  const stored = await Promise.all(writes)
  assert.ok(stored.includes(true))
  assert.equal(await orphans(store), 0)
})

test('a table with a trigger, and a user who may not, are written as everybody writes', async (t) => {
  const { store, sensor, source, clock, beliefs } = await house(t)
  const id = await sensor()
  await beliefs.record([{ sensor: id, source, starts: [AT], values: [1] }])
  await store.query(`create table heard (n int);
    create function hear() returns trigger language plpgsql as $$ begin insert into heard values (1); return null; end $$;
    create trigger hearing after insert on timed_belief for each row execute function hear()`)
  clock.set((clock.now() + 10_001) as typeof AT)
  await beliefs.record([{ sensor: id, source, starts: slots(AT, 15 * MIN, 3), values: [9, 8, 7] }])
  assert.equal((await store.first<{ n: number }>('select count(*)::int as n from heard'))!.n, 3)

  const name = `plain_${randomBytes(4).toString('hex')}`
  await store.query(`create role ${name} login password 'p' in role pg_read_all_data, pg_write_all_data;
    grant usage on all sequences in schema public, cariflex to ${name}; grant usage on schema cariflex to ${name}`)
  const url = new URL(store.url)
  ;[url.username, url.password] = [name, 'p']
  const modest = openStore({ url: url.href, log: silentLog, clock: systemClock, connections: 2 })
  try {
    assert.equal(await modest.unchecked(), undefined)
    const other = openBeliefs({ store: modest, clock: systemClock, bus: inProcessBus<News>(() => {}) })
    for (const [, batch] of WAYS) assert.ok((await other.record([batch(await sensor(), source)])).stored > 0)
  } finally {
    await modest.close()
    await store.query(`drop owned by ${name}; drop role ${name}`)
  }
})

test('plans kept while the table was empty are made anew when it has grown: a value is looked for by its key', async (t) => {
  const { store, beliefs, sensor, source, sensors, clock } = await house(t)
  const id = await sensor()
  const writer = openBeliefWriter(store, () => clock.now())
  const few = settleBatch(
    { sensor: id, source, starts: slots(AT, 15 * MIN, 96), values: new Array<number>(96).fill(1) },
    await sensors.need(id),
    AT,
  )
  const rowsRead = async () =>
    (await writer()).transact(async (tx) => {
      await mergeAll(tx, [few], false, closedAt(AT))
      return (await tx.first<{ n: number }>(
        "select idx_tup_fetch::int as n from pg_stat_xact_user_tables where relid = 'timed_belief'::regclass",
      ))!.n
    })
  // Nobody counts the rows of this table, and at first there are none.
  await store.query('alter table timed_belief set (autovacuum_enabled = off)')
  await store.query('analyze timed_belief')
  await rowsRead()
  const many = 20_000
  await beliefs.record([{ sensor: id, source, starts: slots(AT, 15 * MIN, many), values: new Array<number>(many).fill(1) }])
  clock.set((clock.now() + 1_001) as typeof AT)
  const read = await rowsRead()
  assert.ok(read < 1_000, `${read} rows were read for 96 values`)
})
