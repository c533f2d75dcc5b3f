/** Who changed what, newest first: the audit log of an account, a user or an asset, paged by the platform. */
import { inFrench } from '../i18n/audit.ts'
import type { AuditEntry } from '../pages/people.ts'
import { useWords } from '../words.ts'
import { PagedTable } from './paged-table.tsx'

/** `path` is an audit log of the FlexMeasures API. */
export function AuditTable({ path, query, version = 0 }: { path: string; query: Record<string, string>; version?: number }) {
  const { t, f, language } = useWords()
  return (
    <PagedTable<AuditEntry>
      path={path}
      query={query}
      prefix="log-"
      caption={t('audit.caption')}
      empty={t('audit.empty')}
      version={version}
      keyOf={(row) => `${row.event_datetime} ${row.event}`}
      columns={[
        { head: t('audit.when'), sort: 'event_datetime', cell: (row) => f.moment(Date.parse(row.event_datetime)) },
        {
          head: t('audit.what'),
          sort: 'event',
          cell: (row) => <span class="break event">{language === 'fr' ? inFrench(row.event) : row.event}</span>,
        },
        { head: t('audit.who'), sort: 'active_user_name', wide: true, cell: (row) => row.active_user_name ?? t('audit.nobody') },
      ]}
    />
  )
}
