/** One firmware campaign, station by station; stopped, resumed, tried again. */
import { useState } from 'preact/hooks'
import { post } from '../../api.ts'
import { useCell } from '../../cell.ts'
import type { CampaignWhole } from '../../charging-wire.ts'
import { useHeading } from '../../heading.ts'
import { platformNow, session } from '../../live.ts'
import { Chips } from '../../parts/chips.tsx'
import { useSending } from '../../parts/form.tsx'
import { Pager } from '../../parts/pager.tsx'
import { Empty, Failure, Pending, Stale } from '../../parts/state.tsx'
import { useTick } from '../../parts/tick.ts'
import { useResource } from '../../resource.ts'
import { type PageProps, refine } from '../../route.ts'
import { steers } from '../../things.ts'
import { useWords } from '../../words.ts'
import { CampaignState } from '../firmware.tsx'

const STATES = ['failed', 'sent', 'waiting', 'done'] as const
const PER_PAGE = 50

export function CampaignPage({ route: { query }, subject = '' }: PageProps) {
  const { t, f } = useWords()
  const who = useCell(session)
  const may = who.state === 'in' && steers(who.user)
  const sending = useSending()
  const [acted, setActed] = useState(0)
  const tick = Math.floor(useTick(5_000) / 5_000)
  const path = `/charging/firmware-campaigns/${encodeURIComponent(subject)}`
  const { data, error, reload } = useResource<CampaignWhole>(path, `${acted}/${tick}`)
  useHeading(data?.name ?? t('firmware.title'))
  const act = async (what: 'stop' | 'resume' | 'retry', body: Record<string, unknown> = {}) => {
    if (await sending.send(() => post(`${path}/${what}`, body), t(`firmware.did.${what}`))) setActed(acted + 1)
  }
  const at = Math.max(1, Number(query['page']) || 1)
  const lines = (data?.stations ?? []).filter(({ state }) => !query['state'] || state === query['state'])
  const shown = lines.slice((at - 1) * PER_PAGE, at * PER_PAGE)
  return (
    <div class="page">
      <p class="crumbs">
        <a href="/ops/firmware">{t('firmware.title')}</a> <span aria-hidden="true">›</span> {data?.name ?? subject}
      </p>
      <h1>{data?.name ?? t('firmware.title')}</h1>
      {data && <Stale error={error} />}
      {!data ? (
        error?.status === 404 ? (
          <Empty title={t('firmware.unknown')}>
            <a class="button" href="/ops/firmware">
              {t('firmware.all')}
            </a>
          </Empty>
        ) : (
          <Pending error={error} retry={reload} />
        )
      ) : (
        <>
          <section class="card" aria-label={t('firmware.progress')}>
            <CampaignState campaign={data} />
            <p class="small muted break">
              {data.firmware.url ?? t('firmware.file', { id: data.firmware.file ?? 0 })} · {t('firmware.stops', { n: data.mostFailures })}
            </p>
            {sending.error && <Failure error={sending.error} />}
            {may && (
              <div class="buttons">
                {data.state === 'running' && (
                  <button type="button" class="button" disabled={sending.busy} onClick={() => void act('stop')}>
                    {t('firmware.stop')}
                  </button>
                )}
                {data.state === 'stopped' && (
                  <button type="button" class="button button-main" disabled={sending.busy} onClick={() => void act('resume')}>
                    {t('firmware.resume')}
                  </button>
                )}
                {data.counts.failed > 0 && (
                  <button type="button" class="button" disabled={sending.busy} onClick={() => void act('retry')}>
                    {t('firmware.retry.every', { n: data.counts.failed })}
                  </button>
                )}
              </div>
            )}
          </section>
          <section class="card" aria-label={t('firmware.stations')}>
            <div class="filters">
              <Chips<string>
                legend={t('firmware.state')}
                all={t('stations.every')}
                chosen={query['state']}
                onChoose={(state) => refine({ state, page: undefined })}
                choices={STATES.map((value) => ({ value, label: `${t.code('firmware.station', value)} · ${data.counts[value]}` }))}
              />
            </div>
            {shown.length === 0 ? (
              <p class="empty">{t('table.none')}</p>
            ) : (
              <table class="table">
                <caption class="unseen">{t('firmware.stations')}</caption>
                <thead>
                  <tr>
                    <th scope="col">{t('sessions.station')}</th>
                    <th scope="col">{t('firmware.state')}</th>
                    <th scope="col" class="wide number">
                      {t('firmware.wave.head')}
                    </th>
                    <th scope="col" class="wide">
                      {t('firmware.when')}
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {shown.map((line) => (
                    <tr key={line.station}>
                      <th scope="row" class="break">
                        <a class="row-link" href={`/ops/stations/${encodeURIComponent(line.station)}`}>
                          {line.station}
                        </a>
                      </th>
                      <td>
                        <span class={line.state === 'failed' ? 'bad' : line.state === 'done' ? 'good' : ''}>
                          {t.code('firmware.station', line.state)}
                        </span>
                        <span class="block muted small">{line.state === 'waiting' ? null : (line.said ?? line.status)}</span>
                        {may && line.state === 'failed' && (
                          <button
                            type="button"
                            class="button"
                            disabled={sending.busy}
                            aria-label={t('firmware.retry.this', { station: line.station })}
                            onClick={() => void act('retry', { station: line.station })}
                          >
                            {t('firmware.retry')}
                          </button>
                        )}
                      </td>
                      <td class="wide number">{line.wave + 1}</td>
                      <td class="wide">{f.near(Date.parse(line.changedAt), platformNow())}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            )}
            <Pager at={at} per={PER_PAGE} shown={shown.length} of={lines.length} onPage={(page) => refine({ page: String(page) })} />
          </section>
        </>
      )}
    </div>
  )
}
