/** The twin of the map: every asset with its power, charge, freshness and order, in a table one can filter. */
import { useState } from 'preact/hooks'
import type { Asset, Kind } from '../wire.ts'
import { useWords } from '../words.ts'
import { Charge, Fresh, KindMark, OutcomeMark, Plugged, Power } from './marks.tsx'

const KINDS: Kind[] = ['pv', 'battery', 'evse', 'vehicle', 'weather', 'grid', 'site']

/** Weather and signals have no power: nothing is missing there. */
function What({ asset }: { asset: Asset }) {
  if (asset.kind === 'vehicle') return <Plugged asset={asset} />
  if (asset.kind === 'weather' || asset.kind === 'grid') return <span class="muted">–</span>
  return <Power kind={asset.kind} powerKw={asset.live.powerKw} />
}

export function AssetTable({
  assets,
  kind,
  onKind,
}: {
  assets: Asset[]
  kind: string | undefined
  onKind: (kind: string | undefined) => void
}) {
  const { t } = useWords()
  const [search, setSearch] = useState('')
  const word = search.trim().toLowerCase()
  const present = KINDS.filter((each) => assets.some((asset) => asset.kind === each))
  const shown = assets.filter(
    (asset) =>
      (!kind || asset.kind === kind) &&
      (word === '' || `${asset.name} ${asset.device ?? ''} ${asset.town ?? ''}`.toLowerCase().includes(word)),
  )
  return (
    <div>
      <div class="filters">
        <fieldset class="chips">
          <legend class="unseen">{t('assets.filter')}</legend>
          <button type="button" class="chip" aria-pressed={!kind} onClick={() => onKind(undefined)}>
            {t('assets.all')}
          </button>
          {present.map((each) => (
            <button
              key={each}
              type="button"
              class="chip"
              aria-pressed={kind === each}
              onClick={() => onKind(kind === each ? undefined : each)}
            >
              <KindMark kind={each} /> {t.code('kind', each)}
            </button>
          ))}
        </fieldset>
        <label class="field field-inline">
          <span class="unseen">{t('assets.search')}</span>
          <input type="search" placeholder={t('assets.search')} value={search} onInput={(event) => setSearch(event.currentTarget.value)} />
        </label>
      </div>
      <p class="unseen" role="status">
        {t.count('overview.assets', shown.length)}
      </p>
      {shown.length === 0 ? (
        <p class="empty">{t('assets.none')}</p>
      ) : (
        <table class="table assets-table">
          <caption class="unseen">{t('assets.caption')}</caption>
          <thead>
            <tr>
              <th scope="col">{t('assets.col.name')}</th>
              <th scope="col" class="wide">
                {t('assets.col.town')}
              </th>
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
            </tr>
          </thead>
          <tbody>
            {shown.map((asset) => (
              <tr key={asset.asset}>
                <th scope="row">
                  <a class="row-link" href={`/ops/assets/${asset.asset}`}>
                    <KindMark kind={asset.kind} />
                    <span>
                      <span>{asset.device ?? asset.name}</span>
                      {asset.town && <span class="narrow muted small block">{asset.town}</span>}
                    </span>
                  </a>
                </th>
                <td class="wide">{asset.town ?? '–'}</td>
                <td>
                  <What asset={asset} />
                  <span class="narrow block small">
                    <Charge socKwh={asset.live.socKwh} capacityKwh={asset.capacityKwh} />
                    {asset.live.freshness !== 'fresh' && <Fresh freshness={asset.live.freshness} />}
                  </span>
                </td>
                <td class="wide">
                  <Charge socKwh={asset.live.socKwh} capacityKwh={asset.capacityKwh} />
                  {asset.kind === 'evse' && <Plugged asset={asset} />}
                </td>
                <td class="wide">{asset.order ? <OutcomeMark receipt={asset.order.receipt} /> : <span class="muted">–</span>}</td>
                <td class="wide">
                  <Fresh freshness={asset.live.freshness} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  )
}
