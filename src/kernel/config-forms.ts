/** The formats of the configuration: what JSON Schema calls so, checked by the kernel's own readers. */
import { parseDurationLength } from './duration.ts'
import { parseRates } from './rate.ts'
import { isZone } from './zone.ts'

const isDuration = (text: string): boolean => {
  try {
    return parseDurationLength(text) >= 0
  } catch {
    return false
  }
}

const isAddress = (text: string): boolean => /^https?:\/\//.test(text) && URL.canParse(text)

const isRate = (text: string): boolean => {
  try {
    parseRates(text)
    return true
  } catch {
    return false
  }
}

export const FORMS: Record<string, (text: string) => boolean> = {
  duration: isDuration,
  'time-zone': isZone,
  uri: isAddress,
  rate: isRate,
  email: (text) => /^[^\s@]+@[^\s@]+$/.test(text),
}
