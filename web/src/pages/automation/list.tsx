/** Automations of all assets, or of one: what each makes, when, what became of it; paused, changed and deleted here. */
import '../../style/things.css'
import '../../style/work.css'
import { useEffect, useState } from 'preact/hooks'
import { Chips } from '../../parts/chips.tsx'
import { Icon } from '../../parts/icon.tsx'
import { Search } from '../../parts/search.tsx'
import { Empty, Pending, Stale } from '../../parts/state.tsx'
import { useTick } from '../../parts/tick.ts'
import { useWhole } from '../../resource.ts'
import { address, refine } from '../../route.ts'
import { useWords } from '../../words.ts'
import type { Automation } from './automation.ts'
import { AutomationForm } from './form.tsx'
import { AutomationLine } from './line.tsx'

const LOOK_EVERY = 15_000
const LOOK_OFTEN = 2_000
const PAGE = 50

/** A heading, a card of filters and lines. `asset`: only its own, without its name. `mayAdd`: whether a new one is offered. */
export function AutomationList({ query, asset, mayAdd }: { query: Record<string, string>; asset?: number; mayAdd: boolean }) {
  const { t, language } = useWords()
  const { state = '', q = '' } = query
  const [acted, setActed] = useState(0)
  const [adding, setAdding] = useState(false)
  const [busy, setBusy] = useState(false)
  const beat = useTick(busy ? LOOK_OFTEN : LOOK_EVERY)
  const shown = Math.max(PAGE, Number(query['rows']) || 0)
  const { data, error, reload } = useWhole<{ data: Automation[]; total: number }>(
    address('/api/cariflex/v1/automations', {
      language,
      asset: asset === undefined ? undefined : String(asset),
      active: state === 'active' ? 'true' : state === 'paused' ? 'false' : undefined,
      limit: String(Math.min(500, shown)),
    }),
    `${beat} ${acted}`,
  )
  const under = data?.data.some(({ last }) => last?.status === 'STARTED' || last?.status === 'QUEUED') ?? false
  useEffect(() => setBusy(under), [under])
  const words = q.toLowerCase()
  const found = data?.data.filter(({ name, assetName }) => `${name} ${assetName}`.toLowerCase().includes(words))
  const changed = () => setActed(acted + 1)
  const add = mayAdd && (
    <button type="button" class={`button button-main ${asset === undefined ? 'page-head-do' : ''}`} onClick={() => setAdding(true)}>
      <Icon name="automations" size={20} /> {t('auto.new')}
    </button>
  )
  const filters = (
    <div class="filters">
      <Chips
        legend={t('jobs.filter')}
        all={t('auto.all')}
        choices={(['active', 'paused'] as const).map((value) => ({ value, label: t.code('auto.state', value) }))}
        chosen={state === '' ? undefined : state}
        onChoose={(chosen) => refine({ state: chosen, rows: undefined })}
      />
      {asset === undefined && <Search label={t('table.search')} words={q} onWords={(words) => refine({ q: words })} />}
    </div>
  )
  const body = (
    <>
      {(data?.total !== 0 || state !== '') && filters}
      {data && <Stale error={error} />}
      {!data || !found ? (
        <Pending error={error} retry={reload} />
      ) : data.total === 0 && state === '' ? (
        <Empty title={t('auto.empty')}>
          <p class="lead">{t('auto.empty.next')}</p>
        </Empty>
      ) : found.length === 0 ? (
        <p class="empty">{q ? t('table.none') : t('auto.none')}</p>
      ) : (
        <ul class="plain works">
          {found.map((one) => (
            <AutomationLine key={one.id} one={one} named={asset === undefined} onChange={changed} />
          ))}
        </ul>
      )}
      {data && data.total > data.data.length && data.data.length < 500 && (
        <button type="button" class="button" onClick={() => refine({ rows: String(shown + 4 * PAGE) })}>
          {t('thing.more', { n: data.total - data.data.length })}
        </button>
      )}
    </>
  )
  return (
    <>
      {asset === undefined ? (
        <>
          <div class="page-head">
            <h1>{t('auto.title')}</h1>
            {add}
          </div>
          <section class="card" aria-label={t('auto.title')}>
            {body}
          </section>
        </>
      ) : (
        <section class="card" aria-labelledby="asset-automations">
          <div class="card-head">
            <h2 id="asset-automations">{t('auto.title')}</h2>
            {add}
          </div>
          {body}
        </section>
      )}
      {adding && (
        <AutomationForm
          {...(asset !== undefined && { asset })}
          onClose={(done) => {
            setAdding(false)
            if (done) changed()
          }}
        />
      )}
    </>
  )
}
