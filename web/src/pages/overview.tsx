/** The island now: map, power by kind, what the grid asks, what is wrong, what can be trusted. */
import { useEffect, useMemo } from 'preact/hooks'
import { useCell } from '../cell.ts'
import { arrowOf, type Flow, sumsOf } from '../flow.ts'
import { alarms, assets, platformNow, site, trouble } from '../live.ts'
import { MapCard } from '../map/map-card.tsx'
import { announceNumber } from '../parts/announce.tsx'
import { AssetTable } from '../parts/asset-table.tsx'
import { Icon, type IconName } from '../parts/icon.tsx'
import { LimitBanner } from '../parts/limit-banner.tsx'
import { Simulated } from '../parts/marks.tsx'
import { Empty, Failure, Loading } from '../parts/state.tsx'
import { type PageProps, refine } from '../route.ts'
import type { Asset, Freshness, Outcome } from '../wire.ts'
import { useWords } from '../words.ts'

function Line({
  icon,
  kind,
  title,
  flow,
  kw,
  note,
  share,
}: {
  icon: IconName
  kind: string
  title: string
  flow: Flow
  kw: number
  note: string
  share: number
}) {
  const { t, f } = useWords()
  return (
    <li class={`flow-line kind-${kind}`}>
      <span class={`kind kind-${kind}`}>
        <Icon name={icon} size={22} />
      </span>
      <span class="flow-name">{title}</span>
      <span class="flow-value">
        <b>{f.amount(Math.abs(kw), 'kW')}</b>
      </span>
      <span class="flow-word">
        {t.code('flow', flow)} <span aria-hidden="true">{arrowOf(flow)}</span>
      </span>
      <span class="flow-bar" aria-hidden="true">
        <span style={{ width: `${Math.min(100, share * 100)}%` }} />
      </span>
      <span class="flow-note muted small">{note}</span>
    </li>
  )
}

function PowerNow({ all }: { all: Asset[] }) {
  const { t, f } = useWords()
  const sums = sumsOf(all)
  const rest = (kw: number, positive: Flow, negative: Flow): Flow => (Math.abs(kw) < 0.05 ? 'idle' : kw > 0 ? positive : negative)
  const nominal = (kind: string) => all.filter((asset) => asset.kind === kind).reduce((sum, asset) => sum + (asset.nominalKw ?? 0), 0) || 1
  const top = Math.max(nominal('pv'), nominal('battery'), nominal('evse'))
  const net = rest(sums.netKw, 'importing', 'exporting')
  const sentence = t('overview.sentence', {
    solar: f.amount(sums.solarKw, 'kW'),
    storage: `${t.code('flow', rest(sums.storageKw, 'charging', 'discharging'))} ${f.amount(Math.abs(sums.storageKw), 'kW')}`,
    charging: f.amount(sums.chargingKw, 'kW'),
    net: `${t.code('flow', net)} ${f.amount(Math.abs(sums.netKw), 'kW')}`,
  })
  useEffect(() => announceNumber(sentence), [sentence])
  return (
    <section class="card" aria-labelledby="power-now">
      <h2 id="power-now">{t('overview.power')}</h2>
      <ul class="plain flow">
        <Line
          icon="pv"
          kind="pv"
          title={t('overview.solar')}
          flow={sums.solarKw > 0.05 ? 'producing' : 'idle'}
          kw={sums.solarKw}
          share={sums.solarKw / nominal('pv')}
          note={t('overview.of', { max: f.amount(nominal('pv'), 'kW', 0) })}
        />
        <Line
          icon="battery"
          kind="battery"
          title={t('overview.storage')}
          flow={rest(sums.storageKw, 'charging', 'discharging')}
          kw={sums.storageKw}
          share={Math.abs(sums.storageKw) / nominal('battery')}
          note={t('overview.stored', { soc: f.amount(sums.storedKwh, 'kWh', 0), max: f.amount(sums.storableKwh, 'kWh', 0) })}
        />
        <Line
          icon="evse"
          kind="evse"
          title={t('overview.charging')}
          flow={rest(sums.chargingKw, 'charging', 'discharging')}
          kw={sums.chargingKw}
          share={Math.abs(sums.chargingKw) / nominal('evse')}
          note={t.count('overview.cars', sums.pluggedCars)}
        />
        <Line
          icon="grid"
          kind={sums.netKw < 0 ? 'export' : 'grid'}
          title={t('overview.net')}
          flow={net}
          kw={sums.netKw}
          share={Math.abs(sums.netKw) / top}
          note={t('overview.net.note')}
        />
      </ul>
    </section>
  )
}

