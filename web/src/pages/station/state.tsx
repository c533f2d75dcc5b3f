/** What a station does now: on line or not, its places and their sessions, the limit it lives under. */
import { platformNow } from '../../live.ts'
import { Power, RungMark } from '../../parts/marks.tsx'
import type { Station } from '../../wire.ts'
import { useWords } from '../../words.ts'

/** The identity, and the name where it says more. */
export const titleOf = ({ identity, name }: Station): string => (name.includes(identity) ? name : `${identity} · ${name}`)

export function Online({ station }: { station: Station }) {
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

export function Places({ station }: { station: Station }) {
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

export function LimitNow({ station }: { station: Station }) {
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
