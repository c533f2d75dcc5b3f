/** A grid limit is posted → setpoints are on the wire to all affected devices, three of which are slow; against the floor of one journal write. */
import {
  type Device,
  deviceRegistry,
  type News,
  openBeliefs,
  openLine,
  openSensors,
  type Plan,
  type Setpoint,
  type Site,
  startHeartbeat,
} from '#ems'
import { after, DAY, HOUR, inProcessBus, instant, kilowatts, MINUTE, silentLog, systemClock, wattHours, watts } from '#kernel'
import { scratchStore } from '#store'

export const name = 'Grid limit to devices'

const DEVICES = 20
const SLOW = 3

/** p50 and p95 of limit posted → apply() called on all 20 devices, over real PostgreSQL, three of the devices slow. */
export async function run({ short }: { short: boolean }): Promise<string[]> {
  const rounds = short ? 20 : 100
  const undo: (() => unknown)[] = []
  try {
    const store = await scratchStore({ after: (work) => void undo.unshift(work) })
    const site = siteOfBatteries()
    await store.query("insert into account (id, name) values (1, 'Cariflex')")
    await store.query("insert into generic_asset_type (id, name) values (100, 'site')")
    await store.query(
      "insert into generic_asset (id, name, account_id, generic_asset_type_id, attributes) select n, 'asset ' || n, 1, 100, '{}' from generate_series(1, 40) n",
    )
    const clock = systemClock
    const bus = inProcessBus<News>(() => {})
    const sensors = openSensors(store, () => clock.now())
    const beliefs = openBeliefs({ store, clock, bus, sensors })
    const devices = deviceRegistry()
    let told = new Map<string, { power: number; at: number }>()
    for (let index = 0; index < DEVICES; index++)
      devices.add(battery(index, index < SLOW, (setpoint) => told.set(setpoint.device, { power: setpoint.power, at: performance.now() })))
    const line = openLine({ site, store, clock, bus, log: silentLog, devices, beliefs, sensors, patience: 200 })
    await line.plans.keep(plan(site))
    const heart = startHeartbeat(line)
    undo.unshift(() => heart.stop())
    await heart.beat()
    const all = (power: number) => told.size === DEVICES && [...told.values()].every((each) => each.power === power)
    const toAll: number[] = []
    const floor: number[] = []
    for (let round = 0; round < rounds; round++) {
      await until(() => all(20_000) && !devices.all().some((device) => line.lanes.busy(device.id)))
      told = new Map()
      const posted = performance.now()
      const limit = await line.limits.post({ maxKw: 0, until: after(clock.now(), HOUR), origin: 'bench' })
      await until(() => all(0))
      toAll.push(Math.max(...[...told.values()].map(({ at }) => at)) - posted)
      const begin = performance.now()
      await store.query('update cariflex.site_limit set because = because where id = $1', [limit.id])
      floor.push(performance.now() - begin)
      told = new Map()
      await line.limits.end(limit.id)
    }
    const [p50, p95, least] = [percentile(toAll, 0.5), percentile(toAll, 0.95), percentile(floor, 0.5)]
    return [
      `limit posted → apply() on ${DEVICES} devices (${SLOW} of them slow): p50 ${p50.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms (target 1000 ms)`,
      `one durable write in the same run: ${least.toFixed(2)} ms; the whole way costs ${(p50 / least).toFixed(1)} of them`,
    ]
  } finally {
    for (const step of undo) await step()
  }
}

/** A slow device gets the order at once but answers it late, and answers no read after its first. */
function battery(index: number, isSlow: boolean, onOrder: (setpoint: Setpoint) => void): Device {
  let power = watts(0)
  let reads = 0
  return {
    id: `BAT${index}`,
    asset: index + 2,
    kind: 'battery',
    read: () => (isSlow && reads++ > 0 ? new Promise(() => {}) : Promise.resolve([])),
    capability: () => ({
      kind: 'battery',
      maxPower: kilowatts(50),
      minPower: kilowatts(-50),
      minStep: watts(0),
      controllable: true,
      storage: {
        soc: wattHours(50_000),
        capacity: wattHours(100_000),
        min: wattHours(0),
        max: wattHours(100_000),
        chargingEfficiency: 1,
        dischargingEfficiency: 1,
      },
    }),
    measured: () => ({ power, at: systemClock.now() }),
    async apply(setpoint) {
      onOrder(setpoint)
      power = setpoint.power
      if (isSlow) await new Promise((resolve) => setTimeout(resolve, 300))
      return { answer: 'taken' }
    },
  }
}

function siteOfBatteries(): Site {
  return {
    asset: 1,
    name: 'bench',
    zone: 'America/Martinique',
    currency: 'EUR',
    latitude: 14.6,
    longitude: -61,
    devices: Array.from({ length: DEVICES }, (_, index) => ({
      device: `BAT${index}`,
      asset: index + 2,
      name: `BAT${index}`,
      kind: 'battery' as const,
      nominal: kilowatts(50),
      power: 100 + index,
    })),
    sensors: {},
    productionPriceShare: 0.6,
    demandResponseShares: [1, 0.75, 0.5, 0],
    author: 'bench',
  }
}

function plan(site: Site): Plan {
  const step = 15 * MINUTE
  const slots = DAY / step
  const flat = (value: number) => new Array<number>(slots).fill(value)
  const start = instant(Math.floor(systemClock.now() / step) * step)
  return {
    id: 'bench',
    site: site.asset,
    madeAt: systemClock.now(),
    start,
    step,
    slots,
    devices: site.devices.map((member) => ({
      device: member.device,
      asset: member.asset,
      sensor: member.power!,
      powerKw: flat(20),
      reasons: [{ from: 0, to: slots, because: 'bench' }],
    })),
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
    trigger: 'bench',
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 20_000; turn++) {
    if (condition()) return
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  throw new Error('A device never heard of the order.')
}

function percentile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!
}
