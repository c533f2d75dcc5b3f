/** The flex-model of one device: what it can do and what its user wants. Validation of names, values and units; nothing is solved here. */
import { type FieldKind, type FlexValue, type ReadingRoom, readNumber, readSensorId, readValue, refuse } from './flex-value.ts'
import type { AssetFacts, SensorFacts } from './series-source.ts'

export interface FlexDevice {
  /** Power sensor; absent for entries that name only an asset. */
  sensor?: SensorFacts
  /** Asset the entry is about. */
  asset?: number
  commodity: string
  /** kWh. */
  socAtStart?: number
  socMin?: FlexValue
  socMax?: FlexValue
  socTargets?: FlexValue
  socMinima?: FlexValue
  socMaxima?: FlexValue
  stateOfCharge?: FlexValue
  /** kW ≥ 0. */
  powerCapacity?: FlexValue
  consumptionCapacity?: FlexValue
  productionCapacity?: FlexValue
  /** Ratios. */
  chargingEfficiency?: FlexValue
  dischargingEfficiency?: FlexValue
  roundtripEfficiency?: number
  storageEfficiency?: FlexValue
  /** kW of stock, added up. */
  socGain: FlexValue[]
  socUsage: FlexValue[]
  preferChargingSooner: boolean
  preferCurtailingLater: boolean
  /** Sensors that take the planned power. */
  consumption?: SensorFacts
  production?: SensorFacts
  /** Group the device belongs to, as written; undefined without one. */
  group?: { asset: number } | { sensor: number }
  /** Fields that are valid but planned by later schedulers: kept as written. */
  later: Record<string, unknown>
  /** What is stored on its asset, when there is one. */
  facts?: AssetFacts
}

const POWER: FieldKind = { unit: 'kW' }
const RATIO: FieldKind = { unit: 'ratio', bare: '' }
const LATER = ['operation-modes', 'coupling', 'coupling-coefficient', 'inflexible-consumption', 'inflexible-production']
const KNOWN = new Set([
  ...LATER,
  'sensor',
  'asset',
  'commodity',
  'group',
  'consumption',
  'production',
  'soc-at-start',
  'soc-unit',
  'soc-min',
  'soc-max',
  'soc-targets',
  'soc-minima',
  'soc-maxima',
  'state-of-charge',
  'power-capacity',
  'consumption-capacity',
  'production-capacity',
  'charging-efficiency',
  'discharging-efficiency',
  'roundtrip-efficiency',
  'storage-efficiency',
  'soc-gain',
  'soc-usage',
  'prefer-charging-sooner',
  'prefer-curtailing-later',
])

/** Fields that name sensors under other keys than `sensor`; the rest of the reading collects them. */
export function sensorsNamedIn(raw: unknown, found: Set<number> = new Set()): Set<number> {
  const take = (value: unknown) => {
    const id = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
    if (typeof id === 'number' && Number.isInteger(id)) found.add(id)
  }
  if (Array.isArray(raw)) for (const item of raw) sensorsNamedIn(item, found)
  else if (typeof raw === 'object' && raw !== null)
    for (const [key, value] of Object.entries(raw)) {
      if (key === 'sensor' || key.endsWith('-price-sensor') || key === 'aggregate-power') take(value)
      if ((key === 'inflexible-device-sensors' || key === 'sensors') && Array.isArray(value)) value.forEach(take)
      sensorsNamedIn(value, found)
    }
  return found
}

/**
 * Reads one entry. `stored` is the flex-model kept on the device's asset: its fields count where the request says nothing.
 * Refusals go to `room.refusals` under the field's own name.
 */
