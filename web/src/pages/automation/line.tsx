/** One automation: what it makes, when it comes, how it went; with what may be done to it. */
import { useState } from 'preact/hooks'
import { patch, post, remove } from '../../api.ts'
import { useCell } from '../../cell.ts'
import { formatFor, problemLine } from '../../format.ts'
import { platformNow, session } from '../../live.ts'
import { Confirm } from '../../parts/dialog.tsx'
import { useSending } from '../../parts/form.tsx'
import { Icon, type IconName } from '../../parts/icon.tsx'
import { Failure } from '../../parts/state.tsx'
import { address } from '../../route.ts'
import { acts } from '../../things.ts'
import { useWords } from '../../words.ts'
import { type Automation, type AutomationType, pathOf } from './automation.ts'
import { AutomationEdit } from './edit.tsx'

const ICONS: Record<AutomationType, IconName> = { scheduling: 'plan', forecasting: 'forecast', reporting: 'reports' }

export function AutomationLine({ one, named, onChange }: { one: Automation; named: boolean; onChange: () => void }) {
  const { t, said, language, zone } = useWords()
  const f = formatFor(language, one.timezone)
  const who = useCell(session)
  const sending = useSending()
  const [open, setOpen] = useState<'edit' | 'delete' | undefined>()
  const now = platformNow()
  const pause = async () => {
    if (await sending.send(() => patch(pathOf(one), { active: !one.active }), t(one.active ? 'auto.paused' : 'auto.resumed'))) onChange()
  }
  const run = async () => {
    // Whatever became of it, the line tells: a run that made no job says why.
    await sending.send(() => post(`/automations/${one.id}/run`), t('auto.ran'))
    onChange()
  }
  const close = (done: boolean) => {
    setOpen(undefined)
    if (done) onChange()
  }
  return (
    <li class="work" data-active={one.active}>
      <div class="work-head">
        <h2>
          <Icon name={ICONS[one.type]} /> {one.name}
        </h2>
        {named && <a href={`/ops/assets/${one.asset}?tab=automations`}>{one.assetName}</a>}
        {!one.active && <span class="rung">{t('auto.rests')}</span>}
      </div>
      {one.mayChange && who.state === 'in' && acts(who.user) && (
        <div class="work-do buttons">
          <button type="button" class="button" disabled={sending.busy} onClick={run}>
            {t('auto.run')}
          </button>
          <button type="button" class="button" disabled={sending.busy} onClick={pause}>
            {t(one.active ? 'auto.pause' : 'auto.resume')}
          </button>
          <button type="button" class="button" onClick={() => setOpen('edit')}>
            {t('auto.edit')}
          </button>
          <button type="button" class="button button-quiet" onClick={() => setOpen('delete')}>
            {t('auto.delete')}
          </button>
        </div>
      )}
      <dl class="figures">
        <div>
          <dt>{t('auto.what')}</dt>
          <dd>
            <What one={one} />
          </dd>
        </div>
        <div>
          <dt>{t('auto.when')}</dt>
          <dd>
            {one.words}
            {one.timezone !== zone && <span class="muted small block">{t('auto.zone', { zone: one.timezone })}</span>}
          </dd>
        </div>
        <div>
          <dt>{t('auto.next')}</dt>
          <dd>{one.next === null ? <span class="muted">{t('auto.next.none')}</span> : <b>{f.near(Date.parse(one.next), now)}</b>}</dd>
        </div>
        <div>
          <dt>{t('auto.last')}</dt>
          <dd>
            <Last one={one} now={now} />
          </dd>
        </div>
      </dl>
      {one.problem && (
        <div class="notice notice-alert work-said">
          <Icon name="alert" />
          <div>
            <p class="strong">{t('auto.problem')}</p>
            <p class="break">{said(one.problem)}</p>
          </div>
        </div>
      )}
      {sending.error && (
        <div class="work-said">
          <Failure error={sending.error} />
        </div>
      )}
      {open === 'edit' && <AutomationEdit one={one} onClose={close} />}
      {open === 'delete' && (
        <Confirm
          title={t('auto.delete.title', { name: one.name })}
          label={t('auto.delete')}
          done={t('auto.deleted')}
          act={() => remove(pathOf(one))}
          onClose={close}
        >
          <p>{t('auto.delete.what')}</p>
          {one.active && <p class="muted">{t('auto.delete.rather')}</p>}
        </Confirm>
      )}
    </li>
  )
}

/** A plan for a day, a forecast of a sensor, a report. */
function What({ one }: { one: Automation }) {
  const { t } = useWords()
  const { duration, report, reporter } = one.parameters
  const length = typeof duration === 'string' ? t.code('chart.span', duration) : undefined
  if (one.type === 'reporting') return <>{t('auto.makes.report', { report: t.code('report', String(report ?? reporter ?? '')) })}</>
  if (one.type === 'scheduling') return <>{length ? t('auto.makes.plan', { length }) : t('auto.makes.plan.any')}</>
  const [sensor] = one.outputs
  return (
    <>
      {t('auto.makes.forecast')} {sensor && <a href={`/ops/sensors/${sensor.sensor}`}>{sensor.name}</a>}
      {length && ` (${length})`}
    </>
  )
}

/** How the last run ended, with a way to what it made. */
function Last({ one, now }: { one: Automation; now: number }) {
  const { t, said, language } = useWords()
  const { last } = one
  if (!last) return <span class="muted">{t('auto.last.none')}</span>
  const f = formatFor(language, one.timezone)
  const { status } = last
  const good = status === 'FINISHED'
  const bad = status === 'FAILED' || status === 'STOPPED' || status === 'CANCELED'
  const made =
    one.type === 'reporting'
      ? address('/ops/reports', { asset: String(one.asset), report: last.job })
      : one.type === 'forecasting' && one.outputs[0]
        ? `/ops/sensors/${one.outputs[0].sensor}`
        : `/ops/assets/${one.asset}?tab=status`
  return (
    <>
      <span class={good ? 'good' : bad ? 'bad' : ''}>
        <Icon name={good ? 'obeyed' : bad ? 'alert' : 'waiting'} size={18} />{' '}
        {status === null ? t('auto.last.forgotten') : t.code('job.status', status)}
      </span>{' '}
      <a href={made}>{f.near(Date.parse(last.due), now)}</a>
      <span class="muted small block">{t.count('auto.runs', one.jobs)}</span>
      {last.problem && <span class="small block break">{said(problemLine(last.problem))}</span>}
    </>
  )
}
