/** For tests of the line: a small island in a scratch database with devices made by hand. */
import {
  type Clock,
  DAY,
  HOUR,
  type Instant,
  inProcessBus,
  instant,
  kilowatts,
  MINUTE,
  silentLog,
  type Watts,
  wattHours,
  watts,
} from '#kernel'
import type { Store } from '#store'
import { openBeliefs } from './beliefs.ts'
import type { Device, Wish } from './device.ts'
import { deviceRegistry } from './device.ts'
import type { LimitSource } from './limit.ts'
import { type Line, openLine } from './line.ts'
import type { News } from './news.ts'
import type { Plan } from './plan.ts'
import { openSensors } from './sensors.ts'
import type { Answer, Setpoint } from './setpoint.ts'
import type { Site, SiteDevice } from './site.ts'

/** 2026-11-24T10:00:00-04:00, a Tuesday in Martinique. */
export const TEN = instant(Date.parse('2026-11-24T10:00:00-04:00'))
const ACCOUNT = 1
const SITE = 1

export interface HandMade extends Device {
  /** Orders it got, oldest first. */
  readonly got: Setpoint[]
  /** What it does when told: 'follow' measures what was ordered. */
  manner: 'follow' | 'half' | 'refuse' | 'hang' | 'throw' | 'ignore'
  power: Watts
  socKwh: number
  plugged: boolean
  wishes?: Wish
  /** How long reading takes; 'throw' rejects, 'hang' never answers. */
  reading: 'prompt' | 'throw' | 'hang'
}

/** A device in memory that follows orders at once (or in the manner that a test sets). */
export function handMade(
  clock: Clock,
  member: SiteDevice,
  more: Partial<Pick<HandMade, 'manner' | 'socKwh' | 'plugged'>> & { vehicleSoc?: number } = {},
): HandMade {
  const most = member.nominal
  let answered = clock.now()
  const device: HandMade = {
    id: member.device,
    asset: member.asset,
    kind: member.kind === 'vehicle' ? 'load' : member.kind,
    got: [],
    manner: 'follow',
    reading: 'prompt',
    power: watts(0),
    socKwh: 50,
    plugged: true,
    ...more,
    async read(at) {
      if (device.reading === 'throw') throw new Error('no answer from the device')
      if (device.reading === 'hang') return new Promise(() => {})
      answered = at
      const soc = member.soc ?? (device.plugged ? more.vehicleSoc : undefined)
      return [
        ...(member.power === undefined ? [] : [{ sensor: member.power, at, value: device.power / 1000 }]),
        ...(soc === undefined ? [] : [{ sensor: soc, at, value: device.socKwh }]),
      ]
    },
    capability: () => ({
      kind: device.kind,
      maxPower: watts(device.kind === 'pv' ? 0 : most),
      minPower: watts(device.kind === 'evse' ? 0 : -most),
      minStep: watts(device.kind === 'evse' ? 4140 : 0),
      controllable: device.plugged,
      ...(!device.plugged && { why: 'no car is plugged in', ...(device.kind === 'evse' && { lack: 'work' as const }) }),
      ...(device.kind !== 'pv' && {
        storage: {
          soc: wattHours(device.socKwh * 1000),
          capacity: member.capacity ?? wattHours(75_000),
          min: wattHours(5000),
          max: member.capacity ?? wattHours(75_000),
          chargingEfficiency: 0.95,
          dischargingEfficiency: 0.95,
        },
      }),
    }),
    measured: () => ({ power: device.power, at: answered }),
    wish: () => device.wishes,
    async apply(setpoint): Promise<Answer> {
      device.got.push(setpoint)
      if (device.manner === 'throw') throw new Error('connection reset')
      if (device.manner === 'hang') return new Promise(() => {})
      if (device.manner === 'refuse') return { answer: 'refused', why: 'Rejected by the station' }
      if (device.manner === 'follow') device.power = setpoint.power
      if (device.manner === 'half') device.power = watts(setpoint.power / 2)
      return { answer: 'taken', applied: setpoint.power }
    },
  }
  return device
}

/** A site of `batteries` (100 kWh, 50 kW), `chargers` (22 kW, with cars of 75 kWh) and PV of 5 kW, its sensors numbered like the demo's. */
export function smallSite({
  batteries = 1,
  chargers = 1,
  pv = 1,
  ...more
}: { batteries?: number; chargers?: number; pv?: number } & Partial<Site> = {}): Site {
  const name = (letters: string, index: number) => `${letters}${String(index + 1).padStart(3, '0')}`
  const place = { latitude: 14.6, longitude: -61 }
  const many = (count: number, make: (index: number) => SiteDevice) => Array.from({ length: count }, (_, index) => make(index))
  return {
    asset: SITE,
    name: 'Martinique',
    zone: 'America/Martinique',
    currency: 'EUR',
    latitude: 14.64,
    longitude: -61.02,
    devices: [
      ...many(pv, (i) => ({
        device: name('PV', i),
        asset: 41 + i,
        name: name('PV', i),
        kind: 'pv',
        nominal: kilowatts(5),
        power: 41 + i,
        ...place,
      })),
      ...many(batteries, (i) => ({
        device: name('BAT', i),
        asset: 51 + i,
        name: name('BAT', i),
        kind: 'battery',
        nominal: kilowatts(50),
        power: 151 + i,
        soc: 51 + i,
        capacity: wattHours(100_000),
      })),
      ...many(chargers, (i) => ({
        device: name('CP', i),
        asset: 61 + i,
        name: name('CP', i),
        kind: 'evse',
        nominal: kilowatts(22),
        power: 61 + i,
      })),
      ...many(chargers, (i) => ({
        device: name('V2G', i),
        asset: 71 + i,
        name: name('V2G', i),
        kind: 'vehicle',
        nominal: kilowatts(0),
        soc: 71 + i,
        capacity: wattHours(75_000),
      })),
    ],
    sensors: { price: 84, irradiance: 81, temperature: 82, loadControl: 86, demandResponse: 87 },
    productionPriceShare: 0.6,
    demandResponseShares: [1, 0.75, 0.5, 0],
    author: 'Cariflex',
    ...more,
  }
}

