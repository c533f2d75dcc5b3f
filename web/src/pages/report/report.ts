/** Reports as `/api/cariflex/v1/assets/{id}/reports` shows them. */
export const REPORTS = ['self-consumption', 'self-sufficiency', 'cost', 'co2', 'flexibility'] as const
export type ReadyName = (typeof REPORTS)[number]

export interface ReportLine {
  /** 'produced', 'saved', 'plan: consumption reduced' … */
  name: string
  unit: string
  total: number | null
  /** One a day; null where nothing is known. */
  days: (number | null)[]
}
export interface SavedOutput {
  name: string
  sensor: number
  unit: string
  count: number
}
export interface Report {
  id: string
  asset: number
  report: string
  status: string
  askedAt: string
  start: string | null
  end: string | null
  problem: string | null
  progress: { stage: string; done: number; total: number } | null
  zone: string | null
  dates: string[]
  lines: ReportLine[]
  notes: string[]
  outputs: SavedOutput[]
}

export const isUnderWay = (status: string): boolean => ['QUEUED', 'SCHEDULED', 'DEFERRED', 'STARTED'].includes(status)
