/** Which models were last chosen for a sensor, and how good they were there: one row per sensor in `cariflex.forecast_choice`. */
import type { Instant } from '#kernel'
import { asJson, asTimestamp, type Store } from '#store'
import type { CandidateName } from './learn/candidates.ts'
import type { Choice } from './learn/choice.ts'

/** Who foretells how far ahead. */
export interface ChosenModels {
  /** Up to so many hours. */
  hours: number
  /** One model, or several whose mean is taken. */
  models: CandidateName[]
  /** On the newest part of the past; null when it was too short to judge. */
  rmse: number | null
  /** Against persistence there. */
  skill: number | null
}

/** A choice as people read it. */
export function modelView({ until, models, n, rmse, rmsePersistence }: Choice, step: number): ChosenModels {
  const isJudged = n > 0 && Number.isFinite(rmse)
  const tidy = (value: number) => Number(value.toPrecision(4))
  return {
    hours: (until * step) / 3_600_000,
    models,
    rmse: isJudged ? tidy(rmse) : null,
    skill: isJudged && rmsePersistence > 1e-9 ? tidy(1 - rmse / rmsePersistence) : null,
  }
}

export interface Kept {
  at: Instant
  days: number
  choices: readonly Choice[]
}

/** Keeps what was chosen, instead of what was chosen before. */
export async function keepChoice(
  store: Store,
  { sensor, asset, step }: { sensor: number; asset: number; step: number },
  { at, days, choices }: Kept,
): Promise<void> {
  const views = choices.map((choice) => ({ ...modelView(choice, step), table: choice.table }))
  await store.query(
    `insert into cariflex.forecast_choice (sensor, asset, made_at, days, choices) values ($1, $2, $3, $4, $5)
     on conflict (sensor) do update set asset = excluded.asset, made_at = excluded.made_at, days = excluded.days, choices = excluded.choices`,
    [sensor, asset, asTimestamp(at), days, asJson(views)],
  )
}

export interface ChoiceView {
  sensor: number
  asset: number
  madeAt: Instant
  /** Days of history that were looked at. */
  days: number
  choices: (ChosenModels & { table: { model: CandidateName; rmse: number }[] })[]
}

/** What was last chosen, by sensor. */
export const choiceViews = (store: Store): Promise<ChoiceView[]> =>
  store.query<ChoiceView>('select sensor, asset, made_at as "madeAt", days, choices from cariflex.forecast_choice order by sensor')
