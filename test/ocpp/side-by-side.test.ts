// Stations of three versions under one site limit: they keep it when it is lowered, one that does not is shown, the others make room, all come back.
import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import {
  deviceRegistry,
  type Established,
  establishTerritory,
  type Line,
  openBeliefs,
  openLine,
  openSensors,
  type SetpointView,
  siteOf,
  startHeartbeat,
  startPlanner,
} from '#ems'
import { after, HOUR, silentLog, type Territory, wattHours, watts } from '#kernel'
import { keyToPem } from '#protocols/pki'
import { cables, register } from '../../src/assembly/devices.ts'
import { openCar } from '../../src/simulators/car.ts'
import type { Station, StationOptions, StationSpec } from '../../src/simulators/station.ts'
import { type Ground, ORGANIZATION, open } from './secure-house.ts'

const STATIONS = ['OLD16', 'MTLS201', 'V2G21', 'DEAF201'] as const
const SITE_KW = 36
const NOMINAL = 11_040
const TERRITORY: Territory = {
  account: 'Cariflex',
  site: {
    ...{ name: 'Yard', timezone: 'America/Martinique', currency: 'EUR', latitude: 14.6, longitude: -61, roles: {} },
    maxConsumptionKw: SITE_KW,
  },
  assets: STATIONS.flatMap((name, index) => [
    { name, type: 'two-way_evse', sensors: [{ id: 61 + index, name: 'power', unit: 'kW', resolution: 'PT5M' }] },
    { name: `CAR-${name}`, type: 'vehicle', sensors: [{ id: 71 + index, name: 'soc', unit: 'kWh', resolution: 'PT0S' }] },
  ]),
  devices: STATIONS.map((id, index) => ({
    id,
    kind: 'evse',
    asset: id,
    bus: 'ocpp',
    nominalKw: NOMINAL / 1000,
    sensors: { power: 61 + index },
  })),
  vehicles: STATIONS.map((id, index) => ({
    ...{ id: `CAR-${id}`, asset: `CAR-${id}`, token: `TOKEN-${id}`, capacityKwh: 75, soc: 71 + index, v2g: id === 'V2G21' },
    ...{ targetPercent: 100 },
  })),
}

/** A whole site: its stations, its planner, its heartbeat. */
async function yard(t: TestContext) {
  let line!: Line
  let established!: Established
  let stop: (() => Promise<unknown>) | undefined
  // Before the house is closed.
  t.after(() => stop?.())
  const furnish = async ({ store, clock, bus }: Ground) => {
    established = await establishTerritory(store, clock, structuredClone(TERRITORY), false)
    const [devices, sensors, beliefs] = [deviceRegistry(), openSensors(store, () => clock.now()), openBeliefs({ store, clock, bus })]
    const site = siteOf(established, { author: 'Cariflex', demandResponseLevels: [100, 75, 50, 0] })
    line = openLine({ site, store, clock, bus, log: silentLog, devices, beliefs, sensors })
    return { devices, beliefs, alarms: line.alarms }
  }
  const house = await open(t, { isEncrypted: true, furnish, config: { bootPause: 3000 } })
  const { charging, clock } = house
  await register(established, charging)
  const heartbeat = startHeartbeat(line)
  const planner = startPlanner(line, { plugged: () => cables(charging) })
  // Waiting for what takes its time goes fast; what is measured is measured at the speed of clocks.
  let pace = FAST
  const ticking = setInterval(() => clock.forward(TURN * pace), TURN)
  stop = () => {
    clearInterval(ticking)
    return Promise.all([planner.stop(), heartbeat.stop()])
  }

  /** A station with a car before it that has much to take. */
  const come = async (
    spec: Partial<StationSpec> & { identity: string },
    { soc = 15_000, ...options }: Partial<StationOptions> & { soc?: number } = {},
  ) => {
    const { identity, v2x = false } = spec
    const station = await house.station(identity, { spec: { nominal: watts(NOMINAL), v2x, ...spec }, ...options })
    const car = openCar(
      {
        ...{ id: `CAR-${identity}`, home: identity, seed: 7, rhythm: 'commuter', zone: 'America/Martinique', target: 1, reserve: 0.3 },
        ...{ token: { idToken: `TOKEN-${identity}`, type: 'ISO14443' }, capacity: wattHours(75_000) },
        ...{ onboard: watts(NOMINAL), discharge: watts(v2x ? 10_000 : 0) },
      },
      { at: clock.now(), soc: wattHours(soc) },
    )
    return Object.assign(station, { arrive: () => station.plug(car) })
  }
  /** Waits until it is so; tells after how many seconds of the clock it was. */
  const until = async (what: string, most: number, condition: () => boolean | Promise<boolean>): Promise<number> => {
    const begin = clock.now()
    const passed = () => (clock.now() - begin) / 1000
    while (!(await condition())) {
      assert.ok(passed() < most, `${what}: not within ${most} s`)
      await new Promise((resolve) => setTimeout(resolve, TURN))
    }
    return passed()
  }
  const atPace = async <T>(other: number, work: () => Promise<T>): Promise<T> => {
    pace = other
    return work().finally(() => {
      pace = FAST
    })
  }
  const orderOf = async (device: string): Promise<SetpointView> => {
    const [order] = await line.setpoints.views({ device }, clock.now())
    assert.ok(order, `${device} has no order`)
    return order
  }
  return { house, line, come, until, atPace, orderOf, stop }
}
/** Real milliseconds between two moves of the clock. */
const TURN = 50
const FAST = 30
/** What counts as obeyed, as on receipts. */
const OBEYED = 1.05

