/** Ready reports of a site: what is asked, and what is told. */
import { dayAfter, dayStart, type Instant, parseInstant } from '#kernel'
import { refuseReport } from './frame.ts'
import { applyOffsets } from './offset.ts'

export const READY_REPORTS = ['self-consumption', 'self-sufficiency', 'cost', 'co2', 'flexibility'] as const
export type ReadyName = (typeof READY_REPORTS)[number]

/** Lines of the ready reports that may be saved day by day; those of `flexibility` are as many as gave orders. */
export const READY_LINES: Record<ReadyName, readonly string[]> = {
  'self-consumption': ['produced', 'self-consumed', 'share', 'share without flexibility'],
  'self-sufficiency': ['consumed', 'imported', 'share', 'share without flexibility'],
  cost: ['with flexibility', 'without flexibility', 'saved'],
  co2: ['with flexibility', 'without flexibility', 'saved'],
  flexibility: [],
}

/** A line whose whole days are saved on a daily sensor. */
export interface ReadyOutput {
  name: string
  sensor: number
}

export interface ReadyOrder {
  report: ReadyName
  start: Instant
  end: Instant
  outputs?: ReadyOutput[]
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
export function readReadyOrder(
  report: ReadyName,
  period: ReadyPeriod & { output?: unknown },
  { now, zone }: { now: Instant; zone: string },
): ReadyOrder {
  const moment = (side: 'start' | 'end'): Instant | undefined => {
    const [given, chain] = [period[side], period[`${side}-offset`]]
    if (given === undefined && chain === undefined) return undefined
    return applyOffsets(given === undefined ? now : parseInstant(given), chain ?? '', zone)
  }
  const begins = moment('start')
  const start = begins ?? dayAfter(now, zone, -1)
  const end = moment('end') ?? (begins === undefined ? dayStart(now, zone) : now)
  if (end <= start) throw refuseReport('The period ends before it begins.', 'Give a later end.')
  const outputs = readOutputs(report, period.output)
  return { report, start, end, ...(outputs.length > 0 && { outputs }) }
}

function readOutputs(report: ReadyName, given: unknown): ReadyOutput[] {
  if (given === undefined) return []
  if (!Array.isArray(given)) throw refuseReport("'output' is no list.")
  return given.map((one: unknown) => {
    const { name, sensor, ...more } = (typeof one === 'object' && one !== null ? one : {}) as Record<string, unknown>
    const lines = READY_LINES[report]
    if (lines.length === 0) throw refuseReport(`Lines of the report '${report}' are not saved on sensors.`)
    if (typeof name !== 'string' || !lines.includes(name))
      throw refuseReport(`An output of the report '${report}' has the name of a line: ${lines.join(', ')}.`)
    if (typeof sensor !== 'number' || !Number.isSafeInteger(sensor) || Object.keys(more).length > 0)
      throw refuseReport("An output of a ready report has a 'name' and a 'sensor'.")
    return { name, sensor }
  })
}

const PERIOD = ['report', 'start', 'end', 'start-offset', 'end-offset']

/** The ready report that parameters of an automation ask for; undefined when they ask for a reporter. @throws as {@link readReadyOrder} */
export function readyOrderIn(parameters: Record<string, unknown>, at: { now: Instant; zone: string }): ReadyOrder | undefined {
  if (!('report' in parameters)) return undefined
  const given = Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name.replaceAll('_', '-'), value]))
  const report = READY_REPORTS.find((name) => name === given['report'])
  if (report === undefined) throw refuseReport(`A ready report is one of: ${READY_REPORTS.join(', ')}.`)
  for (const [name, value] of Object.entries(given)) {
    if (name === 'output') continue
    if (!PERIOD.includes(name))
      throw refuseReport(`A ready report takes nothing but a period and outputs: '${name}' is none of ${PERIOD.join(', ')}, output.`)
    if (typeof value !== 'string') throw refuseReport(`'${name}' is no text.`)
  }
  return readReadyOrder(report, given as ReadyPeriod & { output?: unknown }, at)
}
