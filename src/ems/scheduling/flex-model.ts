/** The flex-model of one device: what it can do and what its user wants. Validation of names, values and units; nothing is solved here. */
import { type DeviceExtra, readDeviceExtra } from './flex-extra.ts'
import { FLEX_MODEL_FIELDS } from './flex-fields.ts'
import { type GroupKey, type Profile, readFlag, readFlows, readGroup, readOutput, readProfile, signConflict } from './flex-parts.ts'
import { type FieldKind, type FlexValue, type ReadingRoom, readNumber, readSensorId, readValue, refuse } from './flex-value.ts'
import type { Band } from './problem.ts'
import type { AssetFacts, SensorFacts } from './series-source.ts'

export interface FlexDevice {
  /** Power sensor; absent for entries that name only an asset. */
  sensor?: SensorFacts
  /** Asset of the entry: as named, else of its sensor or of its state-of-charge sensor. */
  asset?: number
  /** True when the entry itself names an asset. */
  namesAsset?: boolean
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
  /** Signed ranges of power, kW. */
  modes?: Band[]
  coupling?: { name: string; coefficient: number }
  /** The entry is a given profile: `sign` turns stored values consumption-positive. */
  inflexible?: { value: Profile; sign: 1 | -1 }
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
  /** Group the device belongs to; undefined without one. */
  group?: GroupKey
  /** What it asks for beyond FlexMeasures. */
  extra?: DeviceExtra
  /** What is stored on its asset, when there is one. */
  facts?: AssetFacts
}

const POWER: FieldKind = { unit: 'kW' }
const RATIO: FieldKind = { unit: 'ratio', bare: '' }
const KNOWN = new Set(FLEX_MODEL_FIELDS.map(({ name }) => name))
const STORED = new Set(FLEX_MODEL_FIELDS.flatMap(({ name, stored }) => (stored ? [name] : [])))

/**
 * Reads one entry. `stored` is the flex-model kept on the device's asset: its fields count where the request says nothing.
 * Refusals go to `room.refusals` under the field's own name.
 */
export function readFlexDevice(
  request: Record<string, unknown>,
  stored: Record<string, unknown>,
  room: ReadingRoom,
  facts?: AssetFacts,
): FlexDevice {
  const known = room.storing ? STORED : KNOWN
  for (const key of Object.keys(request)) if (!known.has(key)) refuse(room, [key], 'Unknown field.')
  for (const field of ['charging', 'discharging'])
    if (request[`${field}-efficiency`] !== undefined && request['roundtrip-efficiency'] !== undefined)
      refuse(room, ['_schema'], `Fields \`${field}_efficiency\` and \`roundtrip_efficiency\` are mutually exclusive.`)
  const all: Record<string, unknown> = { ...stored, ...request }
  const sensor = request['sensor'] === undefined ? undefined : readSensorId(request['sensor'], ['sensor'], room)
  const device: FlexDevice = {
    commodity: readCommodity(all['commodity'], room),
    socGain: readFlows(all['soc-gain'], 'soc-gain', room),
    socUsage: readFlows(all['soc-usage'], 'soc-usage', room),
    preferChargingSooner: readFlag(all, 'prefer-charging-sooner', true, room),
    preferCurtailingLater: readFlag(all, 'prefer-curtailing-later', true, room),
  }
  if (facts) {
    device.facts = facts
    device.asset = facts.id
  }
  if (sensor) device.sensor = sensor
  if (Number.isInteger(request['asset'])) {
    device.namesAsset = true
    if (sensor && sensor.asset !== request['asset']) refuse(room, ['asset'], 'Sensor does not belong to asset.')
    device.asset ??= request['asset'] as number
  } else if (request['asset'] !== undefined) refuse(room, ['asset'], 'Not a valid integer.')
  const put = <Key extends keyof FlexDevice>(key: Key, read: FlexDevice[Key] | undefined) => {
    if (read !== undefined) device[key] = read
  }
  const value = (field: string, kind: FieldKind): FlexValue | undefined =>
    all[field] === undefined || all[field] === null ? undefined : readValue(all[field], [field], kind, room)
  const energy = energyKind(all, sensor, room)
  readStock(all, request, energy, room, put)
  const power: FieldKind = room.storing ? { ...POWER, min: 0 } : POWER
  put('powerCapacity', value('power-capacity', power))
  put('consumptionCapacity', value('consumption-capacity', power))
  put('productionCapacity', value('production-capacity', power))
  put('modes', readModes(all['operation-modes'], room))
  put('consumption', readOutput(all['consumption'], ['consumption'], room))
  put('production', readOutput(all['production'], ['production'], room))
  put('group', readGroup(all['group'], ['group'], room))
  const roundtrip = all['roundtrip-efficiency']
  if (roundtrip !== undefined && roundtrip !== null)
    put('roundtripEfficiency', readNumber(roundtrip, ['roundtrip-efficiency'], { ...RATIO, min: 0, minIsOpen: true, max: 1 }, room))
  put('chargingEfficiency', value('charging-efficiency', RATIO))
  put('dischargingEfficiency', value('discharging-efficiency', RATIO))
  put('coupling', readCoupling(all, device, room))
  put('inflexible', readInflexible(all, request, room))
  put('extra', readDeviceExtra(all, energy, room))
  if (!room.storing) demandStepForLosses(all, device, room)
  return device
}

