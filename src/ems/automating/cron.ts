/** Cron strings of five fields in a time zone: when they come next, when they came last, and what they say in words. */
import { Cron } from 'croner'
import { describeError, type Instant, instant, isZone, Problem } from '#kernel'

export interface Recurrence {
  /** The first moment after `at`. */
  next(at: Instant): Instant
  /** The last moment at or before `at`; undefined when there was none. */
  last(at: Instant): Instant | undefined
}

const refuse = (message: string, hint: string): Problem =>
  new Problem('invalid-cron', message, { status: 422, hint, details: { fields: { cron: [message] } } })

const HINT = 'Write five fields: minute, hour, day of the month, month, day of the week; such as "0 5 * * *" for every day at 05:00.'
const NICKNAMES: Record<string, string> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
}

/**
 * Reads a cron string; hours are those of the zone. What lies in the hour that the clock skips comes when it has skipped it, what lies in the hour
 * that it shows twice comes once.
 * @throws Problem `invalid-cron` (422), also for strings that never fire, such as the 30th of February
 */
export function readCron(text: string, zone: string, now: Instant): Recurrence {
  if (!isZone(zone)) throw refuse(`Timezone ${zone} doesn't exist.`, 'Take a name such as Europe/Paris.')
  const given = text.trim()
  const pattern = NICKNAMES[given.toLowerCase()] ?? given
  if (pattern.split(/\s+/).length !== 5) throw refuse(`'${text}' is not a cron string of five fields.`, HINT)
  const cron = parse(pattern, zone, text)
  if (cron.nextRun(new Date(now)) === null) throw refuse(`'${text}' never fires.`, 'Is it a day that no month has?')
  return {
    next(at) {
      const found = cron.nextRun(new Date(at))
      if (found) return instant(found.getTime())
      throw refuse(`'${text}' does not fire any more.`, HINT)
    },
    last(at) {
      // previousRuns looks strictly before its moment.
      const [found] = cron.previousRuns(1, new Date(at + 1000))
      return found && found.getTime() <= at ? instant(found.getTime()) : undefined
    },
  }
}

/** The next moments after `now`, at most `count`. @throws Problem `invalid-cron` (422) */
export function nextRuns(text: string, zone: string, now: Instant, count: number): Instant[] {
  const { next } = readCron(text, zone, now)
  const runs: Instant[] = []
  for (let at = now; runs.length < count; ) {
    try {
      at = next(at)
    } catch {
      break
    }
    runs.push(at)
  }
  return runs
}

function parse(pattern: string, zone: string, text: string): Cron {
  try {
    return new Cron(pattern, { timezone: zone, paused: true, mode: '5-part' })
  } catch (error) {
    throw refuse(`'${text}' is not a cron string: ${describeError(error).replace(/^.*?CronPattern: /, '')}`, HINT)
  }
}

export type Language = 'fr' | 'en'

const DAYS = {
  en: ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'],
  fr: ['dimanche', 'lundi', 'mardi', 'mercredi', 'jeudi', 'vendredi', 'samedi'],
} as const
const MONTHS = {
  en: ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'],
  fr: ['janvier', 'février', 'mars', 'avril', 'mai', 'juin', 'juillet', 'août', 'septembre', 'octobre', 'novembre', 'décembre'],
} as const
const SHORT_DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const SHORT_MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

/** 'Every day at 05:00', 'Tous les quarts d'heure'; what is rarer is told field by field. */
export function describeCron(text: string, language: Language): string {
  const given = text.trim()
  const [minute = '*', hour = '*', day = '*', month = '*', weekday = '*'] = (NICKNAMES[given.toLowerCase()] ?? given).split(/\s+/)
  const fr = language === 'fr'
  const date = dateWords(day, month, weekday, language)
  const sentence = `${timeWords(minute, hour, fr)}${date === '' ? (/^[\d,]+$/.test(hour) ? (fr ? ', tous les jours' : ', every day') : '') : `, ${date}`}`
  return sentence[0]!.toUpperCase() + sentence.slice(1)
}

const two = (text: string): string => text.padStart(2, '0')
const and = (words: readonly string[], fr: boolean): string =>
  words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} ${fr ? 'et' : 'and'} ${words.at(-1)}`

function timeWords(minute: string, hour: string, fr: boolean): string {
  const every = /^(?:\*|0)\/(\d+)$/
  const [minutes, hours] = [every.exec(minute)?.[1], every.exec(hour)?.[1]]
  if (/^[\d,]+$/.test(minute) && /^[\d,]+$/.test(hour)) {
    const times = hour.split(',').flatMap((h) => minute.split(',').map((m) => `${two(h)}:${two(m)}`))
    return `${fr ? 'à' : 'at'} ${and(times, fr)}`
  }
  const when =
    hour === '*'
      ? ''
      : hours === undefined
        ? `, ${fr ? 'heures' : 'hours'} ${hour}`
        : fr
          ? `, une heure sur ${hours}`
          : `, every ${hours} hours`
  if (minute === '*') return `${fr ? 'chaque minute' : 'every minute'}${when}`
  if (minutes !== undefined) return `${fr ? `toutes les ${minutes} minutes` : `every ${minutes} minutes`}${when}`
  if (/^[\d,]+$/.test(minute)) {
    const base = hours === undefined ? (fr ? 'chaque heure' : 'every hour') : fr ? `toutes les ${hours} heures` : `every ${hours} hours`
    const at = and(minute.split(','), fr)
    const rest = hours === undefined ? when : ''
    return minute === '0' ? `${base}${rest}` : `${base} ${fr ? `à la minute ${at}` : `at minute ${at}`}${rest}`
  }
  return `${fr ? 'minutes' : 'minutes'} ${minute}${when}`
}

function dateWords(day: string, month: string, weekday: string, language: Language): string {
  const fr = language === 'fr'
  const words: string[] = []
  if (weekday !== '*' && weekday !== '?') words.push(listed(weekday, DAYS[language], SHORT_DAYS, 0, fr, fr ? 'le' : 'on'))
  if (day !== '*' && day !== '?') {
    const days = and(day.split(','), fr)
    words.push(fr ? `le ${days} du mois` : `on day ${days} of the month`)
  }
  if (month !== '*') words.push(listed(month, MONTHS[language], SHORT_MONTHS, 1, fr, fr ? 'en' : 'in'))
  return words.join(', ')
}

/** Names of what is listed ('1,3', 'mon-fri'); other forms as they stand. */
function listed(field: string, names: readonly string[], short: readonly string[], first: number, fr: boolean, before: string): string {
  const one = (word: string): string | undefined => {
    const named = short.indexOf(word.toLowerCase().slice(0, 3))
    const at = named >= 0 ? named : /^\d+$/.test(word) ? (Number(word) - first) % (first === 0 ? 7 : 12) : -1
    return names[at]
  }
  const parts = field.split(',').map((part) => {
    const [from = '', until] = part.split('-')
    const [a, b] = [one(from), until === undefined ? undefined : one(until)]
    if (until === undefined) return a
    return a === undefined || b === undefined ? undefined : spanned(a, b, fr, first === 0)
  })
  if (parts.some((part) => part === undefined)) return `${before} ${field}`
  const words = and(parts as string[], fr)
  return field.includes('-') ? words : `${before} ${words}`
}

const spanned = (from: string, until: string, fr: boolean, days: boolean): string => {
  if (!fr) return `from ${from} to ${until}`
  return days ? `du ${from} au ${until}` : `de ${from} à ${until}`
}
