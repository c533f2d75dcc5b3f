/** Charging stations: what each does, under which limit and why. */
import { useCell } from '../cell.ts'
import { site, versions } from '../live.ts'
import { Icon } from '../parts/icon.tsx'
import { Simulated } from '../parts/marks.tsx'
import { Empty, Pending, Stale } from '../parts/state.tsx'
import { useTick } from '../parts/tick.ts'
import { useResource } from '../resource.ts'
import type { Station } from '../wire.ts'
import { useWords } from '../words.ts'
import { LimitNow, Online, Places, titleOf } from './station/state.tsx'

export function Stations() {
  const { t } = useWords()
  const seen = useCell(versions)
  const place = useCell(site)
  const tick = Math.floor(useTick(5_000) / 5_000)
  const { data, error, reload } = useResource<Station[]>('/stations', `${seen.devices}/${seen.setpoints}/${seen.limits}/${tick}`)
  return (
    <div class="page">
      <div class="page-head">
        <h1>{t('stations.title')}</h1>
        <Simulated on={place?.demo} />
      </div>
      {data && <Stale error={error} />}
      {!data ? (
        <Pending error={error} retry={reload} />
      ) : data.length === 0 ? (
        <Empty title={t('stations.empty')}>
          <p>
            {t('stations.empty.next')} <code>ws://{location.host}/ocpp/&lt;id&gt;</code>
          </p>
        </Empty>
      ) : (
        <ul class="plain station-list">
          {data.map((each) => (
            <li key={each.identity} class="card">
              <h2 class="card-link">
                <a href={`/ops/stations/${each.identity}`}>
                  <span class="kind kind-evse">
                    <Icon name="evse" size={18} />
                  </span>{' '}
                  {titleOf(each)}
                </a>
              </h2>
              <p>
                <Online station={each} />
              </p>
              {each.state === 'parked' && <p class="small">{t('station.parked')}</p>}
              <Places station={each} />
              <LimitNow station={each} />
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
