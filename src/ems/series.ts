/** Reading beliefs: the most recent per event, put into slots in SQL (reference 1.2, 2.6). */
import { type Instant, instant, Problem } from '#kernel'
import type { Queryable } from '#store'
import type { Belief, SeriesQuery } from './belief.ts'
import type { Sensor } from './sensors.ts'

interface Question {
  params: unknown[]
  bind(value: unknown): string
  where: string
}

/** Written so that no index on sources is tried: the one on (sensor, event_start) finds a window in half the time. */
const SOURCE = '(b.source_id + 0)'

/** The condition shared by all readings; `from` and `until` bound event starts. */
function question(sensor: Sensor, query: Omit<SeriesQuery, 'step'>, from: number): Question {
  const params: unknown[] = []
  const bind = (value: unknown) => `$${params.push(value)}`
  const moment = (at: number) => `to_timestamp(${bind(at)}::float8 / 1000)`
  const where = [
    `b.sensor_id = ${bind(sensor.id)}`,
    `b.event_start ${from === query.from ? '>=' : '>'} ${moment(from)}`,
    `b.event_start < ${moment(query.until)}`,
  ]
  if (query.horizon === 'ex-post') where.push(`b.belief_horizon <= interval '0'`)
  if (query.horizon === 'ex-ante') where.push(`b.belief_horizon > interval '0'`)
  if (query.horizonAtLeast !== undefined)
    where.push(`b.belief_horizon >= make_interval(secs => ${bind(query.horizonAtLeast / 1000)}::float8)`)
  if (query.at !== undefined && sensor.knownAfter !== undefined)
    where.push(`b.event_start + make_interval(secs => ${bind(sensor.knownAfter / 1000)}::float8) - b.belief_horizon <= ${moment(query.at)}`)
  if (query.sources) where.push(`${SOURCE} = any(${bind(query.sources)}::int[])`)
  if (query.sourceTypes)
    where.push(`${SOURCE} = any(array(select id from data_source where type = any(${bind(query.sourceTypes)}::text[])))`)
  if (query.excludeSourceTypes)
    where.push(`not ${SOURCE} = any(array(select id from data_source where type = any(${bind(query.excludeSourceTypes)}::text[])))`)
  return { params, bind, where: where.join(' and ') }
}

/** Most recent belief per event: smallest horizon, the newest source on a tie, the value nearest the median of a distribution. */
const RECENT = 'b.event_start, b.belief_horizon, b.source_id desc, abs(b.cumulative_probability - 0.5)'

/** The beliefs in the window, most recent per event, ascending; values as stored or consumption positive. */
export async function readEvents(db: Queryable, sensor: Sensor, query: Omit<SeriesQuery, 'step'>): Promise<Belief[]> {
  const sign = query.sign === 'consumption-positive' ? sensor.sign : 1
  const { params, where } = question(sensor, query, query.from)
  const late = query.at !== undefined && sensor.knownAfter === undefined
  const rows = await db.query<{ start: number; horizon: number; value: number; source: number }>(
    `select ${late ? '' : 'distinct on (b.event_start) '}(extract(epoch from b.event_start) * 1000)::float8 as start,
     (extract(epoch from b.belief_horizon) * 1000)::float8 as horizon, b.event_value as value, b.source_id as source
     from timed_belief b where ${where} order by ${RECENT}`,
    params,
  )
  const beliefs: Belief[] = []
  for (const row of rows) {
    const start = instant(row.start)
    const beliefTime = instant(sensor.knownAt(start) - row.horizon)
    if (late && (beliefTime > query.at! || beliefs.at(-1)?.start === start)) continue
    beliefs.push({ start, value: row.value === 0 ? 0 : sign * row.value, beliefTime, source: row.source })
  }
  return beliefs
}

/** Value per slot; see `Beliefs.series`. */
export async function readSeries(db: Queryable, sensor: Sensor, query: SeriesQuery): Promise<(number | null)[]> {
  const step = query.step ?? sensor.resolution
  if (!(step > 0))
    throw new Problem('missing-step', `Sensor ${sensor.id} is instantaneous: its series needs a step.`, {
      status: 422,
      hint: 'Say a resolution.',
    })
  if (query.at !== undefined && sensor.knownAfter === undefined)
    return fill(emptySlots(query, step), await slotsOf(db, sensor, query, step), sensor, query, step)
  return (await readSlots(db, sensor, query, step, ONE_KIND))[0]!
}

export interface SeriesByKind {
  measured: (number | null)[]
  /** Foretold by forecasters. */
  forecast: (number | null)[]
  /** Decided by schedulers. */
  plan: (number | null)[]
}

/** Measured, forecast and planned values per slot, with one look at the beliefs of the window. */
export async function readSeriesByKind(
  db: Queryable,
  sensor: Sensor,
  query: Pick<SeriesQuery, 'from' | 'until' | 'at' | 'sign'> & { step: number },
): Promise<SeriesByKind> {
  const whole = { ...query, sensor: sensor.id }
  if (query.at !== undefined && sensor.knownAfter === undefined) {
    const one = (more: Partial<SeriesQuery>) => readSeries(db, sensor, { ...whole, ...more })
    const [measured, forecast, plan] = await Promise.all([
      one({ horizon: 'ex-post' }),
      one({ horizon: 'ex-ante', sourceTypes: ['forecaster'] }),
      one({ horizon: 'ex-ante', sourceTypes: ['scheduler'] }),
    ])
    return { measured: measured!, forecast: forecast!, plan: plan! }
  }
  const [measured, forecast, plan] = await readSlots(db, sensor, whole, query.step, KINDS)
  return { measured: measured!, forecast: forecast!, plan: plan! }
}

