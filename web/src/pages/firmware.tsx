/** Firmware campaigns: which are under way, and a new one for stations by name or by model. */
import { useState } from 'preact/hooks'
import { useCell } from '../cell.ts'
import type { Campaign } from '../charging-wire.ts'
import { platformNow, session, versions } from '../live.ts'
import { later } from '../parts/later.tsx'
import { Empty, Pending, Stale } from '../parts/state.tsx'
import { useTick } from '../parts/tick.ts'
import { useResource } from '../resource.ts'
import { go } from '../route.ts'
import { steers } from '../things.ts'
import { useWords } from '../words.ts'

const CampaignForm = later(async () => (await import('./firmware/form.tsx')).CampaignForm)

export function Firmware() {
  const { t, f } = useWords()
  const who = useCell(session)
  const seen = useCell(versions)
  const may = who.state === 'in' && steers(who.user)
  const tick = Math.floor(useTick(10_000) / 10_000)
  const [making, setMaking] = useState(false)
  const { data, error, reload } = useResource<Campaign[]>('/charging/firmware-campaigns', `${seen.caughtUp}/${tick}`)
  return (
    <div class="page">
      <div class="page-head">
        <h1>{t('firmware.title')}</h1>
        {may && (
          <button type="button" class="button button-main page-head-do" onClick={() => setMaking(true)}>
            {t('firmware.new')}
          </button>
        )}
      </div>
      <p class="lead">{t('firmware.lead')}</p>
      {data && <Stale error={error} />}
      {!data ? (
        <Pending error={error} retry={reload} />
      ) : data.length === 0 ? (
        <Empty title={t('firmware.none')} />
      ) : (
        <ul class="plain station-list">
          {data.map((campaign) => (
            <li key={campaign.id} class="card">
              <h2 class="card-link">
                <a href={`/ops/firmware/${campaign.id}`}>{campaign.name}</a>
              </h2>
              <CampaignState campaign={campaign} />
              <p class="small muted">{f.near(Date.parse(campaign.askedAt), platformNow())}</p>
            </li>
          ))}
        </ul>
      )}
      {making && (
        <CampaignForm
          onClose={(made) => {
            setMaking(false)
            if (made !== undefined) go(`/ops/firmware/${made}`)
          }}
        />
      )}
    </div>
  )
}

/** How far it is: state, wave, a bar, and how many stations are where. */
export function CampaignState({ campaign: { state, wave, waves, counts, startsAt } }: { campaign: Campaign }) {
  const { t, f } = useWords()
  const total = counts.waiting + counts.sent + counts.done + counts.failed
  const waits = state === 'running' && Date.parse(startsAt) > platformNow()
  return (
    <>
      <p>
        <b class={state === 'stopped' ? 'bad' : state === 'done' ? 'good' : ''}>{t.code('firmware.state', waits ? 'planned' : state)}</b>{' '}
        <span class="muted small">
          {waits ? f.near(Date.parse(startsAt), platformNow()) : state === 'done' ? '' : t('firmware.wave', { wave: wave + 1, waves })}
        </span>
      </p>
      <progress value={counts.done + counts.failed} max={total} aria-label={t('firmware.progress')} />
      <p class="small">
        {t('firmware.counts', { done: counts.done, sent: counts.sent, waiting: counts.waiting })}{' '}
        {counts.failed > 0 && <span class="bad">{t('firmware.failed', { n: counts.failed })}</span>}
      </p>
    </>
  )
}
