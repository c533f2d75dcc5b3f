/** Jobs of the queues as FlexMeasures shows them: one by its id, all of an asset and its sensors (reference 2.9). */
import { type Asset, demand, type JobSubject, type StoredSchedule } from '#ems'
import { formatInstant, type Instant, instant } from '#kernel'
import type { Job } from '#store'
import type { App } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { assetFor } from './assets.ts'
import { invalidSender } from './envelope.ts'
import { idOf } from './query.ts'

const tags = ['flexmeasures']

/** Names of the functions that clients may look for, by queue. */
const FUNCTIONS: Record<string, string> = {
  scheduling: 'flexmeasures.data.services.scheduling.make_schedule',
  forecasting: 'flexmeasures.data.models.forecasting.pipelines.train_predict.TrainPredictPipeline.run_cycle',
  reporting: 'flexmeasures.data.models.reporting.Reporter.compute',
  ingestion: 'flexmeasures.data.services.data_ingestion.add_beliefs_to_db_and_enqueue_forecasting_jobs',
}

export function jobRoutes(app: App, rooms: Rooms): void {
  app.get('/jobs/:uuid', { schema: { tags, summary: 'A job' } }, async (request, reply) => {
    const { uuid } = request.params as { uuid: string }
    const job = await rooms.queue.get(uuid)
    const subject = job && subjectOf(rooms, job)
    if (!job || !subject) return reply.code(404).send({ status: 'ERROR', message: `Job ${uuid} not found.` })
    const asset = await rooms.assets.get(subject.asset)
    if (!asset) throw invalidSender()
    demand(request.principal!, 'read', { kind: 'asset', account: asset.account, consultancy: asset.consultancy })
    const known = job.queue === 'scheduling' ? await rooms.schedules.get(uuid) : undefined
    const result = known?.schedule && !isChain(job) ? resultView(known.schedule) : job.status === 'FINISHED' && !known ? job.result : null
    const message = wordJob(job, known?.before)
    return reply.code(rooms.flexMeasures.dialect === '0.33' ? 200 : httpOf(job)).send(jobView(job, message, result))
  })

  app.get('/assets/:id/jobs', { schema: { tags, summary: 'Jobs of an asset and its sensors' } }, async (request) => {
    const asset = await assetFor(rooms, request.principal!, 'read', idOf(request.params))
    const jobs = await rooms.queue.list({ limit: 1000 })
    const lines = jobs.flatMap((job) => {
      const subject = subjectOf(rooms, job)
      return subject?.asset === asset.id ? [jobLine(job, subject, asset)] : []
    })
    return { jobs: lines, redis_connection_err: null, status: 200 }
  })
}

/** Whom a job is about; jobs of other queues name `asset` or `sensor` in what they carry. */
function subjectOf(rooms: Rooms, job: Job): JobSubject | undefined {
  if (job.queue === 'scheduling') return rooms.schedules.subjectOf(job)
  const { asset, sensor } = (job.payload ?? {}) as Record<string, unknown>
  return typeof asset === 'number' ? { asset, ...(typeof sensor === 'number' && { sensor }) } : undefined
}

const isChain = (job: Job): boolean => typeof job.payload === 'object' && job.payload !== null && 'chain' in job.payload

const httpOf = ({ status }: Job): number =>
  status === 'FINISHED' ? 200 : status === 'FAILED' || status === 'STOPPED' || status === 'CANCELED' ? 422 : 202

const capital = (word: string): string => `${word[0]!.toUpperCase()}${word.slice(1)}`

/** What is to be said of a job, in the sentences that clients look for; `before` is the job it waits for. */
export function wordJob(job: Job, before?: Job): string {
  const queue = capital(job.queue)
  switch (job.status) {
    case 'QUEUED':
      return `${queue} job waiting to be processed.`
    case 'STARTED':
      return `${queue} job in progress.`
    case 'FINISHED':
      return `${queue} job has finished.`
    case 'FAILED':
      return `${queue} job failed with ${(job.exc ?? 'an unknown reason').replace(/\.+$/, '')}.`
    case 'DEFERRED':
      return before
        ? `${queue} job waiting for ${before.status.toLowerCase()} job "${before.id}" to be processed.`
        : `${queue} job waiting for unknown job to be processed.`
    case 'SCHEDULED':
      return `${queue} job is scheduled to run at a later time.`
    case 'STOPPED':
      return `${queue} job has been stopped.`
    case 'CANCELED':
      return `${queue} job has been cancelled.`
    default:
      return `${queue} job has an unknown status.`
  }
}

const moment = (at: Instant | null) => (at === null ? null : formatInstant(at))

function jobView(job: Job, message: string, result: unknown) {
  const [enqueued, started, ended] = [moment(job.enqueuedAt), moment(job.startedAt), moment(job.endedAt)]
  const name = isChain(job)
    ? 'flexmeasures.data.services.scheduling.cb_done_sequential_scheduling_job'
    : (FUNCTIONS[job.queue] ?? `cariflex.${job.queue}`)
  return {
    status: job.status,
    message,
    result,
    origin: job.queue,
    'func-name': name,
    'enqueued-at': enqueued,
    'started-at': started,
    'ended-at': ended,
    'exc-info': job.exc,
    func_name: name,
    enqueued_at: enqueued,
    started_at: started,
    ended_at: ended,
    exc_info: job.exc,
  }
}

/** Wishes by asset: which were missed by how much, which were kept with how much room. */
export function resultView({ unmet, kept, beliefs }: StoredSchedule) {
  const gather = <T extends { asset: number; name: string }>(list: T[], view: (one: T) => object) => {
    const byAsset = new Map<number, Record<string, unknown>>()
    for (const one of list) {
      const entry = byAsset.get(one.asset) ?? { asset: one.asset }
      byAsset.set(one.asset, entry)
      const known = (entry[one.name] as object[] | undefined) ?? []
      entry[one.name] = [...known, view(one)]
    }
    return [...byAsset.values()]
  }
  const kwh = (amount: number) => `${Number.isInteger(amount) ? amount.toFixed(1) : String(Math.round(amount * 1e6) / 1e6)} kWh`
  return {
    unresolved: gather(unmet, (one) => ({ datetime: formatInstant(instant(one.at)), violation: kwh(one.violationKwh) })),
    resolved: gather(kept, (one) => ({ datetime: formatInstant(instant(one.at)), margin: kwh(one.marginKwh) })),
    'num-beliefs': beliefs,
  }
}

function jobLine(job: Job, { sensor }: JobSubject, asset: Asset) {
  const kind = sensor === undefined ? 'asset' : 'sensor'
  const name = sensor === undefined ? asset.name : (asset.sensors.find(({ id }) => id === sensor)?.name ?? '')
  return {
    job_id: job.id,
    metadata: JSON.stringify({ status: job.status, exc_info: job.exc, job_id: job.id }),
    queue: job.queue,
    asset_or_sensor_type: kind,
    entity: `${kind}: ${name} (Id: ${sensor ?? asset.id})`,
    status: job.status.toLowerCase(),
    err: job.exc === null ? null : `${capital(job.queue)} job failed with ${job.exc}`,
    enqueued_at: moment(job.enqueuedAt),
    metadata_hash: job.id,
    progress: job.progress,
  }
}
