/**
 * What the beliefs of a sensor amount to, per source: number, sum, extremes (reference 2.4, `/stats`). Figures of past days are kept, recent ones
 * counted each time. What this program changes on past days is noted with the change (belief-change.ts); what others change is looked for in
 * some days at each question, and found at the latest when the figures are counted anew (docs/decisions/0010).
 */
import { after, type Clock, DAY, floorTo, type Instant } from '#kernel'
import { asTimestamp, type Queryable, type Store } from '#store'
import type { BeliefFigures, FiguresQuery } from './belief.ts'
import { COUNTED_AFTER } from './belief-change.ts'
import { NEVER } from './belief-columns.ts'
import type { Sensor } from './sensors.ts'

const COLUMNS = `source_id as source, count(*)::float8 as count, sum(event_value) as sum, min(event_value) as min, max(event_value) as max,
  min(event_start) as first, max(event_start) as last, max(event_start - belief_horizon) as recorded`

/** Figures per source, from the table. `within` holds conditions on `event_start`. */
const COUNTED = (within: string) => `select ${COLUMNS} from timed_belief where sensor_id = $1 and ${within} group by source_id`

type Range = Omit<FiguresQuery, 'sensor'>

/** Lower and upper bound as parameters: infinite ones stand for none. */
const bounds = ({ from, until }: Range): [string, string] => [
  asTimestamp(from ?? (-Infinity as Instant)),
  asTimestamp(until ?? (Infinity as Instant)),
]

/** See `Beliefs.figures`. */
export async function readFigures(store: Store, clock: Clock, sensor: Sensor, query: Range): Promise<BeliefFigures[]> {
  const [from, until] = bounds(query)
  const closed = closedDay(clock)
  const rows =
    query.fresh || (query.from ?? -Infinity) >= closed
      ? await store.query<BeliefFigures>(COUNTED('event_start >= $2 and event_start < $3'), [sensor.id, from, until])
      : await readKept(store, sensor, query, closed, clock.now())
  return rows.map((row) => ({ ...row, recorded: (row.recorded + sensor.resolution) as Instant })).sort((a, b) => a.source - b.source)
}

async function readKept(store: Store, sensor: Sensor, query: Range, closed: Instant, now: Instant): Promise<BeliefFigures[]> {
  await refreshFigures(store, sensor.id, closed, now)
  if (!(await seemTrue(store, sensor.id))) await recountDoubtful(store, sensor.id)
  return store.query<BeliefFigures>(JOINED, [sensor.id, ...bounds(query)], 'figures')
}

/** Kept days that lie whole in the window, and the rest of it from the table: one statement, so that it sees one state. */
const JOINED = `
with figured as (
  select coalesce((select until::timestamp at time zone 'UTC' from cariflex.belief_figured where sensor = $1), '-infinity') as until
), span as (
  select case when isfinite($2::timestamptz) then (ceil(date_part('epoch', $2::timestamptz) / 86400) * 86400)::float8 end as low,
    case when isfinite($3::timestamptz) then (floor(date_part('epoch', $3::timestamptz) / 86400) * 86400)::float8 end as high
), days as (
  select coalesce(to_timestamp(low), '-infinity') as low,
    greatest(least(coalesce(to_timestamp(high), 'infinity'), (select until from figured)), coalesce(to_timestamp(low), '-infinity')) as high from span
), kept as (
  select source, beliefs::float8 as count, total as sum, lowest as min, highest as max, first_start as first, last_start as last, last_belief as recorded
  from cariflex.belief_figure, days where sensor = $1 and day >= low at time zone 'UTC' and day < high at time zone 'UTC'
), edges as (
  select ${COLUMNS} from timed_belief b where sensor_id = $1 and event_start >= $2::timestamptz and event_start < (select low from days)
    and (event_start < $3::timestamptz or ${NEVER}) group by source_id
), open as (
  select ${COLUMNS} from timed_belief b where sensor_id = $1 and (event_start >= (select greatest(high, $2::timestamptz) from days)
    and event_start < $3::timestamptz or ${NEVER}) group by source_id
), every as (select * from kept union all select * from edges union all select * from open)
select source, sum(count) as count, sum(sum) as sum, min(min) as min, max(max) as max, min(first) as first, max(last) as last,
  max(recorded) as recorded from every group by source`

