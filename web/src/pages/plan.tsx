/** The plan: 12 to 48 hours of every device over price and sun, the reason of each block, the wishes that cannot be met, how it was made. */
import { useMemo } from 'preact/hooks'
import { useCell } from '../cell.ts'
import { milliseconds } from '../format.ts'
import { assets, site, versions } from '../live.ts'
import { KindChips } from '../parts/asset-table.tsx'
import { Chips } from '../parts/chips.tsx'
import { Icon } from '../parts/icon.tsx'
import { LimitBanner } from '../parts/limit-banner.tsx'
import { Simulated } from '../parts/marks.tsx'
import { Empty, Failure, Loading, Stale } from '../parts/state.tsx'
import { useResource } from '../resource.ts'
import { address, type PageProps, refine } from '../route.ts'
import type { Kind, Plan } from '../wire.ts'
import { useWords } from '../words.ts'
import { Band, type Row, Twin } from './plan-band.tsx'
import { blocksOf } from './plan-blocks.ts'
import { Accuracy, BrokenWishes, Facts } from './plan-facts.tsx'

const HOUR = 3_600_000
const HORIZONS = ['12', '24', '48'] as const

export function PlanPage({ route }: PageProps) {
  const { t, said } = useWords()
  const seen = useCell(versions)
  const place = useCell(site)
  const all = useCell(assets)
  const {
    data: plan,
    error,
    reload,
  } = useResource<Plan>(place ? address('/plans/latest', { asset: String(place.asset) }) : null, `${seen.plan}/${seen.limits}`)
  const horizon = HORIZONS.find((each) => each === route.query['h']) ?? '24'
  const kind = route.query['kind']
  const step = plan ? milliseconds(plan.step) : 900_000
  const slots = plan ? Math.min(plan.slots, Math.round((Number(horizon) * HOUR) / step)) : 0
  const start = plan ? Date.parse(plan.start) : 0
  const rows = useMemo((): Row[] => {
    if (!plan) return []
    const kinds = new Map((all ?? []).map((asset) => [asset.asset, asset]))
    const guess = (device: string): Kind => (device.startsWith('BAT') ? 'battery' : device.startsWith('PV') ? 'pv' : 'evse')
    return plan.devices
      .map((device): Row => {
        const kindOf = kinds.get(device.asset)?.kind ?? guess(device.device)
        const powerKw = device.powerKw.slice(0, slots)
        const twoWay = kindOf === 'battery' || powerKw.some((kw) => kw < -0.05)
        return {
          device: device.device,
          asset: device.asset,
          kind: kindOf,
          powerKw,
          freePowerKw: device.freePowerKw?.slice(0, slots) ?? null,
          blocks: blocksOf(device, slots, step),
          // A little air above, so that full power does not touch the next row.
          most: Math.max(kinds.get(device.asset)?.nominalKw ?? 0, ...powerKw.map(Math.abs), 0.001) * 1.12,
          twoWay,
        }
      })
      .filter((row) => !kind || row.kind === kind)
      .sort((a, b) => a.device.localeCompare(b.device))
  }, [plan, all, slots, step, kind])
  const kinds = [...new Set((plan?.devices ?? []).map((device) => all?.find((asset) => asset.asset === device.asset)?.kind ?? 'evse'))]
  return (
    <div class="page">
      <div class="page-head">
        <h1>{t('plan.title')}</h1>
        <Simulated on={place?.demo} />
      </div>
      <LimitBanner />
      {!plan ? (
        error ? (
          error.status === 404 ? (
            <Empty title={t('plan.empty')}>
              <p>{t('plan.empty.next')}</p>
              <button type="button" class="button" onClick={reload}>
                {t('state.retry')}
              </button>
            </Empty>
          ) : (
            <Failure error={error} retry={reload} />
          )
        ) : (
          <Loading />
        )
      ) : (
        <>
          <Stale error={error} />
          {plan.fallback && (
            <div class="notice notice-alert" role="status">
              <Icon name="alert" />
              <p>{said(plan.fallback)}</p>
            </div>
          )}
          <section class="card" aria-labelledby="plan-band">
            <h2 id="plan-band">{t('plan.band')}</h2>
            <div class="toolbar">
              <Chips
                legend={t('plan.horizon')}
                chosen={horizon}
                onChoose={(h) => refine({ h })}
                choices={HORIZONS.map((value) => ({ value, label: t('plan.hours', { hours: value }) }))}
              />
              {kinds.length > 1 && <KindChips kinds={kinds} kind={kind} onKind={(chosen) => refine({ kind: chosen })} />}
            </div>
            {rows.length === 0 ? (
              <p class="empty">{t('plan.none')}</p>
            ) : (
              <>
                <p class="muted small">{t('plan.keys')}</p>
                <Band plan={plan} rows={rows} start={start} step={step} slots={slots} />
                <ul class="plain legend">
                  <li>
                    <span class="sample-take" aria-hidden="true" /> {t('plan.legend.take')}
                  </li>
                  <li>
                    <span class="sample-give" aria-hidden="true" /> {t('plan.legend.give')}
                  </li>
                  <li>
                    <span class="sample-price" aria-hidden="true" /> {t('plan.legend.price', { unit: `${plan.currency}/MWh` })}
                  </li>
                  <li>
                    <span class="sample-sun" aria-hidden="true" /> {t('plan.legend.sun')}
                  </li>
                  {rows.some((row) => row.freePowerKw) && (
                    <li>
                      <span class="sample-free" aria-hidden="true" /> {t('plan.legend.free')}
                    </li>
                  )}
                </ul>
                <Twin rows={rows} start={start} step={step} />
              </>
            )}
          </section>
          <div class="columns">
            <BrokenWishes plan={plan} />
            <Facts plan={plan} step={step} />
          </div>
        </>
      )}
      <Accuracy />
    </div>
  )
}
