/** Ready reports of a site: what is asked, and what is told. */
import type { Instant } from '#kernel'

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
