/**
 * Thinning: what a policy of the configuration no longer wants of old beliefs is deleted, counted and told. Nothing is thinned that no policy
 * names, and every run leaves its numbers in `cariflex.belief_thinning` and a line in the audit log.
 */
import {
  after,
  type Clock,
  DAY,
  describeError,
  floorTo,
  formatDuration,
  formatInstant,
  HOUR,
  type Instant,
  instant,
  type Log,
  type Millis,
  Problem,
} from '#kernel'
import { asTimestamp, type Queryable, type Store } from '#store'
import { auditAccount } from './audit.ts'
import { closedAt, NOTED } from './belief-change.ts'
import { NEVER } from './belief-columns.ts'

/** What stays of the beliefs of one source about one event, or of moments (see `every`). */
export type Kept = 'newest' | 'newest-by-class' | 'one-per' | 'nothing'

export interface BeliefPolicy {
  name: string
  /** Age of an event, from its start, from which on it is thinned. */
  after: Millis
  keep: Kept
  /** 'one-per': of moments the first in each such interval stays. */
  every?: Millis
  /** Only beliefs of sources of these types, of these names; only (not) of these sensors. Absent: all. */
  sourceTypes?: readonly string[]
  sources?: readonly string[]
  sensors?: readonly number[]
  except?: readonly number[]
}

/** What a policy did, or would do, to the beliefs of one sensor. */
export interface Thinning {
  policy: string
  sensor: number
  from: Instant
  until: Instant
  removed: number
  kept: number
}

export interface ThinningOrder {
  store: Store
  clock: Clock
  policies: readonly BeliefPolicy[]
  /** Count only. */
  dryRun?: boolean
  /** Account whose audit log is written. */
  account?: number
  log?: Log
  progress?: (done: number, total: number) => void
}

/** The policy that holds when none is configured: outdated plans and forecasts of the platform itself go after a week, the last of each event stays. */
const ownOpinions = (author: string): BeliefPolicy => ({
  name: 'own opinions',
  after: (7 * DAY) as Millis,
  keep: 'newest',
  sourceTypes: ['forecaster', 'scheduler'],
  sources: [author],
})

/** The policies of a configuration (`retention.beliefs`); what holds without any when it says nothing. @throws Problem `invalid-retention` */
export function policiesOf(configured: Readonly<Record<string, Omit<BeliefPolicy, 'name'>>> | undefined, author: string): BeliefPolicy[] {
  const policies = configured ? Object.entries(configured).map(([name, policy]) => ({ ...policy, name })) : [ownOpinions(author)]
  for (const policy of policies) checkPolicy(policy)
  return policies
}

/** @throws Problem `invalid-retention` for a policy that cannot mean anything */
function checkPolicy(policy: BeliefPolicy): void {
  const refuse = (why: string) =>
    new Problem('invalid-retention', `The retention policy '${policy.name}' ${why}.`, {
      status: 422,
      hint: 'See docs/how-to/keep-the-database-small.md.',
    })
  if (!(policy.after >= HOUR)) throw refuse('thins what is younger than an hour')
  if (policy.keep === 'one-per' && !((policy.every ?? 0) >= 1000)) throw refuse("keeps one per interval but does not say 'every'")
  if (policy.keep !== 'one-per' && policy.every !== undefined) throw refuse(`says 'every', which keep: ${policy.keep} has no use for`)
  if (policy.keep === 'nothing' && !policy.sensors && !policy.sources && !policy.sourceTypes)
    throw refuse('would delete everything: name sensors, sources or types of sources')
}

/** So much of what was thinned already is looked at again: beliefs that came late. */
const LOOK_BACK = 2 * DAY
/** One transaction thins so much of a sensor. */
const CHUNK = 7 * DAY

/**
 * Runs the policies, each sensor in short transactions; an event is thinned by every policy that names it. Resolves to what was (or would be)
 * removed, sensors of which nothing is left out.
 */
