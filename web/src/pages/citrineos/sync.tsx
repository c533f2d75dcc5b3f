/** Assets beside stations, ours and those of CitrineOS: what differs in count, power and place, and what mends itself on request. */
import { useState } from 'preact/hooks'
import { post } from '../../api.ts'
import { useSending } from '../../parts/form.tsx'
import { Failure } from '../../parts/state.tsx'
import { useWords } from '../../words.ts'

interface Report {
  stations: number
  assets: number
  /** Stations of CitrineOS; null: its tables are not read. */
  citrineos: number | null
  differences: { station: string; kind: string; what: string; mended: boolean; mendable: boolean }[]
}

export function Sync() {
  const { t } = useWords()
  const sending = useSending()
  const [report, setReport] = useState<Report | undefined>(undefined)
  const compare = (mend: boolean) =>
    sending.send(
      async () => {
        const { data } = (await post('/charging/sync', { mend })) as { data: Report }
        setReport(data)
      },
      t(mend ? 'sync.mended.all' : 'sync.compared'),
    )
  const isMendable = report?.differences.some(({ mendable, mended }) => mendable && !mended) ?? false
  return (
    <section class="card" aria-labelledby="sync">
      <h2 id="sync">{t('sync.title')}</h2>
      <p class="small muted">{t('sync.lead')}</p>
      {sending.error && <Failure error={sending.error} />}
      {report && <Differences report={report} />}
      <div class="buttons">
        <button type="button" class="button" disabled={sending.busy} onClick={() => compare(false)}>
          {sending.busy ? t('form.busy') : t('sync.compare')}
        </button>
        {isMendable && (
          <button type="button" class="button button-main" disabled={sending.busy} onClick={() => compare(true)}>
            {t('sync.mend')}
          </button>
        )}
      </div>
    </section>
  )
}

function Differences({ report }: { report: Report }) {
  const { t, said } = useWords()
  const { stations, assets, citrineos, differences } = report
  return (
    <>
      <p>
        {t('sync.counts', { stations, assets })} {citrineos !== null && t('sync.theirs', { n: citrineos })}
      </p>
      {differences.length === 0 ? (
        <p class="good">{t('sync.same')}</p>
      ) : (
        <ul class="plain said">
          {differences.map(({ station, kind, what, mended, mendable }) => (
            <li key={`${station} ${kind}`}>
              <b class="break">{station}</b> {t.code('sync.kind', kind)}{' '}
              <span class={mended ? 'good' : 'muted'}>{t(mended ? 'sync.mended' : mendable ? 'sync.mendable' : 'sync.person')}</span>
              <span class="block small muted break">{said(what)}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  )
}