test('a 1.6 station, a 2.0.1 station over mTLS and a 2.1 V2G car keep one limit; one that does not is shown and the others make room', {
  timeout: 120_000,
}, async (t) => {
  const { house, line, come, until, atPace, orderOf } = await yard(t)
  const { charging, pki, secure, root, clock } = house
  await charging.security.trust(pki.roots.maker, ['Manufacturer'])
  const { record } = charging.station('MTLS201')
  await charging.registerStation({
    ...{ identity: 'MTLS201', asset: record.asset!, powerSensor: record.powerSensor!, nominalW: NOMINAL, securityProfile: 3 },
  })
  const { chain, key } = await pki.station('MTLS201', ORGANIZATION)
  const own = { chain: chain.join(''), key: keyToPem(key) }
  const [old, mtls, v2g] = [
    await come({ identity: 'OLD16', version: '1.6' }),
    await come({ identity: 'MTLS201' }, { url: secure, vault: { roots: [{ use: 'CSMSRootCertificate', pem: root }], own } }),
    await come({ identity: 'V2G21', version: '2.1', v2x: true }),
  ]
  const three = [old, mtls, v2g]
  const drawn = (stations: readonly Station[]) => stations.reduce((sum, station) => sum + station.state().power, 0)
  const listed = (identity: string) => charging.stations().find((one) => one.identity === identity)!
  // Each by its own words, and the site takes what it may.
  for (const station of three) station.arrive()
  await until('three cars charge', 180, () => three.every((one) => one.state().power > 10_000))
  assert.deepEqual(
    three.map(({ spec }) => charging.station(spec.identity).record.protocol),
    ['1.6', '2.0.1', '2.1'],
  )

  // The operator lowers the limit; now the clock runs as clocks do.
  const because = 'The street has a fault until noon.'
  const post = { until: after(clock.now(), HOUR), maxKw: 24, scope: 'site-net' as const, because, origin: 'ann@example.com' }
  const limit = await line.limits.post(post)
  const took = await atPace(1, () => until('the three obey', 5, () => drawn(three) <= 24_000 * OBEYED))
  assert.ok(drawn(three) > 20_000, 'they share what is left')
  t.diagnostic(`three stations obeyed after ${took.toFixed(1)} s`)
  const names = three.map(({ spec }) => spec.identity)
  const orders = await Promise.all(names.map(orderOf))
  assert.ok(orders.reduce((sum, { powerKw }) => sum + powerKw, 0) <= 24, 'that was ordered')
  // The plan may let one go on as it was; the others know who took it from them.
  const bent = orders.filter(({ powerKw }) => powerKw < NOMINAL / 1000 - 0.1)
  assert.ok(bent.length > 0, 'somebody gives way')
  for (const order of bent) assert.deepEqual([order.rung, order.because], ['grid', because])
  const obeyed = async () => (await Promise.all(names.map(orderOf))).every(({ receipt }) => receipt?.outcome === 'obeyed')
  await until('three receipts', 90, obeyed)
  assert.ok(drawn(three) <= 24_000 * 1.01, `${drawn(three)} W`)

  // A fourth that says yes to everything and does as it likes.
  const deaf = await come(
    { identity: 'DEAF201' },
    {
      instead: (action) =>
        action === 'SetChargingProfile' ? { status: 'Accepted' } : action === 'GetCompositeSchedule' ? { status: 'Rejected' } : undefined,
    },
  )
  deaf.arrive()
  await until('it is seen', 180, () => listed('DEAF201').disobedience !== null)
  assert.match(listed('DEAF201').disobedience!, /^DEAF201 draws 11\.0 kW where \d+\.\d kW is allowed\.$/)
  const alarms = await line.alarms.views('UTC', undefined, 'all')
  assert.ok(
    alarms.some(({ code }) => code === 'station-disobeys'),
    'people are told',
  )
  await until('the others make room', 30, () => drawn([...three, deaf]) <= 24_000 * OBEYED)
  assert.ok(deaf.state().power > 11_000, 'it takes what it takes')
  assert.ok(drawn(three) > 10_000, 'and the others the rest')

  // The limit is over: all come back.
  await line.limits.end(limit.id)
  await until('the three come back', 60, () => drawn(three) > 20_000)
  assert.ok(drawn([...three, deaf]) <= SITE_KW * 1000 * OBEYED, 'within what the site may draw by contract')
  for (const name of names) assert.notEqual((await orderOf(name)).rung, 'grid')
})

test('when the platform is gone, a car that gives power back stops by itself and falls to the safe limit', {
  timeout: 60_000,
}, async (t) => {
  const { house, line, come, until, stop } = await yard(t)
  const { charging, clock } = house
  const v2g = await come({ identity: 'V2G21', version: '2.1', v2x: true }, { soc: 60_000 })
  v2g.arrive()
  await until('the car is seen', 60, () => charging.stations().some(({ evses }) => evses.some(({ transaction }) => transaction?.vehicle)))
  await line.overrides.post({ device: 'V2G21', powerKw: -6, until: after(clock.now(), HOUR), owner: 'ann@example.com' })
  await until('it gives back', 60, () => v2g.state().power < -5000)
  await stop()
  await charging.close()
  const gone = clock.now()
  const gives = () => v2g.state().power < 0
  while (gives() && clock.now() < after(gone, HOUR)) clock.forward(1000)
  const lasted = (clock.now() - gone) / 1000
  assert.ok(lasted > 30 && lasted <= 6 * 60 + 5, `it gave back for ${lasted} s more`)
  clock.forward(30_000)
  assert.equal(Math.round(v2g.state().power), 6 * 690, 'the safe limit holds')
  t.diagnostic(`discharge ended ${Math.round(lasted)} s after the platform`)
})
