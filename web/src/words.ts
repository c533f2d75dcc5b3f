/** What a component needs to speak: language, formats of the site's zone. */
import { useMemo } from 'preact/hooks'
import { useCell } from './cell.ts'
import { type Format, formatFor } from './format.ts'
import { type Language, type Speak, speak } from './i18n/i18n.ts'
import { site } from './live.ts'
import { settings } from './settings.ts'

export interface Words {
  t: Speak
  f: Format
  language: Language
  zone: string
}

export function useWords(): Words {
  const { language } = useCell(settings)
  const zone = useCell(site)?.timezone ?? 'America/Martinique'
  return useMemo(() => ({ t: speak(language), f: formatFor(language, zone), language, zone }), [language, zone])
}
