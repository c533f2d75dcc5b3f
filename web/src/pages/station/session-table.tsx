/** Charging sessions as a table: energy, time and cost of each. */
import type { Bill, Session } from '../../charging-wire.ts'
import { platformNow } from '../../live.ts'
import { useResource } from '../../resource.ts'
import { address } from '../../route.ts'
import { useWords } from '../../words.ts'

const pageOf = ({ station, id }: Session) =>
  address(`/ops/stations/${encodeURIComponent(station)}`, { tab: 'transactions', transaction: id })

export function SessionTable({ sessions, stations = false }: { sessions: readonly Session[]; stations?: boolean }) {
  const { t, f } = useWords()
  const lasting = ({ startedAt, endedAt }: Session) => {
    const minutes = Math.max(0, Math.round(((endedAt ? Date.parse(endedAt) : platformNow()) - Date.parse(startedAt)) / 60_000))
    return minutes < 60 ? t('minutes', { n: minutes }) : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')}`
  }
  return (
    <table class="table">
      <caption class="unseen">{t('sessions.title')}</caption>
      <thead>
        <tr>
          <th scope="col">{t('sessions.start')}</th>
          {stations && <th scope="col">{t('sessions.station')}</th>}
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
        {sessions.map((session) => (
          <tr key={`${session.station}/${session.id}`}>
            <th scope="row">
              <a class="row-link" href={pageOf(session)}>
                {f.moment(Date.parse(session.startedAt))}
              </a>
            </th>
            {stations && <td class="break">{session.station}</td>}
            <td class="number">{f.amount(session.energyKwh, 'kWh')}</td>
            <td class="number wide">{lasting(session)}</td>
            <td class="number">
              <Cost session={session} />
            </td>
            <td class="wide break">{session.token ?? '–'}</td>
            <td class="wide">
              {session.endedAt ? (
                session.stoppedReason ? (
                  t.code('sessions.reason', session.stoppedReason)
                ) : (
                  t('sessions.ended')
                )
              ) : (
                <b>{t('sessions.open')}</b>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** What it cost, VAT included; a dash where no tariff held. */
function Cost({ session }: { session: Session }) {
  const { f } = useWords()
  const { data } = useResource<{ bill: Bill } | null>(
    `/stations/${encodeURIComponent(session.station)}/transactions/${encodeURIComponent(session.id)}/bill`,
    session.endedAt ?? Math.round(session.energyKwh * 10),
  )
  return <>{data?.bill.total ? f.amount(Number(data.bill.total.incl_vat), data.bill.currency, 2) : '–'}</>
}
