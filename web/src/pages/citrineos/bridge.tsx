/** The bridge to a running CitrineOS: how it is, whether every way is open, and where both sides differ. */
import { useState } from 'preact/hooks'
import { post } from '../../api.ts'
import { useCell } from '../../cell.ts'
import { platformNow, session } from '../../live.ts'
import { useSending } from '../../parts/form.tsx'
import { Empty, Failure, Pending, Stale } from '../../parts/state.tsx'
import { useResource } from '../../resource.ts'
import { address } from '../../route.ts'
import { steers } from '../../things.ts'
import { useWords } from '../../words.ts'

interface Drift {
  station: string
  kind: string
  what: string
}
interface BridgeView {
  version: string
  orders: string
  broker: { open: boolean; fault: string | null }
  api: boolean
  database: boolean
  heardUntil: string | null
  comparedAt: string | null
  stations: { identity: string; version: string; online: boolean }[]
  /** Stations of CitrineOS that are not ours. */
  strangers: string[]
  drifts: Drift[]
  /** Messages since the start. */
  counts: { taken: number; unread: number; strange: number }
}
interface Check {
  what: string
  ok: boolean
  detail: string
}

export function Bridge() {
  const { t, said } = useWords()
  const who = useCell(session)
  const may = who.state === 'in' && steers(who.user)
  const [version, setVersion] = useState(0)
  const [checks, setChecks] = useState<Check[]>([])
  const sending = useSending()
  const { data, error, reload } = useResource<BridgeView>('/charging/bridge', version)
  const check = () =>
    sending.send(async () => {
      const { data: told } = (await post('/charging/bridge/check')) as { data: Check[] }
      setChecks(told)
    }, t('bridge.checked'))
  const reconcile = async () => {
    if (await sending.send(() => post('/charging/bridge/reconcile'), t('bridge.reconciled'))) setVersion(version + 1)
  }
  return (
    <section class="card" aria-labelledby="bridge">
      <h2 id="bridge">{t('bridge.title')}</h2>
      {data && <Stale error={error} />}
      {!data ? (
        error?.code === 'no-bridge' ? (
          <Empty title={said(error.message)}>
            <p>{said(error.hint ?? '')}</p>
          </Empty>
        ) : (
          <Pending error={error} retry={reload} />
        )
      ) : (
        <>
          <Standing view={data} />
          {sending.error && <Failure error={sending.error} />}
          {may && (
            <div class="buttons">
              <button type="button" class="button" disabled={sending.busy} onClick={check}>
                {t('bridge.check')}
              </button>
              <button type="button" class="button" disabled={sending.busy} onClick={reconcile}>
                {t('bridge.reconcile')}
              </button>
            </div>
          )}
          {checks.length > 0 && (
            <ul class="plain said" aria-label={t('bridge.check')}>
              {checks.map(({ what, ok, detail }) => (
                <li key={what}>
                  <b>{t.code('bridge.way', what)}</b> <span class={ok ? 'good' : 'bad'}>{t(ok ? 'bridge.open' : 'bridge.closed')}</span>
                  <span class="block small muted break">{detail}</span>
                </li>
              ))}
            </ul>
          )}
          <Drifts drifts={data.drifts} />
        </>
      )}
    </section>
  )
}

function Standing({ view }: { view: BridgeView }) {
  const { t, f } = useWords()
  const near = (at: string | null) => (at === null ? '–' : f.near(Date.parse(at), platformNow()))
  const online = view.stations.filter((station) => station.online).length
  const facts = [
    [t('bridge.version'), view.version],
    [t('bridge.orders'), t.code('bridge.orders', view.orders)],
    [t('bridge.api'), t(view.api ? 'bridge.set' : 'bridge.unset')],
    [t('bridge.database'), t(view.database ? 'bridge.set' : 'bridge.database.unset')],
    [t('bridge.stations'), t('bridge.stations.of', { n: view.stations.length, online })],
    [t('bridge.heard'), near(view.heardUntil)],
    [t('bridge.compared'), near(view.comparedAt)],
    [t('bridge.messages'), t('bridge.counts', view.counts)],
  ] as const
  return (
    <>
      <p>
        {t('bridge.broker')} <b class={view.broker.open ? 'good' : 'bad'}>{t(view.broker.open ? 'link.on' : 'link.off')}</b>
      </p>
      {view.broker.fault && <p class="notice notice-alert break">{view.broker.fault}</p>}
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {view.strangers.length > 0 && <p class="small break">{t('bridge.strangers', { names: view.strangers.join(', ') })}</p>}
    </>
  )
}

function Drifts({ drifts }: { drifts: Drift[] }) {
  const { t, said } = useWords()
  return (
    <>
      <h3>{t('bridge.drifts')}</h3>
      {drifts.length === 0 ? (
        <p class="muted">{t('bridge.drifts.none')}</p>
      ) : (
        <ul class="plain said">
          {drifts.map(({ station, kind, what }) => (
            <li key={`${station} ${kind} ${what}`}>
              <a href={address(`/ops/stations/${encodeURIComponent(station)}`, {})}>{station}</a>
              <span class="block small break">{said(what)}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  )
}