export function readFlexDevice(request: Record<string, unknown>, stored: Record<string, unknown>, room: ReadingRoom): FlexDevice {
  for (const key of Object.keys(request)) if (!KNOWN.has(key)) refuse(room, [key], 'Unknown field.')
  for (const field of ['charging', 'discharging'])
    if (request[`${field}-efficiency`] !== undefined && request['roundtrip-efficiency'] !== undefined)
      refuse(room, ['_schema'], `Fields \`${field}_efficiency\` and \`roundtrip_efficiency\` are mutually exclusive.`)
  const all: Record<string, unknown> = { ...stored, ...request }
  const sensor = request['sensor'] === undefined ? undefined : readSensorId(request['sensor'], ['sensor'], room)
  const energy = energyKind(all, sensor, room)
  const device: FlexDevice = {
    commodity: readCommodity(all['commodity'], room),
    socGain: readFlows(all['soc-gain'], 'soc-gain', room),
    socUsage: readFlows(all['soc-usage'], 'soc-usage', room),
    preferChargingSooner: readFlag(all, 'prefer-charging-sooner', true, room),
    preferCurtailingLater: readFlag(all, 'prefer-curtailing-later', true, room),
    later: Object.fromEntries(LATER.filter((key) => all[key] !== undefined).map((key) => [key, all[key]])),
  }
  if (sensor) device.sensor = sensor
  if (Number.isInteger(request['asset'])) device.asset = request['asset'] as number
  else if (request['asset'] !== undefined) refuse(room, ['asset'], 'Not a valid integer.')
  if (all['soc-at-start'] !== undefined && all['soc-at-start'] !== null) {
    const start = readNumber(all['soc-at-start'], ['soc-at-start'], energy, room)
    if (start !== undefined) device.socAtStart = start
  }
  const value = (field: string, kind: FieldKind): FlexValue | undefined =>
    all[field] === undefined || all[field] === null ? undefined : readValue(all[field], [field], kind, room)
  const put = <Key extends keyof FlexDevice>(key: Key, read: FlexDevice[Key] | undefined) => {
    if (read !== undefined) device[key] = read
  }
  const fixedOnly = (field: string) => (request[field] !== undefined ? { ...energy, segments: false } : energy)
  put('socMin', value('soc-min', { ...fixedOnly('soc-min'), min: 0 }))
  put('socMax', value('soc-max', fixedOnly('soc-max')))
  put('socTargets', value('soc-targets', energy))
  put('socMinima', value('soc-minima', { ...energy, min: 0 }))
  put('socMaxima', value('soc-maxima', energy))
  put('stateOfCharge', readStateOfCharge(all['state-of-charge'], energy, room))
  put('powerCapacity', value('power-capacity', POWER))
  put('consumptionCapacity', value('consumption-capacity', POWER))
  put('productionCapacity', value('production-capacity', POWER))
  put('storageEfficiency', value('storage-efficiency', RATIO))
  put('consumption', readOutput(all['consumption'], 'consumption', room))
  put('production', readOutput(all['production'], 'production', room))
  put('group', readGroup(all['group'], room))
  // A stored roundtrip-efficiency counts before one-way efficiencies of the request.
  const roundtrip = all['roundtrip-efficiency']
  if (roundtrip !== undefined && roundtrip !== null)
    put('roundtripEfficiency', readNumber(roundtrip, ['roundtrip-efficiency'], { ...RATIO, min: 0, minIsOpen: true, max: 1 }, room))
  put('chargingEfficiency', value('charging-efficiency', RATIO))
  put('dischargingEfficiency', value('discharging-efficiency', RATIO))
  return device
}

/** Bare energies are in soc-unit, else as the power sensor suggests (kW → kWh, MW → MWh), else MWh. */
function energyKind(all: Record<string, unknown>, sensor: SensorFacts | undefined, room: ReadingRoom): FieldKind {
  const named = all['soc-unit']
  if (named !== undefined && named !== 'kWh' && named !== 'MWh') refuse(room, ['soc-unit'], 'Must be one of: kWh, MWh.')
  const bySensor = sensor && { kW: 'kWh', MW: 'MWh', kWh: 'kWh', MWh: 'MWh' }[sensor.unit]
  return { unit: 'kWh', bare: named === 'kWh' || named === 'MWh' ? named : (bySensor ?? 'MWh') }
}

