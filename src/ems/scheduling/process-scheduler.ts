/** The scheduler for loads that run a fixed time (assets of type process or load): reference 3.6, FlexMeasures' ProcessScheduler. */
import { addDuration, type Instant, instant, parseDuration } from '#kernel'
import { readFlexContext } from './flex-context.ts'
import { valueError } from './flex-reading.ts'
import { roomOf } from './flex-request.ts'
import { perStep, type Steps } from './flex-series.ts'
import { type FlexValue, type ReadingRoom, readMoment, refuse } from './flex-value.ts'
import type { Process } from './problem.ts'
import { solveProcess } from './process.ts'
import { refusalBook } from './refusal.ts'
import type { ScheduleRequest, Scheduler } from './scheduler.ts'
import { type AssetFacts, type SensorFacts, type SeriesSource, storesConsumption } from './series-source.ts'

export interface ProcessPlan {
  request: ScheduleRequest
  steps: Steps
  sensor: SensorFacts
  /** In the sensor's unit, as it is stored. */
  power: number
  kind: Process['kind']
  runs: number
  forbidden: Uint8Array
  most: boolean
  price: FlexValue | undefined
}

const KINDS = { INFLEXIBLE: 'inflexible', SHIFTABLE: 'shiftable', BREAKABLE: 'breakable' } as const
const FIELDS = ['duration', 'power', 'process-type', 'time-restrictions', 'optimization-sense']

export const processScheduler: Scheduler<ProcessPlan> = {
  name: 'ProcessScheduler',
  takes: (assetType) => assetType === 'process' || assetType === 'load',
  read: readProcess,
  /**
   * @throws Problem `no-room` (ValueError) when the restrictions leave no room, `bad-flex-context` without a price sensor
   */
  async schedule(plan, { source }) {
    const { steps, runs, sensor, power, forbidden } = plan
    if (runs >= steps.count && forbidden.some((each) => each === 1))
      throw valueError(
        'no-room',
        'Cannot handle time restrictions if the duration of the process exceeds that of the schedule window.',
        'Ask for a longer window, or drop the restrictions.',
      )
    if (!plan.price)
      throw valueError('bad-flex-context', 'The process needs a consumption-price.', 'Give consumption-price in the flex-context.')
    const prices = await perStep(plan.price, { source, steps, prior: plan.request.prior })
    const on = solveProcess({ steps: steps.count, kind: plan.kind, runs, prices, forbidden, most: plan.most })
    if (!on)
      throw valueError(
        'no-room',
        'Cannot allocate a block of time {duration} given the time restrictions provided.',
        'Ask for a shorter duration or fewer restrictions.',
      )
    const values = new Array<number>(steps.count).fill(0)
    for (const step of on) values[step] = power
    return {
      scheduler: processScheduler.name,
      version: '2',
      start: steps.start,
      end: instant(steps.start + steps.count * steps.step),
      step: steps.step,
      outputs: [{ sensor, kind: 'power', start: steps.start, step: steps.step, values: values.map((value) => storedAs(sensor, value)) }],
      commitmentCosts: {},
      objective: on.reduce((sum, step) => sum + (prices[step] || 0), 0),
      bound: 0,
      gap: 0,
      solver: 'process',
      solveMs: 0,
      unmet: [],
      kept: [],
      relaxed: false,
      socAtStartKwh: [],
    }
  },
}

/** The power is written as it is; a sensor of power stores consumption below zero unless it says otherwise. */
const storedAs = (sensor: SensorFacts, value: number): number => (storesConsumption(sensor) ? value : -value || 0)

