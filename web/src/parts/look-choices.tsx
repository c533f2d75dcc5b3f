/** How this browser shows things: language, theme, pictures of the map. */
import { useCell } from '../cell.ts'
import { choose, settings, type Theme } from '../settings.ts'
import { useWords } from '../words.ts'

const THEMES: Theme[] = ['auto', 'light', 'dark']

export function LookChoices() {
  const { t } = useWords()
  const kept = useCell(settings)
  return (
    <section class="card" aria-labelledby="settings-look">
      <h2 id="settings-look">{t('settings.look')}</h2>
      <p class="muted small">{t('me.look.lead')}</p>
      <fieldset class="choices">
        <legend>{t('settings.language')}</legend>
        {(['fr', 'en'] as const).map((language) => (
          <label key={language} class="choice">
            <input type="radio" name="language" checked={kept.language === language} onChange={() => choose({ language })} />
            <span lang={language}>{language === 'fr' ? 'Français' : 'English'}</span>
          </label>
        ))}
      </fieldset>
      <fieldset class="choices">
        <legend>{t('settings.theme')}</legend>
        {THEMES.map((theme) => (
          <label key={theme} class="choice">
            <input type="radio" name="theme" checked={kept.theme === theme} onChange={() => choose({ theme })} />
            <span>{t.code('settings.theme', theme)}</span>
          </label>
        ))}
      </fieldset>
      <fieldset class="choices">
        <legend>{t('settings.map')}</legend>
        <label class="choice">
          <input type="checkbox" checked={kept.tiles} onChange={() => choose({ tiles: !kept.tiles })} />
          <span>{t('settings.tiles')}</span>
        </label>
        <p class="muted small">{t('settings.tiles.hint')}</p>
      </fieldset>
    </section>
  )
}
