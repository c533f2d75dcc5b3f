/** What a sensor is to an asset: its own, part of its flex-context, an inflexible device (reference 2.4, status). */
import type { Queryable } from '#store'
import { inheritedFlexContext } from './flex-source.ts'

export type Relations = (sensor: { id: number; asset: number }) => string[]

const LISTS = ['inflexible-device-sensors', 'inflexible-consumption', 'inflexible-production']

/** Relations of sensors to the asset, in FlexMeasures' words; the flex-context of its ancestors counts where it states no field itself. */
export async function relationsTo(db: Queryable, asset: number): Promise<{ of: Relations; sensors: number[] }> {
  const context = await inheritedFlexContext(db, asset)
  const inflexible = new Set(LISTS.flatMap((field) => sensorsIn(context[field]?.value)))
  const fields = new Map<number, string[]>()
  for (const [field, { value }] of Object.entries(context)) {
    if (LISTS.includes(field) || typeof value !== 'object' || value === null || !('sensor' in value)) continue
    const id = value.sensor
    if (typeof id === 'number') fields.set(id, [...(fields.get(id) ?? []), field])
  }
  return {
    of: (sensor) => [
      ...(sensor.asset === asset ? ['sensor belongs to this asset'] : []),
      ...(inflexible.has(sensor.id) ? ['flex context (inflexible device)'] : []),
      ...(fields.get(sensor.id) ?? []).map((field) => `flex context (${field})`),
    ],
    sensors: [...new Set([...inflexible, ...fields.keys()])],
  }
}

/** Ids in a list of ids or of references to sensors. */
const sensorsIn = (value: unknown): number[] =>
  [value].flat().flatMap((item) => {
    const id = typeof item === 'object' && item !== null && 'sensor' in item ? item.sensor : item
    return typeof id === 'number' && Number.isInteger(id) ? [id] : []
  })
