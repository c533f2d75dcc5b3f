/** Ready reports of a site: asked for here, followed, read, and taken away as a file; earlier ones stand beside. */
import '../style/things.css'
import '../style/work.css'
import { useEffect, useState } from 'preact/hooks'
import { remove } from '../api.ts'
import { useCell } from '../cell.ts'
import { problemLine } from '../format.ts'
import { platformNow, session, site } from '../live.ts'
import { useSending } from '../parts/form.tsx'
import { Icon } from '../parts/icon.tsx'
import { Progress } from '../parts/progress.tsx'
import { Empty, Failure, Loading, Pending, Stale } from '../parts/state.tsx'
import { useTick } from '../parts/tick.ts'
import { useResource, useWhole } from '../resource.ts'
import { address, type PageProps, refine } from '../route.ts'
import { mayOn } from '../things.ts'
import { useTree } from '../tree.ts'
import { useWords } from '../words.ts'
import { ReportOrder } from './report/order.tsx'
import { isUnderWay, type Report } from './report/report.ts'
import { Download, periodOf, Result } from './report/result.tsx'

const PAGE = 10

export function Reports({ route }: PageProps) {
  const { t } = useWords()
  const who = useCell(session)
  const place = useCell(site)
  const tree = useCell(useTree())
  const [asked, setAsked] = useState(0)
  const shown = Math.max(PAGE, Number(route.query['rows']) || 0)
  // A site is what has something below it; without one, whatever stands at the top.
  const parents = new Set(tree?.map((line) => line.parent_asset_id))
  const sites = tree?.filter((line) => parents.has(line.id)) ?? []
  const wanted = Number(route.query['asset']) || place?.asset || sites[0]?.id || tree?.[0]?.id
  const choices = tree?.filter((line) => parents.has(line.id) || line.id === wanted) ?? []
  const [under, setUnder] = useState(false)
  const beat = useTick(under ? 1_000 : 30_000)
  const list = useWhole<{ data: Report[]; total: number }>(
    wanted === undefined ? null : `/api/cariflex/v1/assets/${wanted}/reports?limit=${Math.min(200, shown)}`,
    `${beat} ${asked}`,
  )
  const isBusy = list.data?.data.some(({ status }) => isUnderWay(status)) ?? false
  useEffect(() => setUnder(isBusy), [isBusy])
  if (who.state !== 'in') return null
  const open = route.query['report'] ?? list.data?.data[0]?.id
  const line = tree?.find(({ id }) => id === wanted)
  const mayAsk = line !== undefined && mayOn(who.user, line.account_id).add
  return (
    <div class="page">
      <div class="page-head">
        <h1>{t('report.title')}</h1>
        {choices.length > 1 && (
          <label class="field field-inline page-head-do">
            <span class="unseen">{t('report.site')}</span>
            <select value={wanted} onChange={(event) => refine({ asset: event.currentTarget.value, report: undefined, rows: undefined })}>
              {choices.map((each) => (
                <option key={each.id} value={each.id}>
                  {each.name}
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
      {wanted === undefined ? (
        tree ? (
          <Empty title={t('report.nosite')}>
            <a class="button" href="/ops/assets">
              {t('asset.all')}
            </a>
          </Empty>
        ) : (
          <Loading />
        )
      ) : (
        <div class="reports reports-form-first">
          <div class="reports-main">
            {open === undefined ? (
              <section class="card" aria-label={t('report.title')}>
                {list.data ? (
                  <Empty title={t('report.empty')}>
                    <p class="lead">{t(mayAsk ? 'report.empty.next' : 'report.empty.none')}</p>
                  </Empty>
                ) : (
                  <Pending error={list.error} retry={list.reload} />
                )}
              </section>
            ) : (
              <ReportCard key={open} asset={wanted} id={open} mayStop={mayAsk} onChange={() => setAsked((n) => n + 1)} />
            )}
          </div>
          <div class="reports-side">
            {mayAsk && (
              <section class="card" aria-labelledby="report-new">
                <h2 id="report-new">{t('report.new')}</h2>
                <ReportOrder
                  asset={wanted}
                  onAsked={(id) => {
                    setAsked((n) => n + 1)
                    refine({ asset: String(wanted), report: id })
                  }}
                />
              </section>
            )}
            <section class="card" aria-labelledby="report-earlier">
              <h2 id="report-earlier">{t('report.earlier')}</h2>
              {list.data && <Stale error={list.error} />}
              {list.data?.data.length === 0 && <p class="muted">{t('report.earlier.none')}</p>}
              <ul class="plain report-list">
                {list.data?.data.map((report) => (
                  <Earlier key={report.id} report={report} isOpen={report.id === open} />
                ))}
              </ul>
              {list.data && list.data.total > list.data.data.length && list.data.data.length < 200 && (
                <button type="button" class="button" onClick={() => refine({ rows: String(shown + 4 * PAGE) })}>
                  {t('thing.more', { n: list.data.total - list.data.data.length })}
                </button>
              )}
            </section>
          </div>
        </div>
      )}
    </div>
  )
}

function Earlier({ report, isOpen }: { report: Report; isOpen: boolean }) {
  const { t, f, language, zone } = useWords()
  const { status } = report
  const good = status === 'FINISHED'
  return (
    <li>
      <a
        href={address('/ops/reports', { asset: String(report.asset), report: report.id })}
        aria-current={isOpen ? 'true' : undefined}
        class={good ? 'good' : isUnderWay(status) ? '' : 'bad'}
      >
        <Icon name={good ? 'obeyed' : isUnderWay(status) ? 'waiting' : 'alert'} size={18} />
        <span>
          <span class="strong block">{t.code('report', report.report)}</span>
          <span class="small block">{periodOf(report, language, zone)}</span>
          <span class="muted small block">
            {good ? '' : `${t.code('job.status', status)} · `}
            {t('report.asked', { at: f.near(Date.parse(report.askedAt), platformNow()) })}
          </span>
        </span>
      </a>
    </li>
  )
}

/** One report: followed while it is made, then what it says. */
function ReportCard({ asset, id, mayStop, onChange }: { asset: number; id: string; mayStop: boolean; onChange: () => void }) {
  const { t, said, language, zone } = useWords()
  const sending = useSending()
  const [under, setUnder] = useState(true)
  const beat = useTick(under ? 700 : 3_600_000)
  const { data, error, reload } = useResource<Report>(`/assets/${asset}/reports/${id}`, beat)
  const status = data?.status
  useEffect(() => {
    if (status === undefined) return
    const is = isUnderWay(status)
    if (under && !is) onChange()
    setUnder(is)
  }, [status])
  if (!data)
    return (
      <section class="card" aria-label={t('report.title')}>
        {error ? error.status === 404 ? <Empty title={t('report.gone')} /> : <Failure error={error} retry={reload} /> : <Loading />}
      </section>
    )
  const failed = !isUnderWay(data.status) && data.status !== 'FINISHED'
  return (
    <section class="card" aria-labelledby="report-shown">
      <div class="card-head">
        <div>
          <h2 id="report-shown">{t.code('report', data.report)}</h2>
          <p class="muted">{periodOf(data, language, zone)}</p>
        </div>
        {data.status === 'FINISHED' && <Download report={data} />}
      </div>
      <Stale error={error} />
      {isUnderWay(data.status) && (
        <>
          <Progress progress={data.progress ? { ...data.progress } : { message: t('job.waiting') }} />
          {sending.error && <Failure error={sending.error} />}
          {mayStop && (
            <button
              type="button"
              class="button"
              disabled={sending.busy}
              onClick={() => void sending.send(() => remove(`/assets/${asset}/reports/${data.id}`), t('jobs.cancelled'))}
            >
              {t('job.cancel')}
            </button>
          )}
        </>
      )}
      {failed && (
        <div class="notice notice-alert" role="alert">
          <Icon name="alert" />
          <div>
            <p class="strong">{t(data.status === 'FAILED' ? 'report.failed' : 'report.stopped')}</p>
            {data.problem && <p class="break">{said(problemLine(data.problem))}</p>}
          </div>
        </div>
      )}
      {data.status === 'FINISHED' && <Result report={data} />}
    </section>
  )
}