/** The power sensor of an entry: its own, else the one its plan is written to. */
export const powerSensorOf = (device: FlexDevice): SensorFacts | undefined => device.sensor ?? device.consumption ?? device.production

/** What the entry says of its stock. */
function readStock(
  all: Record<string, unknown>,
  request: Record<string, unknown>,
  energy: FieldKind,
  room: ReadingRoom,
  put: <Key extends keyof FlexDevice>(key: Key, read: FlexDevice[Key] | undefined) => void,
): void {
  const given = (field: string) => all[field] !== undefined && all[field] !== null
  const value = (field: string, kind: FieldKind) => (given(field) ? readValue(all[field], [field], kind, room) : undefined)
  const fixedOnly = (field: string) => (request[field] === undefined ? energy : { ...energy, segments: false })
  if (given('soc-at-start')) put('socAtStart', readNumber(all['soc-at-start'], ['soc-at-start'], energy, room))
  put('socMin', value('soc-min', { ...fixedOnly('soc-min'), min: 0 }))
  put('socMax', value('soc-max', fixedOnly('soc-max')))
  put('socTargets', value('soc-targets', energy))
  put('socMinima', value('soc-minima', { ...energy, min: 0 }))
  put('socMaxima', value('soc-maxima', energy))
  put('stateOfCharge', readStateOfCharge(all['state-of-charge'], energy, room))
  put('storageEfficiency', value('storage-efficiency', RATIO))
}

/** Bare energies are in soc-unit, else as the power sensor suggests (kW → kWh, MW → MWh), else MWh. */
function energyKind(all: Record<string, unknown>, sensor: SensorFacts | undefined, room: ReadingRoom): FieldKind {
  const named = all['soc-unit']
  if (named !== undefined && named !== 'kWh' && named !== 'MWh') refuse(room, ['soc-unit'], 'Must be one of: kWh, MWh.')
  if (room.storing) return { unit: 'kWh', min: 0 }
  const hint = sensor ?? room.sensors.get(Number((all['state-of-charge'] as Record<string, unknown> | undefined)?.['sensor']))
  const bySensor = hint && { kW: 'kWh', MW: 'MWh', kWh: 'kWh', MWh: 'MWh' }[hint.unit]
  return { unit: 'kWh', bare: named === 'kWh' || named === 'MWh' ? named : (bySensor ?? 'MWh') }
}

