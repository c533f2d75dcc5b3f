/** For tests of the learning candidates: series made from a rule and a seed, and those of the shared data. */
import { existsSync, readFileSync } from 'node:fs'
import { DAY, HOUR, type Instant, instant } from '#kernel'
import type { Frame, Regressor } from './frame.ts'
import { randomFrom } from './trees.ts'

/** Monday, 2026-09-07, midnight in Martinique. */
export const MONDAY = instant(Date.parse('2026-09-07T00:00:00-04:00'))
export const ZONE = 'America/Martinique'

export interface Made {
  days: number
  step?: number
  start?: Instant
  zone?: string
  /** Value from hour of the day (0 … 24), day (0 = first) and a random number in [0, 1). */
  rule(hour: number, day: number, random: number): number
}

/** A series without regressors; hours and days are those of Martinique. */
export function made({ days, step = HOUR, start = MONDAY, zone = ZONE, rule }: Made): Frame {
  const random = randomFrom(days)
  const target = Float64Array.from({ length: Math.round((days * DAY) / step) }, (_, slot) => {
    const since = slot * step
    return rule((since % DAY) / HOUR, Math.floor(since / DAY), random())
  })
  return { start, step, zone, target, regressors: [] }
}

const FOLDER = '../shared/data/weather'
export const MISSING = existsSync(FOLDER) ? false : `${FOLDER} is not here`

/** A file of the shared data as a frame: its first column holds moments, `column` the values. */
export function shared(file: string, column = 1, zone = 'Europe/Amsterdam'): Frame {
  const rows = readFileSync(`${FOLDER}/${file}`, 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','))
  const at = (row: number) => Date.parse(rows[row]![0]!.replace(' ', 'T'))
  const target = Float64Array.from(rows, (row) => Number(row[column]))
  return { start: instant(at(0)), step: at(1) - at(0), zone, target, regressors: [] }
}

/** The series of another file as a regressor whose future is known. */
export const known = (name: string, unit: string, { target }: Frame): Regressor => ({ name, unit, kind: 'future', values: target })