function readCommodity(raw: unknown, room: ReadingRoom): string {
  if (raw === undefined) return 'electricity'
  if (typeof raw === 'string' && raw.trim() !== '') return raw
  refuse(room, ['commodity'], typeof raw === 'string' ? 'commodity must be a non-empty string.' : 'Not a valid string.')
  return 'electricity'
}

/** Booleans as marshmallow reads them. */
export function readFlag<Default>(raw: Record<string, unknown>, field: string, standard: Default, room: ReadingRoom): boolean | Default {
  const value = raw[field]
  if (value === undefined || value === null) return standard
  if ([true, 1, 'true', 'True', 'TRUE', '1', 'on', 'yes'].includes(value as string)) return true
  if ([false, 0, 'false', 'False', 'FALSE', '0', 'off', 'no'].includes(value as string)) return false
  refuse(room, [field], 'Not a valid boolean.')
  return standard
}

function readFlows(raw: unknown, field: string, room: ReadingRoom): FlexValue[] {
  if (raw === undefined || raw === null) return []
  if (!Array.isArray(raw)) {
    refuse(room, [field], 'Not a valid list.')
    return []
  }
  if (raw.length === 0) refuse(room, [field], 'Shorter than minimum length 1.')
  return raw.flatMap((item, index) => readValue(item, [field, String(index)], POWER, room) ?? [])
}

function readStateOfCharge(raw: unknown, energy: FieldKind, room: ReadingRoom): FlexValue | undefined {
  if (raw === undefined || raw === null) return undefined
  const field = ['state-of-charge']
  if (typeof raw !== 'object') return refuse(room, field, 'The `state-of-charge` field can only be a Sensor or a time series.')
  const value = readValue(raw, field, { ...energy, sensorUnits: ['%'] }, room)
  if (value?.kind === 'sensor' && value.sensor.resolution !== 0)
    return refuse(
      room,
      field,
      'The field `state-of-charge` points to a sensor with a non-instantaneous event resolution. Please, use an instantaneous sensor.',
    )
  return value
}

/** An output: {"sensor": id}; its sign attribute must not contradict the field. */
export function readOutput(raw: unknown, field: string, room: ReadingRoom): SensorFacts | undefined {
  if (raw === undefined || raw === null) return undefined
  if (typeof raw !== 'object' || Array.isArray(raw)) return refuse(room, [field], 'Invalid input type.')
  const item = raw as Record<string, unknown>
  for (const key of Object.keys(item)) if (key !== 'sensor') refuse(room, [field, key], 'Unknown field.')
  if (item['sensor'] === undefined) return refuse(room, [field, 'sensor'], 'Missing data for required field.')
  const sensor = readSensorId(item['sensor'], [field, 'sensor'], room)
  const wanted = field.endsWith('consumption')
  if (sensor?.consumptionIsPositive !== undefined && sensor.consumptionIsPositive !== wanted)
    return refuse(
      room,
      [field],
      `Sensor ${sensor.id} has \`consumption_is_positive=${sensor.consumptionIsPositive ? 'True' : 'False'}\`, which conflicts with the sign convention of the \`${field}\` field.`,
    )
  return sensor
}

function readGroup(raw: unknown, room: ReadingRoom): FlexDevice['group'] {
  if (raw === undefined || raw === null) return undefined
  const item = typeof raw === 'object' && !Array.isArray(raw) ? (raw as Record<string, unknown>) : {}
  const { asset, sensor } = item
  if (Number.isInteger(asset) && sensor === undefined) return { asset: asset as number }
  if (Number.isInteger(sensor) && asset === undefined) return { sensor: sensor as number }
  return refuse(room, ['group'], 'A group must reference either an asset or a sensor.')
}
