/** Parts that flex-model and flex-context have in common: flags, outputs, given profiles, groups, lists of flows. */
import { measures } from '#kernel'
import { type FieldKind, type FlexValue, type ReadingRoom, readSensorId, readValue, refuse } from './flex-value.ts'
import type { SensorFacts } from './series-source.ts'

export type GroupKey = { asset: number } | { sensor: number }

/** A profile that is given: values of a sensor. */
export type Profile = FlexValue & { kind: 'sensor' }

const POWER: FieldKind = { unit: 'kW' }

/** Booleans as marshmallow reads them. */
export function readFlag<Default>(
  raw: Record<string, unknown>,
  field: string,
  standard: Default,
  room: ReadingRoom,
  path: string[] = [],
): boolean | Default {
  const value = raw[field]
  if (value === undefined || value === null) return standard
  if ([true, 1, 'true', 'True', 'TRUE', 't', 'T', '1', 'on', 'On', 'ON', 'yes', 'Yes', 'YES', 'y', 'Y'].includes(value as string))
    return true
  if ([false, 0, 'false', 'False', 'FALSE', 'f', 'F', '0', 'off', 'Off', 'OFF', 'no', 'No', 'NO', 'n', 'N'].includes(value as string))
    return false
  refuse(room, [...path, field], 'Not a valid boolean.')
  return standard
}

/** A list of powers, each fixed, a series or a sensor. */
export function readFlows(raw: unknown, field: string, room: ReadingRoom): FlexValue[] {
  if (raw === undefined || raw === null) return []
  if (!Array.isArray(raw)) {
    refuse(room, [field], 'Not a valid list.')
    return []
  }
  if (raw.length === 0) refuse(room, [field], 'Shorter than minimum length 1.')
  return raw.flatMap((item, index) => readValue(item, [field, String(index)], POWER, room) ?? [])
}

/** How FlexMeasures words a sign attribute that says the opposite of the field. */
export const signConflict = (sensor: SensorFacts, field: string): string =>
  `Sensor ${sensor.id} has \`consumption_is_positive=${sensor.consumptionIsPositive ? 'True' : 'False'}\`, which conflicts with the sign convention of the \`${field}\` field.`

/** An output: {"sensor": id}; its sign attribute must not contradict the field. */
export function readOutput(raw: unknown, path: string[], room: ReadingRoom): SensorFacts | undefined {
  if (raw === undefined || raw === null) return undefined
  if (typeof raw !== 'object' || Array.isArray(raw)) return refuse(room, path, 'Invalid input type.')
  const item = raw as Record<string, unknown>
  for (const key of Object.keys(item)) if (key !== 'sensor') refuse(room, [...path, key], 'Unknown field.')
  if (item['sensor'] === undefined) return refuse(room, [...path, 'sensor'], 'Missing data for required field.')
  const sensor = readSensorId(item['sensor'], [...path, 'sensor'], room)
  if (!sensor) return undefined
  if (!measures(sensor.unit, 'power') && !measures(sensor.unit, 'energy'))
    return refuse(room, [...path, 'sensor'], `Cannot convert ${sensor.unit} to MW`)
  const field = path.at(-1)!
  const wanted = field.endsWith('consumption')
  if (sensor.consumptionIsPositive !== undefined && sensor.consumptionIsPositive !== wanted)
    return refuse(room, path, signConflict(sensor, field))
  return sensor
}

/** A given profile: {"sensor": id} with source filters. */
export function readProfile(raw: unknown, path: string[], room: ReadingRoom): Profile | undefined {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return refuse(room, path, 'Invalid input type.')
  if (!('sensor' in raw)) return refuse(room, [...path, 'sensor'], 'Missing data for required field.')
  const value = readValue(raw, path, POWER, room)
  return value?.kind === 'sensor' ? value : undefined
}

/** The group an entry or a commitment names. */
export function readGroup(raw: unknown, path: string[], room: ReadingRoom): GroupKey | undefined {
  if (raw === undefined || raw === null) return undefined
  if (typeof raw !== 'object' || Array.isArray(raw)) return refuse(room, path, 'Invalid input type.')
  const item = raw as Record<string, unknown>
  for (const key of Object.keys(item)) if (key !== 'sensor' && key !== 'asset') refuse(room, [...path, key], 'Unknown field.')
  const { asset, sensor } = item
  if ((asset === undefined) === (sensor === undefined))
    return refuse(room, [...path, '_schema'], "The `group` field must reference exactly one of 'sensor' or 'asset'.")
  if (sensor !== undefined) {
    const facts = readSensorId(sensor, [...path, 'sensor'], room)
    if (!facts) return undefined
    if (!measures(facts.unit, 'power')) return refuse(room, path, 'The `group` field must reference a sensor with a power unit.')
    return { sensor: facts.id }
  }
  if (typeof asset !== 'number' || !Number.isInteger(asset)) return refuse(room, [...path, 'asset'], 'Not a valid integer.')
  if (!room.hasAsset(asset)) return refuse(room, [...path, 'asset'], `No asset found with ID ${asset}.`)
  return { asset }
}

/** A group as key of a map, and as costs and messages name it. */
export const groupLabel = (key: GroupKey, between = ':'): string =>
  'sensor' in key ? `sensor${between}${key.sensor}` : `asset${between}${key.asset}`
