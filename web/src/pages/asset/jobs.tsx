/** Long work about an asset: what waits, runs, was done or failed; plans and forecasts are asked for here, and lead to their result. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { post, readWhole, remove } from '../../api.ts'
import { iso } from '../../format.ts'
import { platformNow } from '../../live.ts'
import { announce } from '../../parts/announce.tsx'
import { Confirm } from '../../parts/dialog.tsx'
import { useSending } from '../../parts/form.tsx'
import { Icon } from '../../parts/icon.tsx'
import { Progress } from '../../parts/progress.tsx'
import { Failure, Pending, Stale } from '../../parts/state.tsx'
import { useWhole } from '../../resource.ts'
import { useWords } from '../../words.ts'
import { ForecastDialog } from '../sensor/forecast.tsx'
import type { TabProps } from './tab.ts'

interface JobLine {
  job_id: string
  queue: string
  entity: string
  status: string
  err: string | null
  enqueued_at: string
  progress?: { stage?: string; done?: number; total?: number; message?: string } | null
}
interface Wishes {
  asset: number
  [wish: string]: unknown
}
interface Outcome {
  result?: { unresolved?: Wishes[]; 'num-beliefs'?: number } | null
}

export const isActive = (status: string): boolean => ['queued', 'started', 'deferred', 'scheduled'].includes(status.toLowerCase())
const SHOWN = 20

export function JobsCard({ thing, may }: TabProps) {
  const { t, f, said } = useWords()
  const [beat, setBeat] = useState(0)
  const { data, error, reload } = useWhole<{ jobs: JobLine[] }>(`/api/v3_0/assets/${thing.id}/jobs`, beat)
  const sending = useSending()
  const [duration, setDuration] = useState('PT24H')
  const [forecasting, setForecasting] = useState(false)
  const [stopping, setStopping] = useState<JobLine | null>(null)
  const [shown, setShown] = useState(SHOWN)
  const jobs = data?.jobs ?? []
  const active = jobs.some(({ status }) => isActive(status))
  const seen = useRef(new Map<string, string>())
  // Under way: looked at every second; otherwise now and then.
  useEffect(() => {
    const timer = setInterval(() => !document.hidden && setBeat((n) => n + 1), active ? 1_000 : 15_000)
    return () => clearInterval(timer)
  }, [active])
  useEffect(() => {
    for (const { job_id, status, queue } of jobs) {
      const before = seen.current.get(job_id)
      if (before && isActive(before) && !isActive(status)) announce(`${t.code('job.queue', queue)}: ${t.code('job.status', status)}`)
      seen.current.set(job_id, status)
    }
  }, [data])
  const again = () => setBeat((n) => n + 1)
  const plan = async () => {
    const start = iso(Math.floor(platformNow() / 900_000) * 900_000)
    await post(`/api/v3_0/assets/${thing.id}/schedules/trigger`, { start, duration, 'force-new-job-creation': true })
  }
  return (
    <section class="card" aria-labelledby="jobs">
      <h2 id="jobs">{t('job.title')}</h2>
      {may.add && (
        <form
          class="row jobs-new"
          onSubmit={async (event) => {
            event.preventDefault()
            if (await sending.send(plan, t('job.asked'))) again()
          }}
        >
          <label class="field">
            <span class="small">{t('job.plan.length')}</span>
            <select value={duration} onChange={(event) => setDuration(event.currentTarget.value)}>
              {['PT12H', 'PT24H', 'PT48H'].map((each) => (
                <option key={each} value={each}>
                  {t.code('chart.span', each)}
                </option>
              ))}
            </select>
          </label>
          <button type="submit" class="button button-main" disabled={sending.busy}>
            {sending.busy ? t('form.busy') : t('job.plan')}
          </button>
          {thing.sensors.length > 0 && (
            <button type="button" class="button" onClick={() => setForecasting(true)}>
              {t('job.forecast')}
            </button>
          )}
        </form>
      )}
      {sending.error && <Failure error={sending.error} />}
      {data && <Stale error={error} />}
      {!data ? (
        <Pending error={error} retry={reload} />
      ) : jobs.length === 0 ? (
        <p class="empty">{t('job.none')}</p>
      ) : (
        <ul class="plain jobs">
          {jobs.slice(0, shown).map((job) => (
            <li key={job.job_id}>
              <div class="row">
                <span class={`job job-${tone(job.status)}`}>
                  <Icon name={ICON[tone(job.status)]} size={18} />
                  {t.code('job.status', job.status)}
                </span>
                <span class="strong">{t.code('job.queue', job.queue)}</span>
                <span>{job.entity.replace(/^\w+: (.*) \(Id: \d+\)$/, '$1')}</span>
                <span class="muted small">{f.near(Date.parse(job.enqueued_at), platformNow())}</span>
              </div>
              {isActive(job.status) && <Progress progress={job.progress} />}
              {job.err && <p class="break">{said(job.err)}</p>}
              <div class="buttons">
                {job.status === 'finished' && job.queue === 'scheduling' && <Result job={job} asset={thing.id} />}
                {job.status === 'finished' && job.queue === 'forecasting' && sensorOf(job) !== undefined && (
                  <a class="button" href={`/ops/sensors/${sensorOf(job)}`}>
                    {t('job.see')}
                  </a>
                )}
                {isActive(job.status) && may.changeSensor && (
                  <button type="button" class="button" onClick={() => setStopping(job)}>
                    {t('job.cancel')}
                  </button>
                )}
                {['failed', 'stopped', 'canceled'].includes(job.status) && may.changeSensor && <Retry job={job} onDone={again} />}
              </div>
            </li>
          ))}
        </ul>
      )}
      {jobs.length > shown && (
        <button type="button" class="button" onClick={() => setShown(shown + SHOWN * 4)}>
          {t('thing.more', { n: jobs.length - shown })}
        </button>
      )}
      {forecasting && (
        <ForecastDialog
          sensors={thing.sensors}
          onClose={() => {
            setForecasting(false)
            again()
          }}
        />
      )}
      {stopping && (
        <Confirm
          title={t('job.cancel.title')}
          label={t('job.cancel')}
          done={t('job.cancel.done')}
          act={() => remove(`/jobs/${stopping.job_id}`)}
          onClose={() => {
            setStopping(null)
            again()
          }}
        >
          <p>{t('job.cancel.what')}</p>
        </Confirm>
      )}
    </section>
  )
}

const ICON = { waiting: 'waiting', good: 'obeyed', bad: 'alert', ended: 'silent' } as const
const tone = (status: string): keyof typeof ICON =>
  isActive(status) ? 'waiting' : status === 'finished' ? 'good' : status === 'failed' ? 'bad' : 'ended'
const sensorOf = (job: JobLine): number | undefined => {
  const id = /^sensor: .* \(Id: (\d+)\)$/.exec(job.entity)?.[1]
  return id === undefined ? undefined : Number(id)
}

function Retry({ job, onDone }: { job: JobLine; onDone: () => void }) {
  const { t } = useWords()
  const sending = useSending()
  return (
    <>
      <button
        type="button"
        class="button"
        disabled={sending.busy}
        onClick={async () => {
          if (await sending.send(() => post(`/jobs/${job.job_id}/retry`), t('job.asked'))) onDone()
        }}
      >
        {t('job.retry')}
      </button>
      {sending.error && <Failure error={sending.error} />}
    </>
  )
}

/** A link to the graphs over the plan, and the wishes it could not keep. */
function Result({ job, asset }: { job: JobLine; asset: number }) {
  const { t, f } = useWords()
  const [broken, setBroken] = useState<{ wish: string; at: string; by: string; asset: number }[]>([])
  useEffect(() => {
    let wanted = true
    readWhole<Outcome>(`/api/v3_0/jobs/${job.job_id}`).then(
      ({ result }) => wanted && setBroken(wishesOf(result?.unresolved ?? [])),
      () => {},
    )
    return () => {
      wanted = false
    }
  }, [job.job_id])
  return (
    <>
      <a class="button" href={`/ops/assets/${asset}?tab=graphs`}>
        {t('job.see')}
      </a>
      {broken.length > 0 && (
        <div class="notice notice-alert">
          <Icon name="alert" />
          <div>
            <p class="strong">{t.count('job.broken', broken.length)}</p>
            <ul>
              {broken.slice(0, 8).map((each) => (
                <li key={`${each.asset}${each.wish}${each.at}`}>
                  {t('job.broken.wish', { wish: t.code('flex.short', each.wish), time: f.moment(Date.parse(each.at)), by: each.by })}
                </li>
              ))}
            </ul>
          </div>
        </div>
      )}
    </>
  )
}

const wishesOf = (unresolved: Wishes[]) =>
  unresolved.flatMap(({ asset, ...wishes }) =>
    Object.entries(wishes).flatMap(([wish, list]) =>
      (Array.isArray(list) ? (list as { datetime: string; violation: string }[]) : []).map(({ datetime, violation }) => ({
        asset,
        wish,
        at: datetime,
        by: violation,
      })),
    ),
  )
