/** Were the forecasts any good? Day-ahead error of each model against persistence, one row a day in `cariflex.forecast_skill`. */
import { after, DAY, dayAfter, dayStart, formatInstant, type Instant } from '#kernel'
import { asTimestamp, type Store } from '#store'
import type { Beliefs } from '../belief.ts'
import { MEMORY, type Model, predict, withoutHeld } from './models.ts'
import { type Ahead, type Past, pastBefore, pastOf, persistence, toldOf, valueAt } from './past.ts'
import { clearSkyMean } from './sun.ts'
import { expectedPresence, learnHabits } from './vehicle.ts'

export interface SkillView {
  sensor: number
  asset: number
  name: string
  model: string
  /** Local day, 'YYYY-MM-DD'. */
  day: string
  rmse: number
  rmsePersistence: number
  /** 1 − rmse / rmsePersistence; null when persistence was perfect. */
  skill: number | null
  /** The sensor's; '' for cars, whose presence (0 … 1) is judged. */
  unit: string
  /** Slots compared. */
  n: number
}

export interface DayScore {
  rmse: number
  rmsePersistence: number
  skill: number | null
  n: number
}

/** Fewer slots than this say nothing about a day. */
const FEWEST = 8
/** Daylight, as clear-sky irradiance: 5° of elevation. */
const DAYLIGHT = 50

/**
 * The score of one local day: what the model says at midnight against what was then measured, beside the same clock time of the day before.
 * `said` are the values that were really published before the day began, where there are any.
 */
export function scoreDay(model: Model, past: Past, zone: string, day: Instant, said?: readonly (number | null)[]): DayScore | undefined {
  const { step } = model
  const from = dayStart(day, zone)
  const slots = Math.round((dayAfter(day, zone) - from) / step)
  const ahead = { at: from, from, step, slots }
  const before = pastBefore(past, from)
  if (model.presence) return scorePresence(past, before, zone, ahead)
  const forecast = model.candidate ? predict(model, before, ahead) : []
  const naive = persistence(before, ahead)
  let sum = 0
  let sumNaive = 0
  let n = 0
  for (let slot = 0; slot < slots; slot++) {
    const start = after(from, slot * step)
    const measured = valueAt(past, start)
    const told = said?.[slot] ?? forecast[slot]
    const same = naive[slot]
    if (measured === null || told === null || told === undefined || same === null || same === undefined) continue
    if (model.sun && clearSkyMean(start, step, model.sun) < DAYLIGHT) continue
    sum += (told - measured) ** 2
    sumNaive += (same - measured) ** 2
    n++
  }
  return scoreOf(sum, sumNaive, n)
}

/** Cars: probability of being there against whether it was; persistence says it is there when it was there yesterday. */
function scorePresence(past: Past, before: Past, zone: string, { from, step, slots }: Ahead): DayScore | undefined {
  // A car that was never seen has no habits.
  if (before.values.every((value) => value === null)) return undefined
  const guess = expectedPresence(learnHabits(before, zone), zone, from, step, slots)
  const isThere = (at: number) => (valueAt(past, at) === null ? 0 : 1)
  let sum = 0
  let sumNaive = 0
  guess.forEach((probability, slot) => {
    const at = after(from, slot * step)
    sum += (probability - isThere(at)) ** 2
    sumNaive += (isThere(at - DAY) - isThere(at)) ** 2
  })
  return scoreOf(sum, sumNaive, slots)
}

function scoreOf(sum: number, sumNaive: number, n: number): DayScore | undefined {
  if (n < FEWEST) return undefined
  const rmse = Math.sqrt(sum / n)
  const rmsePersistence = Math.sqrt(sumNaive / n)
  return { rmse, rmsePersistence, skill: rmsePersistence > 1e-9 ? 1 - rmse / rmsePersistence : null, n }
}

export interface SkillParts {
  store: Store
  beliefs: Beliefs
  models: readonly Model[]
  zone: string
  /** Slots in which a plant was held back are passed over. */
  isHeld?: (asset: number, start: Instant) => boolean
  /** Name of the data source that speaks for a model; default that of its default candidate. */
  nameOf?: (model: Model) => string
}

