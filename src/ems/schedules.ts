/** Schedules on request: checked when asked for, solved in a durable job, stored as beliefs, kept with the job for whoever reads them. */
import { createHash } from 'node:crypto'
import { type Bus, type Clock, describeError, HOUR, type Instant, instant, isProblem, Problem, SECOND } from '#kernel'
import type { Job, Queue, RunningJob } from '#store'
import type { Assets } from './assets.ts'
import type { BeliefBatch, Beliefs } from './belief.ts'
import { flexSource } from './flex-source.ts'
import type { News } from './news.ts'
import type { FlexPlan } from './scheduling/flex-request.ts'
import type { ScheduleOutput, ScheduleRequest, ScheduleResult } from './scheduling/scheduler.ts'
import type { SolverPool } from './scheduling/solver-pool.ts'
import { storageScheduler } from './scheduling/storage-scheduler.ts'
import type { Sensor, Sensors } from './sensors.ts'
import type { Sources } from './sources.ts'

export const SCHEDULING = 'scheduling'

/** What a finished schedule job keeps. */
export interface StoredSchedule {
  scheduler: string
  costs: Record<string, number>
  start: Instant
  end: Instant
  outputs: { sensor: number; step: number; values: number[] }[]
  unmet: { asset: number; name: string; at: Instant; violationKwh: number }[]
  kept: { asset: number; name: string; at: Instant; marginKwh: number }[]
  beliefs: number
}

export interface ScheduleOrder extends Omit<ScheduleRequest, 'prior'> {
  prior?: Instant
  /** One device after the other, each taking the earlier ones as they are. */
  sequential?: boolean
}

export interface Schedules {
  /**
   * Checks the order and makes a job of it; the same order within the hour gives the same job while nothing new is known.
   * @throws Problem `invalid-flex-config` (422) with `details.fields`; what `allow` throws
   */
  trigger(order: ScheduleOrder, options?: { allow?: (sensor: Sensor) => void; fresh?: boolean }): Promise<string>
  /** The job and, once it is done, its schedule. */
  get(id: string): Promise<{ job: Job; schedule?: StoredSchedule } | undefined>
  /** Asset that the job was made for. */
  assetOf(job: Job): number | undefined
  close(): Promise<void>
}

export interface ScheduleParts {
  clock: Clock
  bus: Bus<News>
  beliefs: Beliefs
  sensors: Sensors
  assets: Assets
  sources: Sources
  queue: Queue
  /** Asked for at the first solve, so that a program that never plans starts no solver. */
  pool: () => SolverPool
  /** Name of the data source of schedules. */
  author: string
  /** For one solve, ms; default 60 s. */
  deadlineMs?: number
}

const KEEP = HOUR
const REMEMBERED = 200

interface Payload {
  order: ScheduleOrder & { prior: Instant }
}

export function openSchedules(parts: ScheduleParts): Schedules {
  const { clock, bus, queue } = parts
  const source = flexSource(parts)
  /** What was read at the trigger, so that the job need not read it again; a job taken after a restart reads for itself. */
  const read = new Map<string, FlexPlan>()
  /** Schedules whose beliefs are committed. */
  const done = new Map<string, StoredSchedule>()
  const asked = new Map<string, { id: string; until: number }>()
  // Whatever was learnt since makes the same order a new one.
  const forget = bus.on('beliefs', () => asked.clear())

  const work = async (job: RunningJob): Promise<StoredSchedule> => {
    const { order } = job.payload as Payload
    const plan = read.get(job.id)
    read.delete(job.id)
    try {
      const stored = order.sequential ? await inSequence(order) : await solveAndStore(order, plan)
      remember(done, job.id, stored)
      return stored
    } catch (error) {
      throw named(error)
    }
  }
  const solveAndStore = async (order: Payload['order'], plan?: FlexPlan): Promise<StoredSchedule> => {
    const ready = plan ?? (await storageScheduler.read(order, source))
    const result = await storageScheduler.schedule(ready, {
      source,
      pool: parts.pool(),
      deadlineMs: parts.deadlineMs ?? 60_000,
      whenInfeasible: 'fail',
    })
    await store(parts, order, result)
    return storedOf(result)
  }
  const inSequence = async (order: Payload['order']): Promise<StoredSchedule> => {
    const all: StoredSchedule[] = []
    let flexContext = order.flexContext
    for (const entry of order.flexModel) {
      all.push(await solveAndStore({ ...order, flexModel: [entry], flexContext }))
      flexContext = await takenAsGiven(flexContext, entry, parts)
    }
    return together(all)
  }
  const stop = queue.work(SCHEDULING, work, 2)

  return {
    async trigger(order, { allow, fresh = false } = {}) {
      const given = flexSource({ ...parts, ...(allow && { allow }) })
      const prior = order.prior ?? clock.now()
      const key = createHash('sha256').update(JSON.stringify(order)).digest('base64')
      const known = asked.get(key)
      const plan = await storageScheduler.read({ ...order, prior }, given)
      if (!fresh && known && known.until > clock.now()) return known.id
      const id = crypto.randomUUID()
      remember(read, id, plan)
      remember(asked, key, { id, until: clock.now() + KEEP })
      const payload: Payload = { order: { ...order, prior } }
      await queue.enqueue(SCHEDULING, payload, { id, maxTries: 2, backoff: SECOND, priority: 50 })
      return id
    },
    async get(id) {
      const job = await queue.get(id)
      if (job?.queue !== SCHEDULING) return undefined
      const schedule = done.get(id) ?? (job.status === 'FINISHED' ? (job.result as StoredSchedule) : undefined)
      return { job, ...(schedule && { schedule }) }
    },
    assetOf: (job) => (job.queue === SCHEDULING ? (job.payload as Payload).order.asset : undefined),
    async close() {
      forget()
      await stop()
    },
  }
}

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.set(key, value)
  if (map.size > REMEMBERED) map.delete(map.keys().next().value as string)
}