/** How beliefs are told apart: an expression of a number below `count`, or null for those that do not count. */
interface Kinds {
  count: number
  expression: string
}
const ONE_KIND: Kinds = { count: 1, expression: '0' }
const ofType = (type: string) => `b.source_id = any(array(select id from data_source where type = '${type}'))`
const KINDS: Kinds = {
  count: 3,
  expression: `case when b.belief_horizon <= interval '0' then 0 when ${ofType('forecaster')} then 1 when ${ofType('scheduler')} then 2 end`,
}

const emptySlots = (query: { from: number; until: number }, step: number): (number | null)[] =>
  new Array<number | null>(Math.max(0, Math.ceil((query.until - query.from) / step))).fill(null)

async function readSlots(db: Queryable, sensor: Sensor, query: SeriesQuery, step: number, kinds: Kinds): Promise<(number | null)[][]> {
  const answer = Array.from({ length: kinds.count }, () => emptySlots(query, step))
  const count = answer[0]!.length
  if (count === 0) return answer
  const repeated = sensor.resolution > step
  const sign = query.sign === 'consumption-positive' ? sensor.sign : 1
  const { params, bind, where } = question(sensor, query, repeated ? query.from - sensor.resolution : query.from)
  const several = kinds.count > 1
  const recent = `select distinct on (${several ? 'b.kind, ' : ''}b.event_start) b.kind, b.event_start, b.event_value
    from (select b.*, ${kinds.expression} as kind from timed_belief b where ${where}) b ${several ? 'where b.kind is not null' : ''}
    order by ${several ? 'b.kind, ' : ''}${RECENT}`
  const slot = `floor((extract(epoch from e.event_start)::float8 * 1000 - ${bind(query.from)}::float8) / ${bind(step)}::float8)::int`
  const value = sensor.resolution === 0 ? '(array_agg(e.event_value order by e.event_start))[1]' : 'avg(e.event_value)'
  const rows = await db.query<{ kind: number; slot: number; value: number }>(
    step <= sensor.resolution
      ? `select e.kind, ${slot} as slot, e.event_value as value from (${recent}) e`
      : `select e.kind, ${slot} as slot, ${value} as value from (${recent}) e group by 1, 2`,
    params,
  )
  const lasts = repeated ? Math.round(sensor.resolution / step) : 1
  for (const row of rows) {
    const values = answer[row.kind]!
    for (let k = Math.max(0, row.slot); k < Math.min(count, row.slot + lasts); k++) values[k] = row.value === 0 ? 0 : sign * row.value
  }
  return answer
}

const slotsOf = (db: Queryable, sensor: Sensor, query: SeriesQuery, step: number): Promise<Belief[]> =>
  readEvents(db, sensor, sensor.resolution > step ? { ...query, from: instant(query.from - sensor.resolution + 1) } : query)

/** The rare way: sensors whose knowledge time follows a calendar are put into slots here. */
function fill(values: (number | null)[], events: Belief[], sensor: Sensor, query: SeriesQuery, step: number): (number | null)[] {
  const sums = new Map<number, { sum: number; n: number }>()
  for (const { start, value } of events) {
    const slot = Math.floor((start - query.from) / step)
    const lasts = Math.max(1, Math.round(sensor.resolution / step))
    for (let k = Math.max(0, slot); k < Math.min(values.length, slot + lasts); k++) {
      const so = sums.get(k)
      if (!so) sums.set(k, { sum: value, n: 1 })
      else if (sensor.resolution > 0) {
        so.sum += value
        so.n++
      }
    }
  }
  for (const [slot, { sum, n }] of sums) values[slot] = sum / n
  return values
}

const RECENTLY = 7 * 86_400_000

/** Most recent measured event at or before `at`: a week is looked at first, then all of the past. */
export async function readLatest(db: Queryable, sensor: Sensor, at: Instant): Promise<Belief | undefined> {
  const ask = (from: number | undefined) =>
    db.first<{ start: number; horizon: number; value: number; source: number }>(
      `select (extract(epoch from b.event_start) * 1000)::float8 as start, (extract(epoch from b.belief_horizon) * 1000)::float8 as horizon,
       b.event_value as value, b.source_id as source from timed_belief b
       where b.sensor_id = $1 and b.event_start <= to_timestamp($2::float8 / 1000) and b.belief_horizon <= interval '0'
       ${from === undefined ? '' : 'and b.event_start > to_timestamp($3::float8 / 1000)'}
       order by b.event_start desc, b.belief_horizon, b.source_id desc limit 1`,
      from === undefined ? [sensor.id, at] : [sensor.id, at, from],
    )
  const row = (await ask(at - RECENTLY)) ?? (await ask(undefined))
  if (!row) return undefined
  const start = instant(row.start)
  return { start, value: row.value, beliefTime: instant(sensor.knownAt(start) - row.horizon), source: row.source }
}
