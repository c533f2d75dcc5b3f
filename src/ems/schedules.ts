/** Schedules on request: checked when asked for, solved in a durable job, stored as beliefs, kept with the job for whoever reads them. */
import { createHash } from 'node:crypto'
import { type Clock, formatInstant, HOUR, type Instant, instant, isProblem, type Millis, Problem, SECOND } from '#kernel'
import type { Job, Queue, RunningJob, Store } from '#store'
import type { BeliefBatch, Beliefs } from './belief.ts'
import { flexSource } from './flex-source.ts'
import { sensorsNamedIn } from './scheduling/flex-names.ts'
import type { ScheduleExplanation, ScheduleOutput, ScheduleRequest, ScheduleResult } from './scheduling/scheduler.ts'
import { schedulerFor, schedulerNamed } from './scheduling/schedulers.ts'
import { entriesInTurn, inTurn, type SequenceParts } from './scheduling/sequence.ts'
import type { SeriesSource } from './scheduling/series-source.ts'
import type { SolverPool } from './scheduling/solver-pool.ts'
import type { Sensor, Sensors } from './sensors.ts'
import { lookAtSite, type SiteLook } from './site-look.ts'

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
  /** Relative gap between the plan and what is proven; 0 = proven best. */
  gap?: number
  explanation?: ScheduleExplanation
}

export interface ScheduleOrder extends Omit<ScheduleRequest, 'prior' | 'maxSteps' | 'maxLength' | 'dialect'> {
  prior?: Instant
  /** One device after the other, each taking the earlier ones as they are. */
  sequential?: boolean
}

/** What a job is about: an asset, or one of its sensors. */
export interface JobSubject {
  asset: number
  sensor?: number
}

export interface ScheduleJob {
  job: Job
  /** Once it is done. */
  schedule?: StoredSchedule
  /** Name of the scheduler, as soon as it is known. */
  scheduler: string
  /** The job it waits for. */
  before?: Job
}

export interface Schedules {
  /**
   * Checks the order and makes a job of it (of a sequential order a chain of jobs, and one that waits for the last); the same order within the
   * time of the cache gives the same job, unless that failed.
   * @throws Problem `invalid-flex-config` (422) with `details.fields`, `bad-flex-model`, `unknown-scheduler`; what `allow` throws
   */
  trigger(
    order: ScheduleOrder,
    options?: { allow?: (sensor: Sensor, path: string[]) => void; fresh?: boolean; site?: SiteLook },
  ): Promise<string>
  /** Checks the order as `trigger` does and makes no job. Resolves to the sensors it would write, as far as the order or the assets name them. */
  check(order: ScheduleOrder, allow: (sensor: Sensor, path: string[]) => void): Promise<number[]>
  /** One look at the site of an order, for `trigger` to use as well. */
  look(asset: number): Promise<SiteLook | undefined>
  /**
   * The schedule of a job that this process makes, or made of late: as soon as its beliefs are committed, waited for up to `within` ms.
   * Undefined when there is none by then: `get` says why.
   */
  ready(id: string, within: Millis): Promise<StoredSchedule | undefined>
  /** The job and, once it is done, its schedule. */
  get(id: string): Promise<ScheduleJob | undefined>
  /** Whom the job is about. */
  subjectOf(job: Job): JobSubject | undefined
  close(): Promise<void>
}

export interface ScheduleParts {
  store: Store
  clock: Clock
  beliefs: Beliefs
  sensors: Sensors
  queue: Queue
  /** Asked for at the first solve, so that a program that never plans starts no solver. */
  pool: () => SolverPool
  /** Name of the data source of schedules. */
  author: string
  /** For one solve, ms; default 60 s. */
  deadlineMs?: number
  /** Steps at most; default 2520, 0 = any number. */
  maxSteps?: number
  /** Length at most, ms. */
  maxLength?: number
  /** Which FlexMeasures to relax like; default '1.0'. */
  dialect?: '1.0' | '0.33'
  /** How long the same order gives the same job, ms; default an hour. */
  cacheMs?: number
}

const REMEMBERED = 200
/** What was looked at when the order came is good for its job so long, ms. */
const FRESH = SECOND

/** An order as it was read, and what is being looked at for it. */
interface Prepared {
  plan: unknown
  source: SeriesSource
  ahead?: { look: Promise<unknown>; at: Instant }
}

type Order = Omit<ScheduleOrder, 'sequential'> & { prior: Instant }
type Payload = { order: Order; scheduler: string /** Of a sequence. */; chained?: boolean } | { chain: string[]; asset: number }

