import assert from 'node:assert/strict'
import test from 'node:test'
import { instant, silentLog, systemClock } from '#kernel'
import { freePort } from './embedded/cluster.ts'
import { openStore } from './open.ts'
import { scratchStore } from './scratch.ts'
import { asDoubles, asIntegers, asInterval, asJson, asTimestamp, readInterval, readTimestamp } from './value.ts'

const AT = instant(Date.UTC(2026, 10, 24, 10, 0, 0, 250))

test('moments, lengths of time, big numbers and documents come back as they went in', async (t) => {
  const store = await scratchStore(t)
  const row = await store.first(
    `select $1::timestamptz as at, $1::timestamp as naive, $2::interval as length, 9007199254740991::bigint as big, 1.25::numeric as exact,
      $3::jsonb as document, date '2026-11-24' as day, array['PT1H'::interval] as lengths, array[$1::timestamptz, null] as moments,
      'infinity'::timestamptz as never, sum(x) as total from generate_series(1, 3) x`,
    [asTimestamp(AT), asInterval(900_000), asJson([1, { a: 'é' }])],
  )
  assert.deepEqual(row, {
    at: AT,
    naive: AT,
    length: 900_000,
    big: 9_007_199_254_740_991,
    exact: 1.25,
    document: [1, { a: 'é' }],
    day: '2026-11-24',
    lengths: [3_600_000],
    moments: [AT, null],
    never: Infinity,
    total: 6,
  })
})

test('many numbers go to the database as they are', async (t) => {
  const store = await scratchStore(t)
  const [doubles, integers] = [
    [0.1, -0, 1e300, Number.NEGATIVE_INFINITY, 5e-324],
    [-1, 0, 2_147_483_647],
  ]
  const row = await store.first('select $1::float8[] as doubles, $2::int[] as integers, cardinality($3::float8[]) as none', [
    asDoubles(doubles),
    asIntegers(integers),
    asDoubles([]),
  ])
  assert.deepEqual(row, { doubles, integers, none: 0 })
})

test('intervals and timestamps are read in every form the server writes', () => {
  const lengths = {
    '00:15:00': 900e3,
    '-1 days +02:00:00': -79_200e3,
    '1 year 2 mons 3 days': 36_547_200e3,
    '-00:00:00.5': -500,
    '100:00:00.25': 360_000_250,
    '00:00:00': 0,
  }
  for (const [text, length] of Object.entries(lengths)) assert.equal(readInterval(text), length, text)
  assert.equal(readTimestamp('2026-11-24 10:00:00.25+00'), AT)
  assert.equal(readTimestamp('2026-11-24 06:00:00.25-04'), AT)
  assert.equal(readTimestamp('2026-11-24 15:30:00.25+05:30'), AT)
  assert.equal(readTimestamp('1969-12-31 23:59:59.999+00'), -1)
  assert.equal(readTimestamp('2026-11-24 10:00:00.249999+00'), AT - 1)
})

test('a transaction is there as a whole or not at all, and its queries may be asked at once', async (t) => {
  const store = await scratchStore(t)
  await store.query('create table sum (x int)')
  await store.transact(async (tx) => {
    await Promise.all([1, 2, 3].map((x) => tx.query('insert into sum values ($1)', [x])))
  })
  await assert.rejects(
    store.transact(async (tx) => {
      await tx.query('insert into sum values (4)')
      throw new Error('second thoughts')
    }),
    /second thoughts/,
  )
  assert.deepEqual(await store.first('select sum(x) as total, count(*) as n from sum'), { total: 6, n: 3 })
})

