/** What is asked of a report: reporter, config and parameters by the names of FlexMeasures (reference 4.2), snake_case or kebab-case. */
import { type Instant, parseDurationLength, parseInstant } from '#kernel'
import { refuseReport } from './frame.ts'
import { applyOffsets } from './offset.ts'
import type { Transformation } from './transform.ts'

/** The reporters of FlexMeasures. */
export const REPORTERS = ['AggregatorReporter', 'ProfitOrLossReporter', 'PandasReporter'] as const
export type ReporterName = (typeof REPORTERS)[number]

export interface ReportInput {
  name: string
  sensor: number
  sources?: number[]
  sourceTypes?: string[]
  excludeSourceTypes?: string[]
  sourceAccounts?: number[]
  from?: Instant
  until?: Instant
  /** Only what was recorded by then. */
  at?: Instant
  since?: Instant
  horizonAtLeast?: number
  horizonAtMost?: number
  resolution?: number
  beliefs: 'recent' | 'all'
  versions: 'latest' | 'all'
  one?: 'per-event' | 'per-source'
}

export interface ReportOutput {
  name?: string
  column?: string
  sensor: number
}

export interface ReportOrder {
  reporter: ReporterName
  /** As it is kept with the data source. */
  config: Record<string, unknown>
  inputs: ReportInput[]
  outputs: ReportOutput[]
  /** Absent: of each input its own. */
  start?: Instant
  end?: Instant
  resolution?: number
  beliefTime?: Instant
  beliefHorizon?: number
  /** The result must have the resolution of the sensor it is saved on. */
  checksResolution: boolean
}

type Fields = Record<string, unknown>

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)

/** The fields under the names of FlexMeasures, without nulls. */
const snake = (value: Fields): Fields =>
  Object.fromEntries(
    Object.entries(value).flatMap(([name, item]) => (item === null || item === undefined ? [] : [[name.replaceAll('-', '_'), item]])),
  )

const INPUT = new Set(
  `name sensor source sources event_starts_after event_ends_before belief_time beliefs_before beliefs_after horizons_at_least horizons_at_most
   user_source_ids source_account_ids source_types exclude_source_types most_recent_beliefs_only most_recent_events_only
   use_latest_version_per_event one_deterministic_belief_per_event one_deterministic_belief_per_event_per_source most_recent_only resolution
   sum_multiple`.split(/\s+/),
)
const OUTPUT = new Set(['name', 'column', 'sensor'])
const PARAMETERS = new Set(
  `input output start end resolution belief_time belief_horizon check_output_resolution use_latest_version_only start_offset end_offset
   timezone`.split(/\s+/),
)

/** Reads fields one by one; what is wrong is gathered by field. */
function reader(errors: Fields, where: string[]) {
  const refuse = (name: string, text: string) => {
    let at = errors
    for (const part of where) {
      at[part] ??= {}
      at = at[part] as Fields
    }
    at[name] = [text]
  }
  const attempt = <T>(name: string, work: () => T): T | undefined => {
    try {
      return work()
    } catch (error) {
      refuse(name, error instanceof Error ? error.message : String(error))
      return undefined
    }
  }
  const typed =
    <T>(test: (value: unknown) => value is T, text: string) =>
    (fields: Fields, name: string): T | undefined => {
      const value = fields[name]
      if (value === undefined || test(value)) return value
      refuse(name, text)
      return undefined
    }
  const text = typed((value): value is string => typeof value === 'string', 'Not a valid string.')
  return {
    refuse,
    text,
    flag: typed((value): value is boolean => typeof value === 'boolean', 'Not a valid boolean.'),
    id: typed((value): value is number => Number.isSafeInteger(value), 'Not a valid integer.'),
    ids: (fields: Fields, name: string) => {
      const value = fields[name]
      const list = value === undefined ? undefined : [value].flat()
      if (list === undefined || list.every((one): one is number => Number.isSafeInteger(one))) return list as number[] | undefined
      refuse(name, 'Not a valid list of integers.')
      return undefined
    },
    words: typed(
      (value): value is string[] => Array.isArray(value) && value.every((one) => typeof one === 'string'),
      'Not a valid list of strings.',
    ),
    moment: (fields: Fields, name: string) => {
      const value = text(fields, name)
      return value === undefined ? undefined : attempt(name, () => parseInstant(value))
    },
    length: (fields: Fields, name: string) => {
      const value = text(fields, name)
      return value === undefined ? undefined : attempt(name, () => parseDurationLength(value))
    },
    only: (fields: Fields, known: ReadonlySet<string>) => {
      for (const name of Object.keys(fields)) if (!known.has(name)) refuse(name, 'Unknown field.')
    },
  }
}