export function openSchedules(parts: ScheduleParts): Schedules {
  const { clock, queue, store } = parts
  const source = flexSource(parts)
  /** What was read at the trigger, so that the job need not read it again; a job taken after a restart reads for itself. */
  const read = new Map<string, Prepared>()
  /** Schedules whose beliefs are committed. */
  const done = new Map<string, StoredSchedule>()
  const awaited = openAwaited(clock)
  const requestOf = (order: Order): ScheduleRequest => ({
    ...order,
    ...(parts.maxSteps !== undefined && { maxSteps: parts.maxSteps }),
    ...(parts.maxLength !== undefined && { maxLength: parts.maxLength }),
    ...(parts.dialect !== undefined && { dialect: parts.dialect }),
  })
  const sourceFor = async (asset: number, site?: SiteLook): Promise<SeriesSource> =>
    (site?.asset.id === asset ? site : await lookAtSite(parts, asset))?.source ?? source
  const schedulerOf = async (order: Order | ScheduleOrder, from: SeriesSource) => {
    const [asset, sensor] = await Promise.all([
      from.asset(order.asset),
      order.single ? from.sensor(Number(order.flexModel[0]?.['sensor'])) : undefined,
    ])
    return schedulerFor(asset, sensor)
  }

  const work = async (job: RunningJob): Promise<StoredSchedule | { chain: string[] }> => {
    const payload = job.payload as Payload
    if ('chain' in payload) return { chain: payload.chain }
    const scheduler = schedulerNamed(payload.scheduler)
    const seconds = parts.deadlineMs ? Math.round(parts.deadlineMs / SECOND) : 60
    let spent = 0
    const ticking = clock.every(SECOND, () => job.progress({ stage: 'solving', done: ++spent, total: seconds, unit: 's' }))
    try {
      const ready: Prepared = read.get(job.id) ?? (await readBy(scheduler, payload.order, await sourceFor(payload.order.asset)))
      read.delete(job.id)
      // What was looked at long ago may have changed.
      const ahead = ready.ahead && clock.now() - ready.ahead.at <= FRESH ? ready.ahead.look : undefined
      const result = await scheduler.schedule(ready.plan, {
        source: ready.source,
        pool: parts.pool(),
        ahead,
        deadlineMs: parts.deadlineMs ?? 60_000,
        // 0.33 falls back to what comes nearest to the wishes, 1.0 says that they cannot be kept.
        whenInfeasible: parts.dialect === '0.33' ? 'relax' : 'fail',
      })
      await keep(parts, payload.order, result)
      const stored = storedOf(result)
      remember(done, job.id, stored)
      awaited.tell(job.id)
      // The schedule is there to be read, and whoever waits for it gets it first; why it is so may take a moment longer.
      await new Promise(setImmediate)
      const explained = result.explain ? { ...stored, explanation: result.explain() } : stored
      remember(done, job.id, explained)
      return explained
    } catch (error) {
      throw named(error)
    } finally {
      ticking.cancel()
    }
  }
  const readBy = async (scheduler: ReturnType<typeof schedulerNamed>, order: Order, from: SeriesSource) => ({
    plan: await scheduler.read(requestOf(order), from),
    source: from,
  })
  const stop = queue.work(SCHEDULING, work, 2)
  const deaf = queue.on((job) => job.queue === SCHEDULING && job.endedAt !== null && awaited.tell(job.id))

  /** Reads an order and begins to look at its prices, while it is not known yet whether the same was asked before. */
  const prepare = async (order: Order, site?: SiteLook): Promise<Prepared & { scheduler: string }> => {
    const from = await sourceFor(order.asset, site)
    const scheduler = await schedulerOf(order, from)
    const ready = await readBy(scheduler, order, from)
    const look = scheduler.lookAhead?.(ready.plan, from)
    // Whoever waits for it hears of a failure; nobody may.
    look?.catch(() => {})
    return { ...ready, scheduler: scheduler.name, ...(look && { ahead: { look, at: clock.now() } }) }
  }
  const enqueueOne = async (order: Order, asked: string, { scheduler, ...ready }: Prepared & { scheduler: string }): Promise<string> => {
    const id = crypto.randomUUID()
    remember(read, id, ready)
    const payload: Payload = { order, scheduler }
    awaited.expect(id)
    await queue.enqueue(SCHEDULING, payload, { id, maxTries: 2, backoff: SECOND, priority: 50, asked })
    return id
  }
  /** One job a device, each waiting for the one before, and one that waits for all: its id stands for the whole. */
  const enqueueChain = async (order: Order, asked: string): Promise<string> => {
    const sequence: SequenceParts = { source }
    const entries = await entriesInTurn(order, sequence)
    const orders = await inTurn(order, entries, sequence)
    const jobs = await Promise.all(
      orders.map(async (one) => {
        const scheduler = await schedulerOf(one, source)
        await scheduler.read(requestOf(one), source)
        return { order: one, scheduler: scheduler.name, chained: true }
      }),
    )
    const chain: string[] = []
    await store.transact(async (tx) => {
      const add = async (payload: Payload, more: { asked?: string } = {}) => {
        const before = chain.at(-1)
        const options = { maxTries: 2, backoff: SECOND, priority: 50, ...more, ...(before !== undefined && { after: before }) }
        return queue.enqueue(SCHEDULING, payload, options, tx)
      }
      for (const payload of jobs) chain.push(await add(payload))
      chain.push(await add({ chain: [...chain], asset: order.asset }, { asked }))
    })
    awaited.expect(chain.at(-1)!)
    return chain.at(-1)!
  }

  const scheduleOf = async (job: Job): Promise<StoredSchedule | undefined> => {
    if (job.status !== 'FINISHED' && !done.has(job.id)) return undefined
    const payload = job.payload as Payload
    if (!('chain' in payload)) return done.get(job.id) ?? (job.result as StoredSchedule)
    const members = await Promise.all(payload.chain.map((id) => queue.get(id)))
    return together(members.flatMap((member) => (member?.status === 'FINISHED' ? [member.result as StoredSchedule] : [])))
  }

  return {
    async trigger({ sequential = false, ...order }, { allow, fresh = false, site } = {}) {
      if (allow) await demandReadable(order, parts.sensors, allow)
      const asked = createHash('sha256')
        .update(JSON.stringify(sorted({ ...order, sequential })))
        .digest('base64')
      const since = instant(clock.now() - (parts.cacheMs ?? HOUR))
      const full: Order = { ...order, prior: order.prior ?? clock.now() }
      const preparing = sequential ? undefined : prepare(full, site)
      preparing?.catch(() => {})
      const known = fresh ? undefined : await queue.asked(SCHEDULING, asked, since)
      if (known !== undefined) return known
      return preparing ? enqueueOne(full, asked, await preparing) : enqueueChain(full, asked)
    },
    look: (asset) => lookAtSite(parts, asset),
    async ready(id, within) {
      if (!done.has(id)) await awaited.wait(id, within)
      return done.get(id)
    },
    async check({ sequential: _, ...order }, allow) {
      await demandReadable(order, parts.sensors, allow)
      const full: Order = { ...order, prior: order.prior ?? clock.now() }
      await (await schedulerOf(full, source)).read(requestOf(full), source)
      const named = order.flexModel.flatMap(({ sensor }) => (typeof sensor === 'number' ? [sensor] : []))
      if (named.length > 0) return named
      const stored = await source.offspring(order.asset)
      return stored.flatMap(({ onlyPowerSensor }) => (onlyPowerSensor ? [onlyPowerSensor.id] : []))
    },
    async get(id) {
      const job = await queue.get(id)
      if (job?.queue !== SCHEDULING) return undefined
      const schedule = await scheduleOf(job)
      const before = job.status === 'DEFERRED' && job.dependsOn ? await queue.get(job.dependsOn) : undefined
      const payload = job.payload as Payload
      const scheduler =
        'chain' in payload ? (schedule?.scheduler ?? '') : job.status === 'QUEUED' || job.status === 'DEFERRED' ? '' : payload.scheduler
      return { job, scheduler, ...(schedule && { schedule }), ...(before && { before }) }
    },
    subjectOf(job) {
      if (job.queue !== SCHEDULING) return undefined
      const payload = job.payload as Payload
      if ('chain' in payload) return { asset: payload.asset }
      const { asset, single, flexModel } = payload.order
      return { asset, ...(single && { sensor: Number(flexModel[0]?.['sensor']) }) }
    },
    async close() {
      deaf()
      awaited.close()
      await stop()
    },
  }
}

