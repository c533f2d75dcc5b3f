/** Language, theme, map pictures; who is signed in. */
import { useState } from 'preact/hooks'
import { Refusal, remove } from '../api.ts'
import { useCell } from '../cell.ts'
import { session, site } from '../live.ts'
import { Icon } from '../parts/icon.tsx'
import { OwnPassword } from '../parts/own-password.tsx'
import { Failure } from '../parts/state.tsx'
import { choose, settings, type Theme } from '../settings.ts'
import { useWords } from '../words.ts'

const THEMES: Theme[] = ['auto', 'light', 'dark']

export function SettingsPage() {
  const { t } = useWords()
  const kept = useCell(settings)
  const who = useCell(session)
  const place = useCell(site)
  const [error, setError] = useState<Refusal | null>(null)
  const leave = async () => {
    try {
      await remove('/session')
      session.set({ state: 'none' })
    } catch (failure) {
      if (failure instanceof Refusal) setError(failure)
      else throw failure
    }
  }
  return (
    <div class="page page-narrow">
      <h1>{t('settings.title')}</h1>
      <section class="card" aria-labelledby="settings-look">
        <h2 id="settings-look">{t('settings.look')}</h2>
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
      <section class="card" aria-labelledby="settings-who">
        <h2 id="settings-who">{t('settings.who')}</h2>
        {who.state === 'in' && (
          <dl class="facts">
            <dt>{t('settings.user')}</dt>
            <dd>{who.user.username}</dd>
            <dt>{t('signin.email')}</dt>
            <dd class="break">{who.user.email}</dd>
            <dt>{t('settings.organisation')}</dt>
            <dd>{who.user.account.name}</dd>
            <dt>{t('settings.roles')}</dt>
            <dd>{who.user.roles.length > 0 ? who.user.roles.join(', ') : t('settings.roles.none')}</dd>
          </dl>
        )}
        {error && <Failure error={error} />}
        <button type="button" class="button" onClick={leave}>
          <Icon name="out" /> {t('settings.leave')}
        </button>
      </section>
      <section class="card" aria-labelledby="settings-about">
        <h2 id="settings-about">{t('settings.about')}</h2>
        <p>
          {place?.platformName ?? 'Cariflex'} {place?.version}
        </p>
        <p class="muted small">{t('settings.licence')}</p>
      </section>
      <OwnPassword />
    </div>
  )
}