/** Commits the outputs as beliefs of the scheduler, foretold at `prior`; notes their signs. */
async function store({ beliefs, sensors, author }: ScheduleParts, order: Payload['order'], result: ScheduleResult): Promise<void> {
  const source = await beliefs.source({ name: author, type: 'scheduler', model: result.scheduler, version: '9' })
  for (const { sensor, consumptionIsPositive } of result.outputs) {
    const known = consumptionIsPositive === undefined ? undefined : await sensors.need(sensor.id)
    if (known && known.attributes['consumption_is_positive'] !== consumptionIsPositive)
      await sensors.update(sensor.id, { attributes: { ...known.attributes, consumption_is_positive: consumptionIsPositive! } })
  }
  await beliefs.record(result.outputs.map((output) => batchOf(output, source, order.prior)))
}

const batchOf = ({ sensor, start, step, values }: ScheduleOutput, source: number, prior: Instant): BeliefBatch => ({
  sensor: sensor.id,
  source,
  starts: values.map((_, i) => instant(start + i * step)),
  values,
  beliefTime: prior,
  overwrite: true,
})

const storedOf = (result: ScheduleResult): StoredSchedule => ({
  scheduler: result.scheduler,
  costs: result.commitmentCosts,
  start: result.start,
  end: result.end,
  outputs: result.outputs.map(({ sensor, step, values }) => ({ sensor: sensor.id, step, values })),
  unmet: result.unmet.map(({ asset, name, at, violationKwh }) => ({ asset, name, at, violationKwh })),
  kept: result.kept,
  beliefs: result.outputs.reduce((sum, { values }) => sum + values.length, 0),
})

/** Schedules made one after the other, as one. */
function together(all: StoredSchedule[]): StoredSchedule {
  const [first] = all
  if (!first) throw new Problem('empty-flex-model', 'There is no device to schedule.', { status: 422 })
  const costs: Record<string, number> = {}
  for (const one of all) for (const [name, cost] of Object.entries(one.costs)) costs[name] = (costs[name] ?? 0) + cost
  return {
    ...first,
    costs,
    outputs: all.flatMap((one) => one.outputs),
    unmet: all.flatMap((one) => one.unmet),
    kept: all.flatMap((one) => one.kept),
    beliefs: all.reduce((sum, one) => sum + one.beliefs, 0),
  }
}

/** The context in which the device of an entry is no longer free. */
async function takenAsGiven(
  context: Record<string, unknown>,
  entry: Record<string, unknown>,
  { sensors }: ScheduleParts,
): Promise<Record<string, unknown>> {
  const id = Number(entry['sensor'])
  const sensor = Number.isInteger(id) ? await sensors.get(id) : undefined
  if (!sensor) return context
  const list = (field: string) => (Array.isArray(context[field]) ? (context[field] as unknown[]) : [])
  if ('inflexible-consumption' in context || 'inflexible-production' in context) {
    const field = sensor.attributes['consumption_is_positive'] === true ? 'inflexible-consumption' : 'inflexible-production'
    return { ...context, [field]: [...list(field), { sensor: id }] }
  }
  return { ...context, 'inflexible-device-sensors': [...list('inflexible-device-sensors'), id] }
}

/** How FlexMeasures calls what went wrong; clients match these names. */
const NAMES: Record<string, string> = {
  'unknown-prices': 'UnknownPricesException',
  infeasible: 'InfeasibleProblemException',
  'no-plan': 'InfeasibleProblemException',
}

/** The failure under the name FlexMeasures gives it; never tried again, as the same order fails the same way. */
function named(error: unknown): unknown {
  if (!isProblem(error) || error.retry === 'later') return error
  const told = error.details?.['exception']
  const name = typeof told === 'string' ? told : (NAMES[error.code] ?? 'ValueError')
  return new Problem(error.code, `${name}: ${describeError(error)}`, { status: error.status, cause: error })
}