/** Jobs of this process that have not ended, and who waits for each. */
function openAwaited(clock: Clock) {
  const waiters = new Map<string, Set<() => void>>()
  return {
    expect: (id: string) => remember(waiters, id, new Set(), 10_000),
    tell(id: string) {
      const told = waiters.get(id)
      waiters.delete(id)
      for (const waiter of told ?? []) waiter()
    },
    /** Resolves when the job has ended, when `within` ms have passed, or at once when it is not expected. */
    wait(id: string, within: Millis): Promise<void> {
      const waiting = waiters.get(id)
      if (!waiting) return Promise.resolve()
      return new Promise((resolve) => {
        const end = () => {
          timer.cancel()
          waiting.delete(end)
          resolve()
        }
        const timer = clock.in(within, end)
        waiting.add(end)
      })
    },
    close() {
      for (const waiting of waiters.values()) for (const waiter of [...waiting]) waiter()
      waiters.clear()
    },
  }
}

/** Asks for every sensor that the order names; unknown ones are refused later, by their field. */
async function demandReadable(
  order: { flexModel: unknown; flexContext: unknown },
  sensors: Sensors,
  allow: (sensor: Sensor, path: string[]) => void,
): Promise<void> {
  const named = sensorsNamedIn({ 'flex-model': order.flexModel, 'flex-context': order.flexContext })
  const known = await Promise.all(named.map(({ id }) => sensors.get(id)))
  named.forEach(({ path }, index) => {
    const sensor = known[index]
    if (sensor) allow(sensor, path)
  })
}