/**
 * Scores the local days that ended before `now` and have no row yet, at most the last fourteen. Days before the first start are scored
 * from history as if the model had spoken then. Resolves to the number of rows written.
 */
export async function keepSkill(
  { store, beliefs, models, zone, isHeld = () => false, nameOf = ({ model }) => model }: SkillParts,
  now: Instant,
): Promise<number> {
  let written = 0
  const today = dayStart(now, zone)
  const earliest = dayAfter(today, zone, -Math.round(MEMORY / DAY) + 1)
  const rows = await store.query<{ sensor: number; day: string }>('select sensor, day from cariflex.forecast_skill where day >= $1', [
    localDay(earliest, zone),
  ])
  const known = new Set(rows.map((row) => `${row.sensor} ${row.day}`))
  for (const model of models) {
    const due: Instant[] = []
    for (let day = earliest; day < today; day = dayAfter(day, zone)) if (!known.has(`${model.sensor} ${localDay(day, zone)}`)) due.push(day)
    if (due.length === 0) continue
    const read = model.told ? toldOf : pastOf
    const past = withoutHeld(await read(beliefs, model.sensor, after(due[0]!, -MEMORY), today, model.step), (start) =>
      isHeld(model.asset, start),
    )
    for (const day of due) {
      const said = model.presence || model.told ? undefined : await publishedBefore(beliefs, model, day, dayAfter(day, zone))
      const score = scoreDay(model, past, zone, day, said)
      if (!score) continue
      await store.query(
        `insert into cariflex.forecast_skill (sensor, model, day, asset, rmse, rmse_persistence, skill, n, made_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (sensor, model, day) do nothing`,
        [
          model.sensor,
          nameOf(model),
          localDay(day, zone),
          model.asset,
          score.rmse,
          score.rmsePersistence,
          score.skill,
          score.n,
          asTimestamp(now),
        ],
      )
      written++
    }
  }
  return written
}

/** What was really believed when the day began; undefined when nothing was. */
async function publishedBefore(beliefs: Beliefs, model: Model, day: Instant, until: Instant): Promise<(number | null)[] | undefined> {
  const said = await beliefs.series({
    sensor: model.sensor,
    from: day,
    until,
    step: model.step,
    at: day,
    sourceTypes: ['forecaster'],
    sign: 'consumption-positive',
  })
  return said.some((value) => value !== null) ? said : undefined
}

export interface SkillQuery {
  /** Of the site and of what stands directly below it. */
  site?: number
  sensors?: readonly number[]
  /** Accounts whose sensors are wanted, with public ones; default all. */
  accounts?: readonly number[] | 'all'
  /** Days back, default 14. */
  days?: number
}

/** Skill of the last days, newest first, one entry per sensor, model and day. */
export async function skillViews(
  store: Store,
  { site, sensors, accounts = 'all', days = 14 }: SkillQuery,
  now: Instant,
): Promise<SkillView[]> {
  const rows = await store.query<SkillView>(
    `select k.sensor, k.asset, a.name, k.model, k.day, k.rmse, k.rmse_persistence as "rmsePersistence", k.skill,
     case when k.model = 'VehicleHabits' then '' else s.unit end as unit, k.n
     from cariflex.forecast_skill k join sensor s on s.id = k.sensor join generic_asset a on a.id = k.asset
     where k.day >= $1 and ($2::int is null or a.id = $2 or a.parent_asset_id = $2) and ($3::int[] is null or k.sensor = any($3))
       and ($4::int[] is null or a.account_id is null or a.account_id = any($4)) order by k.day desc, k.sensor`,
    [formatInstant(after(now, -days * DAY)).slice(0, 10), site ?? null, sensors ?? null, accounts === 'all' ? null : accounts],
  )
  return rows.map((row) => ({
    ...row,
    rmse: round(row.rmse),
    rmsePersistence: round(row.rmsePersistence),
    skill: row.skill === null ? null : round(row.skill),
  }))
}

const localDay = (at: Instant, zone: string): string => formatInstant(at, zone).slice(0, 10)
const round = (value: number): number => Math.round(value * 1e4) / 1e4