const FIGURES = `
  select sensor_id, (event_start at time zone 'UTC')::date, source_id, count(*), sum(event_value), min(event_value), max(event_value),
    min(event_start), max(event_start), max(event_start - belief_horizon)
  from timed_belief b`
const INTO = `insert into cariflex.belief_figure
  (sensor, day, source, beliefs, total, lowest, highest, first_start, last_start, last_belief)`

/** Any number will do, as long as every Cariflex takes the same one. */
const LOCK = 742_116_010

/**
 * Brings the kept figures of a sensor up to date: counts days that were changed, and those that closed since. One at a time per sensor; each
 * statement counts, writes and takes away notes from one state of the database.
 */
async function refreshFigures(store: Store, sensor: number, closed: Instant, now: Instant): Promise<void> {
  const stale = await store.first(
    `select 1 from (select coalesce((select until from cariflex.belief_figured where sensor = $1), '-infinity') as until) f
     where f.until < ($2::timestamptz at time zone 'UTC')::date
        or exists (select from cariflex.belief_change c where c.sensor = $1 and c.day < f.until)`,
    [sensor, asTimestamp(closed)],
    'figures-stale',
  )
  if (!stale) return
  await counting(store, sensor, async (tx) => {
    await recountChanged(tx, sensor)
    await countUntil(tx, sensor, closed, now)
  })
}

/** Counts days again that notes name, and takes the notes away that it saw. */
const recountChanged = (tx: Queryable, sensor: number) =>
  tx.query(
    `with noted as (
       delete from cariflex.belief_change c using cariflex.belief_figured f where c.sensor = $1 and f.sensor = $1 and c.day < f.until returning c.day
     ), days as materialized (select distinct day from noted), gone as (
       delete from cariflex.belief_figure g using days where g.sensor = $1 and g.day = days.day
         and not exists (select from timed_belief b where b.sensor_id = $1 and b.source_id = g.source
           and b.event_start >= days.day::timestamp at time zone 'UTC' and b.event_start < (days.day + 1)::timestamp at time zone 'UTC')
     )
     ${INTO} select counted.* from days, lateral (${FIGURES} where sensor_id = $1
       and (event_start >= days.day::timestamp at time zone 'UTC' and event_start < (days.day + 1)::timestamp at time zone 'UTC' or ${NEVER})
       group by 1, 2, 3) counted
     on conflict (sensor, day, source) do update set beliefs = excluded.beliefs, total = excluded.total, lowest = excluded.lowest,
       highest = excluded.highest, first_start = excluded.first_start, last_start = excluded.last_start, last_belief = excluded.last_belief`,
    [sensor],
  )

/** Counts the days from where the figures end to `closed`. Notes of that time that it saw are done with. */
const countUntil = (tx: Queryable, sensor: number, closed: Instant, now: Instant) =>
  tx.query(
    `with span as (
       select coalesce((select until from cariflex.belief_figured where sensor = $1), '-infinity') as low, ($2::timestamptz at time zone 'UTC')::date as high
     ), counted as (
       ${INTO} ${FIGURES} where sensor_id = $1 and event_start >= (select low::timestamp at time zone 'UTC' from span)
         and event_start < (select high::timestamp at time zone 'UTC' from span) group by 1, 2, 3
     ), noted as (
       delete from cariflex.belief_change c using span where c.sensor = $1 and c.day >= span.low and c.day < span.high
     )
     insert into cariflex.belief_figured (sensor, until, counted_at) select $1, high, $3 from span where low < high
     on conflict (sensor) do update set until = excluded.until`,
    [sensor, asTimestamp(closed), asTimestamp(now)],
  )

