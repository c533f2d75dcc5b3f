/** Ready reports of a site: what is asked, and what is told. */
import { dayAfter, dayStart, type Instant, parseInstant } from '#kernel'
import { refuseReport } from './frame.ts'
import { applyOffsets } from './offset.ts'

export const READY_REPORTS = ['self-consumption', 'self-sufficiency', 'cost', 'co2', 'flexibility'] as const
export type ReadyName = (typeof READY_REPORTS)[number]

export interface ReadyOrder {
  report: ReadyName
  start: Instant
  end: Instant
}

/** One line: a total and, where it can be told apart, its days. */
export interface ReportLine {
  /** Word of the line: 'produced', 'saved' … */
  name: string
  unit: string
  total: number | null
  /** One a day of the period, null where nothing is known. */
  days: (number | null)[]
}

export interface ReadyReport {
  report: ReadyName
  zone: string
  /** Local days, '2026-01-15'. */
  dates: string[]
  lines: ReportLine[]
  /** What the numbers stand for and rest on. */
  notes: string[]
}

/** What may be said of the period of a ready report; the day before when nothing is. */
export interface ReadyPeriod {
  start?: string
  end?: string
  'start-offset'?: string
  'end-offset'?: string
}

/**
 * Reads the order of a ready report; offsets count from `now` in `zone`.
 * @throws Problem `invalid-report`, `invalid-offset`, `invalid-datetime` (422)
 */
export function readReadyOrder(report: ReadyName, period: ReadyPeriod, { now, zone }: { now: Instant; zone: string }): ReadyOrder {
  const moment = (side: 'start' | 'end'): Instant | undefined => {
    const [given, chain] = [period[side], period[`${side}-offset`]]
    if (given === undefined && chain === undefined) return undefined
    return applyOffsets(given === undefined ? now : parseInstant(given), chain ?? '', zone)
  }
  const begins = moment('start')
  const start = begins ?? dayAfter(now, zone, -1)
  const end = moment('end') ?? (begins === undefined ? dayStart(now, zone) : now)
  if (end <= start) throw refuseReport('The period ends before it begins.', 'Give a later end.')
  return { report, start, end }
}

const PERIOD = ['report', 'start', 'end', 'start-offset', 'end-offset']

/** The ready report that parameters of an automation ask for; undefined when they ask for a reporter. @throws as {@link readReadyOrder} */
export function readyOrderIn(parameters: Record<string, unknown>, at: { now: Instant; zone: string }): ReadyOrder | undefined {
  if (!('report' in parameters)) return undefined
  const given = Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name.replaceAll('_', '-'), value]))
  const report = READY_REPORTS.find((name) => name === given['report'])
  if (report === undefined) throw refuseReport(`A ready report is one of: ${READY_REPORTS.join(', ')}.`)
  for (const [name, value] of Object.entries(given)) {
    if (!PERIOD.includes(name)) throw refuseReport(`A ready report takes nothing but a period: '${name}' is none of ${PERIOD.join(', ')}.`)
    if (typeof value !== 'string') throw refuseReport(`'${name}' is no text.`)
  }
  return readReadyOrder(report, given as ReadyPeriod, at)
}
