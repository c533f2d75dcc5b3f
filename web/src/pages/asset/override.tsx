/** The owner's word over the plan: a power until a time, seen by all, undone by one button. The grid's limits still hold. */
import { useState } from 'preact/hooks'
import { post, Refusal, remove } from '../../api.ts'
import { useCell } from '../../cell.ts'
import { platformNow, session, versions } from '../../live.ts'
import { Icon } from '../../parts/icon.tsx'
import { Power } from '../../parts/marks.tsx'
import { Failure } from '../../parts/state.tsx'
import { useResource } from '../../resource.ts'
import { acts } from '../../things.ts'
import type { Asset, Override } from '../../wire.ts'
import { useWords } from '../../words.ts'

const DURATIONS = ['PT15M', 'PT1H', 'PT4H', 'PT12H'] as const

export function OverrideCard({ asset, onChange }: { asset: Asset; onChange: () => void }) {
  const { t, f, said } = useWords()
  const seen = useCell(versions)
  const { data, reload } = useResource<Override[]>('/overrides', `${seen.setpoints}/${seen.limits}`)
  const mine = (data ?? []).filter((each) => each.device === asset.device && Date.parse(each.until) > platformNow())
  const who = useCell(session)
  const may = who.state === 'in' && acts(who.user)
  const most = asset.nominalKw ?? 50
  const [direction, setDirection] = useState<'charge' | 'discharge' | 'stop'>(asset.kind === 'pv' ? 'stop' : 'charge')
  const [power, setPower] = useState(String(most))
  const [duration, setDuration] = useState<string>('PT1H')
  const [because, setBecause] = useState('')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<Refusal | null>(null)
  const [done, setDone] = useState('')

  const run = async (act: () => Promise<unknown>, said: string) => {
    setBusy(true)
    setError(null)
    setDone('')
    try {
      await act()
      setDone(said)
      reload()
      onChange()
    } catch (failure) {
      if (failure instanceof Refusal) setError(failure)
      else throw failure
    } finally {
      setBusy(false)
    }
  }
  const kw = Number(power.replace(',', '.'))
  const fault = direction !== 'stop' && (!Number.isFinite(kw) || kw < 0 || kw > most)
  const submit = (event: Event) => {
    event.preventDefault()
    if (fault) return
    const powerKw = direction === 'stop' ? 0 : direction === 'charge' ? kw : -kw
    void run(
      () => post('/overrides', { device: asset.device, powerKw, duration, ...(because.trim() ? { because: because.trim() } : {}) }),
      t('override.done'),
    )
  }
  const directions =
    asset.kind === 'battery'
      ? (['charge', 'discharge', 'stop'] as const)
      : asset.kind === 'pv'
        ? (['stop', 'discharge'] as const)
        : (['charge', 'stop'] as const)
  return (
    <section class="card" aria-labelledby="override">
      <h2 id="override">{t('override.title')}</h2>
      {mine.map((each) => (
        <div key={each.id} class="notice">
          <Icon name="pin" />
          <div>
            <p class="strong">
              <Power kind={asset.kind} powerKw={each.powerKw} /> {t('order.until', { time: f.near(Date.parse(each.until), platformNow()) })}
            </p>
            <p class="muted small">
              {/* Without a reason of its own the platform's sentence names the owner already. */}
              {each.because?.startsWith(`${each.owner} `)
                ? said(each.because)
                : [each.owner && t('override.who', { who: each.owner }), each.because].filter(Boolean).join(' · ')}
            </p>
            {may && (
              <button
                type="button"
                class="button"
                disabled={busy}
                onClick={() => void run(() => remove(`/overrides/${encodeURIComponent(each.id)}`), t('override.undone'))}
              >
                {t('override.undo')}
              </button>
            )}
          </div>
        </div>
      ))}
      {!may && <p class="muted">{t('rights.look')}</p>}
      {may && (
        <details class="fold">
          <summary>{t('override.open')}</summary>
          <form class="form" onSubmit={submit}>
            <fieldset class="choices">
              <legend>{t('override.what')}</legend>
              {directions.map((each) => (
                <label key={each} class="choice">
                  <input type="radio" name="direction" checked={direction === each} onChange={() => setDirection(each)} />
                  <span>{each === 'discharge' && asset.kind === 'pv' ? t('override.limit-sun') : t.code('override.direction', each)}</span>
                </label>
              ))}
            </fieldset>
            {direction !== 'stop' && (
              <label class="field">
                <span>{t('override.power', { max: f.amount(most, 'kW') })}</span>
                <input
                  inputMode="decimal"
                  value={power}
                  aria-invalid={fault}
                  aria-describedby={fault ? 'override-fault' : undefined}
                  onInput={(event) => setPower(event.currentTarget.value)}
                />
              </label>
            )}
            {fault && (
              <p class="field-error" id="override-fault">
                {t('override.fault', { max: f.amount(most, 'kW') })}
              </p>
            )}
            <label class="field">
              <span>{t('override.duration')}</span>
              <select value={duration} onChange={(event) => setDuration(event.currentTarget.value)}>
                {DURATIONS.map((each) => (
                  <option key={each} value={each}>
                    {t.code('duration', each)}
                  </option>
                ))}
              </select>
            </label>
            <label class="field">
              <span>{t('override.because')}</span>
              <input type="text" maxLength={200} value={because} onInput={(event) => setBecause(event.currentTarget.value)} />
            </label>
            <button type="submit" class="button button-main" disabled={busy || fault}>
              {t('override.set')}
            </button>
          </form>
        </details>
      )}
      {error && <Failure error={error} />}
      <p role="status" class="done">
        {done}
      </p>
      <p class="muted small">{t('override.note')}</p>
    </section>
  )
}
