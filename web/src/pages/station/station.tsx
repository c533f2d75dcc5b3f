/** One charging station: what it does now, its sessions, profiles, variables, conversation, certificates and journal. */
import { useCell } from '../../cell.ts'
import type { StationWhole } from '../../charging-wire.ts'
import { useHeading } from '../../heading.ts'
import { session, site, versions } from '../../live.ts'
import { Simulated } from '../../parts/marks.tsx'
import { Empty, Pending, Stale } from '../../parts/state.tsx'
import { Tabs } from '../../parts/tabs.tsx'
import { useTick } from '../../parts/tick.ts'
import { useResource } from '../../resource.ts'
import type { PageProps } from '../../route.ts'
import { steers } from '../../things.ts'
import { useWords } from '../../words.ts'
import { Certificates } from './certificates.tsx'
import { Journal } from './journal.tsx'
import { StationNow } from './now.tsx'
import { Profiles } from './profiles.tsx'
import { titleOf } from './state.tsx'
import { StationTalk } from './talk.tsx'
import { StationTariffs } from './tariffs.tsx'
import { Transactions } from './transactions.tsx'
import { Upstream } from './upstream.tsx'
import { Variables } from './variables.tsx'

const TABS = ['now', 'transactions', 'profiles', 'tariffs', 'variables', 'talk', 'certificates', 'upstream', 'journal'] as const

export function StationPage({ route, subject = '' }: PageProps) {
  const { t } = useWords()
  useHeading(subject)
  const seen = useCell(versions)
  const place = useCell(site)
  const who = useCell(session)
  const tick = Math.floor(useTick(5_000) / 5_000)
  const path = `/ops/stations/${encodeURIComponent(subject)}`
  const { data, error, reload } = useResource<StationWhole>(
    `/stations/${encodeURIComponent(subject)}`,
    `${seen.devices}/${seen.setpoints}/${seen.limits}/${tick}`,
  )
  const open = TABS.find((tab) => tab === route.query['tab']) ?? 'now'
  const may = who.state === 'in' && steers(who.user)
  const { search = '' } = route.query
  return (
    <div class="page">
      <p class="crumbs">
        <a href="/ops/stations">{t('nav.stations')}</a> <span aria-hidden="true">›</span> {subject}
      </p>
      <div class="page-head">
        <h1>{data ? titleOf(data) : subject}</h1>
        <Simulated on={place?.demo} />
      </div>
      {data && <Stale error={error} />}
      {!data ? (
        error?.status === 404 ? (
          <Empty title={t('stations.unknown', { id: subject })}>
            <a class="button" href="/ops/stations">
              {t('stations.all')}
            </a>
          </Empty>
        ) : (
          <Pending error={error} retry={reload} />
        )
      ) : (
        <>
          <Tabs tabs={TABS.map((id) => ({ id, label: t(`station.tab.${id}`) }))} open={open} path={path} label={t('station.tabs')} />
          {open === 'now' && <StationNow station={data} may={may} search={search} />}
          {open === 'transactions' && <Transactions station={subject} chosen={route.query['transaction']} />}
          {open === 'profiles' && <Profiles station={data} may={may} />}
          {open === 'tariffs' && <StationTariffs station={subject} may={may} />}
          {open === 'variables' && <Variables station={subject} may={may} search={search} chosen={route.query['key']} />}
          {open === 'talk' && <StationTalk identity={subject} search={search} />}
          {open === 'certificates' && <Certificates station={subject} may={may} />}
          {open === 'upstream' && <Upstream station={subject} may={may} tick={tick} />}
          {open === 'journal' && <Journal station={subject} />}
        </>
      )}
    </div>
  )
}
