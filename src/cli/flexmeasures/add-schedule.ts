/** `add schedule`: of a device by its power sensor, or of an asset with all its devices. */
import { convert, formatInstant, instant, Problem, parseQuantity } from '#kernel'
import { carryOut } from './add-work.ts'
import type { Desk } from './desk.ts'
import { SCHEDULERS } from './generators.ts'
import type { Given, Option } from './option.ts'
import type { FmVerb, OpenDesk, Talk } from './verb.ts'

type Model = Record<string, unknown>

const TIMES: readonly Option[] = [
  { name: 'start', kind: 'moment', required: true, what: 'when it begins, ISO 8601 with offset' },
  { name: 'duration', kind: 'length', required: true, what: 'how long it is, such as PT24H' },
]
const AS_JOB: Option = { name: 'as-job', kind: 'flag', what: 'leave it to the worker of a running program, or to jobs run-worker' }

export const ADD_SCHEDULES: readonly FmVerb[] = [
  {
    name: 'add schedule',
    summary: 'Schedules the device of a power sensor, or all devices of an asset.',
    options: [
      { name: 'sensor', also: ['sensor-id'], kind: 'whole', what: 'id of the power sensor' },
      { name: 'asset', kind: 'whole', what: 'or of the asset; the flex-model is then a list with an entry for each device' },
      ...TIMES,
      { name: 'resolution', kind: 'length', what: 'how often set points may change' },
      { name: 'prior', kind: 'moment', what: 'only what was recorded before this counts; default now' },
      { name: 'soc-at-start', what: 'state of charge at the start, 32.8% or 0.328 (of the soc-max of the flex-model)' },
      { name: 'scheduler', what: `one of ${SCHEDULERS.join(', ')}; usually the kind of asset says which` },
      { name: 'flex-context', kind: 'json', what: 'the site: JSON, or a file of it' },
      { name: 'flex-model', kind: 'json', what: 'the devices: JSON, or a file of it' },
      AS_JOB,
      { name: 'dry-run', kind: 'flag', what: 'compute and store nothing' },
    ],
    async run(given, open, talk) {
      if (given.has('sensor') === given.has('asset'))
        throw new Problem('usage', 'Either --sensor or --asset must be given, and not both.', { hint: 'Add --help to see how it is used.' })
      if (given.has('scheduler') && !SCHEDULERS.includes(given.need('scheduler')))
        throw new Problem('usage', `Scheduler '${given.need('scheduler')}' is not available.`, {
          hint: `There are ${SCHEDULERS.join(', ')}.`,
        })
      return schedule(given, open, talk, () => ({
        model: given.json('flex-model') as Model | Model[] | undefined,
        context: given.json('flex-context') as Model | undefined,
      }))
    },
  },
  {
    name: 'add schedule for-storage',
    summary: 'Schedules a storage, by the options FlexMeasures had before 0.26.',
    options: [
      { name: 'sensor', also: ['sensor-id'], kind: 'whole', required: true, what: 'id of the power sensor' },
      ...TIMES,
      { name: 'consumption-price-sensor', kind: 'whole', what: 'id of the sensor of prices' },
      { name: 'production-price-sensor', kind: 'whole', what: 'id of the sensor of prices for what is fed in; default the other one' },
      {
        name: 'optimization-context-id',
        also: ['optimization-context-sensor'],
        kind: 'whole',
        what: 'older name of the consumption price sensor',
      },
      { name: 'inflexible-device-sensor', kind: 'whole', many: true, what: 'ids of sensors of power that cannot be moved' },
      { name: 'site-power-capacity', what: "such as '15 kVA'" },
      { name: 'site-consumption-capacity', what: "such as '15 kW'" },
      { name: 'site-production-capacity', what: "such as '10 kW'" },
      { name: 'soc-at-start', required: true, what: 'state of charge at the start, such as 32.8% or 0.328' },
      { name: 'soc-target', kind: 'text-and-moment', many: true, what: 'a state of charge and when it is wanted' },
      { name: 'soc-min', what: 'lowest state of charge' },
      { name: 'soc-max', what: 'highest state of charge' },
      { name: 'roundtrip-efficiency', what: 'such as 90% or 0.9' },
      { name: 'charging-efficiency', what: 'such as 95%' },
      { name: 'discharging-efficiency', what: 'such as 95%' },
      { name: 'storage-efficiency', what: 'what is left of the stored energy after one step' },
      { name: 'storage-power-capacity', what: "such as '10 kW'" },
      { name: 'storage-consumption-capacity', what: "such as '10 kW'" },
      { name: 'storage-production-capacity', what: "such as '0 kW'" },
      AS_JOB,
    ],
    run: (given, open, talk) => schedule(given, open, talk, () => storageOf(given)),
  },
  {
    name: 'add schedule for-process',
    summary: 'Schedules a process, by the options FlexMeasures had before 0.26.',
    options: [
      { name: 'sensor', also: ['sensor-id'], kind: 'whole', required: true, what: 'id of the power sensor' },
      ...TIMES,
      { name: 'consumption-price-sensor', kind: 'whole', what: 'id of the sensor of prices' },
      { name: 'process-duration', kind: 'length', required: true, what: 'how long it runs' },
      { name: 'process-type', choices: ['INFLEXIBLE', 'BREAKABLE', 'SHIFTABLE'], required: true, what: 'whether it may be moved or cut' },
      { name: 'process-power', required: true, what: "such as '0.2 MW'" },
      { name: 'forbid', kind: 'json', many: true, what: 'when it must not run: {"start": …, "duration": …}' },
      AS_JOB,
    ],
    run: (given, open, talk) =>
      schedule(given, open, talk, () => ({
        model: {
          duration: given.need('process-duration'),
          'process-type': given.need('process-type'),
          power: megawatts(given.need('process-power')),
          ...(given.has('forbid') && { 'time-restrictions': given.texts('forbid').map((text) => JSON.parse(text) as unknown) }),
        },
        context: pricesOf(given),
      })),
  },
]

