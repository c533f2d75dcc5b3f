/** Forms of text this API reads and writes: moments, durations, time zones, units, JSON in strings. */
import { formatInstant, type Instant, instant, isUnit, isZone, parseDuration, parseInstant } from '#kernel'

const accepts = (read: (text: string) => unknown) => (text: string) => {
  try {
    read(text)
    return true
  } catch {
    return false
  }
}

/** Formats that schemas of this API name. */
export const formats = {
  'aware-datetime': accepts(parseInstant),
  'iso-duration': accepts(parseDuration),
  timezone: isZone,
  unit: isUnit,
  email: (text: string) => /^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$/.test(text),
  'web-address': (text: string) => /^(https?|ftp):\/\/\S+$/.test(text) && URL.canParse(text),
  colour: (text: string) => /^#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})$/.test(text),
}

/** Milliseconds in hours, minutes and seconds, never days: 172800000 → 'PT48H', 0 → 'PT0H'. */
export function formatHours(length: number): string {
  const hours = Math.floor(length / 3_600_000)
  const minutes = Math.floor((length % 3_600_000) / 60_000)
  const seconds = (length % 60_000) / 1000
  const text = (hours > 0 ? `${hours}H` : '') + (minutes > 0 ? `${minutes}M` : '') + (seconds > 0 ? `${seconds}S` : '')
  return `PT${text === '' ? '0H' : text}`
}

/** Milliseconds with days: 86400000 → 'P1D', 0 → 'P0D', 900000 → 'PT15M'. */
export function formatResolution(length: number): string {
  const days = Math.floor(length / 86_400_000)
  const rest = length % 86_400_000
  if (rest === 0) return `P${days}D`
  return `P${days > 0 ? `${days}D` : ''}${formatHours(rest).slice(1)}`
}

/** '0:04:10', as durations are named in messages. */
export function formatClock(length: number): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const days = Math.floor(length / 86_400_000)
  const clock = `${Math.floor((length % 86_400_000) / 3_600_000)}:${two(Math.floor((length % 3_600_000) / 60_000))}:${two(Math.floor((length % 60_000) / 1000))}`
  return days === 0 ? clock : `${days} day${days === 1 ? '' : 's'}, ${clock}`
}

/** A moment with the UTC offset that the asker used: '2025-06-02T00:00:00+02:00' stays so, 'Z' becomes '+00:00'. */
export function formatAsAsked(at: Instant, asked: string): string {
  const hit = /([+-])(\d{2}):?(\d{2})?$/.exec(asked.trim().replace(/ (\d{2}:?\d{2})$/, '+$1'))
  if (!hit || /[zZ]$/.test(asked.trim())) return formatInstant(at)
  const minutes = (hit[1] === '-' ? -1 : 1) * (Number(hit[2]) * 60 + Number(hit[3] ?? 0))
  return `${formatInstant(instant(at + minutes * 60_000)).replace(/\+00:00$/, '')}${hit[1]}${hit[2]}:${hit[3] ?? '00'}`
}

/** Value of a field that comes as JSON in a string or as it is. @throws TypeError when the text is no JSON */
export function jsonOf(value: unknown): unknown {
  if (typeof value !== 'string') return value
  try {
    return JSON.parse(value)
  } catch {
    throw new TypeError('Not a valid JSON string.')
  }
}

/** How Python writes a value, as it stands in audit events: None, True, [1, 2], {'a': 1}. */
export function pythonText(value: unknown, inside = false): string {
  if (value === null || value === undefined) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (typeof value === 'string') return inside ? `'${value}'` : value
  if (Array.isArray(value)) return `[${value.map((item) => pythonText(item, true)).join(', ')}]`
  if (typeof value === 'object')
    return `{${Object.entries(value)
      .map(([key, item]) => `'${key}': ${pythonText(item, true)}`)
      .join(', ')}}`
  return String(value)
}

/** Words of a filter as a shell splits them: `"two words" one`. */
export const termsOf = (filter: string | undefined): string[] =>
  [...(filter ?? '').matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((hit) => hit[1] ?? hit[2] ?? hit[3] ?? '').filter((term) => term !== '')

/** True for the spellings of truth that clients use (Python sends 'True'). */
export const truth = (text: string): boolean => /^(true|1|on|yes|t|y)$/i.test(text)
