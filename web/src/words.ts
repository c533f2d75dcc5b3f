/** What a component needs to speak: language, formats of the site's zone. */
import { useMemo } from 'preact/hooks'
import { useCell } from './cell.ts'
import { type Format, formatFor } from './format.ts'
import { type Language, type Speak, speak } from './i18n/i18n.ts'
import { inFrench } from './i18n/reasons.ts'
import { site } from './live.ts'
import { settings } from './settings.ts'

export interface Words {
  t: Speak
  f: Format
  /** What the platform said (reasons, receipts, alarms), in the language of the reader. */
  said: (text: string) => string
  language: Language
  zone: string
}

export function useWords(): Words {
  const { language } = useCell(settings)
  const zone = useCell(site)?.timezone ?? 'America/Martinique'
  return useMemo(
    () => ({ t: speak(language), f: formatFor(language, zone), said: language === 'fr' ? inFrench : asSaid, language, zone }),
    [language, zone],
  )
}

const asSaid = (text: string): string => text
