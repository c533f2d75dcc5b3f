/** All assets one may read as a tree: what they do now beside their names, found by words, type and organisation; new ones are made here. */
import { useMemo, useState } from 'preact/hooks'
import { Refusal } from '../api.ts'
import { useCell } from '../cell.ts'
import { assets, session } from '../live.ts'
import { AssetCells, AssetHeads } from '../parts/asset-cells.tsx'
import { Chips } from '../parts/chips.tsx'
import { later } from '../parts/later.tsx'
import { Simulated } from '../parts/marks.tsx'
import { Search } from '../parts/search.tsx'
import { Empty, Pending } from '../parts/state.tsx'
import { TypeMark } from '../parts/type-mark.tsx'
import { type PageProps, refine } from '../route.ts'
import { foundsAssets, type ThingLine } from '../things.ts'
import { ancestors, childrenOf, readTree, treeTrouble, useTree } from '../tree.ts'
import type { Asset } from '../wire.ts'
import { useWords } from '../words.ts'
import '../style/things.css'

const NewAsset = later(async () => (await import('./asset/new-asset.tsx')).NewAsset)
/** Names of kinds in addresses of before, as types of assets. */
const OLD_KINDS: Record<string, string> = { pv: 'solar', evse: 'one-way_evse', vehicle: 'two-way_evse', weather: 'weather station' }
/** Families longer than this are folded until they are asked for. */
const LONG = 60
const MOST_FOUND = 200

export function Assets({ route }: PageProps) {
  const { t } = useWords()
  const tree = useCell(useTree())
  const trouble = useCell(treeTrouble)
  const live = useCell(assets)
  const who = useCell(session)
  const [making, setMaking] = useState(false)
  if (who.state !== 'in') return null
  const mayMake = foundsAssets(who.user) || !who.user.roles.includes('admin-reader')
  return (
    <div class="page">
      <div class="page-head">
        <h1>{t('assets.title')}</h1>
        <Simulated on={live?.some((asset) => asset.live.simulated)} />
        {mayMake && tree && (foundsAssets(who.user) || tree.length > 0) && (
          <button type="button" class="button button-main page-head-do" onClick={() => setMaking(true)}>
            {t('tree.new')}
          </button>
        )}
      </div>
      {!tree ? (
        <Pending error={trouble instanceof Refusal ? trouble : new Refusal('', 'bug', 0)} retry={() => void readTree()} />
      ) : tree.length === 0 ? (
        <Empty title={t('assets.empty')}>
          <p>{t('assets.empty.next')}</p>
        </Empty>
      ) : (
        <section class="card">
          <Tree tree={tree} live={live ?? []} query={route.query} />
        </section>
      )}
      {making && <NewAsset onClose={() => setMaking(false)} />}
    </div>
  )
}

interface Row {
  line: ThingLine
  depth: number
  children: number
  /** Names above it, when it stands apart from them. */
  path?: string
}