/** The same value with the keys of all objects in order. */
const sorted = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(sorted)
    : typeof value === 'object' && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, each]) => [key, sorted(each)]),
        )
      : value

function remember<T>(map: Map<string, T>, key: string, value: T, most = REMEMBERED): void {
  map.set(key, value)
  if (map.size > most) map.delete(map.keys().next().value as string)
}

/**
 * Commits the outputs as beliefs of the scheduler, foretold at `prior`; notes signs. Of a device scheduled by its sensor the state of charge at
 * the start goes into the attributes `soc_in_mwh` and `soc_datetime` of its asset, where it has them, as FlexMeasures does.
 */
async function keep({ beliefs, sensors, author, store }: ScheduleParts, order: Order, result: ScheduleResult): Promise<void> {
  const source = await beliefs.source({ name: author, type: 'scheduler', model: result.scheduler, version: result.version })
  for (const { sensor, consumptionIsPositive } of result.outputs) {
    const known = consumptionIsPositive === undefined ? undefined : await sensors.need(sensor.id)
    if (known && known.attributes['consumption_is_positive'] !== consumptionIsPositive)
      await sensors.update(sensor.id, { attributes: { ...known.attributes, consumption_is_positive: consumptionIsPositive! } })
  }
  await beliefs.record(result.outputs.map((output) => batchOf(output, source, order.prior)))
  const [kwh] = result.socAtStartKwh
  if (order.single && kwh !== undefined)
    await store.query(
      `update generic_asset set attributes = attributes || (select coalesce(jsonb_object_agg(said.key, said.value), '{}'::jsonb)
       from jsonb_each($2::jsonb) said where attributes ? said.key) where id = $1`,
      [order.asset, JSON.stringify({ soc_in_mwh: kwh / 1000, soc_datetime: formatInstant(result.start) })],
    )
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
  gap: result.gap,
})

/** Schedules made one after the other, as one. */
function together(all: StoredSchedule[]): StoredSchedule | undefined {
  const [first] = all
  if (!first) return undefined
  const costs: Record<string, number> = {}
  for (const one of all) for (const [name, cost] of Object.entries(one.costs)) costs[name] = (costs[name] ?? 0) + cost
  const explanations = all.flatMap(({ explanation }) => explanation ?? [])
  const last = explanations.at(-1)
  return {
    ...first,
    // Each device was planned with the earlier ones as given: the last plan sees the whole site.
    ...(last && { explanation: { ...last, devices: explanations.flatMap(({ devices }) => devices) } }),
    costs,
    end: instant(Math.max(...all.map(({ end }) => end))),
    outputs: all.flatMap((one) => one.outputs),
    unmet: all.flatMap((one) => one.unmet),
    kept: all.flatMap((one) => one.kept),
    beliefs: all.reduce((sum, one) => sum + one.beliefs, 0),
  }
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
  const said = /[.!?]$/.test(error.message) ? error.message : `${error.message}.`
  return new Problem(error.code, `${name}: ${said}${error.hint ? ` ${error.hint}` : ''}`, { status: error.status, cause: error })
}
