/** The last event that each kind of source wrote to a sensor, for many sensors at once: whom to ask is remembered (migration 0013). */
import { type Bus, type Clock, DAY, describeError, type Instant, instant, type Log, parseDurationLength, parseInstant } from '#kernel'
import { asTimestamp, type Queryable, type Store } from '#store'
import type { News } from './news.ts'
import type { Sensor, Sensors } from './sensors.ts'
import type { LastEvent } from './staleness.ts'

export interface LastEvents {
  /** By sensor id, of beliefs recorded until now; sensors without data have an empty list. */
  of(sensors: readonly Sensor[], now: Instant): Promise<Map<number, LastEvent[]>>
  close(): void
}

export interface LastEventsParts {
  store: Store
  bus: Bus<News>
  clock: Clock
  log: Log
  sensors: Pick<Sensors, 'get'>
}

/** Others may write the database, too: each sensor is looked through again after so long. */
const SURVEY_LASTS = DAY

export function openLastEvents({ store, bus, clock, log, sensors }: LastEventsParts): LastEvents {
  /** By sensor '<source> <ahead>' of what this process has noted. */
  const noted = new Map<number, Set<string>>()
  let noting: Promise<void> = Promise.resolve()
  const unfollow = bus.on('beliefs', (news) => {
    noting = noting
      .then(() => note(news))
      .catch((error: unknown) => log.debug({ error: describeError(error) }, 'could not note who writes a sensor'))
  })
  const note = async (news: Extract<News, { kind: 'beliefs' }>) => {
    const now = clock.now()
    const fresh: { sensor: number; ahead: boolean }[] = []
    for (const id of news.sensors) {
      const ahead = news.ahead && news.until - ((await sensors.get(id))?.resolution ?? 0) > now
      if (!noted.get(id)?.has(`${news.source} ${ahead}`)) fresh.push({ sensor: id, ahead })
    }
    if (fresh.length === 0) return
    await store.query(NOTE, [fresh.map((one) => one.sensor), fresh.map((one) => one.ahead), news.source])
    for (const { sensor, ahead } of fresh) noted.set(sensor, (noted.get(sensor) ?? new Set()).add(`${news.source} ${ahead}`))
  }
  let surveying: Promise<void> = Promise.resolve()
  /** One survey after the other: each may read many rows. */
  const survey = (ids: readonly number[]): Promise<void> => {
    const done = surveying.then(async () => {
      for (const id of ids) noted.delete(id)
      await lookThrough(store, ids, clock.now())
    })
    surveying = done.catch(() => undefined)
    return done
  }
  return {
    async of(asked, now) {
      await noting
      const [plain, special] = [asked.filter((sensor) => !searchOf(sensor)), asked.filter((sensor) => searchOf(sensor))]
      const state = await store.query<{ id: number; at: Instant | null }>(STATE, [plain.map(({ id }) => id)])
      const unknown = state.filter(({ at }) => at === null).map(({ id }) => id)
      if (unknown.length > 0) await survey(unknown)
      const old = state.filter(({ at }) => at !== null && at < now - SURVEY_LASTS).map(({ id }) => id)
      if (old.length > 0) void survey(old).catch((error: unknown) => log.debug({ error: describeError(error) }, 'could not survey sensors'))
      const found = new Map<number, LastEvent[]>(asked.map(({ id }) => [id, []]))
      for (const { sensor, type, start } of await lastOf(store, plain, now)) found.get(sensor)!.push({ type, start })
      for (const sensor of special) found.set(sensor.id, await searchLast(store, sensor, searchOf(sensor)!, now))
      return found
    },
    close: () => unfollow(),
  }
}

const NOTE = `insert into cariflex.sensor_source (sensor, source, ahead) select g.sensor, $3::int, g.ahead
  from unnest($1::int[], $2::boolean[]) as g(sensor, ahead)
  on conflict (sensor, source) do update set ahead = true where excluded.ahead and not sensor_source.ahead`

/** Sensors that seem to have no source but do have beliefs count as never looked through. */
const STATE = `select s.id, case when p.sensor is null and exists (select from timed_belief b where b.sensor_id = s.id) then null else v.at end as at
  from unnest($1::int[]) as s(id) left join cariflex.sensor_surveyed v on v.sensor = s.id
  left join lateral (select sensor from cariflex.sensor_source where sensor = s.id limit 1) p on true`

/** Days whose figures are kept say who wrote them; only the days after them are read. */
const SURVEY = `insert into cariflex.sensor_source (sensor, source, ahead)
  select f.sensor, f.source, coalesce(bool_or(f.last > $2::timestamptz), false) from (
    select distinct sensor, source, null::timestamptz as last from cariflex.belief_figure where sensor = any($1::int[])
    union all
    select b.sensor_id, b.source_id, max(b.event_start) from unnest($1::int[]) as s(id)
    left join cariflex.belief_figured d on d.sensor = s.id
    join timed_belief b on b.sensor_id = s.id and b.event_start >= coalesce(d.until::timestamp at time zone 'UTC', '-infinity')
    group by b.sensor_id, b.source_id
  ) f group by f.sensor, f.source
  on conflict (sensor, source) do update set ahead = true where excluded.ahead and not sensor_source.ahead`

const SURVEYED = `insert into cariflex.sensor_surveyed (sensor, at) select unnest($1::int[]), $2
  on conflict (sensor) do update set at = excluded.at`

