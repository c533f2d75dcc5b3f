/** How often something may be asked, as FlexMeasures writes it: '500 per minute', '10 per 5 minutes; 100 per day', '10/hour'. */
import { Problem } from './problem.ts'
import { DAY, HOUR, MINUTE, SECOND } from './quantity.ts'

/** At most `limit` in each `period` milliseconds. */
export interface Rate {
  limit: number
  period: number
}

const UNITS: Record<string, number> = { second: SECOND, minute: MINUTE, hour: HOUR, day: DAY, month: 30 * DAY, year: 365 * DAY }
const FORM = /^(\d{1,9})\s*(?:\/|per)\s*(?:(\d{1,6})\s*)?(second|minute|hour|day|month|year)s?$/i

/**
 * Reads a list of rates; all of them hold. An empty text and 'unlimited' are no limit.
 *
 * @throws Problem `invalid-rate`
 */
export function parseRates(text: string): Rate[] {
  const wanted = text.trim()
  if (wanted === '' || wanted.toLowerCase() === 'unlimited') return []
  return wanted.split(/[;,|]/).map((part) => {
    const hit = FORM.exec(part.trim())
    const many = Number(hit?.[2] ?? 1)
    if (!hit || many === 0)
      throw new Problem('invalid-rate', `'${part.trim()}' is not a rate.`, {
        status: 422,
        hint: "Write it like '500 per minute' or '10 per 5 minutes'.",
      })
    return { limit: Number(hit[1]), period: many * UNITS[hit[3]!.toLowerCase()]! }
  })
}

/** '10 per 5 minute', as FlexMeasures names a limit that was hit. */
export function sayRate({ limit, period }: Rate): string {
  const [unit, length] = Object.entries(UNITS)
    .reverse()
    .find(([, candidate]) => period % candidate === 0) ?? ['second', SECOND]
  return `${limit} per ${period / length} ${unit}`
}
