/** Sessions of a station: energy, time and cost of each; one of them with its chart, its bill line by line and its signed values. */
import { useState } from 'preact/hooks'
import { useCell } from '../../cell.ts'
import type { Bill, Session } from '../../charging-wire.ts'
import { platformNow, versions } from '../../live.ts'
import { Pending, Stale } from '../../parts/state.tsx'
import { useResource } from '../../resource.ts'
import { address } from '../../route.ts'
import { useWords } from '../../words.ts'
import { Transaction } from './transaction.tsx'

export function Transactions({ station, chosen }: { station: string; chosen: string | undefined }) {
  const { t, f } = useWords()
  const seen = useCell(versions)
  const [most, setMost] = useState(25)
  const { data, error, reload } = useResource<Session[]>(
    address('/charging/sessions', { station, limit: String(most) }),
    `${seen.devices}/${seen.caughtUp}`,
  )
  if (chosen) return <Transaction station={station} id={chosen} />
  const tab = (id: string) => address(`/ops/stations/${encodeURIComponent(station)}`, { tab: 'transactions', transaction: id })
  const lasting = ({ startedAt, endedAt }: Session) => {
    const minutes = Math.max(0, Math.round(((endedAt ? Date.parse(endedAt) : platformNow()) - Date.parse(startedAt)) / 60_000))
    return minutes < 60 ? t('minutes', { n: minutes }) : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')}`
  }
  return (
    <section class="card" aria-labelledby="transactions">
      <h2 id="transactions">{t('sessions.title')}</h2>
      {data && <Stale error={error} />}
      {!data ? (
        <Pending error={error} retry={reload} />
      ) : data.length === 0 ? (
        <p class="empty">{t('sessions.none')}</p>
      ) : (
        <table class="table">
          <caption class="unseen">{t('sessions.title')}</caption>
          <thead>
            <tr>
              <th scope="col">{t('sessions.start')}</th>
              <th scope="col" class="number">
                {t('sessions.energy')}
              </th>
              <th scope="col" class="number wide">
                {t('sessions.lasting')}
              </th>
              <th scope="col" class="number">
                {t('sessions.cost')}
              </th>
              <th scope="col" class="wide">
                {t('sessions.token')}
              </th>
              <th scope="col" class="wide">
                {t('sessions.end')}
              </th>
            </tr>
          </thead>
          <tbody>
            {data.map((session) => (
              <tr key={session.id}>
                <th scope="row">
                  <a class="row-link" href={tab(session.id)}>
                    {f.moment(Date.parse(session.startedAt))}
                  </a>
                </th>
                <td class="number">{f.amount(session.energyKwh, 'kWh')}</td>
                <td class="number wide">{lasting(session)}</td>
                <td class="number">
                  <Cost station={station} session={session} />
                </td>
                <td class="wide break">{session.token ?? '–'}</td>
                <td class="wide">{session.endedAt ? (session.stoppedReason ?? t('sessions.ended')) : <b>{t('sessions.open')}</b>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {data && data.length >= most && most < 1000 && (
        <button type="button" class="button" onClick={() => setMost(Math.min(1000, most * 4))}>
          {t('sessions.more')}
        </button>
      )}
    </section>
  )
}

/** What it cost, VAT included; a dash where no tariff held. */
function Cost({ station, session }: { station: string; session: Session }) {
  const { f } = useWords()
  const { data } = useResource<{ bill: Bill } | null>(
    `/stations/${encodeURIComponent(station)}/transactions/${encodeURIComponent(session.id)}/bill`,
    session.endedAt ?? Math.round(session.energyKwh * 10),
  )
  return <>{data?.bill.total ? f.amount(Number(data.bill.total.incl_vat), data.bill.currency, 2) : '–'}</>
}
