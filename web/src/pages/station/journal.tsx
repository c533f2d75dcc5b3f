/** The journal of a station: commands with the answer and its effect, security events, and what its monitors reported. */
import { useState } from 'preact/hooks'
import { useCell } from '../../cell.ts'
import type { SentCommand } from '../../charging-wire.ts'
import { talks, versions } from '../../live.ts'
import { Pending, Stale } from '../../parts/state.tsx'
import { useResource } from '../../resource.ts'
import { address } from '../../route.ts'
import { useWords } from '../../words.ts'
import { SentLine } from './sent.tsx'

interface SecurityEvent {
  id: number
  type: string
  at: string
  address: string | null
  info: string | null
}
interface MonitorEvent {
  id: number
  at: string
  component: string
  variable: string
  value: string
  severity: number | null
  cleared: boolean
}

export function Journal({ station }: { station: string }) {
  const { t } = useWords()
  const seen = useCell(versions)
  const spoken = useCell(talks)[station] ?? 0
  const [most, setMost] = useState(30)
  const [people, setPeople] = useState(false)
  const { data, error, reload } = useResource<SentCommand[]>(
    address(`/stations/${encodeURIComponent(station)}/commands`, { limit: String(most) }),
    `${spoken}/${seen.caughtUp}`,
  )
  const lines = (data ?? []).filter((line) => !people || line.by !== null)
  return (
    <div class="station">
      <section class="card station-talk" aria-labelledby="journal">
        <h2 id="journal">{t('journal.commands')}</h2>
        <div class="chips">
          <button type="button" class="chip" aria-pressed={!people} onClick={() => setPeople(false)}>
            {t('journal.all')}
          </button>
          <button type="button" class="chip" aria-pressed={people} onClick={() => setPeople(true)}>
            {t('journal.people')}
          </button>
        </div>
        {data && <Stale error={error} />}
        {!data ? (
          <Pending error={error} retry={reload} />
        ) : lines.length === 0 ? (
          <p class="empty">{t('journal.none')}</p>
        ) : (
          <ul class="plain said">
            {lines.map((line) => (
              <SentLine key={line.id} sent={line} />
            ))}
          </ul>
        )}
        {data && data.length >= most && most < 500 && (
          <button type="button" class="button" onClick={() => setMost(Math.min(500, most * 3))}>
            {t('talk.more')}
          </button>
        )}
      </section>
      <SecurityEvents station={station} />
      <MonitorEvents station={station} />
    </div>
  )
}

function SecurityEvents({ station }: { station: string }) {
  const { t, f } = useWords()
  const { data, error, reload } = useResource<SecurityEvent[]>(`/stations/${encodeURIComponent(station)}/security-events?limit=50`)
  return (
    <section class="card" aria-labelledby="security-events">
      <h2 id="security-events">{t('journal.security')}</h2>
      {!data ? (
        <Pending error={error} retry={reload} />
      ) : data.length === 0 ? (
        <p class="empty">{t('journal.security.none')}</p>
      ) : (
        <ul class="plain said">
          {data.map((event) => (
            <li key={event.id}>
              <p>
                <span class="muted">{f.moment(Date.parse(event.at))}</span> <b>{event.type}</b>
              </p>
              {(event.info ?? event.address) && <p class="small muted">{[event.info, event.address].filter(Boolean).join(' · ')}</p>}
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function MonitorEvents({ station }: { station: string }) {
  const { t, f } = useWords()
  const { data, error, reload } = useResource<MonitorEvent[]>(`/stations/${encodeURIComponent(station)}/events?limit=50`)
  return (
    <section class="card" aria-labelledby="monitor-events">
      <h2 id="monitor-events">{t('journal.events')}</h2>
      {!data ? (
        <Pending error={error} retry={reload} />
      ) : data.length === 0 ? (
        <p class="empty">{t('journal.events.none')}</p>
      ) : (
        <ul class="plain said">
          {data.map((event) => (
            <li key={event.id}>
              <p>
                <span class="muted">{f.moment(Date.parse(event.at))}</span>{' '}
                <b>
                  {event.component} · {event.variable}
                </b>{' '}
                {event.value}
              </p>
              <p class="small muted">
                {[
                  event.severity === null ? null : t('journal.severity', { n: event.severity }),
                  event.cleared ? t('journal.cleared') : null,
                ]
                  .filter(Boolean)
                  .join(' · ')}
              </p>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
