/** One session: what it was, its power and charge over time, its bill, its signed values, its events. */
import { useMemo } from 'preact/hooks'
import type { Bill, Sample, Session, SessionEvent, Tariff } from '../../charging-wire.ts'
import { TimeChart } from '../../chart/time-chart.tsx'
import { iso } from '../../format.ts'
import { platformNow } from '../../live.ts'
import { BillTable } from '../../parts/bill-table.tsx'
import { Pending } from '../../parts/state.tsx'
import { useTick } from '../../parts/tick.ts'
import { useResource } from '../../resource.ts'
import { address } from '../../route.ts'
import { useWords } from '../../words.ts'
import { gridOf } from './session-line.ts'
import { plainText, signedValues } from './signed.ts'

type Whole = Session & { list: SessionEvent[] }

export function Transaction({ station, id }: { station: string; id: string }) {
  const { t, f } = useWords()
  const minute = Math.floor(useTick(30_000) / 30_000)
  const { data, error, reload } = useResource<Whole>(`/charging/sessions/${encodeURIComponent(station)}/${encodeURIComponent(id)}`, minute)
  const { data: cost } = useResource<{ tariff: Tariff; bill: Bill; isFinal: boolean } | null>(
    `/stations/${encodeURIComponent(station)}/transactions/${encodeURIComponent(id)}/bill`,
    minute,
  )
  const back = address(`/ops/stations/${encodeURIComponent(station)}`, { tab: 'transactions' })
  const signed = useMemo(() => signedValues(data?.list ?? []), [data])
  if (!data) return <Pending error={error} retry={reload} />
  const facts: [string, string | null][] = [
    [t('sessions.start'), f.moment(Date.parse(data.startedAt))],
    [t('sessions.end'), data.endedAt ? f.moment(Date.parse(data.endedAt)) : t('sessions.open')],
    [t('sessions.why'), data.stoppedReason && t.code('sessions.reason', data.stoppedReason)],
    [t('sessions.energy'), f.amount(data.energyKwh, 'kWh')],
    [t('sessions.exported'), data.exportedKwh > 0 ? f.amount(data.exportedKwh, 'kWh') : null],
    [t('sessions.token'), data.token],
    [t('sessions.odd'), data.flags.length > 0 ? data.flags.map((flag) => t.code('sessions.flag', flag)).join(', ') : null],
  ]
  return (
    <div class="station">
      <section class="card" aria-labelledby="session">
        <p class="crumbs">
          <a href={back}>{t('sessions.back')}</a>
        </p>
        <h2 id="session" class="break">
          {t('sessions.this', { id })}
        </h2>
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
      </section>
      <section class="card" aria-labelledby="bill">
        <h2 id="bill">{t(cost && !cost.isFinal ? 'bill.so-far' : 'bill.title')}</h2>
        {cost ? <BillTable bill={cost.bill} tariff={cost.tariff.id} /> : <p class="muted">{t('bill.none')}</p>}
      </section>
      <SessionChart session={data} version={minute} />
      <section class="card" aria-labelledby="signed">
        <h2 id="signed">{t('signed.title')}</h2>
        {signed.length > 0 && <p class="muted small">{t('signed.unchecked')}</p>}
        {signed.length === 0 ? (
          <p class="muted">{t('signed.none')}</p>
        ) : (
          <ul class="plain said">
            {signed.map((value) => (
              <li key={`${value.at}${value.context}${value.data.slice(0, 20)}`}>
                <p>
                  <b>{t.code('signed.context', value.context || 'Sample.Periodic')}</b>{' '}
                  <span class="muted">{f.moment(Date.parse(value.at))}</span> <span class="rung">{value.method}</span>
                </p>
                <details>
                  <summary>{t('signed.show')}</summary>
                  <p class="signed-data">
                    <code>{value.data}</code>
                  </p>
                  {plainText(value) !== undefined && plainText(value) !== value.data && (
                    <p class="signed-data small">
                      {t('signed.plain')} <code>{plainText(value)}</code>
                    </p>
                  )}
                  {value.signing && (
                    <p class="signed-data small">
                      {t('signed.signing')} {value.signing}
                    </p>
                  )}
                  {value.publicKey && (
                    <p class="signed-data small">
                      {t('signed.key')} <code>{value.publicKey}</code>
                    </p>
                  )}
                </details>
              </li>
            ))}
          </ul>
        )}
      </section>
      <section class="card" aria-labelledby="session-events">
        <h2 id="session-events">{t('sessions.events')}</h2>
        <ol class="plain talks">
          {data.list.slice(-100).map((event) => (
            <li key={event.seqNo} class="talk">
              <details>
                <summary>
                  <span class="talk-time muted">{f.clockSeconds(Date.parse(event.at))}</span>
                  <span class="muted small">{event.seqNo}</span>
                  <span class="talk-what">
                    <b>{event.type}</b> <span class="muted small">{event.trigger}</span>
                  </span>
                  {event.offline && <span class="rung">{t('sessions.offline')}</span>}
                </summary>
                {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard */}
                <pre class="scroll" tabIndex={0}>
                  {JSON.stringify(event.payload, null, 2)}
                </pre>
              </details>
            </li>
          ))}
        </ol>
      </section>
    </div>
  )
}

/** Samples are kept for two days: an older session has no chart, and says so. */
function SessionChart({ session, version }: { session: Session; version: number }) {
  const { t, f } = useWords()
  const from = Date.parse(session.startedAt)
  const until = session.endedAt ? Date.parse(session.endedAt) : Math.ceil(platformNow() / 60_000) * 60_000
  const path =
    session.evse === null
      ? null
      : address(`/charging/samples/${encodeURIComponent(session.station)}/${session.evse}`, { from: iso(from), until: iso(until + 1000) })
  const { data, error, reload } = useResource<Sample[]>(path, version)
  const grid = useMemo(() => gridOf(data ?? [], from, until), [data, from, until])
  const most = Math.max(0, ...grid.kw.map((kw) => kw ?? 0))
  const socs = grid.soc.filter((soc) => soc !== null)
  const lines = useMemo(
    () => [
      { key: 'kw', label: t('sessions.power'), unit: 'kW', values: grid.kw, colour: '--vehicle', fill: true, span: true },
      { key: 'soc', label: t('sessions.soc'), unit: '%', values: grid.soc, colour: '--battery', dash: [6, 4], span: true },
    ],
    [grid, t],
  )
  const summary =
    socs.length > 0
      ? t('sessions.chart.soc', { power: f.amount(most, 'kW'), from: f.percent(socs[0]! / 100), to: f.percent(socs.at(-1)! / 100) })
      : t('sessions.chart', { power: f.amount(most, 'kW') })
  return (
    <section class="card station-talk" aria-labelledby="session-chart">
      <h2 id="session-chart">{t('sessions.curve')}</h2>
      {path === null || (data && data.length === 0) ? (
        <p class="muted">{t('sessions.curve.none')}</p>
      ) : !data ? (
        <Pending error={error} retry={reload} />
      ) : (
        <TimeChart
          start={grid.start}
          step={grid.step}
          lines={lines}
          moments={[]}
          summary={summary}
          caption={t('sessions.curve')}
          height={260}
        />
      )}
    </section>
  )
}