/** The flex-model of a process has its power in MW. @throws Problem `usage` */
function megawatts(text: string): number {
  try {
    const { value, unit } = parseQuantity(text)
    return unit === '' ? value : convert(value, unit, 'MW')
  } catch {
    throw new Problem('usage', `Invalid value for '--process-power': '${text}' is no power.`, { hint: "Write it like '4 kW'." })
  }
}

function pricesOf(given: Given): Model {
  const price = given.number('consumption-price-sensor') ?? given.number('optimization-context-id')
  return price === undefined ? {} : { 'consumption-price': { sensor: price } }
}

function storageOf(given: Given): { model: Model; context: Model } {
  const texts = (names: string[]) => Object.fromEntries(names.filter((name) => given.has(name)).map((name) => [name, given.need(name)]))
  const inflexible = given.numbers('inflexible-device-sensor')
  const targets = given.pairs('soc-target').map(([value, datetime]) => ({ value, datetime }))
  const renamed = (from: string, to: string) => (given.has(from) ? { [to]: given.need(from) } : {})
  return {
    model: {
      ...texts(['soc-min', 'soc-max', 'roundtrip-efficiency', 'charging-efficiency', 'discharging-efficiency', 'storage-efficiency']),
      ...renamed('storage-power-capacity', 'power-capacity'),
      ...renamed('storage-consumption-capacity', 'consumption-capacity'),
      ...renamed('storage-production-capacity', 'production-capacity'),
      ...(targets.length > 0 && { 'soc-targets': targets }),
    },
    context: {
      ...pricesOf(given),
      ...texts(['site-power-capacity', 'site-consumption-capacity', 'site-production-capacity']),
      ...(given.has('production-price-sensor') && { 'production-price': { sensor: given.number('production-price-sensor') } }),
      ...(inflexible.length > 0 && { 'inflexible-device-sensors': inflexible }),
    },
  }
}

async function schedule(
  given: Given,
  open: OpenDesk,
  talk: Talk,
  read: () => { model: Model | Model[] | undefined; context: Model | undefined },
): Promise<number | undefined> {
  const { model, context } = read()
  const { desk, id, exit } = await carryOut(given, open, talk, 'scheduling', async (at) => {
    const { path, flexModel } = await planned(at, given, model)
    const { schedule: job } = await at.ask<{ schedule: string }>('POST', `${path}/schedules/trigger`, {
      start: given.need('start'),
      duration: given.need('duration'),
      ...(given.has('resolution') && { resolution: given.need('resolution') }),
      ...(given.has('prior') && { prior: given.need('prior') }),
      'flex-model': flexModel,
      ...(context && Object.keys(context).length > 0 && { 'flex-context': context }),
      'force-new-job-creation': true,
    })
    return job
  })
  if (exit !== undefined) return exit
  const made = (await desk.queue.get(id))?.result as
    | { outputs?: { sensor: number; step: number; values: number[] }[]; start?: number }
    | undefined
  const outputs = made?.outputs ?? []
  const dry = given.flag('dry-run')
  const [first] = outputs
  const zone = first ? (await desk.sensors.need(first.sensor)).timezone : 'UTC'
  talk.show({ schedule: id, dryRun: dry, start: given.need('start'), outputs }, () =>
    [
      `New schedule is ${dry ? 'computed, and not stored' : 'stored'}.`,
      ...outputs.map(
        ({ sensor, step, values }) =>
          `Sensor ${sensor}: ${values.length} values from ${startOf(made?.start, zone, given)}, one every ${step / 60_000} minutes${dry ? `: ${values.map(short).join(' ')}` : ''}`,
      ),
    ].join('\n'),
  )
  return undefined
}

