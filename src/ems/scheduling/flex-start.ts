/** What a stock holds when a schedule begins: as sent, as measured near the start, as remembered by the asset, or nothing. */
import { convert, formatDuration, formatInstant, type Instant, instant, parseInstant } from '#kernel'
import type { FlexDevice } from './flex-model.ts'
import { valueError } from './flex-reading.ts'
import type { FlexPlan } from './flex-request.ts'
import type { Segment } from './flex-value.ts'
import type { SensorFacts, SeriesSource, SourceFilters } from './series-source.ts'

export interface StartOfStock {
  kwh: number
  /** When that was measured, if it was. */
  at?: number
}

const CONSTRAINTS = ['socMin', 'socMax', 'socMinima', 'socMaxima', 'socTargets'] as const

/**
 * The start of a stock; undefined = nothing makes it worth following. `most` is soc-max, what 100 % means.
 * @throws Problem `no-soc` when a state of charge is named and nothing is known near the start
 */
export async function stockAtStart(
  owner: FlexDevice,
  device: FlexDevice,
  most: number | undefined,
  plan: FlexPlan,
  source: SeriesSource,
): Promise<StartOfStock | undefined> {
  if (owner.socAtStart !== undefined) return { kwh: owner.socAtStart }
  const { start, step } = plan.steps
  const radius = 4 * (plan.request.resolution ?? (device.sensor?.resolution || step))
  const soc = owner.stateOfCharge
  if (soc?.kind === 'segments') return ofSegments(soc.segments, start, radius)
  if (soc?.kind === 'sensor') return ofSensor(soc.sensor, soc.filters, { start, radius, most, device }, source)
  const { soc_in_mwh: stored, soc_datetime: when } = device.facts?.attributes ?? {}
  if (typeof stored === 'number' && typeof when === 'string' && isMoment(when, start)) return { kwh: stored * 1000 }
  return CONSTRAINTS.some((field) => owner[field] !== undefined) ? { kwh: 0 } : undefined
}

function ofSegments(segments: Segment[], start: Instant, radius: number): StartOfStock {
  const holding = segments.filter(({ from, to }) => from <= start && start < to).sort((a, b) => b.from - a.from)[0]
  if (holding) return { kwh: holding.value }
  const distance = ({ from, to }: Segment) => Math.min(Math.abs(from - start), Math.abs(to - start))
  const near = segments.filter((segment) => distance(segment) <= radius).sort((a, b) => distance(a) - distance(b))[0]
  if (near) return { kwh: near.value, at: near.from }
  throw valueError(
    'no-soc',
    `No recent state-of-charge value found in the provided \`state-of-charge\` time series within ${formatDuration(radius)} of schedule start ${formatInstant(start)}.`,
    'Let the series cover the start, or send soc-at-start.',
  )
}

async function ofSensor(
  sensor: SensorFacts,
  filters: SourceFilters,
  { start, radius, most, device }: { start: Instant; radius: number; most: number | undefined; device: FlexDevice },
  source: SeriesSource,
): Promise<StartOfStock> {
  // As FlexMeasures: whenever it was recorded, a state of charge near the start counts.
  const found = await source.moments({ sensor: sensor.id, from: instant(start - radius), until: instant(start + radius + 1), ...filters })
  let best: { at: Instant; value: number } | undefined
  for (const event of found) if (!best || Math.abs(event.at - start) <= Math.abs(best.at - start)) best = event
  if (!best)
    throw valueError(
      'no-soc',
      `No recent state-of-charge value found for sensor ${sensor.id} within ${formatDuration(radius)} of schedule start ${formatInstant(start)}.`,
      'Post a state of charge close to the start of the schedule, or send soc-at-start.',
    )
  if (sensor.unit !== '%') return { kwh: convert(best.value, sensor.unit, 'kWh'), at: best.at }
  const attribute = device.facts?.attributes['max_soc_in_mwh']
  const whole = most ?? (typeof attribute === 'number' ? attribute * 1000 : undefined)
  if (whole === undefined)
    throw valueError(
      'no-soc',
      "Cannot derive state of charge from a `state-of-charge` sensor with '%' unit without `soc-max`.",
      'Give soc-max in the flex-model.',
    )
  return { kwh: (best.value / 100) * whole, at: best.at }
}

function isMoment(text: string, at: Instant): boolean {
  try {
    return parseInstant(text) === at
  } catch {
    return false
  }
}
