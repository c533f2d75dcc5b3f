// Over a real MQTT socket: a peer that speaks the shapes of EVerest's AsyncAPI documents gets the orders of the EMS, and what it tells becomes beliefs.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import test, { type TestContext } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { Aedes } from 'aedes'
import mqtt from 'mqtt'
import { deviceRegistry, type News, openBeliefs, openLine, openSensors, startHeartbeat } from '#ems'
import { after, inProcessBus, kilowatts, manualClock, parseInstant, SECOND, silentLog, watts } from '#kernel'
import { scratchStore } from '#store'
import { everestDevice } from './everest-device.ts'

const NOW = parseInstant('2026-11-24T16:00:00Z')
const LIMITS = 'everest_api/1/external_energy_limits_consumer/grid'
const MANAGER = 'everest_api/1/evse_manager_consumer/evse'

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const late = performance.now() + 20_000
  while (!(await holds())) {
    assert.ok(performance.now() < late, what)
    await setImmediate()
  }
}

interface Told {
  schedule_import: { limits_to_root: { total_power_W: { value: number } } }[]
  schedule_export: { limits_to_root: { total_power_W: { value: number } } }[]
  schedule_setpoints: { setpoint: { total_power_W: number } }[]
}

/** A broker and the installation behind it. */
async function installation(t: TestContext) {
  const aedes = await Aedes.createBroker()
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    aedes.handle(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`
  const peer = await mqtt.connectAsync(url)
  const plans: Told[] = []
  const checks: string[] = []
  peer.on('message', (topic, payload) => {
    if (topic.endsWith('set_external_limits')) plans.push(JSON.parse(String(payload)) as Told)
    else checks.push(String(payload))
  })
  await peer.subscribeAsync(`${LIMITS}/m2e/#`)
  const close = async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await new Promise<void>((resolve) => aedes.close(() => resolve()))
  }
  t.after(async () => {
    await peer.endAsync(true)
    await close()
  })
  let count = 41
  return {
    ...{ url, plans, checks, close },
    beat: (anew = false) => {
      count = anew ? 0 : count + 1
      return peer.publishAsync(`${LIMITS}/e2m/heartbeat`, String(count))
    },
    tell: (state: string, latest_total_w: number) =>
      peer.publishAsync(
        `${MANAGER}/e2m/session_info`,
        JSON.stringify({
          state,
          charged_energy_wh: 1200,
          discharged_energy_wh: 0,
          latest_total_w,
          session_duration_s: 60,
          timestamp: '2026-11-24T16:00:00Z',
        }),
      ),
    garbage: () => peer.publishAsync(`${MANAGER}/e2m/session_info`, '{"state":'),
    /** What holds now at its node: most in, most out, setpoint. */
    now: () => {
      const last = plans.at(-1)
      return (
        last && [
          last.schedule_import[0]?.limits_to_root.total_power_W.value,
          last.schedule_export[0]?.limits_to_root.total_power_W.value,
          last.schedule_setpoints[0]?.setpoint.total_power_W,
        ]
      )
    },
  }
}