/** Kept days that are compared with the table at each question: the newest, and some anywhere. */
const LOOKED_AT = { newest: 3, anywhere: 5 }

/** Compares the number of beliefs of some kept days with the table, by index alone. */
async function seemTrue(db: Queryable, sensor: number): Promise<boolean> {
  const wrong = await db.first(
    `with span as (select min(day) as low, max(day) as high from cariflex.belief_figure where sensor = $1), days as (
       select high - n as day from span, generate_series(0, ${LOOKED_AT.newest - 1}) n where high is not null
       union select low + floor(random() * (high - low + 1))::int from span, generate_series(1, ${LOOKED_AT.anywhere}) where high is not null
     )
     select 1 from days where ${KEPT_DIFFERS} limit 1`,
    [sensor],
    'figures-seem-true',
  )
  return wrong === undefined
}

const KEPT_DIFFERS = `coalesce((select sum(g.beliefs) from cariflex.belief_figure g where g.sensor = $1 and g.day = days.day), 0)
  <> (select count(*) from timed_belief b where b.sensor_id = $1 and (b.event_start >= days.day::timestamp at time zone 'UTC'
    and b.event_start < (days.day + 1)::timestamp at time zone 'UTC' or ${NEVER}))`

/** Notes all days whose number of beliefs differs from the table, and counts them again. */
async function recountDoubtful(store: Store, sensor: number): Promise<void> {
  await counting(store, sensor, async (tx) => {
    await tx.query(
      `with kept as (
         select day, sum(beliefs) as n from cariflex.belief_figure where sensor = $1 group by day
       ), found as (
         select (event_start at time zone 'UTC')::date as day, count(*) as n from timed_belief where sensor_id = $1
           and event_start < (select until::timestamp at time zone 'UTC' from cariflex.belief_figured where sensor = $1) group by 1
       )
       insert into cariflex.belief_change (sensor, day) select $1, day from kept full join found using (day) where kept.n is distinct from found.n`,
      [sensor],
    )
    await recountChanged(tx, sensor)
  })
}

/**
 * Counts all figures anew that were begun before the moment, so that what others changed without changing the number of beliefs is found too.
 * Also drops what belongs to sensors that are gone, and notes that nobody will read. Resolves to the number of sensors counted.
 */
export async function recountFigures(store: Store, clock: Clock, before: Instant): Promise<number> {
  await store.transact(async (tx) => {
    // Whoever counts is done before notes are thrown away, and begins after.
    await tx.query('select pg_advisory_xact_lock($1, 0)', [LOCK])
    await tx.query('delete from cariflex.belief_figured f where not exists (select from sensor s where s.id = f.sensor)')
    await tx.query(
      'delete from cariflex.belief_figure g where not exists (select from cariflex.belief_figured f where f.sensor = g.sensor)',
    )
    await tx.query(
      'delete from cariflex.belief_change c where not exists (select from cariflex.belief_figured f where f.sensor = c.sensor)',
    )
  })
  const old = await store.query<{ sensor: number }>('select sensor from cariflex.belief_figured where counted_at < $1', [
    asTimestamp(before),
  ])
  const [closed, now] = [closedDay(clock), clock.now()]
  for (const { sensor } of old)
    await counting(store, sensor, async (tx) => {
      await tx.query('delete from cariflex.belief_figured where sensor = $1', [sensor])
      await tx.query('delete from cariflex.belief_figure where sensor = $1', [sensor])
      await countUntil(tx, sensor, closed, now)
    })
  return old.length
}

const closedDay = (clock: Clock): Instant => floorTo(after(clock.now(), -COUNTED_AFTER), DAY)

/** One count at a time per sensor. */
const counting = (store: Store, sensor: number, work: (tx: Queryable) => Promise<unknown>): Promise<void> =>
  store.transact(async (tx) => {
    await tx.query('select pg_advisory_xact_lock_shared($1, 0)', [LOCK])
    await tx.query('select pg_advisory_xact_lock($1, $2)', [LOCK, sensor])
    await work(tx)
  })
