/**
 * A limit of the operator → charging profiles on 1,000 stations: posted, shared out, written to the journal, sent over real sockets, answered and
 * read back, against the floor of one profile to one station at a time.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { openCharging } from '#charging'
import {
  deviceRegistry,
  type News,
  openAlarms,
  openBeliefs,
  openConversationLog,
  openLine,
  openSensors,
  type Site,
  startHeartbeat,
} from '#ems'
import { after, floorTo, formatInstant, HOUR, inProcessBus, kilowatts, MINUTE, silentLog, systemClock } from '#kernel'
import { connectStation, type Payload } from '#protocols/ocpp'
import { scratchStore } from '#store'
import { flatPlan, settleIsland, smallSite } from '../src/ems/island.fixture.ts'
import { median } from './sites.ts'

export const name = 'A limit to profiles on many stations, stations in the same process'

export async function run({ short }: { short: boolean }): Promise<string[]> {
  const count = short ? 200 : 1000
  const undo: (() => unknown)[] = []
  const clock = systemClock
  try {
    const store = await scratchStore({ after: (work) => void undo.unshift(work) }, { connections: 10 })
    const site = siteOf(count)
    await settleIsland(store, site)
    await store.query("insert into cariflex.id_token (token, status) values ('BENCH', 'Accepted')")
    const bus = inProcessBus<News>(() => undefined)
    const devices = deviceRegistry()
    const sensors = openSensors(store, () => clock.now())
    const beliefs = openBeliefs({ store, clock, bus, sensors })
    const alarms = openAlarms({ store, clock, bus })
    const conversation = openConversationLog({ store, clock, bus, log: silentLog })
    const charging = await openCharging({
      store,
      clock,
      bus,
      beliefs,
      devices,
      conversation,
      alarms,
      log: silentLog,
      config: { ping: 0, bootPause: 0 },
    })
    const line = openLine({ site, store, clock, bus, log: silentLog, devices, beliefs, sensors })
    const server = createServer()
    server.on('upgrade', (request, socket, head) => void charging.upgrade(request, socket, head))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    undo.unshift(
      () => server.close(),
      () => conversation.close(),
      () => charging.close(),
    )
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ocpp`
    const held = new Map<string, { limit: number; at: number }>()
    for (const { device, asset, power } of site.devices)
      await charging.registerStation({ identity: device, asset, powerSensor: power!, nominalW: 22_000 })
    const sessions = await inTurns(site.devices, 50, ({ device }) => plugged(url, device, held))
    const plan = flatPlan(site, floorTo(clock.now(), 15 * MINUTE), Object.fromEntries(site.devices.map(({ device }) => [device, 11])))
    await line.plans.keep({ ...plan, id: 'bench' })
    const heart = startHeartbeat(line)
    undo.unshift(
      () => heart.stop(),
      () => {
        for (const session of sessions) session.close()
      },
    )
    const all = (holds: (limit: number) => boolean) => held.size === count && [...held.values()].every(({ limit }) => holds(limit))
    await heart.beat()
    await until(() => all((limit) => limit > 10_900), 'the plan did not reach the stations')
    const times: number[] = []
    const last: number[] = []
    const cpu: number[] = []
    for (let round = 0; round < (short ? 2 : 4); round++) {
      held.clear()
      const posted = performance.now()
      const before = process.cpuUsage()
      // What is left for all is less than what the smallest step of half of them takes.
      const limit = await line.limits.post({ maxKw: count * 5, until: after(clock.now(), HOUR), origin: 'bench' })
      await until(() => all((power) => power < 10_900), 'the limit did not reach all stations')
      times.push(Math.max(...[...held.values()].map(({ at }) => at)) - posted)
      const { user, system } = process.cpuUsage(before)
      cpu.push((user + system) / 1000)
      const sum = [...held.values()].reduce((total, { limit: power }) => total + power, 0)
      if (sum > count * 5000) throw new Error(`${sum} W are allowed where ${count * 5000} W are`)
      last.push(sum)
      held.clear()
      await line.limits.end(limit.id)
      await until(() => all((power) => power > 10_900), 'the end of the limit did not reach all stations')
    }
    const floor: number[] = []
    for (let round = 0; round < 20; round++) {
      const begin = performance.now()
      await charging.call('CP0001', 'GetCompositeSchedule', { evseId: 1, duration: 60 })
      floor.push(performance.now() - begin)
    }
    return [
      `limit posted → profile on all ${count} stations: p50 ${(median(times) / 1000).toFixed(2)} s, worst ${(Math.max(...times) / 1000).toFixed(2)} s (target ${((10 * count) / 1000).toFixed(0)} s); together ${(last[0]! / 1000).toFixed(0)} of ${count * 5} kW`,
      `one question to one station in the same run: ${median(floor).toFixed(2)} ms; the whole costs ${(median(times) / count).toFixed(2)} ms a station, ${(median(cpu) / count).toFixed(2)} ms of processor (both ends of the wire)`,
    ]
  } finally {
    for (const step of undo) await step()
  }
}

function siteOf(count: number): Site {
  const devices = Array.from({ length: count }, (_, index) => {
    const device = `CP${String(index + 1).padStart(4, '0')}`
    return { device, asset: 1000 + index, name: device, kind: 'evse' as const, nominal: kilowatts(22), power: 5000 + index }
  })
  return { ...smallSite({ batteries: 0, chargers: 0, pv: 0 }), devices }
}

/** A station with a car, past its set-up; it notes the limits that it is given. */
async function plugged(url: string, identity: string, held: Map<string, { limit: number; at: number }>) {
  let limit = 0
  let boots = 0
  const boot = () => session.call('BootNotification', { reason: 'PowerUp', chargingStation: { model: 'Bench', vendorName: 'Cariflex' } })
  const session = await connectStation(url, {
    identity,
    clock: systemClock,
    handler: async (action, payload) => {
      switch (action) {
        case 'TriggerMessage':
          if (payload['requestedMessage'] === 'BootNotification') setImmediate(() => void boot().then(() => boots++))
          return { status: 'Accepted' }
        case 'SetVariables':
          return taken(payload)
        case 'GetBaseReport':
          return { status: 'NotSupported' }
        case 'SetChargingProfile': {
          const { chargingProfilePurpose, chargingSchedule } = payload['chargingProfile'] as {
            chargingProfilePurpose: string
            chargingSchedule: [{ chargingRateUnit: string; chargingSchedulePeriod: [{ limit: number }] }]
          }
          if (chargingProfilePurpose === 'TxProfile') {
            const [{ chargingRateUnit, chargingSchedulePeriod }] = chargingSchedule
            limit = chargingSchedulePeriod[0].limit * (chargingRateUnit === 'A' ? 690 : 1)
            held.set(identity, { limit, at: performance.now() })
          }
          return { status: 'Accepted' }
        }
        case 'GetCompositeSchedule':
          return {
            status: 'Accepted',
            schedule: {
              evseId: 1,
              duration: 60,
              scheduleStart: formatInstant(systemClock.now()),
              chargingRateUnit: 'W',
              chargingSchedulePeriod: [{ startPeriod: 0, limit }],
            },
          }
        default:
          return { status: 'Accepted' }
      }
    },
  })
  await boot()
  await until(() => boots > 0, `${identity} was not set up`)
  await session.call('TransactionEvent', {
    eventType: 'Started',
    seqNo: 0,
    timestamp: formatInstant(systemClock.now()),
    triggerReason: 'CablePluggedIn',
    transactionInfo: { transactionId: `T-${identity}`, chargingState: 'Charging' },
    evse: { id: 1, connectorId: 1 },
    idToken: { idToken: 'BENCH', type: 'Central' },
  })
  return session
}

const taken = ({ setVariableData }: Payload): Payload => ({
  setVariableResult: (setVariableData as Payload[]).map(({ component, variable }) => ({
    component,
    variable,
    attributeStatus: 'Accepted',
  })),
})

async function inTurns<Item, Result>(items: readonly Item[], size: number, work: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = []
  for (let at = 0; at < items.length; at += size) results.push(...(await Promise.all(items.slice(at, at + size).map(work))))
  return results
}

async function until(condition: () => boolean, otherwise: string): Promise<void> {
  for (let turn = 0; turn < 60_000; turn++) {
    if (condition()) return
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  throw new Error(otherwise)
}
