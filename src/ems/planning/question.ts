/** What the scheduler is asked: the site now, its forecasts, prices, limits and wishes, as numbers per slot. */
import { after, dayAfter, floorTo, type Instant, MINUTE } from '#kernel'
import type { Device, Wish } from '../device.ts'
import type { VehicleHabits } from '../forecasting/vehicle.ts'
import type { Limit } from '../limit.ts'
import type { Line } from '../line.ts'
import type { Override } from '../overrides.ts'
import type { Plan, PlannedDevice } from '../plan.ts'
import type { PlanDevice, SiteProblem, StockWish } from '../scheduling/site-problem.ts'
import type { SiteDevice } from '../site.ts'
import { SHORTEST_BURST } from '../want.ts'
import { type Arrival, type ArrivalWindow, expectedArrival } from './arrivals.ts'
import { type PriceOutlook, priceOutlook } from './price-outlook.ts'
import { curtailingPays, sunDevice } from './sun.ts'

export const STEP = 15 * MINUTE
/** Cost of moving a MWh through a storage: no cycle for less. */
const WEAR = 4
/** Plans that differ in less than this (per MWh) keep to the last plan. */
const CHANGE = 0.5
/** A limit that ends within this time does not bend the plan; `narrow` keeps it meanwhile. */
const FADING = 2 * MINUTE

/** A device of the problem with the things people call it by. */
export interface Asked {
  device: Device
  member: SiteDevice
  /** The plugged car, when it is known which. */
  vehicle?: SiteDevice
  wish?: Wish
}

export interface Question {
  at: Instant
  start: Instant
  problem: SiteProblem
  /** The same without grid limits; only when one touches the window. */
  free?: SiteProblem
  asked: Asked[]
  limits: Limit[]
  prices: PriceOutlook
  inflexibleKw: number[]
  /** Cars that are away and expected; their devices stand after the asked ones in the problem. */
  arrivals: Arrival[]
}

/** Wish of a plugged car whose user said nothing: from its habits. */
export type Habits = (vehicle: SiteDevice, at: Instant) => Promise<Wish | undefined>

export interface Knowledge {
  habits?: Habits
  /** Car by charger. */
  plugged?: () => ReadonlyMap<string, string>
  /** When cars usually are there, to keep room for those that are away. */
  presence?: (vehicle: SiteDevice, at: Instant) => Promise<VehicleHabits>
}

/** Asks for a plan from the quarter-hour of `at` to the end of the next local day (24 to 48 hours). */
export async function question(line: Line, at: Instant, previous: Plan | undefined, knows: Knowledge = {}): Promise<Question> {
  const { site, beliefs } = line
  const start = floorTo(at, STEP)
  const until = dayAfter(at, site.zone, 2)
  const slots = Math.ceil((until - start) / STEP)
  const window = { start, step: STEP, slots }
  const [limits, overrides, prices, profiles, storages] = await Promise.all([
    line.limits.within(after(at, FADING), until),
    line.overrides.within(after(at, FADING), until),
    priceOutlook(beliefs, site, window),
    inflexible(line, start, slots),
    devicesNow(line, at, knows),
  ])
  const arrivals = await arrivalsOf(line, at, storages, knows, window)
  const suns = curtailingPays(prices.production, capsOf(site.asset, limits, start, slots).exportKw as number[] | undefined)
    ? sunsOf(line, profiles)
    : []
  const asked = [...storages, ...suns.map(({ asked: one }) => one)]
  const inflexibleKw = Array.from({ length: slots }, (_, slot) =>
    profiles.reduce((sum, { member, powerKw }) => sum + (suns.some((sun) => sun.asked.member === member) ? 0 : (powerKw[slot] ?? 0)), 0),
  )
  const levels = await levelsAtStart(line, asked, start, at)
  // Among equally good plans each keeps to the one before it: the free plan to the free plan, so that only what a limit bent differs.
  const build = (binding: readonly Limit[], before: (device: PlannedDevice) => number[]): SiteProblem => {
    const caps = capsOf(site.asset, binding, start, slots)
    const kept = (device: string, pick: typeof before) => previousPowers(previous, device, pick, start, slots)
    return {
      slots,
      step: STEP,
      devices: [
        ...storages.map((one) =>
          scheduled(one, { start, slots, limits: binding, overrides, level: levels.get(one.device.id), kept: kept(one.device.id, before) }),
        ),
        ...suns.map(({ planned }) => planned),
        ...arrivals.map(({ planned }) => planned),
      ],
      inflexibleKw,
      consumptionPrice: prices.consumption,
      productionPrice: prices.production,
      changePrice: CHANGE,
      ...caps,
    }
  }
  const others = limits.filter((limit) => limit.rung !== 'grid')
  return {
    at,
    start,
    problem: build(limits, (device) => device.powerKw),
    ...(others.length < limits.length && { free: build(others, (device) => device.freePowerKw ?? device.powerKw) }),
    asked,
    limits,
    prices,
    inflexibleKw,
    arrivals,
  }
}

