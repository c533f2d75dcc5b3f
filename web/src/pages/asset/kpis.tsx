/** Tiles of the daily figures an asset shows (`sensors_to_show_as_kpis`), over days one chooses. */
import { useState } from 'preact/hooks'
import { dayIn, startOfDay } from '../../days.ts'
import { platformNow } from '../../live.ts'
import { Pending, Stale } from '../../parts/state.tsx'
import { useWhole } from '../../resource.ts'
import { address, type Route, refine } from '../../route.ts'
import { parsed, type Thing } from '../../things.ts'
import { useWords } from '../../words.ts'

interface Kpi {
  title: string
  unit: string
  sensor: number
  downsample_value: number
  downsample_function: string
}
const DAY = 86_400_000

export function KpiCard({ thing, route }: { thing: Thing; route: Route }) {
  const { t, f, zone } = useWords()
  const chosen = parsed<unknown[]>(thing.sensors_to_show_as_kpis, [])
  const [today] = useState(() => dayIn(platformNow(), zone))
  const first = route.query['kpi-from'] ?? dayIn(platformNow() - 6 * DAY, zone)
  const last = route.query['kpi-to'] ?? today
  const wrong = first > last
  const { data, error, reload } = useWhole<{ data: Kpi[] }>(
    chosen.length === 0 || wrong
      ? null
      : address(`/api/v3_0/assets/${thing.id}/kpis`, {
          start: new Date(startOfDay(first, zone)).toISOString(),
          end: new Date(startOfDay(dayIn(startOfDay(last, zone) + 1.5 * DAY, zone), zone)).toISOString(),
        }),
  )
  if (chosen.length === 0) return null
  return (
    <section class="card" aria-labelledby="context-kpis">
      <div class="card-head">
        <h2 id="context-kpis">{t('kpi.title')}</h2>
        <div class="row">
          <label class="field field-day">
            <span class="small">{t('range.from')}</span>
            <input type="date" value={first} max={last} onChange={(event) => refine({ 'kpi-from': event.currentTarget.value })} />
          </label>
          <label class="field field-day">
            <span class="small">{t('range.until')}</span>
            <input type="date" value={last} min={first} onChange={(event) => refine({ 'kpi-to': event.currentTarget.value })} />
          </label>
        </div>
      </div>
      {wrong ? (
        <p class="field-error">{t('range.wrong')}</p>
      ) : !data ? (
        <Pending error={error} retry={reload} />
      ) : (
        <>
          <Stale error={error} />
          {data.data.length === 0 && <p class="muted">{t('kpi.none')}</p>}
          <ul class="plain tiles">
            {data.data.map((kpi) => (
              <li key={`${kpi.title}${kpi.sensor}`} class="tile">
                <p class="muted small">{kpi.title}</p>
                <p class="big">{f.amount(kpi.downsample_value, kpi.unit)}</p>
                <p class="muted small">
                  {t.code('kpi.function', kpi.downsample_function)} · <a href={`/ops/sensors/${kpi.sensor}`}>{t('kpi.sensor')}</a>
                </p>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  )
}
