/** Reports on request: checked when asked for, computed in durable jobs, saved as beliefs of a reporter; the same for the API, the command line and automations. */
import { type Clock, describeError, formatInstant, type Instant, instant, isProblem, Problem } from '#kernel'
import { asJson, asTimestamp, type Job, type Queryable, type Queue, type RunningJob, type Store } from '#store'
import type { BeliefBatch, Beliefs } from './belief.ts'
import type { ReportOrder } from './reporting/order.ts'
import { computeReady, type ReadyParts } from './reporting/ready.ts'
import type { ReadyOrder, ReadyReport } from './reporting/ready-report.ts'
import { beliefTimeOf, checkReport, computeReport, REPORTER_VERSION, type ReportTable } from './reporting/reporters.ts'
import { checkOutputs, daysToSave } from './reporting/save-ready.ts'
import type { Sensor, Sensors } from './sensors.ts'
import type { Sources } from './sources.ts'

export const REPORTING = 'reporting'

/** What a report saved on one sensor. */
export interface SavedOutput {
  name: string
  sensor: number
  unit: string
  count: number
  start: string | null
  end: string | null
}

export type ReportResult = { kind: 'beliefs'; source: number; outputs: SavedOutput[] } | ({ kind: 'ready' } & ReadyReport)

export interface ReportView {
  id: string
  asset: number
  /** A reporter, or the name of a ready report. */
  report: string
  askedAt: Instant
  start: Instant | null
  end: Instant | null
  result: ReportResult | null
  /** Undefined when its job was forgotten. */
  job: Job | undefined
}

export interface Reports {
  /**
   * Checks the order and makes a job of it; resolves to its id.
   * @throws Problem `invalid-report` (422), with `details.fields` where fields are wrong
   */
  trigger(asset: number, order: ReportOrder | ReadyOrder, options?: { automation?: number }): Promise<string>
  /** Computes now, and saves nothing unless `save`. @throws Problem `invalid-report` (422) */
  compute(order: ReportOrder, options?: { save?: boolean }): Promise<{ tables: ReportTable[]; source?: number }>
  get(id: string): Promise<ReportView | undefined>
  /** Newest first. */
  list(asset: number, page: { limit: number; offset: number }): Promise<{ reports: ReportView[]; total: number }>
  close(): Promise<void>
}

export interface ReportParts {
  store: Store
  clock: Clock
  beliefs: Beliefs
  sensors: Sensors
  sources: Sources
  queue: Queue
  /** Name of the data source of reports. */
  author: string
  /** A job that takes longer is ended, ms; default an hour. */
  timeout?: number
}

interface Payload {
  asset: number
  sensor?: number
  order: ReportOrder | ReadyOrder
}

const HOUR_MS = 3_600_000

export const isReady = (order: ReportOrder | ReadyOrder): order is ReadyOrder => 'report' in order

