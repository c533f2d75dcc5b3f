/** The twin of the map: every asset with its power, charge, freshness and order, in a table one can filter. */
import { useState } from 'preact/hooks'
import type { Asset, Kind } from '../wire.ts'
import { useWords } from '../words.ts'
import { AssetCells, AssetHeads } from './asset-cells.tsx'
import { Chips } from './chips.tsx'
import { KindMark } from './marks.tsx'
import { Search } from './search.tsx'

const KINDS: Kind[] = ['pv', 'battery', 'evse', 'vehicle', 'weather', 'grid', 'site']

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
        <KindChips kinds={present} kind={kind} onKind={onKind} />
        <Search label={t('assets.search')} words={search} onWords={setSearch} />
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
              <AssetHeads />
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
                <AssetCells asset={asset} />
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  )
}

/** Kinds of devices to choose one of. */
export function KindChips({
  kinds,
  kind,
  onKind,
}: {
  kinds: readonly Kind[]
  kind: string | undefined
  onKind: (kind: string | undefined) => void
}) {
  const { t } = useWords()
  return (
    <Chips<string>
      legend={t('assets.filter')}
      all={t('assets.all')}
      chosen={kind || undefined}
      onChoose={onKind}
      choices={kinds.map((value) => ({
        value,
        label: (
          <>
            <KindMark kind={value} /> {t.code('kind', value)}
          </>
        ),
      }))}
    />
  )
}
