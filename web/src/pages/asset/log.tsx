/** Who changed the asset and what, newest first. */
import { AuditTable } from '../../parts/audit-table.tsx'
import { useWords } from '../../words.ts'
import type { TabProps } from './tab.ts'

export function LogTab({ thing, route }: TabProps) {
  const { t } = useWords()
  return (
    <section class="card" aria-labelledby="asset-log">
      <h2 id="asset-log">{t('audit.title')}</h2>
      <AuditTable path={`/api/v3_0/assets/${thing.id}/auditlog`} query={route.query} />
    </section>
  )
}
