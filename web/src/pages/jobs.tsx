/** Long work: what waits, runs, ended and failed, with its progress; cancelled or tried again here. */
import { useState } from 'preact/hooks'
import { post, type Refusal, remove } from '../api.ts'
import { problemLine } from '../format.ts'
import { Chips } from '../parts/chips.tsx'
import { useSending } from '../parts/form.tsx'
import { Empty, Failure, Pending, Stale } from '../parts/state.tsx'
import { useTick } from '../parts/tick.ts'
import { useResource } from '../resource.ts'
import { address, type PageProps, refine } from '../route.ts'
import { useWords } from '../words.ts'

export interface Job {
  job: string
  queue: string
  status: 'QUEUED' | 'SCHEDULED' | 'DEFERRED' | 'STARTED' | 'FINISHED' | 'FAILED' | 'STOPPED' | 'CANCELED'
  tries: number
  stage?: string
  done?: number
  total?: number
  unit?: string
  message?: string
  enqueuedAt: string
  /** When it may begin. */
  runAt?: string
  startedAt: string | null
  endedAt: string | null
  problem: string | null
}

const STATES = ['STARTED', 'QUEUED', 'FAILED', 'FINISHED'] as const
const LOOK_EVERY = 3_000

export function Jobs({ route }: PageProps) {
  const { t } = useWords()
  const { status, queue } = route.query
  const beat = useTick(LOOK_EVERY)
  const [acted, setActed] = useState(0)
  const { data, error, reload } = useResource<Job[]>(
    address('/jobs', { status, queue, limit: '100' }),
    `${Math.floor(beat / LOOK_EVERY)} ${acted}`,
  )
  const queues = [...new Set(data?.map((job) => job.queue) ?? [])].sort()
  return (
    <div class="page">
      <h1>{t('jobs.title')}</h1>
      <section class="card" aria-label={t('jobs.title')}>
        <div class="filters">
          <Chips<string>
            legend={t('jobs.filter')}
            all={t('jobs.all')}
            chosen={status}
            onChoose={(chosen) => refine({ status: chosen })}
            choices={STATES.map((value) => ({ value, label: t.code('job.status', value) }))}
          />
          <label class="field field-inline">
            <span class="unseen">{t('jobs.queue')}</span>
            <select value={queue ?? ''} onChange={(event) => refine({ queue: event.currentTarget.value || undefined })}>
              <option value="">{t('jobs.queues')}</option>
              {[...new Set([...queues, ...(queue ? [queue] : [])])].map((each) => (
                <option key={each} value={each}>
                  {t.code('job.queue', each)}
                </option>
              ))}
            </select>
          </label>
        </div>
        {data && <Stale error={error} />}
        {!data ? (
          <Pending error={error as Refusal} retry={reload} />
        ) : data.length === 0 ? (
          <Empty title={t('jobs.empty')} />
        ) : (
          <ul class="plain jobs">
            {data.map((job) => (
              <JobLine key={job.job} job={job} onDone={() => setActed(acted + 1)} />
            ))}
          </ul>
        )}
      </section>
    </div>
  )
}

/** One job: what it is, how far, why it failed, and what can be done about it. */
export function JobLine({ job, onDone }: { job: Job; onDone: () => void }) {
  const { t, f, said } = useWords()
  const sending = useSending()
  const waits = job.status === 'QUEUED' || job.status === 'SCHEDULED' || job.status === 'DEFERRED'
  const failed = job.status === 'FAILED' || job.status === 'STOPPED' || job.status === 'CANCELED'
  const took = job.startedAt && job.endedAt ? Date.parse(job.endedAt) - Date.parse(job.startedAt) : undefined
  const act = async (what: () => Promise<unknown>, done: string) => {
    if (await sending.send(what, done)) onDone()
  }
  return (
    <li class="job" data-status={job.status}>
      <div class="job-head">
        <span class="strong">{t.code('job.queue', job.queue)}</span>
        <span class={`rung job-${job.status.toLowerCase()}`}>{t.code('job.status', job.status)}</span>
        <span class="muted small">
          {job.status === 'SCHEDULED' && job.runAt
            ? t('jobs.planned', { time: f.moment(Date.parse(job.runAt)) })
            : f.moment(Date.parse(job.enqueuedAt))}
          {took !== undefined && ` · ${took < 10_000 ? `${f.number(took / 1000, 1)} s` : `${f.number(took / 1000, 0)} s`}`}
          {job.tries > 1 && ` · ${t('jobs.tries', { n: job.tries })}`}
        </span>
      </div>
      {job.stage && (waits || job.status === 'STARTED') && (
        <p class="small">
          {said(job.stage)}
          {job.total ? ` · ${job.done} / ${job.total} ${job.unit ?? ''}` : ''}
          {job.message ? ` · ${said(job.message)}` : ''}
        </p>
      )}
      {job.status === 'STARTED' && (
        <progress aria-label={t('jobs.progress')} max={job.total || undefined} value={job.total ? (job.done ?? 0) : undefined} />
      )}
      {failed && job.problem && <p class="small break">{said(problemLine(job.problem))}</p>}
      {sending.error && <Failure error={sending.error} />}
      {(waits || job.status === 'STARTED' || failed) && (
        <div class="buttons">
          {failed ? (
            <button
              type="button"
              class="button"
              disabled={sending.busy}
              onClick={() => act(() => post(`/jobs/${job.job}/retry`), t('jobs.retried'))}
            >
              {t('state.retry')}
            </button>
          ) : (
            <button
              type="button"
              class="button"
              disabled={sending.busy}
              onClick={() => act(() => remove(`/jobs/${job.job}`), t('jobs.cancelled'))}
            >
              {t('jobs.cancel')}
            </button>
          )}
        </div>
      )}
    </li>
  )
}
