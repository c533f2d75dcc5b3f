/** An asset of the steered site now: what it does and why, what was measured, forecast and planned, its orders, its owner's word. */
import { useState } from 'preact/hooks'
import { useCell } from '../../cell.ts'
import { assets, limits, platformNow } from '../../live.ts'
import { LimitLine } from '../../parts/limit-banner.tsx'
import { Charge, Fresh, Plugged, Power } from '../../parts/marks.tsx'
import { OrderSentence } from '../../parts/order.tsx'
import { useTick } from '../../parts/tick.ts'
import type { Route } from '../../route.ts'
import type { Asset } from '../../wire.ts'
import { useWords } from '../../words.ts'
import { AssetChart } from './now-chart.tsx'
import { Journal } from './orders.tsx'
import { OverrideCard } from './override.tsx'

function Now({ asset, all }: { asset: Asset; all: Asset[] }) {
  const { t, f, said } = useWords()
  const everyLimit = useCell(limits) ?? []
  useTick(5_000)
  const now = platformNow()
  const { live } = asset
  const charger = asset.kind === 'vehicle' ? all.find((other) => other.device === live.plugged) : undefined
  const order = asset.order ?? charger?.order ?? null
  const mine = everyLimit.filter((limit) => limit.asset === asset.asset && Date.parse(limit.until) > now)
  return (
    <section class="card" aria-labelledby="asset-now">
      <h2 id="asset-now">{t('asset.now')}</h2>
      <p class="big">{asset.kind === 'vehicle' ? <Plugged asset={asset} /> : <Power kind={asset.kind} powerKw={live.powerKw} />}</p>
      <p class="row">
        <Charge socKwh={live.socKwh} capacityKwh={asset.capacityKwh} />
        {asset.kind === 'evse' && <Plugged asset={asset} />}
        <Fresh freshness={live.freshness} />
        {live.at && <span class="muted small">{t('asset.at', { time: f.near(Date.parse(live.at), now) })}</span>}
      </p>
      {live.why && asset.kind !== 'vehicle' && <p>{said(live.why)}</p>}
      {live.controllable === false && <p class="muted">{t('asset.uncontrollable')}</p>}
      <h3>{t('asset.order')}</h3>
      {order ? (
        <>
          {charger && <p class="muted">{t('asset.order.charger', { charger: charger.device ?? charger.name })}</p>}
          <OrderSentence order={order} kind={charger?.kind ?? asset.kind} />
        </>
      ) : (
        <p class="muted">
          {asset.kind === 'pv' ? t('asset.order.pv') : asset.kind === 'vehicle' ? t('asset.order.vehicle') : t('asset.order.none')}
        </p>
      )}
      {mine.length > 0 && (
        <ul class="plain">
          {mine.map((limit) => (
            <li key={limit.id}>
              <LimitLine limit={limit} />
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function Properties({ asset, all }: { asset: Asset; all: Asset[] }) {
  const { t, f } = useWords()
  const other = all.find((each) => each.device !== null && each.device === asset.live.plugged)
  const rows: [string, preact.ComponentChildren][] = [
    [t('asset.prop.kind'), t.code('kind', asset.kind)],
    [t('asset.prop.name'), asset.name],
    [t('asset.prop.number'), asset.asset],
  ]
  if (asset.town) rows.push([t('assets.col.town'), asset.town])
  if (asset.latitude !== null && asset.latitude !== undefined && asset.longitude !== null && asset.longitude !== undefined)
    rows.push([t('asset.prop.place'), `${f.number(asset.latitude, 4)} · ${f.number(asset.longitude, 4)}`])
  if (asset.nominalKw) rows.push([t('asset.prop.nominal'), f.amount(asset.nominalKw, 'kW')])
  if (asset.capacityKwh) rows.push([t('asset.prop.capacity'), f.amount(asset.capacityKwh, 'kWh', 0)])
  if (other) rows.push([t('asset.prop.plugged'), <a href={`/ops/assets/${other.asset}`}>{other.device}</a>])
  for (const [name, sensor] of Object.entries(asset.sensors))
    rows.push([t('asset.prop.sensor', { name }), <a href={`/ops/sensors/${sensor}`}>{t('asset.prop.sensor.id', { sensor })}</a>])
  return (
    <section class="card" aria-labelledby="asset-properties">
      <h2 id="asset-properties">{t('asset.properties')}</h2>
      <dl class="facts">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {asset.kind === 'evse' && asset.device && (
        <a class="button" href={`/ops/stations/${asset.device}`}>
          {t('asset.station')}
        </a>
      )}
    </section>
  )
}

/** `asset` is one of the steered site. */
export function NowTab({ asset, route }: { asset: Asset; route: Route }) {
  const all = useCell(assets) ?? []
  const [orders, setOrders] = useState(0)
  const steerable = asset.device !== null && (asset.kind === 'battery' || asset.kind === 'evse' || asset.kind === 'pv')
  return (
    <div class="asset">
      <div class="asset-main">
        <AssetChart asset={asset} route={route} />
        {steerable && <Journal asset={asset} version={orders} />}
      </div>
      <div class="asset-side">
        <Now asset={asset} all={all} />
        {steerable && <OverrideCard asset={asset} onChange={() => setOrders(orders + 1)} />}
        <Properties asset={asset} all={all} />
      </div>
    </div>
  )
}
