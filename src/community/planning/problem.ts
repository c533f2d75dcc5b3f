// A planning problem of a community, as it stands in a file or comes from declarations: cariflex.community.problem/1.
import { type Instant, parseDurationLength } from '#kernel'
import { FieldReader, type Fields } from '../fields.ts'

/** What is minimised: energy imported, or local production that nobody used; both in kWh over the horizon. */
export type Objective = 'import' | 'unused'
export const OBJECTIVES: readonly Objective[] = ['import', 'unused']

interface Named {
  id: string
  home?: string
  /** ELFE's code of the appliance: 112 a washing machine, 131 a water heater, and so on. */
  type?: number
  /** Who stays unplaced first when a group has no room for all: least `1 + priority`. */
  priority: number
}
interface Windowed {
  earliestStart: Instant
  latestEnd: Instant
}
/** Runs once, without a break: slot `s + q` takes `profileKw[q]`. */
export interface Cycle extends Named, Windowed {
  kind: 'cycle'
  profileKw: readonly number[]
}
/** Takes energy: in one go at its highest level, or in any slots of its window at any of its levels. */
export interface Charge extends Named, Windowed {
  kind: 'charge'
  /** Ascending, above zero. */
  powerLevelsKw: readonly number[]
  minEnergyKwh: number
  maxEnergyKwh: number
  interruptible: boolean
  /** Times it may go on, of an interruptible one; absent: any number. */
  maxStarts?: number
}
/** A heater between two powers: eco outside its periods; comfort inside, save for some slots. */
export interface Comfort extends Named {
  kind: 'comfort'
  ecoKw: number
  comfortKw: number
  periods: readonly { start: Instant; end: Instant; minComfortSlots: number }[]
  /** In any so many consecutive slots of one period … */
  slidingSlots: number
  /** … at least so many are comfort. */
  slidingMinComfort: number
}
export type Appliance = Cycle | Charge | Comfort

/** Appliances that together may not take more than `maxKw` in any slot. */
export interface Group {
  id: string
  maxKw: number
  appliances: readonly string[]
}

export interface CommunityProblem {
  name: string
  start: Instant
  /** Milliseconds of a slot. */
  step: number
  slots: number
  /** Means of each slot, in kW. */
  productionKw: readonly number[]
  /** Without the appliances below. */
  baseConsumptionKw: readonly number[]
  objective: Objective
  appliances: readonly Appliance[]
  groups: readonly Group[]
}

const MOST_SLOTS = 10_000
const read = new FieldReader('The problem', 'community-plan.md')

/**
 * Reads a problem. Fields it does not know are ignored.
 *
 * @throws Problem `usage` that names the path of what is missing or malformed
 */
export function readProblem(document: unknown): CommunityProblem {
  const root = read.document(document, 'cariflex.community.problem/1')
  const slots = read.integer(root, 'slots', '', 1)
  if (slots > MOST_SLOTS) read.bad('slots', `must be at most ${MOST_SLOTS}`)
  const step = read.parsed(root, 'step', '', parseDurationLength, 'a duration such as PT15M')
  if (step <= 0) read.bad('step', 'must be longer than nothing')
  const curve = (key: string): number[] => {
    const values = read.numbers(root, key)
    if (values.length !== slots) read.bad(key, `must have ${slots} values, one a slot; it has ${values.length}`)
    return values
  }
  const appliances = read.list(root, 'appliances').map((entry, index) => applianceAt(entry, `appliances[${index}]`))
  const ids = new Set<string>()
  for (const [index, { id }] of appliances.entries()) {
    if (ids.has(id)) read.bad(`appliances[${index}].id`, `'${id}' is there twice`)
    ids.add(id)
  }
  return {
    name: read.text(root, 'name'),
    start: read.moment(root, 'start'),
    step,
    slots,
    productionKw: curve('productionKw'),
    baseConsumptionKw: curve('baseConsumptionKw'),
    objective: root.objective === undefined ? 'import' : readObjective(root.objective),
    appliances,
    groups: root.groups === undefined ? [] : read.list(root, 'groups').map((entry, index) => groupAt(entry, `groups[${index}]`, ids)),
  }
}

/** @throws Problem `usage` when it is no objective */
export function readObjective(value: unknown): Objective {
  return OBJECTIVES.find((objective) => objective === value) ?? read.bad('objective', `must be ${OBJECTIVES.join(' or ')}`)
}

