/** How `forecast evaluate` draws what it found. */
import type { CandidateName, Evaluation, SkillView } from '#ems'
import { HOUR } from '#kernel'
import { table } from './terminal.ts'

/** What was evaluated, and what came of it. */
export interface Judged {
  name: string
  /** Of the values; '' when nobody said. */
  unit: string
  /** Names of what explains it. */
  regressors: string[]
  step: number
  found: Evaluation
}

export const short = (value: number): string => (Number.isNaN(value) ? '-' : Number(value.toPrecision(4)).toString())
const percent = (value: number): string => (Number.isNaN(value) ? '-' : `${(100 * value).toFixed(1)} %`)

/** One series: the forecast against persistence, every model by itself, and who was chosen for which horizons. */
export function renderOne({ found, step, unit, regressors }: Judged, notes: readonly string[]): string {
  const of = unit === '' ? '' : `, in ${unit}`
  return [
    `${found.n} values of ${found.days} days compared${of}${regressors.length === 0 ? '' : `; explained by ${regressors.join(', ')}`}.`,
    ...notes,
    modelTable(found),
    `Skill is 1 − RMSE ÷ RMSE of persistence (the same clock time of the last known day); the RMSE of the forecast is ${percent(found.nrmse)} of the largest value.`,
    `${percent(found.coverage)} of the values lay between the quantiles 0.1 and 0.9 (80 % wanted); pinball loss ${short(found.pinball)}.`,
    `Chosen by the newest ${found.choices[0]?.n ? 'training' : 'training, whose history was too short to judge'}:`,
    table([
      ['UP TO', 'MODEL', 'RMSE THERE'],
      ...found.choices.map(({ until, models, rmse }) => [`${(until * step) / HOUR} h`, models.join(' + '), short(rmse)]),
    ]),
  ].join('\n')
}

function modelTable(found: Evaluation): string {
  return table([
    ['', 'RMSE', 'MAE', 'BIAS', 'SKILL', 'VALUES'],
    ['forecast', ...[found.rmse, found.mae, found.bias, found.skill].map(short), `${found.n}`],
    ['persistence', short(found.rmsePersistence), short(found.maePersistence), '', '0', `${found.n}`],
    ...found.models.map(({ model, rmse, mae, bias, skill, n }) => [`  ${model}`, ...[rmse, mae, bias, skill].map(short), `${n}`]),
  ])
}

/** Several series: a line for each, and below the error of every model on every series. */
export function renderMany(all: readonly Judged[], left: readonly { file: string; why: string }[], notes: readonly string[]): string {
  const models = [...new Set(all.flatMap(({ found }) => found.models.map(({ model }) => model)))]
  const rmseOf = ({ found }: Judged, model: CandidateName) => found.models.find((one) => one.model === model)?.rmse ?? Number.NaN
  return [
    ...notes,
    table([
      ['', 'SERIES', 'EXPLAINED BY', 'VALUES', 'RMSE', 'PERSISTENCE', 'SKILL', 'MAE', 'IN 0.1 … 0.9', 'MODELS'],
      ...all.map(({ name, regressors, found }, index) => [
        `${index + 1}`,
        name,
        regressors.join(', ') || '-',
        `${found.n}`,
        ...[found.rmse, found.rmsePersistence, found.skill, found.mae].map(short),
        percent(found.coverage),
        [...new Set(found.choices.flatMap((choice) => choice.models))].join(', '),
      ]),
    ]),
    'RMSE of each model by itself, by the number of the series:',
    table([
      ['', ...all.map((_, index) => `${index + 1}`)],
      ['forecast', ...all.map(({ found }) => short(found.rmse))],
      ['persistence', ...all.map(({ found }) => short(found.rmsePersistence))],
      ...models.map((model) => [`  ${model}`, ...all.map((one) => short(rmseOf(one, model)))]),
    ]),
    'A model that was silent on some values (a week ago was not known yet) is measured on the others.',
    ...left.map(({ file, why }) => `Left out: ${file}: ${why}`),
  ].join('\n')
}

/** What was really published, day by day. */
export const renderPublished = (skill: readonly SkillView[]): string =>
  table([
    ['DAY', 'MODEL', 'RMSE', 'PERSISTENCE', 'SKILL'],
    ...skill.map((one) => [one.day, one.model, short(one.rmse), short(one.rmsePersistence), one.skill === null ? '-' : short(one.skill)]),
  ])
