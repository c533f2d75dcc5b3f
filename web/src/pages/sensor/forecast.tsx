/** A window that asks for a forecast of a sensor, follows it, and leads to it. Closing it does not stop the work. */
import { useEffect, useState } from 'preact/hooks'
import { post } from '../../api.ts'
import { iso } from '../../format.ts'
import { platformNow } from '../../live.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Field, Submit, useSending } from '../../parts/form.tsx'
import { Icon } from '../../parts/icon.tsx'
import { type Advance, Progress } from '../../parts/progress.tsx'
import { useWords } from '../../words.ts'

type Followed = { state: 'running'; progress?: Advance | null; message?: string } | { state: 'done' } | { state: 'failed'; message: string }

export function ForecastDialog({ sensors, onClose }: { sensors: { id: number; name: string }[]; onClose: () => void }) {
  const { t, said } = useWords()
  const sending = useSending()
  const [body, setBody] = useState({
    sensor: String(sensors[0]?.id ?? ''),
    duration: 'PT48H',
    period: 'P30D',
    probabilistic: false,
    positive: false,
    lower: '',
    upper: '',
    regressors: '',
  })
  const [job, setJob] = useState<string | null>(null)
  const followed = useForecast(Number(body.sensor), job)
  const set = (change: Partial<typeof body>) => setBody({ ...body, ...change })
  const numbers = body.regressors.split(/[\s,;]+/).filter(Boolean)
  const ask = async () => {
    const answer = (await post(`/api/v3_0/sensors/${body.sensor}/forecasts/trigger`, {
      start: iso(Math.floor(platformNow() / 900_000) * 900_000),
      duration: body.duration,
      probabilistic: body.probabilistic,
      config: {
        'train-period': body.period,
        ...(body.positive && { 'ensure-positive': true }),
        ...(body.lower.trim() && { lower: body.lower.trim() }),
        ...(body.upper.trim() && { upper: body.upper.trim() }),
        ...(numbers.length > 0 && { 'future-regressors': numbers.map(Number) }),
      },
    })) as { forecast: string }
    setJob(answer.forecast)
  }
  return (
    <Dialog title={t('forecast.title')} onClose={onClose}>
      {job === null ? (
        <form
          class="form"
          onSubmit={(event) => {
            event.preventDefault()
            void sending.send(ask, t('job.asked'))
          }}
        >
          {sensors.length > 1 && (
            <Field label={t('sensor.name')}>
              {(input) => (
                <select {...input} value={body.sensor} onChange={(event) => set({ sensor: event.currentTarget.value })}>
                  {sensors.map((sensor) => (
                    <option key={sensor.id} value={sensor.id}>
                      {sensor.name}
                    </option>
                  ))}
                </select>
              )}
            </Field>
          )}
          <Field label={t('forecast.length')} error={sending.of('duration')}>
            {(input) => (
              <select {...input} value={body.duration} onChange={(event) => set({ duration: event.currentTarget.value })}>
                {['PT24H', 'PT48H', 'P7D'].map((each) => (
                  <option key={each} value={each}>
                    {t.code('chart.span', each)}
                  </option>
                ))}
              </select>
            )}
          </Field>
          <Field label={t('forecast.period')} hint={t('forecast.period.hint')} error={sending.of('config.train-period')}>
            {(input) => (
              <select {...input} value={body.period} onChange={(event) => set({ period: event.currentTarget.value })}>
                {['P7D', 'P14D', 'P30D', 'P60D'].map((each) => (
                  <option key={each} value={each}>
                    {t.code('chart.span', each)}
                  </option>
                ))}
              </select>
            )}
          </Field>
          <label class="choice">
            <input type="checkbox" checked={body.positive} onChange={(event) => set({ positive: event.currentTarget.checked })} />
            <span>{t('forecast.positive')}</span>
          </label>
          <label class="choice">
            <input type="checkbox" checked={body.probabilistic} onChange={(event) => set({ probabilistic: event.currentTarget.checked })} />
            <span>{t('forecast.probabilistic')}</span>
          </label>
          <details class="fold">
            <summary>{t('forecast.more')}</summary>
            <div class="form">
              <Field label={t('forecast.regressors')} hint={t('forecast.regressors.hint')} error={sending.of('config.future-regressors')}>
                {(input) => (
                  <input
                    {...input}
                    inputMode="numeric"
                    value={body.regressors}
                    onInput={(event) => set({ regressors: event.currentTarget.value })}
                  />
                )}
              </Field>
              <div class="columns-2">
                <Field label={t('forecast.lower')} error={sending.of('config.lower')}>
                  {(input) => (
                    <input
                      {...input}
                      placeholder="0 kW"
                      value={body.lower}
                      onInput={(event) => set({ lower: event.currentTarget.value })}
                    />
                  )}
                </Field>
                <Field label={t('forecast.upper')} error={sending.of('config.upper')}>
                  {(input) => (
                    <input
                      {...input}
                      placeholder="50 kW"
                      value={body.upper}
                      onInput={(event) => set({ upper: event.currentTarget.value })}
                    />
                  )}
                </Field>
              </div>
            </div>
          </details>
          <Submit sending={sending} label={t('forecast.do')} />
        </form>
      ) : followed.state === 'running' ? (
        <>
          <Progress progress={followed.progress ?? null} />
          <p class="muted">{t('forecast.leave')}</p>
        </>
      ) : followed.state === 'failed' ? (
        <div class="notice notice-alert" role="alert">
          <Icon name="alert" />
          <div>
            <p class="strong">{t('forecast.failed')}</p>
            <p>{said(followed.message)}</p>
            <button type="button" class="button" onClick={() => setJob(null)}>
              {t('state.retry')}
            </button>
          </div>
        </div>
      ) : (
        <div class="dialog-body">
          <p role="status">{t('forecast.done')}</p>
          <a class="button button-main" href={`/ops/sensors/${body.sensor}?span=P7D`} onClick={onClose}>
            {t('job.see')}
          </a>
        </div>
      )}
    </Dialog>
  )
}

/** Looks at the forecast every second until it ends; failures come as 4xx with a message, so the body is read whatever the status. */
function useForecast(sensor: number, job: string | null): Followed {
  const [state, setState] = useState<Followed>({ state: 'running' })
  useEffect(() => {
    if (job === null) return
    setState({ state: 'running' })
    let timer: ReturnType<typeof setTimeout>
    let wanted = true
    const look = async () => {
      try {
        const response = await fetch(`/api/v3_0/sensors/${sensor}/forecasts/${job}`, { credentials: 'same-origin' })
        const body = (await response.json()) as { message?: string; progress?: Advance }
        if (!wanted) return
        if (response.status === 200) return setState({ state: 'done' })
        if (response.status !== 202) return setState({ state: 'failed', message: String(body.message ?? response.status) })
        setState({ state: 'running', ...(body.progress && { progress: body.progress }) })
      } catch {
        // The network is away: asked again.
      }
      timer = setTimeout(() => void look(), 1_000)
    }
    void look()
    return () => {
      wanted = false
      clearTimeout(timer)
    }
  }, [sensor, job])
  return state
}