/** What is known begins anew: sources whose beliefs are all gone (deleted, thinned) would be looked for in vain each time. */
async function lookThrough(store: Store, sensors: readonly number[], now: Instant): Promise<void> {
  await store.transact(async (tx) => {
    await tx.query('delete from cariflex.sensor_source where sensor = any($1::int[])', [sensors])
    await tx.query(SURVEY, [sensors, asTimestamp(now)])
    await tx.query(SURVEYED, [sensors, asTimestamp(now)])
  })
}

/**
 * For each sensor and source the last event, found from the end of the index on (sensor_id, event_start): of all time for those that write ahead,
 * else until now, so that nobody's forecasts must be passed over. The bounds on the sensor keep PostgreSQL from other indexes.
 */
const LAST = `
select p.sensor, d.type, max(l.event_start) as start
from unnest($1::int[], $2::float8[]) as s(id, known)
join cariflex.sensor_source p on p.sensor = s.id
join data_source d on d.id = p.source
cross join lateral (
  select b.event_start from timed_belief b
  where b.sensor_id between p.sensor and p.sensor and b.event_start <= case when p.ahead then 'infinity'::timestamptz else $3::timestamptz end
    and b.source_id + 0 = p.source
    and (s.known is null or b.event_start + make_interval(secs => s.known) - b.belief_horizon <= $3::timestamptz)
  order by b.sensor_id desc, b.event_start desc limit 1
) l
group by p.sensor, d.type`

async function lastOf(store: Store, sensors: readonly Sensor[], now: Instant): Promise<{ sensor: number; type: string; start: Instant }[]> {
  if (sensors.length === 0) return []
  const known = sensors.map(({ knownAfter }) => (knownAfter === undefined ? null : knownAfter / 1000))
  return store.transact(async (tx) => {
    // PostgreSQL would rather gather all rows of a small sensor and sort them than walk back from the end.
    await tx.query('set local enable_bitmapscan = off; set local enable_sort = off')
    return tx.query(LAST, [sensors.map(({ id }) => id), known, asTimestamp(now)])
  })
}

type Search = Record<string, unknown>

/** `staleness_search` of the sensor's `status_specs`, when it narrows anything. */
function searchOf({ attributes }: Sensor): Search | undefined {
  const specs = attributes['status_specs']
  const search = typeof specs === 'object' && specs !== null && 'staleness_search' in specs ? specs.staleness_search : undefined
  return typeof search === 'object' && search !== null && Object.keys(search).length > 0 ? (search as Search) : undefined
}

/** The rare way: only beliefs that the search names count, so all of them are looked at. */
async function searchLast(db: Queryable, sensor: Sensor, search: Search, now: Instant): Promise<LastEvent[]> {
  const params: unknown[] = [sensor.id]
  const bind = (value: unknown) => `$${params.push(value)}`
  const where = ['b.sensor_id = $1']
  const believed = `b.event_start + make_interval(secs => ${bind((sensor.knownAfter ?? sensor.resolution) / 1000)}::float8) - b.belief_horizon`
  const moment = (value: unknown): Instant | undefined => attempt(() => (typeof value === 'string' ? parseInstant(value) : undefined))
  const length = (value: unknown): number | undefined => attempt(() => (typeof value === 'string' ? parseDurationLength(value) : undefined))
  const add = <T>(value: T | undefined, condition: (bound: string) => string, bound: (value: T) => unknown) => {
    if (value !== undefined) where.push(condition(bind(bound(value))))
  }
  const at = (value: Instant) => asTimestamp(value)
  const before = moment(search['beliefs_before']) ?? now
  where.push(`${believed} <= ${bind(at(instant(Math.min(before, now))))}::timestamptz`)
  add(moment(search['beliefs_after']), (bound) => `${believed} >= ${bound}::timestamptz`, at)
  add(moment(search['event_starts_after']), (bound) => `b.event_start >= ${bound}::timestamptz`, at)
  add(
    moment(search['event_ends_before']),
    (bound) => `b.event_start <= ${bound}::timestamptz`,
    (end) => at(instant(end - sensor.resolution)),
  )
  add(
    length(search['horizons_at_least']),
    (bound) => `b.belief_horizon >= make_interval(secs => ${bound}::float8)`,
    (ms) => ms / 1000,
  )
  add(
    length(search['horizons_at_most']),
    (bound) => `b.belief_horizon <= make_interval(secs => ${bound}::float8)`,
    (ms) => ms / 1000,
  )
  add(
    numbers(search['source']),
    (bound) => `b.source_id = any(${bound}::int[])`,
    (ids) => ids,
  )
  add(
    numbers(search['source_account_ids']),
    (bound) => `d.account_id = any(${bound}::int[])`,
    (ids) => ids,
  )
  add(
    texts(search['source_types']),
    (bound) => `d.type = any(${bound}::text[])`,
    (types) => types,
  )
  add(
    texts(search['exclude_source_types']),
    (bound) => `not d.type = any(${bound}::text[])`,
    (types) => types,
  )
  return db.query<LastEvent>(
    `select d.type, max(b.event_start) as start from timed_belief b join data_source d on d.id = b.source_id
     where ${where.join(' and ')} group by d.type`,
    params,
  )
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

const numbers = (value: unknown): number[] | undefined => {
  const ids = [value].flat().filter((id): id is number => Number.isInteger(id))
  return ids.length > 0 ? ids : undefined
}
const texts = (value: unknown): string[] | undefined => {
  const all = [value].flat().filter((text): text is string => typeof text === 'string')
  return all.length > 0 ? all : undefined
}
