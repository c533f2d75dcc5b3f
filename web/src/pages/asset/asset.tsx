/** One asset: its name and place, and the parts of its page by the words of FlexMeasures. Those of the steered site begin with what happens now. */
import { useMemo, useState } from 'preact/hooks'
import { useCell } from '../../cell.ts'
import { useHeading } from '../../heading.ts'
import { assets, session } from '../../live.ts'
import { later } from '../../parts/later.tsx'
import { Simulated } from '../../parts/marks.tsx'
import { Empty, Pending, Stale } from '../../parts/state.tsx'
import { Tabs } from '../../parts/tabs.tsx'
import { TypeMark } from '../../parts/type-mark.tsx'
import { useWhole } from '../../resource.ts'
import type { PageProps } from '../../route.ts'
import { mayOn, type Thing } from '../../things.ts'
import { useWords } from '../../words.ts'
import { Crumbs } from './crumbs.tsx'
import type { TabProps } from './tab.ts'
import '../../style/things.css'

const NowTab = later(async () => (await import('./now.tsx')).NowTab)
const PARTS: Record<string, (props: TabProps) => preact.JSX.Element> = {
  context: later(async () => (await import('./context.tsx')).ContextTab),
  graphs: later(async () => (await import('./graphs.tsx')).GraphsTab),
  properties: later(async () => (await import('./properties.tsx')).PropertiesTab),
  status: later(async () => (await import('./status.tsx')).StatusTab),
  automations: later(async () => (await import('./automations.tsx')).AutomationsTab),
  log: later(async () => (await import('./log.tsx')).LogTab),
}

export function AssetPage({ route, subject = '' }: PageProps) {
  const { t } = useWords()
  const who = useCell(session)
  const all = useCell(assets)
  const live = useMemo(() => all?.find((each) => String(each.asset) === subject || each.device === subject), [all, subject])
  const id = live ? live.asset : /^\d+$/.test(subject) ? Number(subject) : undefined
  const [version, setVersion] = useState(0)
  const { data: thing, error, read, reload } = useWhole<Thing>(id === undefined ? null : `/api/v3_0/assets/${id}`, version)
  useHeading(thing?.name ?? live?.device ?? live?.name)
  if (who.state !== 'in') return null
  if ((id === undefined && all) || error?.status === 404)
    return (
      <Empty title={t('asset.unknown', { id: subject })}>
        <a class="button" href="/ops/assets">
          {t('asset.all')}
        </a>
      </Empty>
    )
  if (!thing) return <Pending error={error} retry={reload} />
  const steered = live?.device ? live : undefined
  const ids = [...(steered ? ['now'] : []), ...Object.keys(PARTS)]
  const open = ids.includes(route.query['tab'] ?? '') ? route.query['tab']! : ids[0]!
  const Part = PARTS[open]
  return (
    <div class="page">
      <Crumbs thing={thing} />
      <div class="page-head">
        <h1>
          <TypeMark type={thing.generic_asset_type.name} /> {steered?.device ?? thing.name}
          <span class="page-head-more">{live?.town ?? t.code('type', thing.generic_asset_type.name)}</span>
        </h1>
        <Simulated on={live?.live.simulated} />
      </div>
      <Tabs
        tabs={ids.map((tab) => ({ id: tab, label: t.code('thing.tab', tab) }))}
        open={open}
        path={`/ops/assets/${subject}`}
        label={t('thing.tabs')}
      />
      <Stale error={error} />
      {open === 'now' && steered ? (
        <NowTab asset={steered} route={route} />
      ) : (
        Part && (
          <Part
            key={`${open}/${read}`}
            thing={thing}
            route={route}
            may={mayOn(who.user, thing.account_id)}
            user={who.user}
            onChange={() => setVersion(version + 1)}
          />
        )
      )}
    </div>
  )
}
