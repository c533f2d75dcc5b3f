/** The beliefs of a sensor as a frame. */
import { converter, instant } from '#kernel'
import type { Beliefs } from '../belief.ts'
import type { Sensor, Sensors } from '../sensors.ts'
import { type Frame, pickRows, refuseReport } from './frame.ts'
import { toLength } from './grouping.ts'
import type { ReportInput } from './order.ts'

export interface InputWindow {
  from: number
  until: number
  /** Only what was recorded by then. */
  at?: number
  horizonAtMost?: number
  /** Events are brought to this length, ms. */
  resolution?: number
  one?: 'per-event' | 'per-source'
}

/** Beliefs that one input may hold. */
const MOST_BELIEFS = 2_000_000

/** Reads what an input asks for: events that lie wholly within the window. @throws Problem `invalid-report` */
export async function readInput(
  beliefs: Pick<Beliefs, 'search'>,
  sensor: Sensor,
  input: ReportInput,
  window: InputWindow,
  attributes: Readonly<Record<string, unknown>> = sensor.attributes,
): Promise<Frame> {
  const from = input.from ?? window.from
  const until = input.until ?? window.until
  const step = sensor.resolution
  const resolution = input.resolution ?? window.resolution
  // Of events that are cut into shorter ones, the one that is under way counts from the start of the window on.
  const isCut = resolution !== undefined && step > resolution
  const at = input.at ?? window.at
  const horizonAtMost = input.horizonAtMost ?? window.horizonAtMost
  const one = window.one ?? input.one
  const { sources, sourceTypes, excludeSourceTypes, sourceAccounts, since, horizonAtLeast } = input
  const found = await beliefs.search({
    sensor: sensor.id,
    from: instant(isCut ? from - step + 1 : from),
    until: instant(until),
    beliefs: input.beliefs,
    versions: input.versions,
    ...(one !== undefined && { one }),
    ...(at !== undefined && { at: instant(at) }),
    ...(since !== undefined && { since }),
    ...(horizonAtLeast !== undefined && { horizonAtLeast }),
    ...(horizonAtMost !== undefined && { horizonAtMost }),
    ...(sources && { sources }),
    ...(sourceTypes && { sourceTypes }),
    ...(excludeSourceTypes && { excludeSourceTypes }),
    ...(sourceAccounts && { sourceAccounts }),
  })
  if (found.length > MOST_BELIEFS)
    throw refuseReport(
      `Sensor ${sensor.id} has ${found.length} beliefs in that time; a report reads ${MOST_BELIEFS}.`,
      'Take a shorter period.',
    )
  const rows = Array.from({ length: found.length }, (_, k) => k).filter((k) => isCut || found.starts[k]! + step <= until)
  const pick = (values: ArrayLike<number>) => rows.map((k) => values[k]!)
  const frame: Frame = {
    kind: 'frame',
    starts: pick(found.starts),
    levels: {
      belief_time: pick(found.beliefTimes),
      source: pick(found.sources),
      cumulative_probability: pick(found.probabilities),
    },
    columns: [{ name: 'event_value', values: pick(found.values) }],
    isSeries: false,
    step,
    zone: sensor.timezone,
    sensor: { kind: 'sensor', id: sensor.id, attributes },
  }
  if (resolution === undefined || resolution === step) return frame
  const turned = toLength(frame, resolution)
  if (!isCut) return turned
  const within = turned.starts.flatMap((start, row) => (start >= from && start + resolution <= until ? [row] : []))
  return pickRows(turned, within)
}

/** Values in another unit; flows become amounts over an event of this length. @throws Problem `incompatible-units` */
export const inUnit = (values: readonly number[], from: string, to: string | undefined, resolution: number): number[] => {
  if (to === undefined || to === from) return [...values]
  const turn = converter(from, to, resolution > 0 ? resolution : undefined)
  return values.map(turn)
}

/** @throws Problem `invalid-report` that names the field */
export async function sensorOf(sensors: Sensors, id: number, field: string): Promise<Sensor> {
  const sensor = await sensors.get(id)
  if (sensor) return sensor
  throw refuseReport(
    `${field}: No sensor found with ID ${id}.`,
    'List the sensors you can reach.',
    nested(field, `No sensor found with ID ${id}.`),
  )
}

/** 'input.0.sensor' → { input: { 0: { sensor: [text] } } } */
const nested = (field: string, text: string): Record<string, unknown> =>
  field
    .split('.')
    .reverse()
    .reduce<unknown>((inner, name) => ({ [name]: inner }), [text]) as Record<string, unknown>
