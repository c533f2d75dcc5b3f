/** What schedules that were asked for cannot keep, as alarms: read from finished jobs, so that no schedule waits for it. */
import { formatInstant, type Instant, instant, MINUTE, say } from '#kernel'
import { asTimestamp, type Store } from '#store'
import type { Alarms, Trouble } from '../alarms.ts'
import { kwh } from '../kw.ts'
import { SAYING } from '../saying.ts'
import type { StoredSchedule } from '../schedules.ts'

export const SCHEDULE_WISH = 'schedule-wish'
export const SCHEDULE_BREACH = 'schedule-breach'

const WISHES: Record<string, string> = {
  'soc-targets': SAYING.wishedTarget,
  'soc-minima': SAYING.wishedMinimum,
  'soc-min': SAYING.wishedMinimum,
  'soc-maxima': SAYING.wishedMaximum,
  'soc-max': SAYING.wishedMaximum,
}
const isTooMuch = (name: string) => name === 'soc-maxima' || name === 'soc-max'
/** Less than this, in the currency, is rounding. */
const COST = 1e-6
const QUARTER = 15 * MINUTE

interface Ended {
  id: string
  at: Instant
  payload: { order?: { asset: number }; asset?: number; chain?: string[]; chained?: boolean }
  result: StoredSchedule | null
}

export interface ScheduleTroubles {
  /** Raises and ends alarms by the schedules that were finished since the last look, oldest first. */
  look(): Promise<void>
}

/** `since`: schedules that were finished before were looked at by an earlier process. `zone`: of the moments in the sentences. */
export function scheduleTroubles(parts: { store: Store; alarms: Alarms; zone: string; since: Instant }): ScheduleTroubles {
  const { store } = parts
  let { since } = parts
  return {
    async look() {
      const ended = await store.query<Ended>(
        `select id, ended_at as at, payload, result from cariflex.job where queue = 'scheduling' and status = 'FINISHED' and ended_at >= $1
         order by ended_at, serial limit 1000`,
        [asTimestamp(since)],
      )
      for (const job of ended) {
        const { chain, chained, order } = job.payload
        const asset = job.payload.asset ?? order?.asset
        // A sequence is told of as a whole, by the job that waits for the last of it.
        if (chained || asset === undefined) continue
        const made = chain ? await membersOf(store, chain) : job.result ? [job.result] : []
        if (made.length > 0) await tell(parts, job.id, asset, made)
      }
      since = ended.at(-1)?.at ?? since
    },
  }
}

const membersOf = async (store: Store, chain: readonly string[]): Promise<StoredSchedule[]> =>
  (
    await store.query<{ result: StoredSchedule }>(
      `select result from cariflex.job where id = any($1::uuid[]) and status = 'FINISHED' and result is not null`,
      [chain],
    )
  ).map(({ result }) => result)

async function tell(
  { store, alarms, zone }: { store: Store; alarms: Alarms; zone: string },
  job: string,
  site: number,
  made: StoredSchedule[],
) {
  const outputs = made.flatMap((one) => one.outputs.map(({ sensor }) => sensor))
  const named = made.flatMap(({ unmet, kept }) => [...unmet, ...kept].map(({ asset }) => asset))
  const known = await store.query<{ id: number; name: string }>(
    'select id, name from generic_asset where id = any($1::int[]) or id in (select generic_asset_id from sensor where id = any($2::int[]))',
    [[site, ...named], outputs],
  )
  const names = new Map(known.map(({ id, name }) => [id, name]))
  const nameOf = (asset: number) => names.get(asset) ?? String(asset)
  const assets = [...names.keys()]
  const from = instant(Math.min(...made.map(({ start }) => start)))
  const until = instant(Math.max(...made.map(({ end }) => end)))
  const unmet = made.flatMap((schedule) => wishesOf(schedule))
  const wishes = unmet.map(({ asset, name, at, violationKwh }): Trouble => {
    const slots = {
      asset: nameOf(asset),
      energy: kwh(violationKwh),
      moment: formatInstant(at, zone).slice(0, 16).replace('T', ' '),
      what: WISHES[name] ?? SAYING.wishedTarget,
    }
    const message = isTooMuch(name) ? say(SAYING.scheduleOver, slots) : say(SAYING.scheduleShort, slots)
    return { asset, cause: `${name} ${formatInstant(at)}`, message, job, until: at }
  })
  const breaches = made.flatMap(({ costs }) => breachesOf(costs))
  await alarms.settle(assets, SCHEDULE_WISH, wishes, { from, until })
  await alarms.settle(
    [site],
    SCHEDULE_BREACH,
    [...new Set(breaches)].map((side) => ({
      asset: site,
      cause: side,
      message: say(side === 'consumption' ? SAYING.scheduleDraws : SAYING.scheduleFeeds, { asset: nameOf(site) }),
      job,
      until,
    })),
    { from, until },
  )
}

/** One wish for each run of steps at which it is missed: its largest amount, at the moment the run ends. */
function wishesOf({ unmet, outputs }: StoredSchedule): StoredSchedule['unmet'] {
  const step = Math.max(...outputs.map((output) => output.step), QUARTER)
  const runs: StoredSchedule['unmet'] = []
  for (const one of [...unmet].sort((a, b) => a.at - b.at)) {
    const run = runs.find(({ asset, name, at }) => asset === one.asset && name === one.name && one.at - at <= step)
    if (!run || one.name === 'soc-targets') runs.push({ ...one })
    else Object.assign(run, { at: one.at, violationKwh: Math.max(run.violationKwh, one.violationKwh) })
  }
  return runs
}

/** Sides of the connection or of devices whose capacity is gone beyond; breaches of stocks are told as wishes. */
const breachesOf = (costs: Record<string, number>): ('consumption' | 'production')[] =>
  Object.entries(costs).flatMap(([name, cost]) => {
    const side = /\b(consumption|production) breach/.exec(name)?.[1]
    return side && cost > COST ? [side as 'consumption' | 'production'] : []
  })