/** Writes the site's assets and sensors into the FlexMeasures tables. */
export async function settleIsland(store: Store, site: Site): Promise<void> {
  await store.query(`insert into account (id, name) values ($1, 'Cariflex') on conflict do nothing`, [ACCOUNT])
  await store.query(`insert into generic_asset_type (id, name) values (100, 'thing') on conflict do nothing`)
  const asset = (id: number, name: string, parent: number | null) =>
    store.query(
      "insert into generic_asset (id, name, account_id, parent_asset_id, generic_asset_type_id, attributes) values ($1, $2, $3, $4, 100, '{}')",
      [id, name, ACCOUNT, parent],
    )
  const sensor = (id: number, name: string, unit: string, seconds: number, of: number, positive: boolean) =>
    store.query(
      `insert into sensor (id, name, unit, timezone, event_resolution, knowledge_horizon_fnc, knowledge_horizon_par, attributes, generic_asset_id)
       values ($1, $2, $3, $4, make_interval(secs => $5), 'ex_post', '{"ex_post_horizon": "P0D"}', $6, $7)`,
      [id, name, unit, site.zone, seconds, JSON.stringify(positive ? { consumption_is_positive: true } : {}), of],
    )
  await asset(site.asset, site.name, null)
  for (const member of site.devices) {
    await asset(member.asset, member.device, site.asset)
    if (member.power !== undefined) await sensor(member.power, 'power', 'kW', 300, member.asset, member.kind !== 'pv')
    if (member.soc !== undefined) await sensor(member.soc, 'state of charge', 'kWh', 0, member.asset, false)
  }
  await sensor(81, 'irradiance', 'W/m²', 900, site.asset, false)
  await sensor(82, 'temperature', '°C', 900, site.asset, false)
  await sensor(84, 'consumption_price', 'EUR/MWh', 3600, site.asset, false)
  await sensor(86, 'load_control_signal', '%', 900, site.asset, false)
  await sensor(87, 'demand_response_signal', '', 900, site.asset, false)
}

export interface Island {
  line: Line
  /** All news so far. */
  news: News[]
  made: Record<string, HandMade>
}

/** The line over a settled island, with a hand-made device for each member that takes orders. */
export function openIsland(
  store: Store,
  clock: Clock,
  site: Site,
  limitSources: (line: Pick<Line, 'beliefs'>) => LimitSource[] = () => [],
  patience?: number,
): Island {
  const news: News[] = []
  const bus = inProcessBus<News>((error) => {
    throw error
  })
  bus.any((one) => news.push(one))
  const devices = deviceRegistry()
  const made: Record<string, HandMade> = {}
  for (const member of site.devices) {
    if (member.kind === 'vehicle') continue
    const vehicle = member.kind === 'evse' ? site.devices.find((each) => each.device === member.device.replace('CP', 'V2G')) : undefined
    made[member.device] = handMade(clock, member, { ...(vehicle?.soc !== undefined && { vehicleSoc: vehicle.soc }) })
    devices.add(made[member.device]!)
  }
  const sensors = openSensors(store, () => clock.now())
  const beliefs = openBeliefs({ store, clock, bus, sensors })
  const line = openLine({
    site,
    store,
    clock,
    bus,
    log: silentLog,
    devices,
    beliefs,
    sensors,
    limitSources: limitSources({ beliefs }),
    ...(patience !== undefined && { patience }),
  })
  return { line, news, made }
}

/** A plan of constant powers (kW by device) for a day from the quarter-hour of `start`. */
export function flatPlan(
  site: Site,
  start: Instant,
  powers: Record<string, number>,
  more: Partial<Plan> & { free?: Record<string, number> } = {},
): Plan {
  const step = 15 * MINUTE
  const slots = DAY / step
  const { free, ...plan } = more
  const flat = (value: number) => new Array<number>(slots).fill(value)
  return {
    id: `plan-${start}-${JSON.stringify(powers)}`,
    site: site.asset,
    madeAt: start,
    start,
    step,
    slots,
    devices: Object.entries(powers).map(([device, power]) => {
      const member = site.devices.find((each) => each.device === device)!
      const reasons = [{ from: 0, to: slots, because: 'As the plan says.' }]
      return {
        device,
        asset: member.asset,
        sensor: member.power!,
        powerKw: flat(power),
        reasons,
        ...(free && { freePowerKw: flat(free[device] ?? power) }),
      }
    }),
    inflexibleKw: flat(0),
    consumptionPrice: flat(100),
    productionPrice: flat(60),
    currency: 'EUR',
    objective: 0,
    bound: 0,
    gap: 0,
    solver: 'none',
    solveMs: 0,
    brokenWishes: [],
    trigger: 'test',
    ...plan,
  }
}

/** Hours after TEN. */
export const hours = (count: number): Instant => instant(TEN + count * HOUR)

/** Lets promises and database round trips that are under way finish: resolves when `condition` holds. */
export async function eventually(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let turn = 0; turn < 2000; turn++) {
    if (await condition()) return
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  throw new Error(`It never happened: ${what}`)
}
