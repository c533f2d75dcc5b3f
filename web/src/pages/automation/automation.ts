/** Automations as `/api/cariflex/v1/automations` shows them. */
export type AutomationType = 'forecasting' | 'scheduling' | 'reporting'
export const AUTOMATION_TYPES: readonly AutomationType[] = ['scheduling', 'forecasting', 'reporting']

export interface Automation {
  id: number
  name: string
  type: AutomationType
  asset: number
  assetName: string
  cron: string
  /** The cron string in words. */
  words: string
  timezone: string
  active: boolean
  next: string | null
  jobs: number
  problem: string | null
  outputs: { sensor: number; name: string }[]
  parameters: Record<string, unknown>
  mayChange: boolean
  last: { job: string; due: string; status: string | null; problem: string | null } | null
}

export const pathOf = (one: { asset: number; id: number }): string => `/api/v3_0/assets/${one.asset}/automations/${one.id}`

/** How often, as people say it; each is a cron string once its time is known. */
export type Rhythm = 'day' | 'workdays' | 'week' | 'hour' | 'quarter' | 'cron'
export const RHYTHMS: readonly Rhythm[] = ['day', 'workdays', 'week', 'hour', 'quarter', 'cron']

export interface When {
  rhythm: Rhythm
  /** `05:00` */
  time: string
  /** 0 = Sunday, as cron counts. */
  weekday: string
  cron: string
}

/** The cron string that a choice means; empty while the time is not whole. */
export function cronOf({ rhythm, time, weekday, cron }: When): string {
  if (rhythm === 'cron') return cron.trim()
  if (rhythm === 'hour') return '0 * * * *'
  if (rhythm === 'quarter') return '*/15 * * * *'
  const [, hour, minute] = /^(\d{2}):(\d{2})/.exec(time) ?? []
  if (hour === undefined || minute === undefined) return ''
  const at = `${Number(minute)} ${Number(hour)}`
  return rhythm === 'day' ? `${at} * * *` : rhythm === 'workdays' ? `${at} * * 1-5` : `${at} * * ${weekday}`
}

/** The choice that a cron string is; a string of one's own when it is none of the usual ones. */
export function whenOf(cron: string): When {
  const when: When = { rhythm: 'cron', time: '05:00', weekday: '1', cron }
  if (cron === '0 * * * *') return { ...when, rhythm: 'hour' }
  if (cron === '*/15 * * * *') return { ...when, rhythm: 'quarter' }
  const hit = /^(\d{1,2}) (\d{1,2}) \* \* (\*|1-5|[0-6])$/.exec(cron)
  if (!hit) return when
  const time = `${hit[2]!.padStart(2, '0')}:${hit[1]!.padStart(2, '0')}`
  const days = hit[3]!
  if (days === '*') return { ...when, rhythm: 'day', time }
  return days === '1-5' ? { ...when, rhythm: 'workdays', time } : { ...when, rhythm: 'week', time, weekday: days }
}