/** Stays of cars that are away now and usually come. */
async function arrivalsOf(
  { site }: Line,
  at: Instant,
  asked: readonly Asked[],
  { presence }: Knowledge,
  window: ArrivalWindow,
): Promise<Arrival[]> {
  if (!presence) return []
  const there = new Set(asked.flatMap(({ vehicle }) => (vehicle ? [vehicle.device] : [])))
  const away = site.devices.filter(({ kind, soc, device }) => kind === 'vehicle' && soc !== undefined && !there.has(device))
  const found = await Promise.all(away.map(async (vehicle) => expectedArrival(site, vehicle, await presence(vehicle, at), window)))
  return found.filter((arrival) => arrival !== undefined)
}

/** Plants that can be held back, with what the sun is forecast to give them. */
function sunsOf(line: Line, profiles: readonly Profile[]): { asked: Asked; planned: PlanDevice }[] {
  return profiles.flatMap(({ member, powerKw }) => {
    const device = member.kind === 'pv' ? line.devices.get(member.device) : undefined
    if (!device?.capability().controllable) return []
    return [{ asked: { device, member }, planned: sunDevice(device, powerKw) }]
  })
}

interface Profile {
  member: SiteDevice
  powerKw: number[]
}

/** What is produced and consumed without being asked, kW per slot: forecasts of PV and loads, measured before now. */
async function inflexible(line: Line, start: Instant, slots: number): Promise<Profile[]> {
  const isAsked = (id: string) => line.devices.get(id)?.capability().storage !== undefined
  const members = line.site.devices.filter(
    (member) => member.power !== undefined && (member.kind === 'pv' || (member.kind === 'load' && !isAsked(member.device))),
  )
  const until = after(start, slots * STEP)
  return Promise.all(
    members.map(async (member) => {
      const series = await line.beliefs.series({
        sensor: member.power!,
        from: start,
        until,
        step: STEP,
        excludeSourceTypes: ['scheduler'],
        sign: 'consumption-positive',
      })
      return { member, powerKw: Array.from({ length: slots }, (_, slot) => series[slot] ?? 0) }
    }),
  )
}

async function devicesNow(line: Line, at: Instant, { habits, plugged }: Knowledge): Promise<Asked[]> {
  const { site } = line
  const vehicles = new Map(site.devices.filter((member) => member.kind === 'vehicle').map((member) => [member.soc, member]))
  const behind = new Map<string, SiteDevice>()
  for (const reading of await line.recorder.latest(at, 10 * MINUTE)) {
    const vehicle = vehicles.get(reading.sensor)
    if (vehicle) behind.set(reading.device, vehicle)
  }
  for (const [charger, car] of plugged?.() ?? []) {
    const vehicle = site.devices.find((member) => member.device === car && member.kind === 'vehicle')
    if (vehicle) behind.set(charger, vehicle)
  }
  const asked: Asked[] = []
  for (const device of line.devices.all()) {
    const member = site.devices.find((each) => each.device === device.id)
    const { controllable, storage } = device.capability()
    if (!member || member.power === undefined || !controllable || !storage || device.kind === 'pv') continue
    const vehicle = device.kind === 'evse' ? behind.get(device.id) : undefined
    const wish = device.wish?.() ?? (vehicle && habits ? await habits(vehicle, at) : undefined)
    asked.push({ device, member, ...(vehicle && { vehicle }), ...(wish && { wish }) })
  }
  return asked
}

/** Energy at the start of the first slot, kWh: as measured then, so that a plan made in mid-slot does not count the slot twice. */
async function levelsAtStart(line: Line, asked: readonly Asked[], start: Instant, at: Instant): Promise<Map<string, number>> {
  const rows = await line.store.query<{ sensor: number; value: number }>(
    `select distinct on (sensor) sensor, value from cariflex.reading where sensor = any($1::int[]) and device = any($2::text[])
     and at >= to_timestamp($3::float8 / 1000) and at < to_timestamp($4::float8 / 1000) order by sensor, at`,
    [asked.flatMap(socSensor), asked.map((one) => one.device.id), start - MINUTE, Math.min(start + 2 * MINUTE, at)],
  )
  const measured = new Map(rows.map((row) => [row.sensor, row.value]))
  // Stations tell states of charge to the beliefs, not to the readings.
  await Promise.all(
    asked.flatMap(socSensor).map(async (sensor) => {
      if (measured.has(sensor)) return
      const span = { from: after(start, -MINUTE), until: after(start, 2 * MINUTE) }
      const [known] = await line.beliefs.events({ sensor, ...span, at, horizon: 'ex-post' })
      if (known) measured.set(sensor, known.value)
    }),
  )
  return new Map(
    asked.flatMap((one) => {
      const level = measured.get(socSensor(one)[0] ?? -1)
      return level === undefined ? [] : [[one.device.id, level]]
    }),
  )
}

