/** Our orders on a station that has an upstream: cut to what its profiles allow over their whole length, and cut anew when those change. */
import { after, DAY, type Instant, instant, parseInstant, SECOND } from '#kernel'
import type { CompositePeriod, Payload, SchedulePeriod } from '#protocols/ocpp'
import { PROFILE } from '../order.ts'

export interface ProxyOrdersParts {
  /** What the upstream's profiles allow from one moment to another; undefined: they limit nothing. */
  ceiling(from: Instant, until: Instant, unit: 'A' | 'W'): CompositePeriod[] | undefined
  /** Periods that a schedule of the station may have. */
  maxPeriods(): number
  now(): Instant
}

export interface ProxyOrders {
  /** A SetChargingProfile of ours as it may be laid now. */
  cut(payload: Payload): Payload
  /** Orders of ours that must be laid anew, since the upstream's profiles are others. */
  stale(): Payload[]
  /** A ClearChargingProfile of ours. */
  cleared(payload: Payload): void
}

interface Written {
  chargingRateUnit: 'A' | 'W'
  startSchedule?: string
  duration?: number
  chargingSchedulePeriod: SchedulePeriod[]
}

const profileIn = (payload: Payload) => (payload['csChargingProfiles'] ?? payload['chargingProfile']) as Payload
const idOf = (profile: Payload) => Number(profile['chargingProfileId'] ?? profile['id'])

export function openProxyOrders({ ceiling, maxPeriods, now }: ProxyOrdersParts): ProxyOrders {
  /** By profile id: what we meant, and what was laid of it. */
  const laid = new Map<number, { meant: Payload; cut: string }>()

  const cutSchedule = (kind: unknown, schedule: Written): Written => {
    const { chargingRateUnit: unit, startSchedule, duration, chargingSchedulePeriod: own } = schedule
    const from = startSchedule === undefined ? now() : parseInstant(startSchedule)
    const until = duration === undefined ? after(now(), DAY) : instant(from + duration * SECOND)
    const above = until > from ? ceiling(from, until, unit) : undefined
    if (!above) return schedule
    if (kind !== 'Absolute') {
      // Where its seconds count from is the station's affair: the least of the time holds for all of it.
      const least = Math.min(...above.map(({ limit }) => limit ?? Infinity))
      return { ...schedule, chargingSchedulePeriod: own.map((period) => lower(period, least)) }
    }
    const starts = [...new Set([...own, ...above].map(({ startPeriod }) => startPeriod))].sort((a, b) => a - b)
    const cut: SchedulePeriod[] = []
    for (const startPeriod of starts) {
      const meant = own.findLast((one) => one.startPeriod <= startPeriod)
      const most = above.findLast((one) => one.startPeriod <= startPeriod)?.limit ?? Infinity
      if (!meant) continue
      const next = lower({ ...meant, startPeriod }, most)
      const last = cut.at(-1)
      const isSame = last && JSON.stringify({ ...last, startPeriod }) === JSON.stringify(next)
      if (isSame) continue
      // No room for another step: what is left holds the lowest of them.
      if (last && cut.length >= maxPeriods()) cut[cut.length - 1] = lower(last, next.limit ?? Infinity)
      else cut.push(next)
    }
    return { ...schedule, chargingSchedulePeriod: cut }
  }
  const cutNow = (payload: Payload): Payload => {
    const profile = profileIn(payload)
    const schedules = profile['chargingSchedule'] as Written | Written[]
    const cutOne = (one: Written) => cutSchedule(profile['chargingProfileKind'], one)
    const chargingSchedule = Array.isArray(schedules) ? schedules.map(cutOne) : cutOne(schedules)
    const key = payload['csChargingProfiles'] === undefined ? 'chargingProfile' : 'csChargingProfiles'
    return { ...payload, [key]: { ...profile, chargingSchedule } } as Payload
  }

  return {
    cut(payload) {
      const id = idOf(profileIn(payload))
      if (id < PROFILE.order(1)) return payload
      const cut = cutNow(payload)
      laid.set(id, { meant: payload, cut: JSON.stringify(cut) })
      return cut
    },
    stale: () => [...laid.values()].filter(({ meant, cut }) => JSON.stringify(cutNow(meant)) !== cut).map(({ meant }) => meant),
    cleared(payload) {
      const id = payload['chargingProfileId'] ?? payload['id']
      if (typeof id === 'number') laid.delete(id)
      else laid.clear()
    },
  }
}

const lower = (period: SchedulePeriod, most: number): SchedulePeriod =>
  period.limit === undefined || period.limit <= most ? period : { ...period, limit: Math.floor(most * 10) / 10 }