function Tree({ tree, live, query }: { tree: ThingLine[]; live: Asset[]; query: Record<string, string> }) {
  const { t } = useWords()
  const words = query['q'] ?? ''
  const type = OLD_KINDS[query['kind'] ?? ''] ?? query['kind'] ?? ''
  const account = query['account'] ?? ''
  const by = useMemo(() => new Map(live.map((asset) => [asset.asset, asset])), [live])
  const children = useMemo(() => childrenOf(tree), [tree])
  const [open, setOpen] = useState<ReadonlyMap<number, boolean>>(new Map())
  const isOpen = (id: number, depth: number) => open.get(id) ?? (depth < 2 && (children.get(id)?.length ?? 0) <= LONG)
  const types = useMemo(() => [...new Set(tree.map((line) => line.generic_asset_type.name))], [tree])
  const accounts = useMemo(() => [...new Map(tree.flatMap(({ owner }) => (owner ? [[owner.id, owner.name] as const] : [])))], [tree])
  const filtered = words.trim() !== '' || type !== '' || account !== ''
  const rows = useMemo((): Row[] => {
    if (filtered) {
      const terms = words.trim().toLowerCase().split(/\s+/).filter(Boolean)
      return tree
        .filter((line) => {
          if (type !== '' && line.generic_asset_type.name !== type) return false
          if (account !== '' && String(line.account_id ?? '') !== account) return false
          const asset = by.get(line.id)
          const text = `${line.name} ${asset?.device ?? ''} ${asset?.town ?? ''} ${line.owner?.name ?? ''} ${line.id}`.toLowerCase()
          return terms.every((term) => text.includes(term))
        })
        .map((line) => ({
          line,
          depth: 0,
          children: 0,
          path: ancestors(tree, line.id)
            .map(({ name }) => name)
            .join(' › '),
        }))
    }
    const shown: Row[] = []
    const walk = (parent: number | null, depth: number) => {
      for (const line of children.get(parent) ?? []) {
        const below = children.get(line.id)?.length ?? 0
        shown.push({ line, depth, children: below })
        if (below > 0 && depth < 100 && isOpen(line.id, depth)) walk(line.id, depth + 1)
      }
    }
    walk(null, 0)
    return shown
  }, [tree, children, by, open, words, type, account])
  return (
    <>
      <div class="filters">
        <Chips<string>
          legend={t('assets.filter')}
          all={t('assets.all')}
          chosen={type || undefined}
          onChoose={(kind) => refine({ kind })}
          choices={types.map((value) => ({
            value,
            label: (
              <>
                <TypeMark type={value} /> {t.code('type', value)}
              </>
            ),
          }))}
        />
        <div class="row">
          {accounts.length > 1 && (
            <label class="field field-inline">
              <span class="unseen">{t('thing.owner')}</span>
              <select value={account} onChange={(event) => refine({ account: event.currentTarget.value })}>
                <option value="">{t('tree.accounts')}</option>
                {accounts.map(([id, name]) => (
                  <option key={id} value={id}>
                    {name}
                  </option>
                ))}
              </select>
            </label>
          )}
          <Search label={t('assets.search')} words={words} wait={250} onWords={(q) => refine({ q })} />
        </div>
      </div>
      <p class="unseen" role="status">
        {t.count('overview.assets', rows.length)}
      </p>
      {rows.length === 0 ? (
        <p class="empty">{t('assets.none')}</p>
      ) : (
        <table class="table assets-table">
          <caption class="unseen">{t('assets.caption')}</caption>
          <thead>
            <tr>
              <th scope="col">{t('assets.col.name')}</th>
              <th scope="col" class="wide">
                {t('thing.type')}
              </th>
              <AssetHeads />
              {accounts.length > 1 && (
                <th scope="col" class="wide">
                  {t('thing.owner')}
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, filtered ? MOST_FOUND : undefined).map((row) => (
              <Line
                key={row.line.id}
                row={row}
                asset={by.get(row.line.id)}
                open={row.children > 0 && isOpen(row.line.id, row.depth)}
                owner={accounts.length > 1}
                onToggle={() => setOpen(new Map(open).set(row.line.id, !isOpen(row.line.id, row.depth)))}
              />
            ))}
          </tbody>
        </table>
      )}
      {filtered && rows.length > MOST_FOUND && <p class="muted">{t('tree.found', { n: rows.length, shown: MOST_FOUND })}</p>}
    </>
  )
}

function Line({
  row,
  asset,
  open,
  owner,
  onToggle,
}: {
  row: Row
  asset: Asset | undefined
  open: boolean
  owner: boolean
  onToggle: () => void
}) {
  const { t } = useWords()
  const { line, depth, children, path } = row
  const name = asset?.device ?? line.name
  return (
    <tr>
      <th scope="row">
        <span class="tree-name" style={{ '--depth': Math.min(depth, 6) }}>
          {path === undefined &&
            (children > 0 ? (
              <button
                type="button"
                class="tree-fold"
                aria-expanded={open}
                aria-label={t('tree.fold', { name, n: children })}
                onClick={onToggle}
              >
                <span aria-hidden="true">{open ? '▾' : '▸'}</span>
              </button>
            ) : (
              <span class="tree-fold" aria-hidden="true" />
            ))}
          <a class="row-link" href={`/ops/assets/${line.id}`}>
            <TypeMark type={line.generic_asset_type.name} />
            <span>
              <span>{name}</span>
              {(asset?.town || path) && <span class="muted small block">{asset?.town ?? path}</span>}
            </span>
          </a>
        </span>
      </th>
      <td class="wide">{t.code('type', line.generic_asset_type.name)}</td>
      <AssetCells asset={asset} />
      {owner && <td class="wide">{line.owner?.name ?? t('thing.public')}</td>}
    </tr>
  )
}
