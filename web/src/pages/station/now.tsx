/** The first tab: what the station does, under which limit and why; commands beside it, and what was said. */

import type { StationWhole } from '../../charging-wire.ts'
import { platformNow } from '../../live.ts'
import { useWords } from '../../words.ts'
import { Commands } from './commands.tsx'
import { Ladder } from './power-ladder.tsx'
import { LimitNow, Online, Places } from './state.tsx'
import { Sticker } from './sticker.tsx'
import { StationTalk } from './talk.tsx'

export function StationNow({ station, may, search }: { station: StationWhole; may: boolean; search: string }) {
  const { t, f, said } = useWords()
  const facts = [
    [t('station.vendor'), [station.vendor, station.model].filter(Boolean).join(' ')],
    [t('station.serial'), station.serial],
    [t('station.firmware'), station.firmware],
    [t('station.version'), station.version],
    [t('station.nominal'), station.nominalKw ? f.amount(station.nominalKw, 'kW') : null],
    [t('station.seen'), station.lastSeen ? f.near(Date.parse(station.lastSeen), platformNow()) : null],
  ] as const
  return (
    <div class="station">
      <section class="card" aria-labelledby="station-now">
        <h2 id="station-now">{t('station.now')}</h2>
        <p>
          <Online station={station} />
        </p>
        <Places station={station} />
        <h3>{t('station.limit.title')}</h3>
        <LimitNow station={station} />
        {station.disobedience && (
          <p class="notice notice-alert" role="status">
            {said(station.disobedience)}
          </p>
        )}
        <dl class="facts">
          {facts
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
        {may && station.evses.map(({ id }) => <Sticker key={id} station={station.identity} evse={id} />)}
      </section>
      <Ladder station={station} />
      {may ? (
        <Commands station={station} />
      ) : (
        <section class="card station-talk" aria-labelledby="station-commands">
          <h2 id="station-commands">{t('command.title')}</h2>
          <p class="muted">{t('rights.steer')}</p>
        </section>
      )}
      <StationTalk identity={station.identity} search={search} />
    </div>
  )
}
