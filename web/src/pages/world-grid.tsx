/** Plays the network operator: a percentage of what flexible devices may consume, until a time; lifted by one button. */
import { useState } from 'preact/hooks'
import { post, Refusal, remove } from '../api.ts'
import { useCell } from '../cell.ts'
import { sumsOf } from '../flow.ts'
import { assets, limits, platformNow, site } from '../live.ts'
import { Icon } from '../parts/icon.tsx'
import { inForce, LimitLine } from '../parts/limit-banner.tsx'
import { Failure } from '../parts/state.tsx'
import type { Limit } from '../wire.ts'
import { useWords } from '../words.ts'

const PERCENTS = [100, 75, 50, 25, 0]

export function GridCard() {
  const { t, f } = useWords()
  const place = useCell(site)
  const all = useCell(assets) ?? []
  const every = useCell(limits) ?? []
  const [percent, setPercent] = useState(50)
  const [duration, setDuration] = useState('PT30M')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<Refusal | null>(null)
  const [done, setDone] = useState('')
  const { nominalKw } = sumsOf(all)
  const maxKw = Math.round(nominalKw * percent) / 100
  const shown = inForce(every, platformNow())

  const originOf = ({ origin }: Limit): string => {
    const [, kind, who = ''] = /^(user|sensor) (.+)$/.exec(origin) ?? []
    if (kind === undefined) return origin
    return kind === 'user' ? t('grid.origin.user', { who }) : t('grid.origin.sensor', { sensor: who })
  }
  const run = async (work: () => Promise<unknown>, said: string) => {
    setBusy(true)
    setError(null)
    setDone('')
    try {
      await work()
      setDone(said)
    } catch (failure) {
      if (failure instanceof Refusal) setError(failure)
      else throw failure
    } finally {
      setBusy(false)
    }
  }
  const ask = () =>
    run(
      () =>
        post('/limits', {
          ...(place ? { asset: place.asset } : {}),
          maxKw,
          duration,
          rung: 'grid',
        }),
      t('grid.done', { power: f.amount(maxKw, 'kW') }),
    )
  const lift = (limit: Limit) => run(() => remove(`/limits/${encodeURIComponent(limit.id)}`), t('grid.lifted'))
  return (
    <section class="card" aria-labelledby="world-grid">
      <h2 id="world-grid">
        <Icon name="grid" /> {t('grid.title')}
      </h2>
      <p class="muted">{t('grid.lead', { nominal: f.amount(nominalKw, 'kW', 0) })}</p>
      <label class="field">
        <span>
          {t('grid.percent')}{' '}
          <b>
            {f.percent(percent / 100)} · {f.amount(maxKw, 'kW')}
          </b>
        </span>
        <input
          type="range"
          min={0}
          max={100}
          step={5}
          value={percent}
          aria-valuetext={`${f.percent(percent / 100)}, ${f.amount(maxKw, 'kW')}`}
          onInput={(event) => setPercent(Number(event.currentTarget.value))}
        />
      </label>
      <div class="chips">
        {PERCENTS.map((each) => (
          <button key={each} type="button" class="chip" aria-pressed={percent === each} onClick={() => setPercent(each)}>
            {f.percent(each / 100)}
          </button>
        ))}
      </div>
      <div class="command-row">
        <label class="field">
          <span>{t('grid.duration')}</span>
          <select value={duration} onChange={(event) => setDuration(event.currentTarget.value)}>
            {['PT10M', 'PT30M', 'PT2H'].map((each) => (
              <option key={each} value={each}>
                {t.code('duration', each)}
              </option>
            ))}
          </select>
        </label>
        <button type="button" class="button button-main" disabled={busy || nominalKw === 0} onClick={() => void ask()}>
          {t('grid.go')}
        </button>
      </div>
      {error && <Failure error={error} />}
      <p role="status" class="done">
        {done && (
          <>
            <Icon name="obeyed" size={18} /> {done}
          </>
        )}
      </p>
      <ul class="plain grid-limits">
        {[...shown.now, ...shown.soon].map((limit) => (
          <li key={limit.id}>
            <p>
              <LimitLine limit={limit} /> <span class="muted small">({originOf(limit)})</span>
            </p>
            {limit.origin.startsWith('sensor') ? (
              <p class="small">{t('grid.lift.sensor')}</p>
            ) : (
              <button type="button" class="button" disabled={busy} onClick={() => void lift(limit)}>
                {t('grid.lift')}
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  )
}
