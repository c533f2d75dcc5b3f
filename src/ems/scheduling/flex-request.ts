/** A schedule request, read and checked: entries with what is stored on their assets, context, steps, and the end extended to the last target. */
import { ceilTo, DAY, type Instant, instant, MINUTE, Problem } from '#kernel'
import { type FlexContext, readFlexContext } from './flex-context.ts'
import { type Inventory, inventoryOf } from './flex-inventory.ts'
import { type FlexDevice, powerSensorOf, readFlexDevice } from './flex-model.ts'
import { assetsNamedIn, sensorsNamedIn } from './flex-names.ts'
import type { Steps } from './flex-series.ts'
import type { ReadingRoom } from './flex-value.ts'
import { type RefusalBook, refusalBook } from './refusal.ts'
import type { ScheduleRequest } from './scheduler.ts'
import type { AssetFacts, SensorFacts, SeriesSource } from './series-source.ts'

export interface FlexPlan {
  request: ScheduleRequest
  steps: Steps
  /** Devices to plan, in the order of the entries. */
  devices: FlexDevice[]
  inventory: Inventory
  context: FlexContext
}

/**
 * Reads a request. Stored flex-models of the devices' assets and the flex-context stored on the site fill what the request leaves out; assets
 * of the tree that have a flex-model and are not in the request are planned too, as FlexMeasures does.
 * @throws Problem `invalid-flex-config` with `details.fields` = {field: [messages]}; `bad-flex-model`; Problems of the source pass through
 */
export async function readFlexRequest(request: ScheduleRequest, source: SeriesSource): Promise<FlexPlan> {
  const refusals = refusalBook()
  const [site, tree] = await Promise.all([source.asset(request.asset), source.offspring(request.asset)])
  const entries = await entriesOf(request, tree, source)
  const known = await roomOf(
    [request.flexContext, site?.flexContext, entries.map(({ entry, stored }) => [entry, stored])],
    source,
    refusals,
  )
  if (entries.length === 0)
    refusals.add(['flex-model'], 'There is no flex-model in the request, and none is stored on the asset or below it.')
  const seen = new Set<number>()
  const devices = entries.map(({ entry, stored, facts, sensor }) => {
    const device = readFlexDevice(entry, stored, { ...known, zone: sensor?.zone ?? 'UTC' }, facts)
    if (device.sensor) {
      if (seen.has(device.sensor.id)) refusals.add(['sensor'], `Sensor ${device.sensor.id} is listed more than once.`)
      seen.add(device.sensor.id)
    }
    return device
  })
  const context = readFlexContext(request.flexContext, site?.flexContext ?? {}, known, request.dialect)
  refusals.demandNone()
  const inventory = inventoryOf(devices, context, {
    refusals,
    single: request.single ?? false,
    apart: request.dialect === '0.33',
  })
  refusals.demandNone()
  return { request, devices: inventory.devices, inventory, context, steps: stepsOf(request, inventory.devices) }
}

/** What the reading of fields may look up. */
export async function roomOf(raw: unknown[], source: SeriesSource, refusals: RefusalBook): Promise<ReadingRoom> {
  const sensors = new Map<number, SensorFacts>()
  const assets = new Set<number>()
  await Promise.all([
    ...[...new Set(sensorsNamedIn(raw).map(({ id }) => id))].map(async (id) => {
      const facts = await source.sensor(id)
      if (facts) sensors.set(id, facts)
    }),
    ...[...assetsNamedIn(raw)].map(async (id) => {
      if (await source.asset(id)) assets.add(id)
    }),
  ])
  return { refusals, sensors, hasAsset: (id) => assets.has(id), zone: 'UTC', currency: {} }
}

interface Entry {
  entry: Record<string, unknown>
  stored: Record<string, unknown>
  facts: AssetFacts | undefined
  sensor: SensorFacts | undefined
}

/** The entries of the request, after those of the tree that it leaves out. */
async function entriesOf(request: ScheduleRequest, tree: AssetFacts[], source: SeriesSource): Promise<Entry[]> {
  const sent = await Promise.all(request.flexModel.map((entry) => withFacts(entry, source)))
  const named = new Set(sent.map(({ facts }) => facts?.id))
  const stored = tree
    .filter(({ id, flexModel }) => Object.keys(flexModel).length > 0 && !named.has(id))
    .map((facts): Entry => {
      const sensor = facts.onlyPowerSensor
      return {
        entry: { asset: facts.id, ...(sensor && writesNowhere(facts) && { sensor: sensor.id }) },
        stored: facts.flexModel,
        facts,
        sensor,
      }
    })
  return [...stored, ...sent]
}

/** True when a stored flex-model says nothing of where its plan goes, and is no profile: then it goes to the asset's only power sensor. */
const writesNowhere = ({ flexModel }: AssetFacts): boolean =>
  !['consumption', 'production', 'inflexible-consumption', 'inflexible-production'].some((field) => flexModel[field] !== undefined)

async function withFacts(entry: Record<string, unknown>, source: SeriesSource): Promise<Entry> {
  const idOf = (value: unknown) => (Number.isInteger(Number(value)) && value !== undefined && value !== null ? Number(value) : undefined)
  const soc = entry['state-of-charge'] as Record<string, unknown> | undefined
  const [id, asset, socId] = [idOf(entry['sensor']), idOf(entry['asset']), idOf(soc?.['sensor'])]
  const sensor = id === undefined ? undefined : await source.sensor(id)
  const hint = sensor ?? (asset === undefined && socId !== undefined ? await source.sensor(socId) : undefined)
  const at = asset ?? hint?.asset
  const facts = at === undefined ? undefined : await source.asset(at)
  return { entry, stored: facts?.flexModel ?? {}, facts, sensor }
}

const USUAL = 15 * MINUTE

function stepsOf(request: ScheduleRequest, devices: FlexDevice[]): Steps {
  const resolutions = devices.map((device) => powerSensorOf(device)?.resolution ?? 0).filter((resolution) => resolution > 0)
  const step = request.resolution ?? (resolutions.length > 0 ? Math.min(...resolutions) : USUAL)
  if (!(step > 0 && step <= DAY))
    throw new Problem('invalid-resolution', `A schedule cannot have steps of ${step} ms.`, {
      status: 422,
      hint: "Use a resolution such as 'PT15M'.",
    })
  const longest = Math.min((request.maxSteps ?? 2520) || Infinity, Math.floor((request.maxLength ?? Infinity) / step))
  let end: number = request.end
  for (const device of devices) {
    if (device.socTargets?.kind !== 'segments') continue
    const most = request.start + longest * (powerSensorOf(device)?.resolution || step)
    for (const { to } of device.socTargets.segments) {
      const target = request.start + ceilTo(instant(to - request.start), step)
      if (target > end) end = Math.max(Math.min(target, most), end)
    }
  }
  const count = Math.max(Math.ceil((end - request.start) / step), 1)
  if (count > longest)
    throw new Problem('schedule-too-long', `The schedule has ${count} steps; ${longest} are allowed.`, {
      status: 422,
      hint: 'Ask for a shorter duration or a coarser resolution.',
    })
  return { start: request.start, step, count }
}

/** The moment at the end of step `tick` (0 = start). */
export const momentOf = (steps: Steps, tick: number): Instant => instant(steps.start + tick * steps.step)