test('COPY takes lines from text, lists and streams, and gives them back', async (t) => {
  const store = await scratchStore(t)
  await store.query('create table line (x int, word text)')
  const lines = Array.from({ length: 20_000 }, (_, x) => `${x}\tword ${x}\n`)
  assert.equal(await store.copyIn('copy line from stdin', lines), 20_000)
  async function* stream() {
    yield '-1\t\\N\n'
    yield Buffer.from('-2\té\n')
  }
  assert.equal(await store.copyIn('copy line from stdin', stream()), 2)
  assert.equal(await store.copyIn('copy line from stdin', ''), 0)
  await assert.rejects(store.copyIn('copy line from stdin', ['7\tgood\n', 'seven\tbad\n']), /invalid input syntax/)
  assert.deepEqual(await store.query('select word from line where x < 0 order by x'), [{ word: 'é' }, { word: null }])
  assert.deepEqual(await store.first('select count(*) as n, sum(x) as total from line'), { n: 20_002, total: 199_989_997 })
  const { PassThrough } = await import('node:stream')
  const { text } = await import('node:stream/consumers')
  const sink = new PassThrough()
  const [rows, back] = await Promise.all([store.copyOut('copy (select * from line where x < 2 order by x) to stdout', sink), text(sink)])
  assert.deepEqual([rows, back], [4, '-2\té\n-1\t\\N\n0\tword 0\n1\tword 1\n'])
})

test('a server that is away is a Problem that passes: 503, later', async (t) => {
  const store = openStore({ url: `postgres://nobody@127.0.0.1:${await freePort()}/none`, log: silentLog, clock: systemClock })
  t.after(() => store.close())
  const away = { code: 'database-unavailable', status: 503, retry: 'later', hint: /Nothing was stored/ }
  await assert.rejects(store.query('select 1'), away)
  await assert.rejects(
    store.transact((tx) => tx.query('select 1')),
    away,
  )
  assert.throws(() => openStore({ url: 'localhost', log: silentLog, clock: systemClock }), { code: 'invalid-database-url' })
})

test('connections cut by the server fail their query only; the next query works', async (t) => {
  const store = await scratchStore(t, { connections: 2 })
  const away = { code: 'database-unavailable', status: 503, hint: /not certain/ }
  await assert.rejects(
    store.transact(async (tx) => {
      const me = await tx.first<{ pid: number }>('select pg_backend_pid() as pid')
      await store.query('select pg_terminate_backend($1)', [me?.pid])
      await tx.query('select pg_sleep(5)')
    }),
    away,
  )
  await assert.rejects(store.query('select pg_terminate_backend(pg_backend_pid())'), away)
  assert.deepEqual(await store.query('select 1 as one'), [{ one: 1 }])
})

test('a mistake in SQL stays a bug, not a Problem', async (t) => {
  const store = await scratchStore(t)
  await assert.rejects(store.query('select * from nowhere'), { name: 'error', code: '42P01' })
})

test('a value that no column can hold is a Problem of who sent it', async (t) => {
  const store = await scratchStore(t)
  const code = { code: 'value-not-storable', status: 422 }
  await assert.rejects(store.query('select name from account where id = $1', [99_999_999_999]), code)
  await assert.rejects(store.query('insert into account (name) values ($1)', ['a\u0000b']), code)
  await assert.rejects(store.query('select $1::jsonb', [asJson({ name: '\u0000' })]), code)
})

test('two transactions that block each other: one is undone and may be sent again', async (t) => {
  const store = await scratchStore(t)
  await store.query('create table lock (id int primary key, n int); insert into lock values (1, 0), (2, 0)')
  let meet = () => {}
  const both = new Promise<void>((resolve) => {
    meet = resolve
  })
  let waiting = 2
  const cross = (first: number, second: number) =>
    store.transact(async (tx) => {
      await tx.query(`set local deadlock_timeout = '20ms'`)
      await tx.query('update lock set n = n + 1 where id = $1', [first])
      if (--waiting === 0) meet()
      await both
      await tx.query('update lock set n = n + 1 where id = $1', [second])
    })
  const ends = await Promise.allSettled([cross(1, 2), cross(2, 1)])
  const lost = ends.filter((end) => end.status === 'rejected')
  assert.equal(lost.length, 1)
  assert.equal((lost[0] as PromiseRejectedResult).reason.code, 'database-conflict')
})

test('a store that closes lets those finish who wait for a connection, and refuses whoever comes later', async (t) => {
  const store = await scratchStore(t, { connections: 1 })
  const asked = Array.from({ length: 5 }, (_, n) => store.first('select $1::int as n, pg_sleep(0.01)', [n]))
  await store.close()
  assert.equal((await Promise.all(asked)).length, 5)
  await assert.rejects(store.query('select 1'), { code: 'database-unavailable', status: 503 })
})
