/** Charging stations, found by words, state, model and alarm: as a list, page by page, and on the map. */
import { useCell } from '../cell.ts'
import { STANDINGS, type StationSurvey } from '../charging-wire.ts'
import { site, versions } from '../live.ts'
import { Chips } from '../parts/chips.tsx'
import { Icon } from '../parts/icon.tsx'
import { later } from '../parts/later.tsx'
import { Simulated } from '../parts/marks.tsx'
import { Pager } from '../parts/pager.tsx'
import { Search } from '../parts/search.tsx'
import { Empty, Pending, Stale } from '../parts/state.tsx'
import { useTick } from '../parts/tick.ts'
import { useResource } from '../resource.ts'
import { address, type PageProps, refine } from '../route.ts'
import { useWords } from '../words.ts'
import { LimitNow, Online, Places, titleOf } from './station/state.tsx'

const StationMap = later(async () => (await import('../map/station-map.tsx')).StationMap)
const PER_PAGE = 24

export function Stations({ route: { query } }: PageProps) {
  const { t } = useWords()
  const seen = useCell(versions)
  const place = useCell(site)
  const tick = Math.floor(useTick(5_000) / 5_000)
  const at = Math.max(1, Number(query['page']) || 1)
  const isMap = query['view'] === 'map'
  const asked = { search: query['q'], standing: query['state'], model: query['model'], alarm: query['alarm'] && 'true' }
  const { data, error, reload } = useResource<StationSurvey>(
    address('/charging/stations', {
      ...asked,
      ...(isMap ? { places: 'true', limit: '1' } : { offset: at > 1 ? String((at - 1) * PER_PAGE) : undefined, limit: String(PER_PAGE) }),
    }),
    // The map is a picture of all: it need not move with every setpoint.
    isMap ? Math.floor(tick / 3) : `${seen.devices}/${seen.setpoints}/${seen.limits}/${tick}`,
  )
  const choose = (more: Record<string, string | undefined>) => refine({ page: undefined, ...more })
  const filtered = Object.values(asked).some(Boolean)
  return (
    <div class="page">
      <div class="page-head">
        <h1>{t('stations.title')}</h1>
        <Simulated on={place?.demo} />
        <div class="page-head-do">
          <Chips<string>
            legend={t('stations.view')}
            chosen={isMap ? 'map' : 'list'}
            onChoose={(view) => choose({ view: view === 'map' ? view : undefined })}
            choices={['list', 'map'].map((value) => ({ value, label: t.code('stations.view', value) }))}
          />
        </div>
      </div>
      {data && <Stale error={error} />}
      {!data ? (
        <Pending error={error} retry={reload} />
      ) : data.total === 0 && !filtered ? (
        <Empty title={t('stations.empty')}>
          <p>
            {t('stations.empty.next')} <code>ws://{location.host}/ocpp/&lt;id&gt;</code>
          </p>
        </Empty>
      ) : (
        <>
          <div class="filters">
            <Chips<string>
              legend={t('stations.state')}
              all={t('stations.every')}
              chosen={query['state']}
              onChoose={(state) => choose({ state })}
              choices={STANDINGS.filter((one) => data.counts[one] > 0 || query['state'] === one).map((value) => ({
                value,
                label: `${t.code('standing', value)} · ${data.counts[value]}`,
              }))}
            />
            <div class="row station-filters">
              <button
                type="button"
                class="chip"
                aria-pressed={Boolean(query['alarm'])}
                onClick={() => choose({ alarm: query['alarm'] ? undefined : '1' })}
              >
                {t('stations.alarm')}
              </button>
              {data.models.length > 1 && (
                <label class="field field-inline">
                  <span class="unseen">{t('stations.model')}</span>
                  <select value={query['model'] ?? ''} onChange={(event) => choose({ model: event.currentTarget.value })}>
                    <option value="">{t('stations.models')}</option>
                    {data.models.map((model) => (
                      <option key={model}>{model}</option>
                    ))}
                  </select>
                </label>
              )}
              <Search label={t('stations.search')} words={query['q'] ?? ''} wait={300} onWords={(q) => choose({ q: q.trim() })} />
            </div>
          </div>
          {data.total === 0 ? (
            <p class="empty">{t('table.none')}</p>
          ) : isMap ? (
            <StationMap places={data.places ?? []} missing={data.total - (data.places?.length ?? 0)} />
          ) : (
            <>
              <ul class="plain station-list">
                {data.stations.map((each) => (
                  <li key={each.identity} class="card">
                    <h2 class="card-link">
                      <a href={`/ops/stations/${encodeURIComponent(each.identity)}`}>
                        <span class="kind kind-evse">
                          <Icon name="evse" size={18} />
                        </span>{' '}
                        {titleOf(each)}
                      </a>
                    </h2>
                    <p>
                      <Online station={each} />
                      {each.alarm && (
                        <a class="alarm-mark" href="/ops/alarms">
                          <Icon name="bell" size={16} /> {t('stations.alarmed')}
                        </a>
                      )}
                    </p>
                    {each.state === 'parked' && <p class="small">{t('station.parked')}</p>}
                    <Places station={each} />
                    <LimitNow station={each} />
                  </li>
                ))}
              </ul>
              <Pager
                at={at}
                per={PER_PAGE}
                shown={data.stations.length}
                of={data.total}
                onPage={(page) => refine({ page: String(page) })}
              />
            </>
          )}
        </>
      )}
    </div>
  )
}