export async function thinBeliefs(order: ThinningOrder): Promise<Thinning[]> {
  const { store, clock, policies, dryRun = false, progress } = order
  const told: Thinning[] = []
  const ran = clock.now()
  const work = []
  for (const policy of policies) for (const sensor of await sensorsOf(store, policy)) work.push({ policy, sensor })
  for (const [done, { policy, sensor }] of work.entries()) {
    progress?.(done, work.length)
    try {
      const one = await thinSensor(order, policy, sensor, ran)
      if (one && one.removed > 0) told.push(one)
    } catch (error) {
      if (!order.log) throw error
      order.log.error({ policy: policy.name, sensor, error: describeError(error) }, 'the beliefs of a sensor were not thinned')
    }
  }
  progress?.(work.length, work.length)
  if (!dryRun) await tellAudit(order, told, ran)
  return told
}

/** Sensors that the policy names; 'one-per' is for sensors of moments only, as others would get holes. */
async function sensorsOf(db: Queryable, { sensors, except, keep }: BeliefPolicy): Promise<number[]> {
  const rows = await db.query<{ id: number }>(
    `select id from sensor where ($1::int[] is null or id = any($1)) and not id = any($2::int[]) and (not $3 or event_resolution = interval '0') order by id`,
    [sensors ?? null, except ?? [], keep === 'one-per'],
  )
  return rows.map((row) => row.id)
}

const definitionOf = ({ name: _, ...rest }: BeliefPolicy): string =>
  JSON.stringify(Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1)))

async function thinSensor(
  { store, dryRun = false }: ThinningOrder,
  policy: BeliefPolicy,
  sensor: number,
  now: Instant,
): Promise<Thinning | undefined> {
  const until = floorTo(after(now, -policy.after), HOUR)
  const definition = definitionOf(policy)
  const mark = await store.first<{ until: Instant }>(
    'select until from cariflex.belief_thinned where policy = $1 and sensor = $2 and definition = $3',
    [policy.name, sensor, definition],
  )
  const first = await store.first<{ start: Instant }>(
    'select event_start as start from timed_belief where sensor_id = $1 order by event_start limit 1',
    [sensor],
  )
  if (!first || first.start >= until) return undefined
  const from = instant(Math.max(first.start, mark ? mark.until - LOOK_BACK : -Infinity))
  const sum: Thinning = { policy: policy.name, sensor, from, until, removed: 0, kept: 0 }
  for (let at = from; at < until; at = after(at, CHUNK)) {
    const end = instant(Math.min(until, at + CHUNK))
    const { removed, found } = await thinChunk(store, policy, sensor, [at, end], dryRun ? undefined : now)
    sum.removed += removed
    sum.kept += found - removed
  }
  if (!dryRun)
    await store.transact(async (tx) => {
      await tx.query(
        `insert into cariflex.belief_thinned (policy, sensor, until, definition) values ($1, $2, $3, $4)
         on conflict (policy, sensor) do update set until = excluded.until, definition = excluded.definition`,
        [policy.name, sensor, asTimestamp(until), definition],
      )
      if (sum.removed > 0)
        await tx.query(
          'insert into cariflex.belief_thinning (ran_at, policy, sensor, from_at, until, removed, kept) values ($1, $2, $3, $4, $5, $6, $7)',
          [asTimestamp(now), policy.name, sensor, asTimestamp(from), asTimestamp(until), sum.removed, sum.kept],
        )
    })
  return sum
}

const SAME = 'o.sensor_id = b.sensor_id and o.source_id = b.source_id'
const SUPERSEDED = `exists (select from timed_belief o where o.event_start = b.event_start and ${SAME} and o.belief_horizon < b.belief_horizon`

/** When a belief `b` goes; $7 is the interval of 'one-per'. */
const GOES: Record<Kept, string> = {
  newest: `${SUPERSEDED})`,
  'newest-by-class': `${SUPERSEDED} and (o.belief_horizon > interval '0') = (b.belief_horizon > interval '0'))`,
  'one-per': `exists (select from timed_belief o where ${SAME} and o.event_start < b.event_start
    and o.event_start >= date_bin($7::interval, b.event_start, 'epoch'))`,
  nothing: 'true',
}