async function readProcess(request: ScheduleRequest, source: SeriesSource): Promise<ProcessPlan> {
  const refusals = refusalBook()
  const [entry] = request.flexModel
  if (!entry || request.flexModel.length > 1)
    throw valueError(
      'bad-flex-model',
      'A process is scheduled by its power sensor, one at a time.',
      'Name one sensor, or trigger on the sensor.',
    )
  const site = await source.asset(request.asset)
  const room = await roomOf([request.flexModel, request.flexContext, site?.flexContext], source, refusals)
  const sensor = room.sensors.get(Number(entry['sensor']))
  if (!sensor) refusals.add(['sensor'], `No sensor found with ID ${String(entry['sensor'])}.`)
  const asset = sensor && (await source.asset(sensor.asset))
  const model = { ...asset?.flexModel, ...entry }
  for (const key of Object.keys(entry))
    if (!FIELDS.includes(key) && key !== 'sensor' && key !== 'asset') refuse(room, [key], 'Unknown field.')
  const step = sensor?.resolution || 15 * 60_000
  const steps: Steps = { start: request.start, step, count: Math.max(Math.ceil((request.end - request.start) / step), 1) }
  const power = readPower(model['power'], room)
  const length = readLength(model['duration'], request.start, sensor?.zone ?? 'UTC', room)
  const kind = readChoice(model['process-type'] ?? attributeOf('process-type', sensor, asset) ?? 'INFLEXIBLE', 'process-type', KINDS, room)
  const sense = readChoice(model['optimization-sense'] ?? 'MIN', 'optimization-sense', { MIN: false, MAX: true }, room)
  const forbidden = readRestrictions(model['time-restrictions'], steps, room)
  const context = readFlexContext(request.flexContext, site?.flexContext ?? {}, room, request.dialect)
  refusals.demandNone()
  return {
    request,
    steps,
    sensor: sensor!,
    power: power!,
    kind: kind!,
    runs: Math.ceil(length! / step - 1e-9),
    forbidden,
    most: sense!,
    price: context.consumptionPrice,
  }
}

const attributeOf = (name: string, sensor: SensorFacts | undefined, asset: AssetFacts | undefined): unknown =>
  sensor?.attributes?.[name] ?? asset?.attributes[name]

function readPower(raw: unknown, room: ReadingRoom): number | undefined {
  if (raw === undefined) return refuse(room, ['power'], 'Missing data for required field.')
  const power = typeof raw === 'string' && raw.trim() !== '' ? Number(raw) : raw
  return typeof power === 'number' && Number.isFinite(power) ? power : refuse(room, ['power'], 'Not a valid number.')
}

/** Length in ms. */
function readLength(raw: unknown, start: Instant, zone: string, room: ReadingRoom): number | undefined {
  if (raw === undefined) return refuse(room, ['duration'], 'Missing data for required field.')
  try {
    const length = addDuration(start, parseDuration(String(raw)), zone) - start
    if (length > 0) return length
  } catch {
    // said below
  }
  return refuse(room, ['duration'], `Cannot parse ${String(raw)} as ISO8601 duration.`)
}

function readChoice<Value>(raw: unknown, field: string, choices: Record<string, Value>, room: ReadingRoom): Value | undefined {
  const value = choices[String(raw)]
  return value ?? refuse(room, [field], `Must be one of: ${Object.keys(choices).join(', ')}.`)
}

/** 1 for each step that begins within a restriction. */
function readRestrictions(raw: unknown, steps: Steps, room: ReadingRoom): Uint8Array {
  const forbidden = new Uint8Array(steps.count)
  if (raw === undefined || raw === null) return forbidden
  if (!Array.isArray(raw)) {
    refuse(room, ['time-restrictions'], 'Not a valid list.')
    return forbidden
  }
  for (const [index, item] of raw.entries()) {
    const restriction = readRestriction(item, ['time-restrictions', String(index)], room)
    if (!restriction) continue
    for (let step = 0; step < steps.count; step++) {
      const at = steps.start + step * steps.step
      if (at >= restriction.from && at < restriction.until) forbidden[step] = 1
    }
  }
  return forbidden
}

function readRestriction(raw: unknown, path: string[], room: ReadingRoom): { from: number; until: number } | undefined {
  if (typeof raw !== 'object' || raw === null) return refuse(room, path, 'Invalid input type.')
  const { start, duration } = raw as Record<string, unknown>
  if (start === undefined) refuse(room, [...path, 'start'], 'Missing data for required field.')
  if (duration === undefined) refuse(room, [...path, 'duration'], 'Missing data for required field.')
  if (start === undefined || duration === undefined) return undefined
  const from = readMoment(start, [...path, 'start'], room)
  if (from === undefined) return undefined
  try {
    return { from, until: addDuration(from, parseDuration(String(duration)), room.zone) }
  } catch {
    return refuse(room, [...path, 'duration'], `Cannot parse ${String(duration)} as ISO8601 duration.`)
  }
}