export function openReports(parts: ReportParts): Reports {
  const { store, clock, queue, timeout = HOUR_MS } = parts
  const readyParts: ReadyParts = parts

  const compute = async (order: ReportOrder, save: boolean) => {
    await checkReport(parts, order)
    const tables = await computeReport(reporterParts(parts), order, clock.now())
    for (const table of tables) demandResolution(order, table)
    if (!save) return { tables }
    const source = await sourceOf(parts, order)
    const batches = tables.flatMap((table) => batchesOf(table, source))
    if (batches.length > 0) await parts.beliefs.record(batches)
    return { tables, source }
  }
  const saveDays = async (order: ReadyOrder, report: ReadyReport): Promise<ReadyReport> => {
    const { outputs = [] } = order
    if (outputs.length === 0) return report
    const known = new Map(await Promise.all(outputs.map(async ({ sensor }) => [sensor, await parts.sensors.need(sensor)] as const)))
    const source = await parts.sources.of({ name: parts.author, type: 'reporter', model: report.report, version: REPORTER_VERSION })
    const batches = daysToSave(order, report, known, source).filter(({ starts }) => starts.length > 0)
    if (batches.length > 0) await parts.beliefs.record(batches)
    return report
  }
  const work = async ({ id, payload, signal, progress }: RunningJob): Promise<ReportResult> => {
    const { asset, order } = payload as Payload
    const timer = clock.in(timeout, () => undefined)
    try {
      const note = (done: number, total: number, stage: string) => {
        signal.throwIfAborted()
        progress({ stage, done, total, unit: '' })
      }
      const result = isReady(order)
        ? { kind: 'ready' as const, ...(await saveDays(order, await computeReady(readyParts, asset, order, note))) }
        : savedOf(await compute(order, true))
      await store.query('update cariflex.report set result = $2 where id = $1', [id, asJson(result)])
      return result
    } catch (error) {
      throw named(error)
    } finally {
      timer.cancel()
    }
  }
  const stop = queue.work(REPORTING, work, 1)

  const viewsOf = async (rows: Row[]): Promise<ReportView[]> =>
    Promise.all(
      rows.map(async ({ kind, result, ...row }) => {
        const job = await queue.get(row.id)
        // It may have ended between the two looks.
        return { ...row, report: kind, result: result ?? (job?.status === 'FINISHED' ? (job.result as ReportResult) : null), job }
      }),
    )
  return {
    async trigger(asset, order, { automation } = {}) {
      await (isReady(order) ? checkOutputs(parts.sensors, order) : checkReport(parts, order))
      const id = crypto.randomUUID()
      const sensor = isReady(order) ? undefined : order.outputs[0]?.sensor
      const payload: Payload = { asset, order, ...(sensor !== undefined && { sensor }) }
      await store.transact(async (tx) => {
        await remember(tx, { id, asset, order, at: clock.now(), ...(automation !== undefined && { automation }) })
        await queue.enqueue(REPORTING, payload, { id, maxTries: 2 }, tx)
      })
      return id
    },
    compute: (order, { save = false } = {}) => compute(order, save),
    async get(id) {
      if (!/^[0-9a-f-]{36}$/i.test(id)) return undefined
      const row = await store.first<Row>(`${SELECT} where id = $1`, [id])
      return row && (await viewsOf([row]))[0]
    },
    async list(asset, { limit, offset }) {
      const counted = await store.first<{ n: number }>('select count(*)::int as n from cariflex.report where asset = $1', [asset])
      const rows = await store.query<Row>(`${SELECT} where asset = $1 order by asked_at desc, id limit $2 offset $3`, [
        asset,
        limit,
        offset,
      ])
      return { reports: await viewsOf(rows), total: counted?.n ?? 0 }
    },
    close: () => stop(),
  }
}

interface Row {
  id: string
  asset: number
  kind: string
  askedAt: Instant
  start: Instant | null
  end: Instant | null
  result: ReportResult | null
}

const SELECT = 'select id, asset, kind, asked_at as "askedAt", starts_at as start, ends_at as "end", result from cariflex.report'