const defined = <T extends object>(given: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> }

/**
 * Reads an order. Parameters stand beside `reporter` and `config`, or together under `parameters`; offsets count from `now` in `zone`, unless
 * the parameters name a time zone.
 * @throws Problem `invalid-report` (422) with `details.fields`
 */
export function readReportOrder(given: unknown, { now, zone }: { now: Instant; zone: string }): ReportOrder {
  if (!isFields(given)) throw refuseReport('A report is described by an object.', undefined, { _schema: ['Invalid input type.'] })
  const { reporter, config = {}, parameters, ...beside } = snake(given)
  const errors: Fields = {}
  const { refuse, text, flag, moment, length, only } = reader(errors, [])
  if (typeof reporter !== 'string' || !REPORTERS.includes(reporter as ReporterName))
    refuse('reporter', reporter === undefined ? 'Missing data for required field.' : `Must be one of: ${REPORTERS.join(', ')}.`)
  if (!isFields(config)) refuse('config', 'Not a valid mapping type.')
  if (parameters !== undefined && !isFields(parameters)) refuse('parameters', 'Not a valid mapping type.')
  const fields = { ...beside, ...(isFields(parameters) && snake(parameters)) }
  only(fields, PARAMETERS)
  const inputs = listOf(fields, 'input', errors).map((one, k) => readInput(one, k, errors))
  const outputs = listOf(fields, 'output', errors).map((one, k) => readOutput(one, k, errors))
  const local = text(fields, 'timezone') ?? zone
  const offset = (name: 'start' | 'end') => {
    const from = moment(fields, name)
    const chain = text(fields, `${name}_offset`)
    if (chain === undefined) return from
    try {
      return applyOffsets(from ?? now, chain, local)
    } catch (error) {
      refuse(`${name}_offset`, error instanceof Error ? error.message : String(error))
      return from
    }
  }
  const [start, end] = [offset('start'), offset('end')]
  const isPandas = reporter === 'PandasReporter'
  for (const [name, value] of [
    ['start', start],
    ['end', end],
  ] as const) {
    const own = name === 'start' ? ('from' as const) : ('until' as const)
    if (value === undefined && errors[name] === undefined && errors[`${name}_offset`] === undefined)
      if (!isPandas || inputs.some((input) => input[own] === undefined)) refuse(name, 'Missing data for required field.')
  }
  if (start !== undefined && end !== undefined && end < start) refuse('end', 'Invalid report period (end must not precede start).')
  const resolution = length(fields, 'resolution')
  if (resolution !== undefined && resolution <= 0) refuse('resolution', 'Must be greater than 0.')
  const settled = defined({
    start,
    end,
    resolution,
    beliefTime: moment(fields, 'belief_time'),
    beliefHorizon: length(fields, 'belief_horizon'),
  })
  const checksResolution = flag(fields, 'check_output_resolution') ?? true
  if (Object.keys(errors).length > 0) throw refuseReport(`The report is not possible: ${flat(errors).join(' ')}`, undefined, errors)
  return { reporter: reporter as ReporterName, config: snake(config as Fields), inputs, outputs, ...settled, checksResolution }
}

/** 'input.0.sensor: Not a valid integer.' */
const flat = (errors: unknown, path = ''): string[] =>
  Array.isArray(errors)
    ? errors.map((text) => `${path}: ${text}`)
    : Object.entries(errors as Fields).flatMap(([name, inner]) => flat(inner, path === '' ? name : `${path}.${name}`))

function listOf(fields: Fields, name: string, errors: Fields): Fields[] {
  const list = fields[name]
  if (Array.isArray(list) && list.length > 0 && list.every(isFields)) return list.map(snake)
  errors[name] = [
    list === undefined
      ? 'Missing data for required field.'
      : Array.isArray(list) && list.length === 0
        ? 'Shorter than minimum length 1.'
        : 'Not a valid list.',
  ]
  return []
}