/** Deletes, or only counts when `now` is absent. */
async function thinChunk(
  db: Queryable,
  { keep, every, sourceTypes, sources }: BeliefPolicy,
  sensor: number,
  [from, until]: [Instant, Instant],
  now: Instant | undefined,
): Promise<{ removed: number; found: number }> {
  const meant = `b.sensor_id = $1 and (b.event_start >= $2 and b.event_start < $3 or ${NEVER})
    and ($4::text[] is null and $5::text[] is null or b.source_id = any(array(select id from data_source
      where ($4::text[] is null or type = any($4)) and ($5::text[] is null or name = any($5)))))`
  const goes = `${GOES[keep]} and ($7::interval is null or true)`
  const work =
    now === undefined
      ? `gone as (select from timed_belief b where ${meant} and ${goes} and $6::timestamptz is null)`
      : `gone as (delete from timed_belief b where ${meant} and ${goes} returning b.sensor_id, b.event_start), ${NOTED('gone', '$6')}`
  const row = await db.first<{ removed: number; found: number }>(
    `with ${work} select (select count(*) from gone)::float8 as removed, (select count(*) from timed_belief b where ${meant})::float8 as found`,
    [
      sensor,
      asTimestamp(from),
      asTimestamp(until),
      sourceTypes ?? null,
      sources ?? null,
      now === undefined ? null : closedAt(now),
      every === undefined ? null : `${every} milliseconds`,
    ],
  )
  return row!
}

/** One line per policy that removed something. */
async function tellAudit({ store, policies, account }: ThinningOrder, told: readonly Thinning[], at: Instant): Promise<void> {
  for (const { name } of policies) {
    const own = told.filter(({ policy }) => policy === name)
    if (own.length === 0) continue
    const removed = own.reduce((sum, one) => sum + one.removed, 0)
    const until = Math.max(...own.map((one) => one.until))
    const event = `Thinned by retention policy '${name}': ${removed} beliefs of ${own.length} sensors about events before ${formatInstant(instant(until))}`
    await auditAccount(store, at, undefined, event, { account })
  }
}

/** In one line: 'newest belief of each event after P7D, sources of type forecaster'. */
export function describePolicy(policy: BeliefPolicy): string {
  const kept: Record<Kept, string> = {
    newest: 'the newest belief of each event and source stays',
    'newest-by-class': 'the newest forecast and the newest measurement of each event and source stay',
    'one-per': `the first moment of every ${formatDuration((policy.every ?? 0) as Millis)} stays`,
    nothing: 'nothing stays',
  }
  const parts = [
    `after ${formatDuration(policy.after)} ${kept[policy.keep]}`,
    ...(policy.sourceTypes ? [`sources of type ${policy.sourceTypes.join(', ')}`] : []),
    ...(policy.sources ? [`sources named ${policy.sources.join(', ')}`] : []),
    ...(policy.sensors ? [`sensors ${policy.sensors.join(', ')}`] : []),
    ...(policy.except ? [`not sensors ${policy.except.join(', ')}`] : []),
  ]
  return parts.join('; ')
}

export interface ThinningRun {
  at: Instant
  policy: string
  sensors: number
  removed: number
  kept: number
  until: Instant
}

/** What was thinned, newest first: by run and policy, of sensors of these accounts (null = public), or of one sensor. */
export function readThinnings(
  db: Queryable,
  { accounts, sensor, limit = 100 }: { accounts: readonly (number | null)[] | 'all'; sensor?: number; limit?: number },
): Promise<ThinningRun[]> {
  const all = accounts === 'all'
  return db.query<ThinningRun>(
    `select t.ran_at as at, t.policy, count(*)::int as sensors, sum(t.removed)::float8 as removed, sum(t.kept)::float8 as kept, max(t.until) as until
     from cariflex.belief_thinning t left join sensor s on s.id = t.sensor left join generic_asset a on a.id = s.generic_asset_id
     where ($1 or a.account_id = any($2::int[]) or ($3 and s.id is not null and a.account_id is null)) and ($4::int is null or t.sensor = $4)
     group by t.ran_at, t.policy order by t.ran_at desc, t.policy limit $5`,
    [all, all ? [] : accounts.filter((account) => account !== null), !all && accounts.includes(null), sensor ?? null, limit],
  )
}
