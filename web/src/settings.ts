/** What this browser remembers of its user: language, theme, map background. */
import { cell } from './cell.ts'
import type { Language } from './i18n/i18n.ts'
import { type Face, propertiesOf } from './theming.ts'

export type Theme = 'auto' | 'light' | 'dark'
export interface Settings {
  language: Language
  theme: Theme
  /** Whether pictures of OpenStreetMap may be fetched. */
  tiles: boolean
}

const KEY = 'cariflex.settings'

function remembered(): Settings {
  const fallback: Settings = { language: navigator.language.toLowerCase().startsWith('en') ? 'en' : 'fr', theme: 'auto', tiles: true }
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Settings>
    return {
      language: kept.language === 'fr' || kept.language === 'en' ? kept.language : fallback.language,
      theme: kept.theme === 'light' || kept.theme === 'dark' ? kept.theme : 'auto',
      tiles: kept.tiles ?? true,
    }
  } catch {
    return fallback
  }
}

export const settings = cell<Settings>(remembered())

export function choose(change: Partial<Settings>): void {
  settings.set({ ...settings.get(), ...change })
  try {
    localStorage.setItem(KEY, JSON.stringify(settings.get()))
  } catch {
    // Private windows may refuse storage: the choice then lasts as long as the page.
  }
}

const dark = matchMedia('(prefers-color-scheme: dark)')
export const isDark = (): boolean => {
  const { theme } = settings.get()
  return theme === 'dark' || (theme === 'auto' && dark.matches)
}

/** Counts changes of the colours, for what is painted on canvas. */
export const paint = cell(0)

/** Writes language and theme on the document, now and at each change. */
export function dress(): void {
  const apply = () => {
    const { language, theme } = settings.get()
    document.documentElement.lang = language
    if (theme === 'auto') delete document.documentElement.dataset['theme']
    else document.documentElement.dataset['theme'] = theme
    document.querySelector('meta[name=theme-color]')?.setAttribute('content', isDark() ? '#0e1420' : '#ffffff')
    paint.set(paint.get() + 1)
  }
  apply()
  settings.watch(apply)
  dark.addEventListener('change', apply)
}

const WORN = ['--accent', '--on-accent', '--tint', '--band']
/** Dresses the page in the colours of an organisation, or in the platform's own. */
export function wear(face: Partial<Face> | undefined): void {
  const wanted = propertiesOf(face)
  const { style } = document.documentElement
  for (const name of WORN)
    if (wanted[name]) style.setProperty(name, wanted[name])
    else style.removeProperty(name)
  paint.set(paint.get() + 1)
}
