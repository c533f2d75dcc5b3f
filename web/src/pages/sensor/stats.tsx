/** Figures of a sensor's values, a line for each source. */
import { Pending } from '../../parts/state.tsx'
import { useWhole } from '../../resource.ts'
import type { Sensor } from '../../things.ts'
import { useWords } from '../../words.ts'

interface Figures {
  'First event start': string
  'Last event end': string
  'Last recorded': string
  'Min value': number
  'Max value': number
  'Mean value': number
  'Sum over values': number
  'Number of values': number
}

export function Stats({ sensor, version }: { sensor: Sensor; version: number }) {
  const { t, f, language } = useWords()
  const { data, error, reload } = useWhole<Record<string, Figures | number>>(
    `/api/v3_0/sensors/${sensor.id}/stats?fresh=${version > 0}`,
    version,
  )
  const rows = Object.entries(data ?? {}).filter((entry): entry is [string, Figures] => typeof entry[1] === 'object')
  const when = (text: string) => f.moment(Date.parse(text))
  return (
    <section class="card" aria-labelledby="stats">
      <h2 id="stats">{t('stats.title')}</h2>
      {!data ? (
        <Pending error={error} retry={reload} />
      ) : rows.length === 0 ? (
        <p class="muted">{t('stats.none')}</p>
      ) : (
        <div class="scroll">
          <table class="table">
            <caption class="unseen">{t('stats.title')}</caption>
            <thead>
              <tr>
                <th scope="col">{t('staleness.source')}</th>
                <th scope="col" class="number">
                  {t('stats.count')}
                </th>
                <th scope="col" class="number">
                  {t('stats.mean')}
                </th>
                <th scope="col" class="number wide">
                  {t('stats.min')}
                </th>
                <th scope="col" class="number wide">
                  {t('stats.max')}
                </th>
                <th scope="col" class="wide">
                  {t('stats.span')}
                </th>
                <th scope="col" class="wide">
                  {t('stats.recorded')}
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map(([source, figures]) => (
                <tr key={source}>
                  <th scope="row">{source}</th>
                  <td class="number">{new Intl.NumberFormat(language).format(figures['Number of values'])}</td>
                  <td class="number nowrap">{f.amount(figures['Mean value'], sensor.unit)}</td>
                  <td class="number wide nowrap">{f.amount(figures['Min value'], sensor.unit)}</td>
                  <td class="number wide nowrap">{f.amount(figures['Max value'], sensor.unit)}</td>
                  <td class="wide">
                    {when(figures['First event start'])} → {when(figures['Last event end'])}
                  </td>
                  <td class="wide">{when(figures['Last recorded'])}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}
