/** Composite schedules: one profile, 10, 100 and 1,000 of them over a day, against the plain way in the same run: every profile asked at every change. */
import { after, formatInstant, parseInstant } from '#kernel'
import { type CompositeInput, compositeSchedule, type Installed } from '#protocols/ocpp'
import { median } from './sites.ts'

export const name = 'Composite schedules'

const DAY = 86_400
const FROM = parseInstant('2026-01-01T00:00:00Z')
const PURPOSES = ['TxProfile', 'TxDefaultProfile', 'ChargingStationMaxProfile', 'ChargingStationExternalConstraints'] as const

export async function run({ short }: { short: boolean }): Promise<string[]> {
  const lines: string[] = []
  for (const count of [1, 10, 100, 1000]) {
    const input = inputOf(count)
    const times: number[] = []
    let periods = 0
    for (let round = -5; round < (short ? 20 : 100); round++) {
      const begin = performance.now()
      periods = compositeSchedule(input).length
      if (round >= 0) times.push(performance.now() - begin)
    }
    times.sort((a, b) => a - b)
    const plain = plainly(input)
    if (plain.periods !== periods) throw new Error(`the plain way finds ${plain.periods} periods instead of ${periods}`)
    lines.push(
      `${String(count).padStart(4)} profiles of 4 periods over a day: p50 ${median(times).toFixed(2)} ms, worst ${times.at(-1)!.toFixed(2)} ms, ${periods} periods; the plain way ${plain.ms.toFixed(0)} ms`,
    )
  }
  return lines
}

/** Absolute profiles of all purposes and levels that begin, step and end all over the day. */
function inputOf(count: number): CompositeInput {
  const profiles = Array.from({ length: count }, (_, index): Installed => {
    const purpose = PURPOSES[index % 4]!
    const start = (index * 7919) % DAY
    return {
      evseId: /^Tx/.test(purpose) ? 1 : 0,
      profile: {
        id: index + 1,
        stackLevel: index,
        chargingProfilePurpose: purpose,
        chargingProfileKind: 'Absolute',
        chargingSchedule: [
          {
            id: index + 1,
            chargingRateUnit: index % 3 === 0 ? 'W' : 'A',
            startSchedule: formatInstant(after(FROM, start * 1000)),
            duration: 600 + ((index * 104_729) % 7200),
            chargingSchedulePeriod: [0, 1, 2, 3].map((step) => ({
              startPeriod: step * 140,
              limit: (6 + ((index * 31 + step * 17) % 26)) * (index % 3 === 0 ? 690 : 1),
            })),
          },
        ],
      },
    }
  })
  return { profiles, evseId: 1, from: FROM, until: after(FROM, DAY * 1000), unit: 'A', transactionStart: FROM, maxPeriods: 100_000 }
}

/** All change points, and at each of them all profiles. */
function plainly({ profiles }: CompositeInput): { ms: number; periods: number } {
  const begin = performance.now()
  const parsed = profiles.map(({ profile }) => {
    const schedule = profile.chargingSchedule[0]!
    const start = (Date.parse(schedule.startSchedule!) - FROM) / 1000
    return { profile, schedule, start, end: start + schedule.duration! }
  })
  const points = new Set([0])
  for (const { schedule, start, end } of parsed)
    for (const at of [...schedule.chargingSchedulePeriod.map((period) => start + period.startPeriod), end])
      if (at > 0 && at < DAY) points.add(at)
  let last: number | undefined
  let periods = 0
  for (const at of [...points].sort((a, b) => a - b)) {
    const tops = new Map<string, { level: number; limit: number }>()
    for (const { profile, schedule, start, end } of parsed) {
      if (at < start || at >= end) continue
      const period = schedule.chargingSchedulePeriod.findLast(({ startPeriod }) => start + startPeriod <= at)!
      const top = tops.get(profile.chargingProfilePurpose)
      if (!top || top.level < profile.stackLevel)
        tops.set(profile.chargingProfilePurpose, {
          level: profile.stackLevel,
          limit: schedule.chargingRateUnit === 'A' ? period.limit! : period.limit! / 690,
        })
    }
    if (tops.has('TxProfile')) tops.delete('TxDefaultProfile')
    const limit = tops.size === 0 ? 48 : Math.min(...[...tops.values()].map((top) => top.limit))
    if (last === undefined || Math.abs(limit - last) > 1e-9) periods++
    last = limit
  }
  return { ms: performance.now() - begin, periods }
}
