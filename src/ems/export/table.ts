/** Sensor data as the rows of a table, read piece by piece, so that years of it never lie in memory at once. */
import {
  addDuration,
  converter,
  currencyOf,
  DAY,
  type Duration,
  dayAfter,
  durationLength,
  type Instant,
  instant,
  measures,
  millis,
} from '#kernel'
import type { Beliefs } from '../belief.ts'
import type { Sensor } from '../sensors.ts'
import { type BinRule, fillBins } from './bins.ts'

export interface TableQuery {
  from: Instant
  until: Instant
  /** What was believed at this moment. */
  at?: Instant
  /** Length of a row; absent: the events of the sensor as they are (one sensor only). */
  resolution?: Duration
  /** Of the values; default each sensor's own. */
  unit?: string
  /** Days and months of the rows are counted here. */
  zone: string
}

export interface TableRow {
  start: Instant
  /** One a sensor, null where nothing is known. */
  values: (number | null)[]
}

/** Rows that are read at once. */
const PIECE = 5000

/**
 * Rows in which at least one sensor has a value, ascending. Amounts (energy, money) are added up or divided over rows of another length,
 * everything else is averaged or repeated; of moments the first in a row counts.
 * @throws Problem `incompatible-units` before the first row
 */
export function tableRows(beliefs: Pick<Beliefs, 'search'>, sensors: readonly Sensor[], query: TableQuery): AsyncGenerator<TableRow[]> {
  const [only] = sensors
  if (query.resolution === undefined && only && sensors.length === 1) {
    const turn = turnOf(only, query, only.resolution)
    return eventRows(beliefs, only, query, turn)
  }
  const step = query.resolution!
  const turns = sensors.map((sensor) => turnOf(sensor, query, durationLength(step)))
  return binnedRows(beliefs, sensors, query, step, turns)
}

type Turn = (value: number) => number

const turnOf = (sensor: Sensor, { unit }: TableQuery, length: number): Turn =>
  unit === undefined || unit === sensor.unit ? (value) => value : converter(sensor.unit, unit, length)

async function* eventRows(beliefs: Pick<Beliefs, 'search'>, sensor: Sensor, query: TableQuery, turn: Turn): AsyncGenerator<TableRow[]> {
  const length = PIECE * (sensor.resolution > 0 ? sensor.resolution : 60_000)
  for (let from: number = query.from; from < query.until; from += length) {
    const until = instant(Math.min(query.until, from + length))
    const { starts, values } = await search(beliefs, sensor, query, instant(from), until)
    if (starts.length > 0) yield Array.from(starts, (start, i) => ({ start: instant(start), values: [turn(values[i]!)] }))
  }
}

async function* binnedRows(
  beliefs: Pick<Beliefs, 'search'>,
  sensors: readonly Sensor[],
  query: TableQuery,
  step: Duration,
  turns: readonly Turn[],
): AsyncGenerator<TableRow[]> {
  // Each edge is counted from the beginning: a month after 31 January and a month after that end on 31 March.
  const edge = (n: number): number =>
    addDuration(query.from, { months: n * step.months, days: n * step.days, exact: millis(n * step.exact) }, query.zone)
  let from = query.from
  for (let n = 0; from < query.until; ) {
    const edges: number[] = [from]
    while (edges.length <= PIECE && edges.at(-1)! < query.until) edges.push(edge(++n))
    const until = instant(edges.at(-1)!)
    const columns: (number | null)[][] = []
    for (const [i, sensor] of sensors.entries()) {
      const reach = sensor.resolution === 0 ? from : instant(from - sensor.resolution - DAY / 24 + 1)
      const found = await search(beliefs, sensor, query, reach, until)
      const turn = turns[i]!
      columns.push(fillBins(found, endOf(sensor), edges, ruleOf(sensor)).map((value) => (value === null ? null : turn(value))))
    }
    const rows: TableRow[] = []
    for (let k = 0; k + 1 < edges.length; k++) {
      const values = columns.map((column) => column[k]!)
      if (values.some((value) => value !== null)) rows.push({ start: instant(edges[k]!), values })
    }
    if (rows.length > 0) yield rows
    from = until
  }
}

const search = (beliefs: Pick<Beliefs, 'search'>, sensor: Sensor, { at }: TableQuery, from: Instant, until: Instant) =>
  beliefs.search({ sensor: sensor.id, from, until, one: 'per-event', ...(at !== undefined && { at }) })

const endOf = ({ resolution, timezone }: Sensor): ((start: number) => number) =>
  resolution > 0 && resolution % DAY === 0 ? (start) => dayAfter(instant(start), timezone, resolution / DAY) : (start) => start + resolution

function ruleOf({ unit, resolution }: Sensor): BinRule {
  if (resolution === 0) return 'first'
  const currency = currencyOf(unit)
  return measures(unit, 'energy') || (currency !== undefined && isAmount(unit, currency)) ? 'sum' : 'mean'
}

function isAmount(unit: string, currency: string): boolean {
  try {
    converter(unit, currency)
    return true
  } catch {
    return false
  }
}
