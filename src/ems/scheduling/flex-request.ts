/** A schedule request, read and checked: parsed devices and context, steps, and the end extended to the last target. */
import { DAY, type Instant, instant, MINUTE, Problem } from '#kernel'
import { type FlexContext, readFlexContext } from './flex-context.ts'
import { type FlexDevice, readFlexDevice, sensorsNamedIn } from './flex-model.ts'
import type { Steps } from './flex-series.ts'
import type { ReadingRoom } from './flex-value.ts'
import { refusalBook } from './refusal.ts'
import type { ScheduleRequest } from './scheduler.ts'
import type { AssetFacts, SensorFacts, SeriesSource } from './series-source.ts'

export interface FlexPlan {
  request: ScheduleRequest
  steps: Steps
  /** Devices to plan, in the order of the request. */
  devices: FlexDevice[]
  /** Entries about a group: an asset or sensor that others name as their group. */
  groups: FlexDevice[]
  context: FlexContext
}

/**
 * Reads a request. Stored flex-models of the devices' assets and the flex-context stored on the site fill what the request leaves out.
 * @throws Problem `invalid-flex-config` with `details.fields` = {field: [messages]}; Problems of the source (403) pass through
 */
export async function readFlexRequest(request: ScheduleRequest, source: SeriesSource): Promise<FlexPlan> {
  const refusals = refusalBook()
  const site = await source.asset(request.asset)
  const entries = await Promise.all(request.flexModel.map((entry) => withFacts(entry, source)))
  const named = sensorsNamedIn([request.flexModel, request.flexContext, site?.flexContext, entries.map((entry) => entry.stored)])
  const sensors = new Map<number, SensorFacts>()
  for (const id of named) {
    const facts = await source.sensor(id)
    if (facts) sensors.set(id, facts)
  }
  const currency = {}
  const room = (sensor?: SensorFacts): ReadingRoom => ({
    refusals,
    sensors,
    flooring: sensor && sensor.floorsDatetimes !== false ? sensor.resolution : 0,
    zone: sensor?.zone ?? 'UTC',
    currency,
  })
  const seen = new Set<number>()
  const devices = entries.map(({ entry, stored, facts, sensor }) => {
    const device = readFlexDevice(entry, stored, room(sensor))
    if (facts) device.facts = facts
    if (device.sensor) {
      if (seen.has(device.sensor.id)) refusals.add(['sensor'], `Sensor ${device.sensor.id} is listed more than once.`)
      seen.add(device.sensor.id)
    }
    return device
  })
  const context = readFlexContext(request.flexContext, site?.flexContext ?? {}, room())
  if (!context.consumptionPrice && devices.length > 0 && context.later['commodities'] === undefined)
    refusals.add(['consumption-price'], "Missing consumption price for commodity 'electricity'.")
  refusals.demandNone()
  const isGroup = (device: FlexDevice) =>
    devices.some(
      (other) =>
        other !== device &&
        other.group !== undefined &&
        ('asset' in other.group ? other.group.asset === device.asset && !device.sensor : other.group.sensor === device.sensor?.id),
    )
  const planned = devices.filter((device) => !isGroup(device))
  return { request, devices: planned, groups: devices.filter(isGroup), context, steps: stepsOf(request, planned) }
}

async function withFacts(entry: Record<string, unknown>, source: SeriesSource) {
  const id = Number(entry['sensor'])
  const sensor = entry['sensor'] !== undefined && Number.isInteger(id) ? await source.sensor(id) : undefined
  const asset = sensor?.asset ?? (Number.isInteger(entry['asset']) ? (entry['asset'] as number) : undefined)
  const facts: AssetFacts | undefined = asset === undefined ? undefined : await source.asset(asset)
  return { entry, stored: facts?.flexModel ?? {}, facts, sensor }
}

const FEWEST = 15 * MINUTE

function stepsOf(request: ScheduleRequest, devices: FlexDevice[]): Steps {
  const resolutions = devices.flatMap((device) => {
    const resolution = device.sensor?.resolution ?? device.consumption?.resolution ?? device.production?.resolution ?? 0
    return resolution > 0 ? [resolution] : []
  })
  const step = request.resolution ?? (resolutions.length > 0 ? Math.min(...resolutions) : FEWEST)
  if (!(step > 0 && step <= DAY))
    throw new Problem('invalid-resolution', `A schedule cannot have steps of ${step} ms.`, {
      status: 422,
      hint: "Use a resolution such as 'PT15M'.",
    })
  const most = (request.maxSteps ?? 2520) * step
  let end: number = request.end
  for (const { sensor, socTargets } of devices)
    if (sensor && socTargets?.kind === 'segments') for (const segment of socTargets.segments) end = Math.max(end, segment.to)
  end = Math.min(end, Math.max(request.start + most, request.end))
  const count = Math.max(Math.round((end - request.start) / step), 1)
  if (count * step > most)
    throw new Problem('schedule-too-long', `The schedule has ${count} steps; ${request.maxSteps ?? 2520} are allowed.`, {
      status: 422,
      hint: 'Ask for a shorter duration or a coarser resolution.',
    })
  return { start: request.start, step, count }
}

/** The moment at the end of step `tick` (0 = start). */
export const momentOf = (steps: Steps, tick: number): Instant => instant(steps.start + tick * steps.step)
