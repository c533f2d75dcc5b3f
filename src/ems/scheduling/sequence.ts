/** One device after the other: the orders of a sequential schedule, each taking the plans of those before as given. */
import { Problem } from '#kernel'
import type { ScheduleRequest } from './scheduler.ts'
import { type SensorFacts, type SeriesSource, storesConsumption } from './series-source.ts'

export interface SequenceParts {
  source: SeriesSource
}

type Entry = Record<string, unknown>

/**
 * The entries in the order in which they are planned: as sent, else those stored in the tree.
 * @throws Problem `invalid-flex-config` for an entry without a power sensor: nothing could take its plan as given
 */
export async function entriesInTurn(order: { asset: number; flexModel: Entry[] }, { source }: SequenceParts): Promise<Entry[]> {
  const entries =
    order.flexModel.length > 0
      ? order.flexModel
      : (await source.offspring(order.asset)).flatMap(({ onlyPowerSensor }) => (onlyPowerSensor ? [{ sensor: onlyPowerSensor.id }] : []))
  const fields: Record<string, unknown> = {}
  entries.forEach((entry, index) => {
    if (entry['sensor'] === undefined) fields[String(index)] = { sensor: ['Missing data for required field.'] }
  })
  if (entries.length === 0) fields['_schema'] = ['There is no device to schedule.']
  if (Object.keys(fields).length > 0)
    throw new Problem('invalid-flex-config', 'A sequential schedule needs the power sensor of every device.', {
      status: 422,
      hint: 'Name a sensor in every entry of the flex-model, or schedule all at once.',
      details: { fields: { 'flex-model': fields } },
    })
  return entries
}

/** An order a device: like a trigger on its sensor, with the sensors before it among the given profiles. */
export async function inTurn<Order extends Omit<ScheduleRequest, 'maxSteps' | 'dialect'>>(
  order: Order,
  entries: Entry[],
  { source }: SequenceParts,
): Promise<Order[]> {
  const site = await source.asset(order.asset)
  let flexContext = withStoredProfiles(order.flexContext, site?.flexContext ?? {})
  const orders: Order[] = []
  for (const entry of entries) {
    const sensor = await source.sensor(Number(entry['sensor']))
    const resolution = order.resolution ?? (sensor?.resolution || undefined)
    orders.push({
      ...order,
      asset: sensor?.asset ?? order.asset,
      flexModel: [entry],
      flexContext,
      single: true,
      ...(resolution !== undefined && { resolution }),
    })
    if (sensor) flexContext = withProfile(flexContext, sensor)
  }
  return orders
}

const FAMILY = ['inflexible-device-sensors', 'inflexible-consumption', 'inflexible-production']

/** What is stored as given stays given when a planned device joins it. */
function withStoredProfiles(context: Entry, stored: Entry): Entry {
  if (FAMILY.some((field) => context[field] !== undefined)) return context
  return { ...context, ...Object.fromEntries(FAMILY.flatMap((field) => (stored[field] === undefined ? [] : [[field, stored[field]]]))) }
}

/** The context in which the plan of a sensor is given, in the sign in which it is stored. */
function withProfile(context: Entry, sensor: SensorFacts): Entry {
  const list = (field: string) => (Array.isArray(context[field]) ? (context[field] as unknown[]) : [])
  const listed = FAMILY.flatMap(list).map((item) => (typeof item === 'object' && item !== null ? (item as Entry)['sensor'] : item))
  if (listed.includes(sensor.id)) return context
  if ('inflexible-device-sensors' in context)
    return { ...context, 'inflexible-device-sensors': [...list('inflexible-device-sensors'), sensor.id] }
  const field = storesConsumption(sensor) ? 'inflexible-consumption' : 'inflexible-production'
  return { ...context, [field]: [...list(field), { sensor: sensor.id }] }
}
