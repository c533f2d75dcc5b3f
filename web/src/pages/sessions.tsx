/** Charging sessions of all stations: found by station, state and day, page by page. */
import { useCell } from '../cell.ts'
import type { Session } from '../charging-wire.ts'
import { dayIn, momentOf } from '../days.ts'
import { iso } from '../format.ts'
import { site, versions } from '../live.ts'
import { Chips } from '../parts/chips.tsx'
import { Simulated } from '../parts/marks.tsx'
import { Search } from '../parts/search.tsx'
import { Pending, Stale } from '../parts/state.tsx'
import { useResource } from '../resource.ts'
import { address, type PageProps, refine } from '../route.ts'
import { useWords } from '../words.ts'
import { SessionTable } from './station/session-table.tsx'

const PER_PAGE = 25

export function Sessions({ route: { query } }: PageProps) {
  const { t, zone } = useWords()
  const seen = useCell(versions)
  const place = useCell(site)
  const { station, state, day, before } = query
  const midnight = day ? momentOf(`${day}T00:00`, zone) : Number.NaN
  const filters = {
    station,
    open: state === 'open' ? 'true' : state === 'ended' ? 'false' : undefined,
    since: Number.isNaN(midnight) ? undefined : iso(midnight),
    before: Number.isNaN(midnight) ? undefined : iso(midnight + 86_400_000),
  }
  const { data, error, reload } = useResource<Session[]>(
    address('/charging/sessions', { ...filters, ...(before ? { before } : {}), limit: String(PER_PAGE) }),
    `${seen.devices}/${seen.caughtUp}`,
  )
  const choose = (more: Record<string, string | undefined>) => refine({ before: undefined, ...more })
  return (
    <div class="page">
      <div class="page-head">
        <h1>{t('sessions.all')}</h1>
        <Simulated on={place?.demo} />
      </div>
      <section class="card" aria-label={t('sessions.all')}>
        <div class="filters">
          <Chips<string>
            legend={t('sessions.state')}
            all={t('stations.every')}
            chosen={state}
            onChoose={(value) => choose({ state: value })}
            choices={[
              { value: 'open', label: t('sessions.open') },
              { value: 'ended', label: t('sessions.over') },
            ]}
          />
          <div class="row station-filters">
            <Search
              label={t('sessions.of-station')}
              words={station ?? ''}
              wait={400}
              onWords={(words) => choose({ station: words.trim() })}
            />
            <label class="field field-inline">
              <span class="unseen">{t('sessions.day')}</span>
              <input
                type="date"
                value={day ?? ''}
                max={dayIn(Date.now(), zone)}
                onChange={(event) => choose({ day: event.currentTarget.value })}
              />
            </label>
          </div>
        </div>
        {data && <Stale error={error} />}
        {!data ? (
          <Pending error={error} retry={reload} />
        ) : data.length === 0 ? (
          <p class="empty">{t(Object.keys(query).length > 0 ? 'table.none' : 'sessions.none')}</p>
        ) : (
          <SessionTable sessions={data} stations />
        )}
        <div class="buttons">
          {before && (
            <button type="button" class="button" onClick={() => refine({ before: undefined })}>
              {t('sessions.newest')}
            </button>
          )}
          {data && data.length >= PER_PAGE && (
            <button type="button" class="button" onClick={() => refine({ before: data.at(-1)!.startedAt })}>
              {t('sessions.more')}
            </button>
          )}
          {['csv', 'xlsx', 'pdf'].map((format) => (
            <a key={format} class="button button-quiet" download href={address(`/api/cariflex/v1/charging/sessions.${format}`, filters)}>
              {t('sessions.file', { format: format.toUpperCase() })}
            </a>
          ))}
        </div>
      </section>
    </div>
  )
}