/** State-of-charge sensor of a battery, or of the car behind a charger. */
export const socSensor = ({ member, vehicle }: Asked): number[] => {
  const sensor = member.kind === 'evse' ? vehicle?.soc : member.soc
  return sensor === undefined ? [] : [sensor]
}

interface Conditions {
  start: Instant
  slots: number
  limits: readonly Limit[]
  overrides: readonly Override[]
  level: number | undefined
  /** Powers of the last plan at these slots. */
  kept: number[]
}

function scheduled({ device, member, wish }: Asked, { start, slots, limits, overrides, level, kept }: Conditions): PlanDevice {
  const capability = device.capability()
  const storage = capability.storage!
  const leaves = wish && member.kind === 'evse' ? wish.by : undefined
  const own = limits.filter((limit) => limit.scope === 'device' && limit.asset === member.asset)
  const override = overrides.find((each) => each.device === device.id)
  const minKw: number[] = []
  const maxKw: number[] = []
  for (let slot = 0; slot < slots; slot++) {
    const from = after(start, slot * STEP)
    let low = capability.minPower
    let high = capability.maxPower
    for (const limit of own.filter((each) => touches(each, from))) {
      if (limit.max !== undefined) high = Math.min(high, Math.max(limit.max, low)) as typeof high
      if (limit.min !== undefined) low = Math.max(low, Math.min(limit.min, high)) as typeof low
    }
    if (override && touches(override, from)) {
      // The owner's order stands in the plan as a direction: a full battery cannot be made to charge.
      low = Math.max(low, Math.min(0, override.power)) as typeof low
      high = Math.min(high, Math.max(0, override.power)) as typeof high
    }
    const isAway = leaves !== undefined && from >= leaves
    minKw.push(isAway ? 0 : low / 1000)
    maxKw.push(isAway ? 0 : high / 1000)
  }
  const max = storage.max / 1000
  const floor = Math.min(Math.max(storage.min, wish?.floor ?? 0) / 1000, max)
  return {
    id: device.id,
    minKw,
    maxKw: maxKw.map((power, slot) => Math.max(power, minKw[slot]!)),
    storage: {
      kwh: Math.max(0, level ?? storage.soc / 1000),
      minKwh: floor,
      maxKwh: max,
      chargingEfficiency: storage.chargingEfficiency,
      dischargingEfficiency: storage.dischargingEfficiency,
      ...(wish && { wishes: wishesOf(wish, start, slots) }),
    },
    // A charger holds its smallest step or nothing; what would make too short a burst of it is not worth planning.
    leastKw: ((capability.minStep / 1000) * SHORTEST_BURST) / STEP,
    wearPrice: WEAR,
    previousKw: kept,
  }
}

/** The energy wanted holds at the end of the last slot before the deadline. */
function wishesOf(wish: Wish, start: Instant, slots: number): StockWish[] {
  const slot = Math.max(0, Math.floor((wish.by - start) / STEP) - 1)
  return slot >= slots || wish.by <= start ? [] : [{ slot, kwh: wish.soc / 1000, kind: 'minimum' }]
}

function previousPowers(
  previous: Plan | undefined,
  device: string,
  pick: (planned: PlannedDevice) => number[],
  start: Instant,
  slots: number,
): number[] {
  const planned = previous?.devices.find((each) => each.device === device)
  const powers = planned ? pick(planned) : []
  const shift = previous ? Math.round((start - previous.start) / STEP) : 0
  return Array.from({ length: slots }, (_, slot) => powers[slot + shift] ?? Number.NaN)
}

/** Site-wide limits as caps per slot. */
function capsOf(
  site: number,
  limits: readonly Limit[],
  start: Instant,
  slots: number,
): Pick<SiteProblem, 'importKw' | 'exportKw' | 'flexibleConsumptionKw'> {
  const group = limits.filter((limit) => limit.scope !== 'device' && limit.asset === site)
  const least = (pick: (limit: Limit) => number | undefined): number[] | undefined => {
    const binding = group.filter((limit) => pick(limit) !== undefined)
    if (binding.length === 0) return undefined
    return Array.from({ length: slots }, (_, slot) => {
      const from = after(start, slot * STEP)
      return Math.min(Infinity, ...binding.filter((limit) => touches(limit, from)).map((limit) => pick(limit)! / 1000))
    })
  }
  const importKw = least((limit) => (limit.scope === 'site-net' ? limit.max : undefined))
  const exportKw = least((limit) => (limit.scope === 'site-net' && limit.min !== undefined ? -limit.min : undefined))
  const flexibleConsumptionKw = least((limit) => (limit.scope === 'flexible-consumption' ? limit.max : undefined))
  return { ...(importKw && { importKw }), ...(exportKw && { exportKw }), ...(flexibleConsumptionKw && { flexibleConsumptionKw }) }
}

/** True when something that holds from `from` to `until` touches the slot. */
export const touches = (span: { from: Instant; until: Instant }, slotStart: Instant): boolean =>
  span.from < slotStart + STEP && span.until > slotStart