const short = (value: number): string => Number(value.toPrecision(6)).toString()
const startOf = (at: number | undefined, zone: string, given: Given): string =>
  at === undefined ? given.need('start') : formatInstant(instant(at), zone)

/** What is asked for a schedule: an asset with a list of devices, or a sensor. */
async function planned(
  desk: Desk,
  given: Given,
  model: Model | Model[] | undefined,
): Promise<{ path: string; flexModel: Model | Model[] }> {
  if (given.has('asset')) {
    if (given.has('soc-at-start'))
      throw new Problem('usage', '--soc-at-start goes with --sensor.', { hint: 'Write it into the entries of --flex-model.' })
    await chooseScheduler(desk, given, given.id('asset'))
    return { path: `/assets/${given.id('asset')}`, flexModel: model === undefined ? [] : [model].flat() }
  }
  const sensor = await desk.sensors.need(given.id('sensor'))
  if (Array.isArray(model))
    throw new Problem('usage', 'The flex-model of a sensor is an object.', { hint: 'Take --asset for a list of devices.' })
  await chooseScheduler(desk, given, sensor.asset)
  const entry: Model = { ...model }
  if (given.has('soc-at-start')) Object.assign(entry, await socOf(desk, given.need('soc-at-start'), sensor.asset, entry))
  const isProcess = (await desk.assets.get(sensor.asset))?.type.name === 'process'
  // A schedule of a sensor notes the state of charge on its asset: a dry run must not.
  if (given.flag('dry-run') && !isProcess) return { path: `/assets/${sensor.asset}`, flexModel: [{ ...entry, sensor: sensor.id }] }
  return { path: `/sensors/${sensor.id}`, flexModel: entry }
}

/** A share is of the soc-max; other quantities stay as they are. */
async function socOf(desk: Desk, text: string, asset: number, entry: Model): Promise<Model> {
  const read = parseQuantity(text)
  if (read.unit !== '' && read.unit !== '%') return { 'soc-at-start': text }
  const share = read.unit === '%' ? read.value / 100 : read.value
  if (!(share >= 0 && share <= 1)) throw new Problem('usage', `Invalid value for '--soc-at-start': ${text} is not between 0% and 100%.`)
  const stored = await desk.assets.get(asset)
  const top = entry['soc-max'] ?? stored?.flexModel['soc-max'] ?? inMwh(stored?.attributes['max_soc_in_mwh'])
  if (typeof top !== 'string' && typeof top !== 'number')
    throw new Problem('unknown-capacity', `What ${text} is a share of is not known: asset ${asset} has no soc-max.`, {
      hint: "Add it to its flex-model or to --flex-model, or say --soc-at-start '10 kWh'.",
    })
  const full = typeof top === 'number' ? { value: top, unit: String(entry['soc-unit'] ?? 'MWh') } : parseQuantity(top)
  return { 'soc-at-start': `${full.value * share} ${full.unit}` }
}

const inMwh = (value: unknown): string | undefined => (typeof value === 'number' ? `${value} MWh` : undefined)

/** The kind of asset says which scheduler plans it; another one needs the attribute. @throws Problem `other-scheduler` */
async function chooseScheduler(desk: Desk, given: Given, id: number): Promise<void> {
  if (!given.has('scheduler')) return
  const asset = await desk.assets.get(id)
  const custom = asset?.attributes['custom-scheduler']
  const usual = typeof custom === 'string' ? custom : asset?.type.name === 'process' ? 'ProcessScheduler' : 'StorageScheduler'
  if (asset && usual !== given.need('scheduler'))
    throw new Problem('other-scheduler', `Asset ${id} is planned by the ${usual}.`, {
      hint: `edit attribute --asset ${id} --attribute custom-scheduler --str ${given.need('scheduler')} changes that.`,
    })
}
