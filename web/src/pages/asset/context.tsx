/** Where an asset stands: what is above and below it, on the map, its sensors with their last value, and its daily figures. */
import { useMemo, useState } from 'preact/hooks'
import { useCell } from '../../cell.ts'
import { platformNow } from '../../live.ts'
import { Icon } from '../../parts/icon.tsx'
import { later } from '../../parts/later.tsx'
import { Empty, Loading, Pending, Stale } from '../../parts/state.tsx'
import { TypeMark } from '../../parts/type-mark.tsx'
import { useResource } from '../../resource.ts'
import type { ThingLine } from '../../things.ts'
import { ancestors, childrenOf, offspring, useTree } from '../../tree.ts'
import { useWords } from '../../words.ts'
import { AssetActions } from './actions.tsx'
import { KpiCard } from './kpis.tsx'
import { NewSensor } from './new-sensor.tsx'
import type { TabProps } from './tab.ts'

const Place = later(async () => (await import('../../map/place-map.tsx')).PlaceMap)

export function ContextTab(props: TabProps) {
  const { thing, route, may } = props
  const { t, f } = useWords()
  const located = thing.latitude !== null && thing.longitude !== null
  return (
    <div class="asset asset-context">
      <div class="asset-main">
        <KpiCard thing={thing} route={route} />
        <SensorsCard {...props} />
        <FamilyCard {...props} />
      </div>
      <div class="asset-side">
        <section class="card" aria-labelledby="context-place">
          <h2 id="context-place">{t('thing.place')}</h2>
          {located ? (
            <>
              <Place latitude={thing.latitude!} longitude={thing.longitude!} label={t('thing.place.map', { name: thing.name })} />
              <p class="muted small">
                {f.number(thing.latitude!, 4)} · {f.number(thing.longitude!, 4)}
              </p>
            </>
          ) : (
            <p class="muted">{t('thing.place.none')}</p>
          )}
          <dl class="facts">
            <div>
              <dt>{t('thing.type')}</dt>
              <dd>{t.code('type', thing.generic_asset_type.name)}</dd>
            </div>
            <div>
              <dt>{t('thing.owner')}</dt>
              <dd>{thing.owner ? <a href={`/admin/accounts/${thing.owner.id}`}>{thing.owner.name}</a> : t('thing.public')}</dd>
            </div>
            <div>
              <dt>{t('asset.prop.number')}</dt>
              <dd>{thing.id}</dd>
            </div>
            {thing.external_id && (
              <div>
                <dt>{t('thing.external')}</dt>
                <dd>{thing.external_id}</dd>
              </div>
            )}
          </dl>
          {thing.description && <p>{thing.description}</p>}
        </section>
        {(may.add || may.remove) && <AssetActions {...props} />}
      </div>
    </div>
  )
}

interface Latest {
  sensor: number
  name: string
  unit: string
  resolution: number
  at: string | null
  value: number | null
}
interface StatusLine {
  sensor: number
  asset: number
  stale: boolean
  sources: { code: string }[]
}