const OUTCOMES: (Outcome | 'waiting')[] = ['obeyed', 'clipped', 'refused', 'silent', 'waiting']

function Orders({ all }: { all: Asset[] }) {
  const { t } = useWords()
  const given = all.filter((asset) => asset.order)
  const count = (outcome: string) => given.filter((asset) => (asset.order?.receipt?.outcome ?? 'waiting') === outcome).length
  return (
    <section class="card" aria-labelledby="orders-now">
      <h2 id="orders-now">{t('overview.orders')}</h2>
      {given.length === 0 ? (
        <p class="muted">{t('overview.orders.none')}</p>
      ) : (
        <ul class="plain tallies">
          {OUTCOMES.filter((outcome) => count(outcome) > 0).map((outcome) => (
            <li key={outcome} class={`outcome outcome-${outcome}`}>
              <Icon name={outcome} size={18} />
              <b>{count(outcome)}</b> {t.code('outcome', outcome)}
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

const FRESHNESS: Freshness[] = ['fresh', 'late', 'silent']

function Trust({ all }: { all: Asset[] }) {
  const { t } = useWords()
  const devices = all.filter((asset) => asset.device !== null)
  return (
    <section class="card" aria-labelledby="trust-now">
      <h2 id="trust-now">{t('overview.fresh')}</h2>
      <ul class="plain tallies">
        {FRESHNESS.map((freshness) => (
          <li key={freshness} class={`fresh fresh-${freshness}`}>
            <span class="light" aria-hidden="true" />
            <b>{devices.filter((asset) => asset.live.freshness === freshness).length}</b> {t.code('fresh', freshness)}
          </li>
        ))}
      </ul>
    </section>
  )
}

function Alarms() {
  const { t, f, said } = useWords()
  const all = useCell(alarms)
  const devices = useCell(assets) ?? []
  const active = (all ?? []).filter((alarm) => alarm.active)
  const nameOf = (asset: number) => devices.find((device) => device.asset === asset)?.device ?? `#${asset}`
  // Ten devices behind one dead router are one line: the same code, with the names.
  const groups = [...new Set(active.map((alarm) => alarm.code))].map((code) => active.filter((alarm) => alarm.code === code))
  return (
    <section class="card" aria-labelledby="alarms-now">
      <h2 id="alarms-now">{t('overview.alarms')}</h2>
      {groups.length === 0 ? (
        <p class="muted">
          <Icon name="obeyed" size={18} /> {t('overview.alarms.none')}
        </p>
      ) : (
        <ul class="plain alarms">
          {groups.map((group) => (
            <li key={group[0]!.code}>
              <Icon name="alert" size={20} />
              <div>
                <p>
                  {group.length === 1
                    ? said(group[0]!.message)
                    : t('overview.alarms.group', { n: group.length, message: said(group[0]!.message) })}
                </p>
                <p class="small">
                  {group.slice(0, 6).map((alarm) => (
                    <a key={alarm.id} href={`/ops/assets/${alarm.asset}`} class="tag">
                      {nameOf(alarm.asset)}
                    </a>
                  ))}{' '}
                  <span class="muted">{t('overview.alarms.since', { time: f.near(Date.parse(group[0]!.since), platformNow()) })}</span>
                </p>
              </div>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

export function Overview({ route }: PageProps) {
  const { t } = useWords()
  const every = useCell(assets)
  // The site itself is the frame of the page, not one of its things.
  const all = useMemo(() => every?.filter((asset) => asset.kind !== 'site'), [every])
  const place = useCell(site)
  const problem = useCell(trouble)
  return (
    <div class="page">
      <div class="page-head">
        <h1>{t('overview.title', { site: place?.name ?? '' })}</h1>
        <Simulated on={all?.some((asset) => asset.live.simulated)} />
      </div>
      {problem && <Failure error={problem} />}
      <LimitBanner />
      {!all ? (
        !problem && <Loading />
      ) : all.length === 0 ? (
        <Empty title={t('assets.empty')}>
          <p>{t('assets.empty.next')}</p>
        </Empty>
      ) : (
        <>
          <div class="overview">
            <MapCard all={all} />
            <div class="overview-side">
              <PowerNow all={all} />
              <Alarms />
              <Orders all={all} />
              <Trust all={all} />
            </div>
          </div>
          <section class="card" aria-labelledby="twin">
            <h2 id="twin">{t('overview.list')}</h2>
            <AssetTable assets={all} kind={route.query['kind']} onKind={(kind) => refine({ kind })} />
          </section>
        </>
      )}
    </div>
  )
}
