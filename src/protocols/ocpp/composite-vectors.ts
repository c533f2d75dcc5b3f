/** A file of composite schedules with what they must be: read, worked out, compared. */
import { parseInstant } from '#kernel'
import type { Installed, Profile } from './charging-profile.ts'
import { type CompositeInput, type CompositePeriod, compositeSchedule } from './composite-schedule.ts'

/** Settings that a file may state; those of the engine otherwise. */
export interface VectorSettings {
  nominalVoltage?: number
  defaultPhases?: number
  defaultLimit_A?: number
  defaultLimit_W?: number
}

export interface Vector {
  id: string
  title?: string
  window: { start: string; end: string }
  unit: 'A' | 'W'
  /** null or absent: no transaction. */
  transactionStart?: string | null
  simulateTransaction?: boolean
  profiles: Profile[]
  expected: CompositePeriod[]
}

export interface VectorFile {
  format?: { settings?: VectorSettings; tolerance?: number }
  cases: Vector[]
}

export interface CheckedVectors {
  passed: number
  failed: { id: string; title: string; why: string }[]
}

/** Where a profile of a file about one EVSE is installed. */
export const placed = (profiles: readonly Profile[]): Installed[] =>
  profiles.map((profile) => ({ evseId: /^ChargingStation/.test(profile.chargingProfilePurpose) ? 0 : 1, profile }))

/**
 * Works every case out and compares: same starts, same phases where stated, limits within the tolerance of the file (1e-5). Recurring profiles
 * repeat before their start too, as the golden vectors have it. A case that cannot be read counts as failed, with the reason.
 */
export function checkVectors({ cases, format }: VectorFile): CheckedVectors {
  const failed: CheckedVectors['failed'] = []
  for (const one of cases) {
    const why = faultOf(one, format?.settings ?? {}, format?.tolerance ?? 1e-5)
    if (why !== undefined) failed.push({ id: String(one?.id), title: String(one?.title ?? ''), why })
  }
  return { passed: cases.length - failed.length, failed }
}

function faultOf(one: Vector, settings: VectorSettings, tolerance: number): string | undefined {
  let found: CompositePeriod[]
  try {
    found = compositeSchedule(inputOf(one, settings))
    if (!Array.isArray(one.expected)) return 'expected is missing'
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
  const same =
    found.length === one.expected.length &&
    found.every(({ startPeriod, limit, numberPhases }, index) => {
      const wanted = one.expected[index]!
      return (
        startPeriod === wanted.startPeriod &&
        Math.abs(limit - wanted.limit) <= tolerance &&
        (wanted.numberPhases ?? numberPhases) === numberPhases
      )
    })
  return same ? undefined : `${sayPeriods(found)} instead of ${sayPeriods(one.expected)}`
}

export function inputOf(one: Omit<Vector, 'expected' | 'id'>, settings: VectorSettings): CompositeInput {
  const { nominalVoltage = 230, defaultPhases = 3 } = settings
  const fallback = one.unit === 'A' ? settings.defaultLimit_A : settings.defaultLimit_W
  const watts = fallback === undefined ? undefined : one.unit === 'A' ? fallback * nominalVoltage * defaultPhases : fallback
  return {
    profiles: placed(one.profiles),
    evseId: 1,
    from: parseInstant(one.window.start),
    until: parseInstant(one.window.end),
    unit: one.unit,
    nominalVoltage,
    phases: defaultPhases,
    recurBeforeStart: true,
    ...(watts === undefined ? {} : { defaultLimit: watts }),
    ...(one.transactionStart ? { transactionStart: parseInstant(one.transactionStart) } : {}),
    ...(one.simulateTransaction ? { simulateTransaction: true } : {}),
  }
}

/** '0:20, 450:10' */
export const sayPeriods = (periods: readonly CompositePeriod[]): string =>
  periods.map(({ startPeriod, limit }) => `${startPeriod}:${Number(limit.toFixed(4))}`).join(', ')