function SensorsCard({ thing, may, onChange }: TabProps) {
  const { t, f } = useWords()
  const { data, error, reload } = useResource<Latest[]>(`/assets/${thing.id}/latest`, Math.floor(platformNow() / 30_000))
  const status = useResource<{ lines: StatusLine[] }>(`/assets/${thing.id}/status`)
  const [adding, setAdding] = useState(false)
  const freshness = (id: number) => {
    const line = status.data?.lines.find(({ sensor }) => sensor === id)
    if (!line) return undefined
    return line.sources[0]?.code === 'no-data' || line.sources.length === 0 ? 'no-data' : line.stale ? 'stale' : 'fresh'
  }
  const now = platformNow()
  return (
    <section class="card" aria-labelledby="context-sensors">
      <div class="card-head">
        <h2 id="context-sensors">{t('thing.sensors')}</h2>
        {may.add && (
          <button type="button" class="button" onClick={() => setAdding(true)}>
            {t('sensor.new')}
          </button>
        )}
      </div>
      {data && <Stale error={error} />}
      {!data ? (
        <Pending error={error} retry={reload} />
      ) : data.length === 0 ? (
        <Empty title={t('thing.sensors.none')}>
          <p>{t('thing.sensors.none.next')}</p>
        </Empty>
      ) : (
        <table class="table">
          <caption class="unseen">{t('thing.sensors')}</caption>
          <thead>
            <tr>
              <th scope="col">{t('sensor.name')}</th>
              <th scope="col" class="number">
                {t('sensor.last')}
              </th>
              <th scope="col">{t('sensor.when')}</th>
              <th scope="col" class="wide">
                {t('sensor.resolution')}
              </th>
              <th scope="col" class="wide">
                {t('assets.col.fresh')}
              </th>
            </tr>
          </thead>
          <tbody>
            {data.map((line) => (
              <tr key={line.sensor}>
                <th scope="row">
                  <a class="row-link" href={`/ops/sensors/${line.sensor}`}>
                    {line.name}
                  </a>
                </th>
                <td class="number nowrap">{f.amount(line.value, line.unit)}</td>
                <td>
                  {line.at ? f.near(Date.parse(line.at), now) : t('sensor.never')}
                  <span class="narrow">
                    <Freshness code={freshness(line.sensor)} />
                  </span>
                </td>
                <td class="wide">{lasts(line.resolution, t)}</td>
                <td class="wide">
                  <Freshness code={freshness(line.sensor)} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {adding && (
        <NewSensor
          thing={thing}
          onClose={(made) => {
            setAdding(false)
            if (made) onChange()
          }}
        />
      )}
    </section>
  )
}

/** A resolution in words: `15 min`, `1 h`, moments. */
export function lasts(seconds: number, t: ReturnType<typeof useWords>['t']): string {
  if (seconds === 0) return t('sensor.moments')
  if (seconds % 86_400 === 0) return t('length.days', { n: seconds / 86_400 })
  if (seconds % 3_600 === 0) return t('length.hours', { n: seconds / 3_600 })
  return seconds % 60 === 0 ? t('minutes', { n: seconds / 60 }) : t('age.seconds', { n: seconds })
}

export function Freshness({ code }: { code: string | undefined }) {
  const { t } = useWords()
  if (code === undefined) return <span class="muted">–</span>
  return (
    <span class={`fresh fresh-${code === 'fresh' ? 'fresh' : code === 'no-data' ? 'silent' : 'late'}`}>
      <span class="light" aria-hidden="true" />
      {t.code('staleness', code)}
    </span>
  )
}

function FamilyCard({ thing }: TabProps) {
  const { t } = useWords()
  const tree = useCell(useTree())
  const below = useMemo(() => (tree ? offspring(tree, thing.id) : []), [tree, thing.id])
  const above = tree ? ancestors(tree, thing.id) : []
  return (
    <section class="card" aria-labelledby="context-family">
      <h2 id="context-family">{t('thing.family')}</h2>
      {!tree ? (
        <Loading />
      ) : above.length === 0 && below.length === 0 ? (
        <p class="muted">{t('thing.family.alone')}</p>
      ) : (
        <Branch tree={tree} path={[...above, lineOf(tree, thing.id)].filter((line) => line !== undefined)} here={thing.id} />
      )}
      {below.length > 0 && (
        <p class="muted small">
          <Icon name="info" size={18} /> {t.count('thing.below', below.length)}
        </p>
      )}
    </section>
  )
}

const lineOf = (tree: readonly ThingLine[], id: number): ThingLine | undefined => tree.find((line) => line.id === id)

/** The path down to here, then what hangs below; long families are folded. */
function Branch({ tree, path, here }: { tree: ThingLine[]; path: ThingLine[]; here: number }) {
  const [line, ...rest] = path
  const children = useMemo(() => childrenOf(tree), [tree])
  if (!line) return null
  return (
    <ul class="plain branch">
      <li>
        <Leaf line={line} here={here} />
        {rest.length > 0 ? <Branch tree={tree} path={rest} here={here} /> : <Twigs of={children} parent={line.id} here={here} depth={0} />}
      </li>
    </ul>
  )
}

function Twigs({ of, parent, here, depth }: { of: Map<number | null, ThingLine[]>; parent: number; here: number; depth: number }) {
  const { t } = useWords()
  const lines = of.get(parent) ?? []
  const [open, setOpen] = useState(false)
  if (lines.length === 0 || depth > 100) return null
  const shown = open ? lines : lines.slice(0, depth === 0 ? 12 : 3)
  return (
    <ul class="plain branch">
      {shown.map((line) => (
        <li key={line.id}>
          <Leaf line={line} here={here} />
          <Twigs of={of} parent={line.id} here={here} depth={depth + 1} />
        </li>
      ))}
      {shown.length < lines.length && (
        <li>
          <button type="button" class="button button-quiet" onClick={() => setOpen(true)}>
            {t('thing.more', { n: lines.length - shown.length })}
          </button>
        </li>
      )}
    </ul>
  )
}

function Leaf({ line, here }: { line: ThingLine; here: number }) {
  const { t } = useWords()
  return (
    <a class="row-link" href={`/ops/assets/${line.id}?tab=context`} aria-current={line.id === here ? 'page' : undefined}>
      <TypeMark type={line.generic_asset_type.name} />
      <span>
        {line.name} <span class="muted small">{t.code('type', line.generic_asset_type.name)}</span>
      </span>
    </a>
  )
}
