/** What an asset does now, as cells of a row: power, charge, order, freshness. The list beside the map and the tree share them. */
import type { Asset } from '../wire.ts'
import { useWords } from '../words.ts'
import { Charge, Fresh, OutcomeMark, Plugged, Power } from './marks.tsx'

/** Heads of {@link AssetCells}. */
export function AssetHeads() {
  const { t } = useWords()
  return (
    <>
      <th scope="col">{t('assets.col.power')}</th>
      <th scope="col" class="wide">
        {t('assets.col.charge')}
      </th>
      <th scope="col" class="wide">
        {t('assets.col.order')}
      </th>
      <th scope="col" class="wide">
        {t('assets.col.fresh')}
      </th>
    </>
  )
}

/** Sites, weather and signals have no power of their own: nothing is missing there. */
function What({ asset }: { asset: Asset | undefined }) {
  if (asset?.kind === 'vehicle') return <Plugged asset={asset} />
  if (!asset || asset.kind === 'weather' || asset.kind === 'grid' || asset.kind === 'site') return <span class="muted">–</span>
  return <Power kind={asset.kind} powerKw={asset.live.powerKw} />
}

/** `asset` is undefined for what is not steered. */
export function AssetCells({ asset }: { asset: Asset | undefined }) {
  return (
    <>
      <td>
        <What asset={asset} />
        {asset && (
          <span class="narrow block small">
            <Charge socKwh={asset.live.socKwh} capacityKwh={asset.capacityKwh} />
            {asset.live.freshness !== 'fresh' && <Fresh freshness={asset.live.freshness} />}
          </span>
        )}
      </td>
      <td class="wide">
        {asset && <Charge socKwh={asset.live.socKwh} capacityKwh={asset.capacityKwh} />}
        {asset?.kind === 'evse' && <Plugged asset={asset} />}
      </td>
      <td class="wide">{asset?.order ? <OutcomeMark receipt={asset.order.receipt} /> : <span class="muted">–</span>}</td>
      <td class="wide">{asset ? <Fresh freshness={asset.live.freshness} /> : <span class="muted">–</span>}</td>
    </>
  )
}