function readInput(fields: Fields, k: number, errors: Fields): ReportInput {
  const { refuse, text, flag, id, ids, words, moment, length, only } = reader(errors, ['input', String(k)])
  only(fields, INPUT)
  const sensor = id(fields, 'sensor')
  if (fields['sensor'] === undefined) refuse('sensor', 'Missing data for required field.')
  const one = flag(fields, 'one_deterministic_belief_per_event')
    ? 'per-event'
    : flag(fields, 'one_deterministic_belief_per_event_per_source')
      ? 'per-source'
      : undefined
  return {
    name: text(fields, 'name') ?? `sensor_${sensor}`,
    sensor: sensor ?? 0,
    beliefs: flag(fields, 'most_recent_beliefs_only') === false ? 'all' : 'recent',
    versions: flag(fields, 'use_latest_version_per_event') === false ? 'all' : 'latest',
    ...defined({
      sources: ids(fields, 'sources') ?? ids(fields, 'source') ?? ids(fields, 'user_source_ids'),
      sourceAccounts: ids(fields, 'source_account_ids'),
      sourceTypes: words(fields, 'source_types'),
      excludeSourceTypes: words(fields, 'exclude_source_types'),
      from: moment(fields, 'event_starts_after'),
      until: moment(fields, 'event_ends_before'),
      at: moment(fields, 'belief_time') ?? moment(fields, 'beliefs_before'),
      since: moment(fields, 'beliefs_after'),
      horizonAtLeast: length(fields, 'horizons_at_least'),
      horizonAtMost: length(fields, 'horizons_at_most'),
      resolution: length(fields, 'resolution'),
      one: one as ReportInput['one'],
    }),
  }
}

function readOutput(fields: Fields, k: number, errors: Fields): ReportOutput {
  const { refuse, text, id, only } = reader(errors, ['output', String(k)])
  only(fields, OUTPUT)
  if (fields['sensor'] === undefined) refuse('sensor', 'Missing data for required field.')
  return { sensor: id(fields, 'sensor') ?? 0, ...defined({ name: text(fields, 'name'), column: text(fields, 'column') }) }
}

/** A named entry of `required_input` or `required_output`. */
export interface Required {
  name: string
  unit?: string
  column?: string
}

export interface PandasConfig {
  inputs: Required[]
  outputs: Required[]
  steps: Transformation[]
  droplevels: boolean
}

/** @throws Problem `invalid-report` (422) */
export function readPandasConfig(config: Fields): PandasConfig {
  const errors: Fields = {}
  const { only, flag } = reader(errors, [])
  only(config, new Set(['required_input', 'required_output', 'transformations', 'droplevels']))
  const named = (field: string): Required[] =>
    listOf(config, field, errors).map((one, k) => {
      const { text, refuse } = reader(errors, [field, String(k)])
      const name = text(one, 'name')
      if (name === undefined) refuse('name', 'Missing data for required field.')
      return { name: name ?? '', ...defined({ unit: text(one, 'unit'), column: text(one, 'column') }) }
    })
  const [inputs, outputs] = [named('required_input'), named('required_output')]
  const given = config['transformations']
  const steps = (Array.isArray(given) ? given : []).map((one: unknown, k): Transformation => {
    const { text, flag: yes, refuse, only: just } = reader(errors, ['transformations', String(k)])
    if (!isFields(one)) {
      refuse('_schema', 'Invalid input type.')
      return { args: [], kwargs: {}, skipIfEmpty: false }
    }
    just(one, new Set(['df_input', 'df_output', 'method', 'property', 'args', 'kwargs', 'skip_if_empty']))
    const { args = [], kwargs = {} } = one
    if (!Array.isArray(args)) refuse('args', 'Not a valid list.')
    if (!isFields(kwargs)) refuse('kwargs', 'Not a valid mapping type.')
    return {
      args: Array.isArray(args) ? args : [],
      kwargs: isFields(kwargs) ? kwargs : {},
      skipIfEmpty: yes(one, 'skip_if_empty') ?? false,
      ...defined({
        input: text(one, 'df_input'),
        output: text(one, 'df_output'),
        method: text(one, 'method'),
        property: text(one, 'property'),
      }),
    }
  })
  if (!Array.isArray(given)) errors['transformations'] = [given === undefined ? 'Missing data for required field.' : 'Not a valid list.']
  const droplevels = flag(config, 'droplevels') ?? false
  if (Object.keys(errors).length > 0)
    throw refuseReport(`The config is not possible: ${flat(errors).join(' ')}`, undefined, { config: errors })
  return { inputs, outputs, steps, droplevels }
}
