import assert from 'node:assert/strict'
import test from 'node:test'
import { systemClock } from '#kernel'
import { scratchStore } from './scratch.ts'
import { tidyTable } from './tidy.ts'

test('rows are put in the order of an index, nothing is lost, and the definition stays as it was', async (t) => {
  const store = await scratchStore(t)
  await store.query("insert into generic_asset (name, generic_asset_type_id, attributes) values ('house', 6, '{}')")
  await store.query(
    `insert into sensor (name, unit, timezone, event_resolution, knowledge_horizon_fnc, knowledge_horizon_par, generic_asset_id, attributes)
     select 's' || n, 'kW', 'UTC', '5 minutes', 'ex_post', '{}', (select max(id) from generic_asset), '{}' from generate_series(1, 50) n`,
  )
  await store.query("insert into data_source (name, type) values ('meter', 'gateway')")
  await store.query(
    `insert into timed_belief select to_timestamp(e * 300), '0', 0.5, e, s.id, (select max(id) from data_source)
     from generate_series(1, 400) e, sensor s order by e, s.id`,
  )
  const pages = async () =>
    (await store.first<{ n: number }>(
      `select count(distinct (ctid::text::point)[0])::int as n from timed_belief where sensor_id = (select min(id) from sensor)`,
    ))!.n
  const definition = () =>
    store.query(
      `select c.relname, i.indisclustered, pg_get_indexdef(i.indexrelid) as definition from pg_index i join pg_class c on c.oid = i.indexrelid
       where i.indrelid = 'timed_belief'::regclass order by 1`,
    )
  const content = () =>
    store.first('select count(*)::int as n, sum(event_value) as sum, sum(sensor_id * event_value) as mixed from timed_belief')
  const [shape, held, scattered] = [await definition(), await content(), await pages()]
  const told: number[] = []
  const done = await tidyTable({
    store,
    clock: systemClock,
    table: 'timed_belief',
    columns: ['sensor_id', 'event_start'],
    progress: (part) => told.push(part),
  })
  assert.equal(done.rows, 20_000)
  assert.ok(scattered > 100 && (await pages()) < 8, `${scattered} pages became ${await pages()}`)
  assert.deepEqual([await definition(), await content()], [shape, held])
  assert.equal(told.at(-1), 1)
  const wrong = tidyTable({ store, clock: systemClock, table: 'timed_belief', columns: ['source_id'] })
  await assert.rejects(wrong, /has no index on \(source_id\)/)
})
