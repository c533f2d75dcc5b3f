/** How good forecasts were, day by day, against what was measured since. */
import type { Skill } from '../wire.ts'
import { useWords } from '../words.ts'

/** `named`: each row says of which sensor it is. */
export function SkillTable({ days, named = false }: { days: readonly Skill[]; named?: boolean }) {
  const { t, f } = useWords()
  return (
    <table class="table">
      <caption class="unseen">{t('skill.table')}</caption>
      <thead>
        <tr>
          {named && <th scope="col">{t('skill.name')}</th>}
          <th scope="col">{t('skill.day')}</th>
          {!named && (
            <th scope="col" class="wide">
              {t('skill.model')}
            </th>
          )}
          <th scope="col" class="number">
            {t('skill.rmse')}
          </th>
          <th scope="col" class="number wide">
            {t('skill.persistence')}
          </th>
          <th scope="col" class="number">
            {t('skill.skill')}
          </th>
        </tr>
      </thead>
      <tbody>
        {days.map((each) => {
          const day = f.day(Date.parse(`${each.day}T12:00:00Z`))
          const model = t.code('model', each.model)
          return (
            <tr key={`${each.sensor} ${each.model} ${each.day}`}>
              <th scope="row" class={named ? undefined : 'nowrap'}>
                {named ? each.name : day}
                {named && <span class="muted small block">{model}</span>}
              </th>
              <td class={named ? 'nowrap' : 'wide'}>{named ? day : model}</td>
              <td class="number">{f.amount(each.rmse, each.unit, 2)}</td>
              <td class="number wide">{f.amount(each.rmsePersistence, each.unit, 2)}</td>
              <td class="number">{f.percent(each.skill)}</td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}
