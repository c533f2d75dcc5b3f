/** Charging stations: list, and one station with what it does, under which limit and why, what was said, and commands with the answer beside. */
import { useCell } from '../cell.ts'
import { useHeading } from '../heading.ts'
import { platformNow, session, site, versions } from '../live.ts'
import { Icon } from '../parts/icon.tsx'
import { Power, RungMark, Simulated } from '../parts/marks.tsx'
import { Empty, Pending, Stale } from '../parts/state.tsx'
import { useTick } from '../parts/tick.ts'
import { useResource } from '../resource.ts'
import type { PageProps } from '../route.ts'
import { steers } from '../things.ts'
import type { Station } from '../wire.ts'
import { useWords } from '../words.ts'
import { Commands } from './station-commands.tsx'
import { StationTalk } from './station-talk.tsx'

/** The identity, and the name where it says more. */
const titleOf = ({ identity, name }: Station): string => (name.includes(identity) ? name : `${identity} · ${name}`)

function Online({ station }: { station: Station }) {
  const { t, f } = useWords()
  return (
    <span class={`fresh fresh-${station.online ? 'fresh' : 'silent'}`}>
      <span class="light" aria-hidden="true" />
      {station.online
        ? t('station.online')
        : t('station.offline', { time: station.lastSeen ? f.near(Date.parse(station.lastSeen), platformNow()) : t('station.never') })}
    </span>
  )
}

function Evse({ station }: { station: Station }) {
  const { t, f } = useWords()
  return (
    <ul class="plain evses">
      {station.evses.map((evse) => {
        const going = evse.transaction
        return (
          <li key={evse.id}>
            <p>
              <span class="muted">{t('station.evse', { id: evse.id })}</span>{' '}
              <b>{evse.connectorStatus ? t.code('connector', evse.connectorStatus) : t('station.unknown-status')}</b>
              {going?.powerKw !== null && going?.powerKw !== undefined && (
                <>
                  {' '}
                  · <Power kind="evse" powerKw={going.powerKw} />
                </>
              )}
            </p>
            {going ? (
              <p class="small">
                {[
                  going.vehicle,
                  going.socPercent !== null && going.socPercent !== undefined
                    ? t('station.soc', { percent: f.percent(going.socPercent / 100) })
                    : null,
                  going.energyKwh !== null && going.energyKwh !== undefined ? f.amount(going.energyKwh, 'kWh') : null,
                  t('station.since', { time: f.near(Date.parse(going.startedAt), platformNow()) }),
                  going.token ? t('station.token', { token: going.token }) : null,
                  going.chargingState ? t.code('charging', going.chargingState) : null,
                ]
                  .filter(Boolean)
                  .join(' · ')}
              </p>
            ) : (
              <p class="small muted">{t('station.idle')}</p>
            )}
          </li>
        )
      })}
    </ul>
  )
}

function LimitNow({ station }: { station: Station }) {
  const { t, f, said } = useWords()
  const { limit } = station
  if (!limit) return <p class="muted small">{t('station.limit.none')}</p>
  return (
    <p class="small">
      {t('station.limit')} <Power kind="evse" powerKw={limit.kw} /> <RungMark rung={limit.rung} />{' '}
      {limit.until && <span class="muted">{t('order.until', { time: f.near(Date.parse(limit.until), platformNow()) })}</span>}{' '}
      <span class="block">
        <span class="muted">{t('order.because')}</span> {said(limit.because)}
      </span>
    </p>
  )
}

function Detail({ station, route }: { station: Station; route: PageProps['route'] }) {
  const { t, f } = useWords()
  useHeading(station.identity)
  const who = useCell(session)
  return (
    <div class="station">
      <section class="card" aria-labelledby="station-now">
        <h2 id="station-now">{t('station.now')}</h2>
        <p>
          <Online station={station} />
        </p>
        <Evse station={station} />
        <h3>{t('station.limit.title')}</h3>
        <LimitNow station={station} />
        <dl class="facts">
          {(
            [
              [t('station.vendor'), [station.vendor, station.model].filter(Boolean).join(' ')],
              [t('station.firmware'), station.firmware],
              [t('station.version'), station.version],
              [t('station.seen'), station.lastSeen ? f.near(Date.parse(station.lastSeen), platformNow()) : null],
            ] as const
          )
            .filter(([, value]) => value)
            .map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
        </dl>
        {station.asset !== null && (
          <a class="button" href={`/ops/assets/${station.asset}`}>
            {t('station.asset')}
          </a>
        )}
      </section>
      {who.state === 'in' &&
        (steers(who.user) ? (
          <Commands station={station} />
        ) : (
          <section class="card" aria-labelledby="station-commands">
            <h2 id="station-commands">{t('command.title')}</h2>
            <p class="muted">{t('rights.steer')}</p>
          </section>
        ))}
      <StationTalk identity={station.identity} search={route.query['search'] ?? ''} />
    </div>
  )
}

export function Stations({ route, subject }: PageProps) {
  const { t } = useWords()
  const seen = useCell(versions)
  const place = useCell(site)
  const tick = Math.floor(useTick(5_000) / 5_000)
  const { data, error, reload } = useResource<Station[]>('/stations', `${seen.devices}/${seen.setpoints}/${seen.limits}/${tick}`)
  const station = data?.find((each) => each.identity === subject)
  return (
    <div class="page">
      {subject && (
        <p class="crumbs">
          <a href="/ops/stations">{t('nav.stations')}</a> <span aria-hidden="true">›</span> {subject}
        </p>
      )}
      <div class="page-head">
        <h1>{station ? titleOf(station) : t('stations.title')}</h1>
        <Simulated on={place?.demo} />
      </div>
      {data && <Stale error={error} />}
      {!data ? (
        <Pending error={error} retry={reload} />
      ) : subject ? (
        station ? (
          <Detail station={station} route={route} />
        ) : (
          <Empty title={t('stations.unknown', { id: subject })}>
            <a class="button" href="/ops/stations">
              {t('stations.all')}
            </a>
          </Empty>
        )
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
              <Evse station={each} />
              <LimitNow station={each} />
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
