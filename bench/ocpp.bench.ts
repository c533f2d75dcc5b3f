/** OCPP-J: TransactionEvents a second over real sockets, validated at both ends, ours against the package ocpp-rpc in strict mode. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { systemClock } from '../src/kernel/index.ts'
import { acceptStations, connectStation } from '../src/protocols/ocpp/index.ts'

export const name = 'OCPP 2.0.1 TransactionEvent over WebSocket, both ends in one process'

const STATIONS = 50
const event = (seqNo: number) => ({
  eventType: 'Updated',
  timestamp: '2026-03-01T08:00:00.000Z',
  triggerReason: 'MeterValuePeriodic',
  seqNo,
  transactionInfo: { transactionId: '5b0c27cc-3a5e-4f1d-9f1a-0c8f6a6b8a11', chargingState: 'Charging' },
  evse: { id: 1, connectorId: 1 },
  meterValue: [
    {
      timestamp: '2026-03-01T08:00:00.000Z',
      sampledValue: ['Power.Active.Import', 'Energy.Active.Import.Register', 'SoC'].map((measurand, index) => ({
        value: 1000 * index + seqNo,
        measurand,
        context: 'Sample.Periodic',
        location: 'Outlet',
        unitOfMeasure: { unit: ['W', 'Wh', 'Percent'][index] },
      })),
    },
  ],
})

/** One end-to-end set-up: `callers` send and wait for the answer. */
interface Bout {
  callers: ((payload: Record<string, unknown>) => Promise<unknown>)[]
  close(): Promise<void>
}

async function ours(): Promise<Bout> {
  const acceptor = acceptStations({
    authenticate: async () => ({ ok: true }),
    handlerFor: () => async () => ({}),
    onSession() {},
    clock: systemClock,
  })
  const server = createServer()
  server.on('upgrade', (request, socket, head) => void acceptor.upgrade(request, socket, head))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ocpp`
  const sessions = await Promise.all(
    Array.from({ length: STATIONS }, (_, index) =>
      connectStation(url, { identity: `CP${index}`, handler: async () => ({}), clock: systemClock }),
    ),
  )
  return {
    callers: sessions.map((session) => (payload) => session.call('TransactionEvent', payload)),
    async close() {
      await acceptor.close()
      server.close()
    },
  }
}

async function theirs(): Promise<Bout> {
  const { RPCServer, RPCClient } = createRequire(import.meta.url)('ocpp-rpc') as typeof import('ocpp-rpc')
  const server = new RPCServer({ protocols: ['ocpp2.0.1'], strictMode: true } as ConstructorParameters<typeof RPCServer>[0])
  server.on('client', (client) => client.handle('TransactionEvent', (() => ({})) as never))
  const http = await server.listen(0, '127.0.0.1')
  const endpoint = `ws://127.0.0.1:${(http.address() as AddressInfo).port}/ocpp`
  const clients = await Promise.all(
    Array.from({ length: STATIONS }, async (_, index) => {
      const options = { endpoint, identity: `CP${index}`, protocols: ['ocpp2.0.1'], strictMode: true, reconnect: false }
      const client = new RPCClient(options as unknown as ConstructorParameters<typeof RPCClient>[0])
      await client.connect()
      return client
    }),
  )
  return {
    callers: clients.map((client) => (payload) => client.call('TransactionEvent', payload as never) as Promise<unknown>),
    async close() {
      await Promise.all(clients.map((client) => client.close({ force: true } as never)))
      await server.close({ force: true } as never)
    },
  }
}

/** Messages a second and CPU microseconds a message over `length` ms, every caller one call at a time. */
async function measure({ callers }: Bout, length: number): Promise<{ rate: number; cpu: number }> {
  const until = performance.now() + length
  const began = performance.now()
  const cpuBefore = process.cpuUsage()
  let count = 0
  await Promise.all(
    callers.map(async (call) => {
      for (let seqNo = 0; performance.now() < until; seqNo++) {
        await call(event(seqNo))
        count++
      }
    }),
  )
  const { user, system } = process.cpuUsage(cpuBefore)
  return { rate: (count / (performance.now() - began)) * 1000, cpu: (user + system) / count }
}

const median = (values: number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!

/** Rounds of the two take turns, so that a busy machine slows both. */
export async function run({ short }: { short: boolean }): Promise<string[]> {
  const rounds = short ? 3 : 7
  const length = short ? 500 : 2000
  const bouts = { cariflex: await ours(), 'ocpp-rpc': await theirs() }
  const results = { cariflex: [] as { rate: number; cpu: number }[], 'ocpp-rpc': [] as { rate: number; cpu: number }[] }
  for (const bout of Object.values(bouts)) await measure(bout, 300)
  for (let round = 0; round < rounds; round++)
    for (const who of ['cariflex', 'ocpp-rpc'] as const) results[who].push(await measure(bouts[who], length))
  for (const bout of Object.values(bouts)) await bout.close()
  const of = (who: keyof typeof results, what: 'rate' | 'cpu') => median(results[who].map((result) => result[what]))
  const ratio = median(results.cariflex.map(({ rate }, index) => rate / results['ocpp-rpc'][index]!.rate))
  const line = (who: keyof typeof results) =>
    `${who.padEnd(9)} ${of(who, 'rate').toFixed(0).padStart(7)} calls/s  ${of(who, 'cpu').toFixed(0).padStart(4)} µs CPU a call (both ends)`
  return [
    `${STATIONS} stations, ${rounds} rounds of ${length} ms each in turn`,
    line('cariflex'),
    line('ocpp-rpc'),
    `ratio ${ratio.toFixed(2)} (above 1: Cariflex is faster)`,
  ]
}
