/** When could an event be known at the earliest? The knowledge-horizon functions of a sensor (reference 1.2), in TypeScript and in SQL. */
import {
  atWallClock,
  DAY,
  dayAfter,
  dayStart,
  durationLength,
  HOUR,
  type Instant,
  instant,
  isZone,
  parseDuration,
  parseInstant,
  wallClock,
} from '#kernel'

/** Name and parameters as stored in `sensor.knowledge_horizon_fnc` and `knowledge_horizon_par`. */
export interface KnowledgeRule {
  fnc: string
  par: Readonly<Record<string, unknown>>
}

/** The moment from which an event that starts at `start` counts as known. */
export type KnowledgeTime = (start: Instant) => Instant

/** A rule made ready: a fixed time after the event's start, a date, or an hour or a day in a calendar. */
type Rule =
  | { kind: 'after'; length: number }
  | { kind: 'at'; moment: Instant }
  | { kind: 'days'; days: number; time: number; zone: string }
  | { kind: 'years'; years: number; month: number; day: number; zone: string }

/** A rule that is not known, or lacks what it needs, counts as `ex_post` with horizon 0, the default of every sensor made through the API. */
function read({ fnc, par }: KnowledgeRule, resolution: number, zone: string): Rule {
  const where = typeof par['z'] === 'string' && isZone(par['z']) ? par['z'] : zone
  if (fnc === 'ex_ante') return { kind: 'after', length: -lengthOf(par['ex_ante_horizon']) }
  if (fnc === 'at_date' && typeof par['knowledge_time'] === 'string') return { kind: 'at', moment: parseInstant(par['knowledge_time']) }
  if (fnc === 'x_days_ago_at_y_oclock' || fnc === 'x_days_ago_at_y_o_clock')
    return { kind: 'days', days: whole(par['x'], 1), time: Math.round(Number(par['y'] ?? 0) * HOUR) % DAY, zone: where }
  if (fnc === 'x_years_ago_at_date') {
    const [month, day] = [Math.min(12, Math.max(1, whole(par['month'], 1))), Math.min(31, Math.max(1, whole(par['day'], 1)))]
    return { kind: 'years', years: whole(par['x'], 1), month, day, zone: where }
  }
  return { kind: 'after', length: resolution + lengthOf(par['ex_post_horizon']) }
}

/** Lengths are stored as ISO 8601 durations, or in seconds. */
const lengthOf = (value: unknown): number => (typeof value === 'string' ? durationLength(parseDuration(value)) : Number(value ?? 0) * 1000)

const whole = (value: unknown, otherwise: number): number => Math.trunc(Number(value ?? otherwise)) || 0

/** The knowledge time of events of one resolution (milliseconds) and rule. An hour that the clock shows twice is the second one. */
export function knowledgeTime(given: KnowledgeRule, resolution: number, zone: string): KnowledgeTime {
  const rule = read(given, resolution, zone)
  switch (rule.kind) {
    case 'after':
      return (start) => instant(start + rule.length)
    case 'at':
      return () => rule.moment
    case 'days':
      return (start) => {
        const { year, month, day } = wallClock(dayAfter(dayStart(start, rule.zone), rule.zone, -rule.days), rule.zone)
        const [hour, rest] = [Math.floor(rule.time / HOUR), rule.time % HOUR]
        const [minute, second, millisecond] = [Math.floor(rest / 60_000), Math.floor((rest % 60_000) / 1000), rest % 1000]
        return atWallClock({ year, month, day, hour, minute, second, millisecond }, rule.zone, 'second')
      }
    case 'years':
      return (start) =>
        atWallClock({ year: wallClock(start, rule.zone).year - rule.years, month: rule.month, day: rule.day }, rule.zone, 'second')
  }
}

/** Milliseconds from an event's start to its knowledge time, when that is the same for all events. */
export function knowledgeOffset(given: KnowledgeRule, resolution: number): number | undefined {
  const rule = read(given, resolution, 'UTC')
  return rule.kind === 'after' ? rule.length : undefined
}

/** The knowledge time as an SQL expression of type timestamptz; `start` is the column of event starts, `bind` turns values into parameters. */
export function knowledgeSql(
  given: KnowledgeRule,
  resolution: number,
  zone: string,
  start: string,
  bind: (value: unknown) => string,
): string {
  const rule = read(given, resolution, zone)
  switch (rule.kind) {
    case 'after':
      return `(${start} + make_interval(secs => ${bind(rule.length / 1000)}::float8))`
    case 'at':
      return `to_timestamp(${bind(rule.moment)}::float8 / 1000)`
    case 'days': {
      const where = `${bind(rule.zone)}::text`
      const day = `date_trunc('day', ${start} at time zone ${where})`
      return `((${day} - make_interval(days => ${bind(rule.days)}::int) + make_interval(secs => ${bind(rule.time / 1000)}::float8)) at time zone ${where})`
    }
    case 'years': {
      const where = `${bind(rule.zone)}::text`
      const first = `make_date(date_part('year', ${start} at time zone ${where})::int - ${bind(rule.years)}::int, ${bind(rule.month)}::int, 1)`
      return `(least(${first} + ${bind(rule.day)}::int - 1, (${first} + interval '1 month - 1 day')::date)::timestamp at time zone ${where})`
    }
  }
}