async function remember(
  tx: Queryable,
  { id, asset, order, at, automation }: { id: string; asset: number; order: ReportOrder | ReadyOrder; at: Instant; automation?: number },
): Promise<void> {
  const stamp = (moment: Instant | undefined) => (moment === undefined ? null : asTimestamp(moment))
  await tx.query(
    `insert into cariflex.report (id, asset, kind, asked_at, starts_at, ends_at, order_body, automation)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      id,
      asset,
      isReady(order) ? order.report : order.reporter,
      asTimestamp(at),
      stamp(order.start),
      stamp(order.end),
      asJson(order),
      automation ?? null,
    ],
  )
}

const reporterParts = ({ beliefs, sensors, sources, store }: ReportParts) => ({
  ...{ beliefs, sensors, sources },
  attributesOf: async (sensor: Sensor) => {
    const asset = await store.first<{ attributes: Record<string, unknown> }>('select attributes from generic_asset where id = $1', [
      sensor.asset,
    ])
    return { ...asset?.attributes, ...sensor.attributes }
  },
})

/** The reporter as a data source; another config is another one. */
const sourceOf = ({ sources, author }: ReportParts, { reporter, config }: ReportOrder): Promise<number> =>
  sources.of({ name: author, type: 'reporter', model: reporter, version: REPORTER_VERSION }, { data_generator: { config } })

/** @throws Problem `invalid-report` when a result has another resolution than the sensor it is saved on */
function demandResolution({ checksResolution }: ReportOrder, { frame, sensor }: ReportTable): void {
  if (!checksResolution || frame.step === sensor.resolution || frame.starts.length === 0) return
  const minutes = (length: number) => `${length / 60_000} minutes`
  throw new Problem(
    'invalid-report',
    `The resolution of the results (${minutes(frame.step)}) should match that of the output sensor (${minutes(sensor.resolution)}, ID ${sensor.id}).`,
    { status: 422, retry: 'never', hint: 'Resample to it, save on another sensor, or set check_output_resolution to false.' },
  )
}

/** Rows of one belief time go together. @throws Problem `invalid-report` when an event has several rows of one belief time */
function batchesOf(table: ReportTable, source: number): BeliefBatch[] {
  const { frame, sensor, horizon } = table
  const groups = new Map<number | undefined, number[]>()
  frame.starts.forEach((_, row) => {
    const at = horizon === undefined ? beliefTimeOf(table, row) : undefined
    const known = groups.get(at)
    if (known) known.push(row)
    else groups.set(at, [row])
  })
  const chances = frame.levels.cumulative_probability
  return [...groups].map(([at, rows]) => {
    const sorted = [...rows].sort((a, b) => frame.starts[a]! - frame.starts[b]! || (chances?.[a] ?? 0.5) - (chances?.[b] ?? 0.5))
    for (const [k, row] of sorted.entries())
      if (k > 0 && frame.starts[row] === frame.starts[sorted[k - 1]!] && chances?.[row] === chances?.[sorted[k - 1]!])
        throw new Problem(
          'invalid-report',
          `The output '${table.name}' has several values of one event (${formatInstant(instant(frame.starts[row]!))}).`,
          {
            status: 422,
            retry: 'never',
            hint: 'Name one source in the input, or group by event_start.',
          },
        )
    return {
      ...{ sensor: sensor.id, source, overwrite: true },
      starts: sorted.map((row) => instant(frame.starts[row]!)),
      values: sorted.map((row) => frame.columns[0]!.values[row]!),
      ...(chances?.some((chance) => chance !== 0.5) && { probabilities: sorted.map((row) => chances[row]!) }),
      ...(horizon !== undefined ? { horizon } : at !== undefined ? { beliefTime: instant(at) } : {}),
    }
  })
}

const savedOf = ({ tables, source }: { tables: ReportTable[]; source?: number }): ReportResult => ({
  kind: 'beliefs',
  source: source!,
  outputs: tables.map(({ name, sensor, frame }) => {
    const known = frame.starts.filter((_, row) => !Number.isNaN(frame.columns[0]!.values[row]!))
    const [first, last] = [known[0], known.at(-1)]
    return {
      ...{ name, sensor: sensor.id, unit: sensor.unit, count: known.length },
      start: first === undefined ? null : formatInstant(instant(first), sensor.timezone),
      end: last === undefined ? null : formatInstant(instant(last + sensor.resolution), sensor.timezone),
    }
  }),
})

/** The same order fails the same way: it is not tried again. */
function named(error: unknown): unknown {
  if (!isProblem(error) || error.retry === 'later') return error
  return new Problem(error.code, `ValueError: ${describeError(error)}`, { status: error.status, retry: 'never', cause: error })
}
