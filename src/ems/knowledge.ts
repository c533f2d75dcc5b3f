/** When could an event be known at the earliest? The knowledge-horizon functions of a sensor (reference 1.2). */
import { atWallClock, dayAfter, dayStart, durationLength, type Instant, instant, parseDuration, parseInstant, wallClock } from '#kernel'

/** Name and parameters as stored in `sensor.knowledge_horizon_fnc` and `knowledge_horizon_par`. */
export interface KnowledgeRule {
  fnc: string
  par: Readonly<Record<string, unknown>>
}

/** The moment from which an event that starts at `start` counts as known. */
export type KnowledgeTime = (start: Instant) => Instant

const lengthOf = (value: unknown): number => (typeof value === 'string' ? durationLength(parseDuration(value)) : Number(value ?? 0) * 1000)

/**
 * The knowledge time of events of one resolution (milliseconds) and rule. A rule that is not known counts as `ex_post` with horizon 0
 * (known when it ends), the default of every sensor made through the API.
 */
export function knowledgeTime(rule: KnowledgeRule, resolution: number, zone: string): KnowledgeTime {
  const { fnc, par } = rule
  if (fnc === 'ex_ante') {
    const horizon = lengthOf(par['ex_ante_horizon'])
    return (start) => instant(start - horizon)
  }
  if (fnc === 'at_date' && typeof par['knowledge_time'] === 'string') {
    const known = parseInstant(par['knowledge_time'])
    return () => known
  }
  if (fnc.startsWith('x_days_ago_at_y_o')) {
    const where = typeof par['z'] === 'string' ? par['z'] : zone
    const hour = Number(par['y'] ?? 0)
    const days = Number(par['x'] ?? 1)
    return (start) => {
      const day = wallClock(dayAfter(dayStart(start, where), where, -days), where)
      return atWallClock({ ...day, hour: Math.floor(hour), minute: Math.round((hour % 1) * 60) }, where)
    }
  }
  if (fnc === 'x_years_ago_at_date') {
    const where = typeof par['z'] === 'string' ? par['z'] : zone
    const years = Number(par['x'] ?? 1)
    return (start) => {
      const month = Number(par['month'] ?? 1)
      return atWallClock({ year: wallClock(start, where).year - years, month, day: Number(par['day'] ?? 1) }, where)
    }
  }
  const late = lengthOf(par['ex_post_horizon'])
  return (start) => instant(start + resolution + late)
}

/** True when the knowledge time lies a fixed length after the event's start, so that SQL can compute belief times. */
export const knowledgeOffset = (rule: KnowledgeRule, resolution: number): number | undefined =>
  rule.fnc === 'ex_ante'
    ? -lengthOf(rule.par['ex_ante_horizon'])
    : rule.fnc === 'at_date' || rule.fnc.startsWith('x_')
      ? undefined
      : resolution + lengthOf(rule.par['ex_post_horizon'])
