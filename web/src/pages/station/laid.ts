/** Charging profiles as they were laid on a station, read from what was said to it; and the schedule that it says it holds. */
import type { Utterance } from '../../wire.ts'

export interface Period {
  startPeriod: number
  limit: number | null
  /** Discharge or an order, where the profile has one. */
  setpoint: number | null
}
export interface LaidProfile {
  id: number
  evse: number
  purpose: string
  kind: string
  stack: number
  unit: string
  at: string
  start: string | null
  periods: Period[]
}

type Json = Record<string, unknown>
const object = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {})
const first = (value: unknown): Json => object(Array.isArray(value) ? value[0] : value)
const number = (value: unknown): number | null => (typeof value === 'number' ? value : null)

export const periodsOf = (schedule: Json): Period[] =>
  (Array.isArray(schedule['chargingSchedulePeriod']) ? schedule['chargingSchedulePeriod'] : []).map((period) => ({
    startPeriod: number(object(period)['startPeriod']) ?? 0,
    limit: number(object(period)['limit']),
    setpoint: number(object(period)['setpoint']),
  }))

/** Of every profile what was laid last, newest first; 1.6 and 2.x alike. */
export function laidProfiles(lines: readonly Utterance[]): LaidProfile[] {
  const found = new Map<string, LaidProfile>()
  for (const { direction, kind, action, payload, at } of lines) {
    if (direction !== 'out' || action !== 'SetChargingProfile' || (kind !== 'CALL' && kind !== 'call')) continue
    const said = object(payload)
    const profile = object(said['chargingProfile'] ?? said['csChargingProfiles'])
    const schedule = first(profile['chargingSchedule'])
    const id = number(profile['id'] ?? profile['chargingProfileId'])
    if (id === null) continue
    const evse = number(said['evseId'] ?? said['connectorId']) ?? 0
    const key = `${evse}/${id}`
    if (found.has(key)) continue
    found.set(key, {
      id,
      evse,
      at,
      purpose: String(profile['chargingProfilePurpose'] ?? ''),
      kind: String(profile['chargingProfileKind'] ?? ''),
      stack: number(profile['stackLevel']) ?? 0,
      unit: String(schedule['chargingRateUnit'] ?? ''),
      start: typeof schedule['startSchedule'] === 'string' ? schedule['startSchedule'] : null,
      periods: periodsOf(schedule),
    })
  }
  return [...found.values()]
}

export interface Held {
  unit: string
  start: string | null
  periods: Period[]
}

/** The answer to GetCompositeSchedule; undefined when the station gave none. */
export function heldSchedule(answer: unknown): Held | undefined {
  const said = object(answer)
  const schedule = object(said['schedule'] ?? said['chargingSchedule'])
  const periods = periodsOf(schedule)
  if (periods.length === 0) return undefined
  const start = schedule['scheduleStart'] ?? schedule['startSchedule'] ?? said['scheduleStart']
  return { unit: String(schedule['chargingRateUnit'] ?? ''), start: typeof start === 'string' ? start : null, periods }
}
