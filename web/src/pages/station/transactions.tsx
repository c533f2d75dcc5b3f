/** Sessions of a station: energy, time and cost of each; one of them with its chart, its bill line by line and its signed values. */
import { useState } from 'preact/hooks'
import { useCell } from '../../cell.ts'
import type { Session } from '../../charging-wire.ts'
import { versions } from '../../live.ts'
import { Pending, Stale } from '../../parts/state.tsx'
import { useResource } from '../../resource.ts'
import { address } from '../../route.ts'
import { useWords } from '../../words.ts'
import { SessionTable } from './session-table.tsx'
import { Transaction } from './transaction.tsx'

export function Transactions({ station, chosen }: { station: string; chosen: string | undefined }) {
  const { t } = useWords()
  const seen = useCell(versions)
  const [most, setMost] = useState(25)
  const { data, error, reload } = useResource<Session[]>(
    address('/charging/sessions', { station, limit: String(most) }),
    `${seen.devices}/${seen.caughtUp}`,
  )
  if (chosen) return <Transaction station={station} id={chosen} />
  return (
    <section class="card" aria-labelledby="transactions">
      <h2 id="transactions">{t('sessions.title')}</h2>
      {data && <Stale error={error} />}
      {!data ? (
        <Pending error={error} retry={reload} />
      ) : data.length === 0 ? (
        <p class="empty">{t('sessions.none')}</p>
      ) : (
        <SessionTable sessions={data} />
      )}
      {data && data.length >= most && most < 1000 && (
        <button type="button" class="button" onClick={() => setMost(Math.min(1000, most * 4))}>
          {t('sessions.more')}
        </button>
      )}
    </section>
  )
}