function applianceAt(entry: unknown, path: string): Appliance {
  const it = read.object(entry, path)
  const named: Named = {
    id: read.text(it, 'id', path),
    ...(it.home === undefined ? {} : { home: read.text(it, 'home', path) }),
    ...(it.type === undefined ? {} : { type: read.integer(it, 'type', path, 0) }),
    priority: it.priority === undefined ? 0 : read.integer(it, 'priority', path, 0),
  }
  switch (it.kind) {
    case 'cycle': {
      const profileKw = read.numbers(it, 'profileKw', path, 0)
      if (profileKw.length === 0) read.bad(`${path}.profileKw`, 'must have at least one value')
      return { ...named, kind: 'cycle', profileKw, ...windowAt(it, path) }
    }
    case 'charge':
      return { ...named, ...windowAt(it, path), ...chargeAt(it, path) }
    case 'comfort':
      return { ...named, ...comfortAt(it, path) }
    default:
      return read.bad(`${path}.kind`, 'must be cycle, charge or comfort')
  }
}

function chargeAt(it: Fields, path: string): Omit<Charge, keyof Named | keyof Windowed> {
  const powerLevelsKw = read.numbers(it, 'powerLevelsKw', path, 0)
  if (powerLevelsKw.length === 0) read.bad(`${path}.powerLevelsKw`, 'must have at least one level')
  if (powerLevelsKw.some((level, index) => level <= (powerLevelsKw[index - 1] ?? 0)))
    read.bad(`${path}.powerLevelsKw`, 'must ascend, from above zero')
  const minEnergyKwh = read.amount(it, 'minEnergyKwh', path)
  const maxEnergyKwh = it.maxEnergyKwh === undefined ? minEnergyKwh : read.amount(it, 'maxEnergyKwh', path)
  if (maxEnergyKwh < minEnergyKwh) read.bad(`${path}.maxEnergyKwh`, 'must not be below minEnergyKwh')
  if (it.interruptible !== undefined && typeof it.interruptible !== 'boolean') read.bad(`${path}.interruptible`, 'must be true or false')
  const interruptible = it.interruptible === true
  const maxStarts = it.maxStarts === undefined || it.maxStarts === null ? undefined : read.integer(it, 'maxStarts', path, 1)
  return {
    kind: 'charge',
    powerLevelsKw,
    minEnergyKwh,
    maxEnergyKwh,
    interruptible,
    ...(interruptible && maxStarts !== undefined ? { maxStarts } : {}),
  }
}

function comfortAt(it: Fields, path: string): Omit<Comfort, keyof Named> {
  const ecoKw = read.amount(it, 'ecoKw', path)
  const comfortKw = read.amount(it, 'comfortKw', path)
  if (comfortKw < ecoKw) read.bad(`${path}.comfortKw`, 'must not be below ecoKw')
  const slidingSlots = it.slidingSlots === undefined ? 4 : read.integer(it, 'slidingSlots', path, 1)
  const slidingMinComfort = it.slidingMinComfort === undefined ? Math.min(3, slidingSlots) : read.integer(it, 'slidingMinComfort', path, 0)
  if (slidingMinComfort > slidingSlots) read.bad(`${path}.slidingMinComfort`, 'must not be above slidingSlots')
  const periods = read.list(it, 'periods', path).map((entry, index) => {
    const at = `${path}.periods[${index}]`
    const period = read.object(entry, at)
    const [start, end] = [read.moment(period, 'start', at), read.moment(period, 'end', at)]
    if (end < start) read.bad(`${at}.end`, 'must not be before its start')
    return { start, end, minComfortSlots: read.integer(period, 'minComfortSlots', at, 0) }
  })
  return { kind: 'comfort', ecoKw, comfortKw, periods, slidingSlots, slidingMinComfort }
}

function groupAt(entry: unknown, path: string, ids: ReadonlySet<string>): Group {
  const it = read.object(entry, path)
  const appliances = read.list(it, 'appliances', path).map((id, index) => {
    if (typeof id !== 'string' || !ids.has(id)) read.bad(`${path}.appliances[${index}]`, 'must be the id of an appliance')
    return id as string
  })
  return { id: read.text(it, 'id', path), maxKw: read.amount(it, 'maxKw', path), appliances: [...new Set(appliances)] }
}

const windowAt = (it: Fields, path: string): Windowed => ({
  earliestStart: read.moment(it, 'earliestStart', path),
  latestEnd: read.moment(it, 'latestEnd', path),
})