test('an order of the EMS reaches EVerest as limits and setpoint, its power comes back as a belief, and a restart gets the order again', async (t) => {
  const everest = await installation(t)
  const store = await scratchStore(t)
  const clock = manualClock(NOW)
  const bus = inProcessBus<News>(() => undefined)
  const news: string[] = []
  bus.any((one) => void (one.kind === 'device' && news.push(one.what)))
  const sensors = openSensors(store, () => clock.now())
  const beliefs = openBeliefs({ store, clock, bus, sensors })
  await store.query("insert into account (id, name) values (1, 'Cariflex')")
  await store.query(
    `insert into generic_asset (id, name, account_id, generic_asset_type_id, parent_asset_id, attributes)
     values (1, 'Island', 1, 6, null, '{}'), (2, 'EV001', 1, 5, 1, '{}')`,
  )
  const resolution = 300_000
  await sensors.create({
    id: 151,
    name: 'power',
    unit: 'kW',
    resolution,
    asset: 2,
    timezone: 'UTC',
    attributes: { consumption_is_positive: true },
  })
  const device = await everestDevice({
    ...{ id: 'EV001', asset: 2, broker: everest.url, node: 'grid', manager: 'evse', nominal: watts(22_000), discharge: watts(11_000) },
    ...{ sensors: { power: 151 }, clock, onChange: (what) => bus.tell({ kind: 'device', device: 'EV001', asset: 2, what }) },
  })
  t.after(() => device.close())
  const devices = deviceRegistry()
  devices.add(device)
  const site = {
    ...{ asset: 1, name: 'Island', zone: 'America/Martinique', currency: 'EUR', latitude: 14.6, longitude: -61 },
    devices: [{ device: 'EV001', asset: 2, name: 'EV001', kind: 'evse' as const, nominal: kilowatts(22), power: 151 }],
    ...{ sensors: {}, productionPriceShare: 0.6, demandResponseShares: [1], maxConsumption: kilowatts(600), author: 'Cariflex' },
  }
  const line = openLine({ site, store, clock, bus, log: silentLog, devices, beliefs, sensors })
  const heart = startHeartbeat(line)
  t.after(() => heart.stop())

  await until('the broker', () => news.includes('online'))
  assert.deepEqual([device.capability().controllable, device.capability().lack], [false, 'connection'], 'nothing was heard yet')
  await everest.tell('Unplugged', 0)
  await until('no car', () => device.capability().lack === 'work')
  await everest.garbage()
  await everest.tell('Charging', 6900)
  await until('a car', () => device.capability().controllable)
  assert.ok(news.includes('plugged'), news.join())

  await line.overrides.post({ device: 'EV001', powerKw: 7, until: after(NOW, 3600 * SECOND), owner: 'ann' })
  await heart.beat()
  await until('the order', () => everest.now()?.[0] === 7000)
  assert.deepEqual(everest.now(), [7000, 0, undefined])
  const belief = () => store.first<{ event_value: number }>('select event_value from timed_belief where sensor_id = 151')

  await line.overrides.post({ device: 'EV001', powerKw: -5, until: after(NOW, 3600 * SECOND), owner: 'ann' })
  await heart.steer()
  await until('the order to give back', () => everest.now()?.[2] === -5000)
  assert.deepEqual(everest.now(), [0, 5000, -5000])

  // Five minutes make a belief.
  for (let half = 0; half < 11; half++) {
    clock.set(after(clock.now(), 30 * SECOND))
    const at = clock.now()
    await everest.tell('Charging', 6900)
    await until('what it told', () => device.measured()?.at === at)
    await heart.beat()
  }
  await line.recorder.settle(clock.now())
  await until('a belief', async () => (await belief()) !== undefined)
  assert.equal((await belief())!.event_value, 6.9)

  await everest.beat()
  const before = everest.plans.length
  await everest.beat(true)
  await until('the order again', () => everest.plans.length > before)
  clock.forward(5 * SECOND)
  await until('that the line is good', () => everest.checks.includes('true'))
})

test('a broker that goes makes the order silent and the device out of reach; beyond its power nothing is asked', async (t) => {
  const everest = await installation(t)
  const clock = manualClock(NOW)
  const changes: string[] = []
  const device = await everestDevice({
    ...{ id: 'EV001', asset: 2, broker: everest.url, node: 'grid', manager: 'evse', nominal: watts(22_000), discharge: watts(0) },
    ...{ sensors: { power: 151 }, clock, onChange: (what) => changes.push(what) },
  })
  t.after(() => device.close())
  await until('the broker', () => changes.includes('online'))
  await everest.tell('Charging', 100)
  await until('a car', () => device.capability().controllable)
  const order = (power: number) =>
    device.apply({
      ...{ device: 'EV001', asset: 2, power: watts(power), at: NOW, until: after(NOW, 900 * SECOND) },
      because: 'test',
      rung: 'plan',
    })
  assert.deepEqual(await order(50_000), { answer: 'taken', applied: 22_000 })
  assert.deepEqual(await order(-5000), { answer: 'taken', applied: 0 })
  await until('both orders', () => everest.plans.length === 2)
  assert.deepEqual(everest.now()!.slice(0, 2), [0, 0])
  clock.forward(31 * SECOND)
  assert.deepEqual([device.measured(), await device.read(clock.now()), device.capability().lack], [undefined, [], 'connection'])
  await everest.close()
  await until('that it is away', () => changes.includes('offline'))
  assert.equal((await order(7000)).answer, 'silent')
})
