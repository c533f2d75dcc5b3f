/** Numbers with their unit, moments in the zone of the site, directions in words. */
import type { Language } from './i18n/i18n.ts'

const LOCALE: Record<Language, string> = { fr: 'fr-FR', en: 'en-GB' }
const made = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat>()

function numberFormat(language: Language, digits: number): Intl.NumberFormat {
  const key = `n${language}${digits}`
  let format = made.get(key) as Intl.NumberFormat | undefined
  if (!format) {
    format = new Intl.NumberFormat(LOCALE[language], { maximumFractionDigits: digits, minimumFractionDigits: digits })
    made.set(key, format)
  }
  return format
}

function timeFormat(language: Language, zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `t${language}${zone}${JSON.stringify(options)}`
  let format = made.get(key) as Intl.DateTimeFormat | undefined
  if (!format) {
    format = new Intl.DateTimeFormat(LOCALE[language], { ...options, timeZone: zone })
    made.set(key, format)
  }
  return format
}

export interface Format {
  /** A number with as many decimals as its size deserves, or as told. */
  number(value: number, digits?: number): string
  /** `12,3 kW`, with a no-break space; a dash when there is no value. */
  amount(value: number | null | undefined, unit: string, digits?: number): string
  percent(ratio: number | null | undefined): string
  clock(at: number): string
  clockSeconds(at: number): string
  /** `mar. 24 nov., 14:05` */
  moment(at: number): string
  day(at: number): string
  weekday(at: number): string
  /** `24/11` */
  date(at: number): string
  /** `24 nov. 2026`, for what is years away. */
  fullDate(at: number): string
  /** Clock time when it is today, with the day otherwise. */
  near(at: number, now: number): string
}

const digitsFor = (value: number): number => {
  const size = Math.abs(value)
  return size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 1 : size === 0 ? 0 : 2
}

export function formatFor(language: Language, zone: string): Format {
  const clock = timeFormat(language, zone, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  const day = timeFormat(language, zone, { weekday: 'short', day: 'numeric', month: 'short' })
  const weekday = timeFormat(language, zone, { weekday: 'short' })
  const date = timeFormat(language, zone, { day: '2-digit', month: '2-digit' })
  const fullDate = timeFormat(language, zone, { day: 'numeric', month: 'short', year: 'numeric' })
  const seconds = timeFormat(language, zone, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' })
  const self: Format = {
    number(value, digits) {
      // Never "-0,0".
      const shown = Number(value.toFixed(digits ?? digitsFor(value))) + 0
      return numberFormat(language, digits ?? digitsFor(shown)).format(shown)
    },
    amount: (value, unit, digits) =>
      value === null || value === undefined || !Number.isFinite(value) ? '–' : `${self.number(value, digits)}\u00a0${unit}`,
    percent: (ratio) =>
      ratio === null || ratio === undefined || !Number.isFinite(ratio) ? '–' : `${numberFormat(language, 0).format(ratio * 100)}\u00a0%`,
    clock: (at) => clock.format(at),
    clockSeconds: (at) => seconds.format(at),
    moment: (at) => `${day.format(at)} ${clock.format(at)}`,
    day: (at) => day.format(at),
    weekday: (at) => weekday.format(at),
    date: (at) => date.format(at),
    fullDate: (at) => fullDate.format(at),
    near: (at, now) => (day.format(at) === day.format(now) ? clock.format(at) : `${day.format(at)} ${clock.format(at)}`),
  }
  return self
}

/** Milliseconds of an ISO 8601 duration without years and months, such as `PT5M` or `P1DT12H`; a number is taken as milliseconds. */
export function milliseconds(duration: string | number): number {
  if (typeof duration === 'number') return duration
  const parts = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(duration)
  if (!parts) return Number.NaN
  const [, weeks = 0, days = 0, hours = 0, minutes = 0, secs = 0] = parts.map((part) => (part === undefined ? 0 : Number(part)))
  return ((((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + secs) * 1000
}

/** A moment that came as ISO time or as milliseconds; NaN when it is neither. */
export const moment = (at: string | number): number => (typeof at === 'number' ? at : Date.parse(at))

/** For the API: UTC is enough for a machine. */
export const iso = (at: number): string => new Date(at).toISOString()

/** What a person reads of the problem of a job: its first line, without the name of the error. */
export const problemLine = (problem: string): string => (problem.split('\n')[0] ?? '').replace(/^\w*(Error|Exception): /, '')
