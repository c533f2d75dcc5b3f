/** What becomes of a wish. */
import type { Judged } from '../../charging-wire.ts'
import { useWords } from '../../words.ts'
import { clockOf, otherDay } from './wish-draft.ts'

/** What becomes of it: so much by then, and the reasons, price first. */
export function Outcome({ judged, draft = false }: { judged: Judged; draft?: boolean }) {
  const { t, f, said } = useWords()
  const time = `${otherDay(judged.by, Date.now()) ? `${f.day(Date.parse(judged.by))} ` : ''}${clockOf(judged.by)}`
  return (
    <div class={`driver-outcome ${judged.feasible ? 'driver-good' : 'driver-short'}`}>
      <p class="strong">
        {judged.feasible && judged.energyKwh <= 0
          ? t('driver.full')
          : judged.feasible
            ? t(draft ? 'driver.can' : 'driver.will', { energy: f.amount(judged.reachableKwh, 'kWh'), time })
            : t('driver.short', { energy: f.amount(judged.reachableKwh, 'kWh'), missing: f.amount(judged.missingKwh, 'kWh'), time })}
      </p>
      <ul class="small">
        {judged.reasons.map((reason) => (
          <li key={reason}>{said(reason)}</li>
        ))}
      </ul>
      {judged.uncertain && <p class="small muted">{t('driver.uncertain')}</p>}
    </div>
  )
}
