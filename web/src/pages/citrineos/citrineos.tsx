/** Beside a running CitrineOS: the bridge to it, assets and stations compared, and stations brought from a table. */
import '../../style/stations.css'
import '../../style/things.css'
import { useWords } from '../../words.ts'
import { Bridge } from './bridge.tsx'
import { StationTable } from './station-table.tsx'
import { Sync } from './sync.tsx'

export function CitrineOS() {
  const { t } = useWords()
  return (
    <div class="page">
      <div class="page-head">
        <h1>{t('citrineos.title')}</h1>
      </div>
      <p class="lead muted">{t('citrineos.lead')}</p>
      <Bridge />
      <Sync />
      <StationTable />
    </div>
  )
}
