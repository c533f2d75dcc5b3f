/** The charging room: durable TransactionEvents a second over real sockets into a real PostgreSQL, each answered after its commit. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { openCharging } from '../src/charging/index.ts'
import { deviceRegistry, type News, openAlarms, openBeliefs, openConversationLog } from '../src/ems/index.ts'
import { formatInstant, inProcessBus, silentLog, systemClock } from '../src/kernel/index.ts'
import { connectStation, type Payload } from '../src/protocols/ocpp/index.ts'
import { scratchStore } from '../src/store/index.ts'

export const name = 'OCPP 2.0.1: durable TransactionEvents, with conversation log and samples, stations in the same process'

const STATIONS = 200
const BOOT = { reason: 'PowerUp', chargingStation: { model: 'Bench', vendorName: 'Cariflex' } }

export async function run({ short }: { short: boolean }): Promise<string[]> {
  const ends: (() => unknown)[] = []
  const store = await scratchStore({ after: (work) => void ends.unshift(work) }, { connections: 10 })
  const bus = inProcessBus<News>(() => undefined)
  const log = silentLog
  const conversation = openConversationLog({ store, clock: systemClock, bus, log })
  const charging = await openCharging({
    ...{ store, clock: systemClock, log, bus, conversation, devices: deviceRegistry() },
    beliefs: openBeliefs({ store, clock: systemClock, bus }),
    alarms: openAlarms({ store, clock: systemClock, bus }),
    config: { unknownStations: 'accept', bootPause: 0 },
  })
  ends.unshift(
    () => charging.close(),
    () => conversation.close(),
  )
  const server = createServer()
  server.on('upgrade', (request, socket, head) => void charging.upgrade(request, socket, head))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  ends.unshift(() => server.close())
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ocpp`
  const stations = await Promise.all(
    Array.from({ length: STATIONS }, async (_, index) => {
      const boot = { accepted: false }
      const session = await connectStation(url, {
        identity: `BENCH-${index}`,
        clock: systemClock,
        handler: async (action, payload) => {
          if (action === 'TriggerMessage' && payload['requestedMessage'] === 'BootNotification') setImmediate(again)
          return action === 'GetBaseReport'
            ? { status: 'NotSupported' }
            : action === 'SetVariables'
              ? taken(payload)
              : { status: 'Accepted' }
        },
      })
      const again = async () => {
        boot.accepted = (await session.call('BootNotification', BOOT))['status'] === 'Accepted'
      }
      await again()
      while (!boot.accepted) await new Promise((resolve) => setTimeout(resolve, 20))
      return session
    }),
  )
  const length = short ? 2000 : 10_000
  const took: number[] = []
  const began = performance.now()
  const cpu = process.cpuUsage()
  await Promise.all(
    stations.map(async (session, index) => {
      for (let seqNo = 0; performance.now() - began < length; seqNo++) {
        const sent = performance.now()
        await session.call('TransactionEvent', event(`T-${index}`, seqNo))
        took.push(performance.now() - sent)
      }
    }),
  )
  const spent = performance.now() - began
  const { user, system } = process.cpuUsage(cpu)
  const row = await store.first<{ count: number }>('select count(*) from cariflex.transaction_event')
  for (const session of stations) session.close()
  for (const end of ends) await end()
  took.sort((a, b) => a - b)
  const at = (share: number) => took[Math.floor(share * (took.length - 1))]!.toFixed(0)
  const rate = Math.round((took.length / spent) * 1000)
  return [
    `${rate} events/s acknowledged by ${STATIONS} stations (${row!.count} in the database), answer p50 ${at(0.5)} ms, p99 ${at(0.99)} ms; goal 2000/s, CitrineOS 1.8.3 about 20/s`,
    `${((user + system) / took.length).toFixed(0)} µs CPU an event for both ends; the database works beside`,
  ]
}

const taken = (payload: Payload) => ({
  setVariableResult: (payload['setVariableData'] as Payload[]).map(({ component, variable }) => ({
    component,
    variable,
    attributeStatus: 'Accepted',
  })),
})

const event = (transactionId: string, seqNo: number) => {
  const timestamp = formatInstant(systemClock.now())
  return {
    eventType: seqNo === 0 ? 'Started' : 'Updated',
    timestamp,
    triggerReason: seqNo === 0 ? 'CablePluggedIn' : 'MeterValuePeriodic',
    seqNo,
    transactionInfo: { transactionId, chargingState: 'Charging' },
    evse: { id: 1, connectorId: 1 },
    meterValue: [
      {
        timestamp,
        sampledValue: [
          { value: 7200, measurand: 'Power.Active.Import', unitOfMeasure: { unit: 'W' } },
          { value: 1000 + 20 * seqNo, measurand: 'Energy.Active.Import.Register', unitOfMeasure: { unit: 'Wh' } },
          { value: 50, measurand: 'SoC', unitOfMeasure: { unit: 'Percent' } },
        ],
      },
    ],
  }
}