function readCommodity(raw: unknown, room: ReadingRoom): string {
  if (raw === undefined || raw === null) return 'electricity'
  if (typeof raw === 'string' && raw.trim() !== '') return raw
  refuse(room, ['commodity'], typeof raw === 'string' ? 'commodity must be a non-empty string.' : 'Not a valid string.')
  return 'electricity'
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

/** Ranges of power, consumption positive; a mode of both directions is one range through zero. */
function readModes(raw: unknown, room: ReadingRoom): Band[] | undefined {
  if (raw === undefined || raw === null) return undefined
  const field = 'operation-modes'
  if (!Array.isArray(raw)) return refuse(room, [field], 'Not a valid list.')
  if (raw.length === 0) return refuse(room, [field], 'Shorter than minimum length 1.')
  const bands = raw.flatMap((item, index) => readMode(item, [field, String(index)], room) ?? [])
  return bands.length === raw.length ? bands : undefined
}

function readMode(raw: unknown, path: string[], room: ReadingRoom): Band | undefined {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return refuse(room, path, 'Invalid input type.')
  const item = raw as Record<string, unknown>
  for (const key of Object.keys(item))
    if (key !== 'consumption-range' && key !== 'production-range') refuse(room, [...path, key], 'Unknown field.')
  const consumption = readRange(item, 'consumption-range', 'production-range', path, room)
  const production = readRange(item, 'production-range', 'consumption-range', path, room)
  if (item['consumption-range'] === undefined && item['production-range'] === undefined)
    return refuse(room, [...path, '_schema'], 'An operation mode must declare a consumption-range and/or a production-range.')
  if (consumption && production) {
    if (consumption[0] === 0 && production[0] === 0) return { from: -production[1], to: consumption[1] }
    return refuse(
      room,
      [...path, '_schema'],
      'When an operation mode combines consumption-range and production-range, both must start at 0 (so they form one contiguous band through zero).',
    )
  }
  if (consumption) return { from: consumption[0], to: consumption[1] }
  return production && { from: -production[1], to: -production[0] }
}

function readRange(
  item: Record<string, unknown>,
  name: string,
  other: string,
  path: string[],
  room: ReadingRoom,
): [number, number] | undefined {
  const raw = item[name]
  if (raw === undefined || raw === null) return undefined
  if (!Array.isArray(raw)) return refuse(room, [...path, name], 'Not a valid list.')
  if (raw.length !== 2) return refuse(room, [...path, name], 'Length must be 2.')
  const [low, high] = raw.map((each, index) => readNumber(each, [...path, name, String(index)], { unit: 'kW', bare: 'MW' }, room))
  if (low === undefined || high === undefined) return undefined
  if (low < 0)
    return refuse(
      room,
      [...path, '_schema'],
      `An operation mode's ${name} must be non-negative. To express power flowing in the opposite direction, move the negative part (with its sign flipped) to the mode's ${other}; a range spanning zero becomes a combination of both, each starting at 0.`,
    )
  if (low > high) return refuse(room, [...path, '_schema'], `The minimum of an operation mode's ${name} cannot exceed its maximum.`)
  return [low, high]
}

/** Name and signed coefficient; the sign follows from the one direction that is open. */
function readCoupling(all: Record<string, unknown>, device: FlexDevice, room: ReadingRoom): FlexDevice['coupling'] {
  const raw = all['coupling-coefficient'] ?? 1
  const coefficient = typeof raw === 'string' && raw.trim() !== '' ? Number(raw) : raw
  if (typeof coefficient !== 'number' || !Number.isFinite(coefficient)) return refuse(room, ['coupling-coefficient'], 'Not a valid number.')
  if (coefficient <= 0) return refuse(room, ['coupling-coefficient'], 'Must be greater than 0.')
  const name = all['coupling']
  if (name === undefined || name === null) return undefined
  if (typeof name !== 'string') return refuse(room, ['coupling'], 'Not a valid string.')
  if (name.trim() === '')
    return refuse(room, ['coupling'], 'The `coupling` field, when provided, must be a non-empty (non-whitespace) name.')
  const isShut = (value: FlexValue | undefined) => value?.kind === 'fixed' && value.value === 0
  const flows = (value: FlexValue | undefined) => value !== undefined && !isShut(value)
  const consumes = flows(device.consumptionCapacity) || isShut(device.productionCapacity)
  const produces = flows(device.productionCapacity) || isShut(device.consumptionCapacity)
  if (consumes === produces && room.storing) return { name, coefficient }
  if (consumes === produces)
    return refuse(
      room,
      ['coupling'],
      "A device with a 'coupling' field must have an unambiguous flow direction: provide exactly one directional capacity, either a consumption-capacity (for an input/consuming device) or a production-capacity (for an output/producing device). The opposite direction defaults to zero.",
    )
  return { name, coefficient: consumes ? coefficient : -coefficient }
}

/** Fields an entry may have beside a given profile. */
const BESIDE_INFLEXIBLE = new Set([
  'asset',
  'sensor',
  'group',
  'commodity',
  'inflexible-consumption',
  'inflexible-production',
  'prefer-charging-sooner',
  'prefer-curtailing-later',
])

function readInflexible(all: Record<string, unknown>, request: Record<string, unknown>, room: ReadingRoom): FlexDevice['inflexible'] {
  const named = ['inflexible-consumption', 'inflexible-production'].filter((field) => all[field] !== undefined && all[field] !== null)
  const [field] = named
  if (field === undefined) return undefined
  if (named.length > 1)
    return refuse(
      room,
      ['inflexible-consumption'],
      'An inflexible device entry must declare either inflexible-consumption or inflexible-production, not both.',
    )
  const consumes = field === 'inflexible-consumption'
  const value = readProfile(all[field], [field], room)
  if (!value) return undefined
  const { consumptionIsPositive } = value.sensor
  if (consumptionIsPositive !== undefined && consumptionIsPositive !== consumes) refuse(room, [field], signConflict(value.sensor, field))
  const more = Object.keys({ ...all, ...request })
    .filter((key) => !BESIDE_INFLEXIBLE.has(key) && KNOWN.has(key))
    .sort()
  if (more.length > 0)
    refuse(
      room,
      [field],
      `An inflexible device entry (\`${field}\`) must not also carry schedulable-device field(s) [${more.map((key) => `'${key}'`).join(', ')}].`,
    )
  return { value, sign: consumes ? 1 : -1 }
}

/** A share lost per step needs a step: of the power sensor, of an output, or of a sensor of its own. */
function demandStepForLosses(all: Record<string, unknown>, device: FlexDevice, room: ReadingRoom): void {
  const value = device.storageEfficiency
  if (value?.kind !== 'fixed' || value.value === 1 || powerSensorOf(device) || device.stateOfCharge?.kind === 'sensor') return
  if (all['storage-efficiency'] === undefined) return
  refuse(
    room,
    ['storage-efficiency'],
    'The storage-efficiency cannot be interpreted without a resolution. Record the storage-efficiency on a sensor instead (with a non-zero resolution) and then reference that sensor in the flex-model. Alternatively, set the consumption or production field in the flex-model to reference a sensor, and the scheduler will assume their resolution is the one to use.',
  )
}
