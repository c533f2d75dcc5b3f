/**
 * OCPP-J on the wire: messages a server-CPU-second and memory a connection, ours against a bare `ws` echo of the same frames in the same run.
 * Each server is a process of its own; the load comes from this one, one message under way per station.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { WebSocket } from 'ws'
import type { ServerMode } from './ocpp-wire-server.ts'

export const name = 'OCPP wire: messages per server-CPU-second against a bare ws echo, memory per 1,000 connections'

const STATIONS = 200
const at = '2026-03-01T08:00:00.000Z'
const HEARTBEAT = '[2,"19223201-1b2c-4d5e-8f90-0123456789ab","Heartbeat",{}]'
const EVENT = JSON.stringify([
  2,
  '19223201-1b2c-4d5e-8f90-0123456789ab',
  'TransactionEvent',
  {
    eventType: 'Updated',
    timestamp: at,
    triggerReason: 'MeterValuePeriodic',
    seqNo: 3,
    transactionInfo: { transactionId: '5b0c27cc-3a5e-4f1d-9f1a-0c8f6a6b8a11', chargingState: 'Charging' },
    evse: { id: 1, connectorId: 1 },
    meterValue: [
      {
        timestamp: at,
        sampledValue: ['Power.Active.Import', 'Energy.Active.Import.Register', 'SoC'].map((measurand, index) => ({
          value: 1000 * index,
          measurand,
          unitOfMeasure: { unit: ['W', 'Wh', 'Percent'][index] },
        })),
      },
    ],
  },
])
const METER_16 = JSON.stringify([
  2,
  '19223201',
  'MeterValues',
  { connectorId: 1, meterValue: [{ timestamp: at, sampledValue: [{ value: '1000', measurand: 'Power.Active.Import', unit: 'W' }] }] },
])

interface Use {
  /** µs */
  cpu: number
  rss: number
  heapUsed: number
}
interface Server {
  url: string
  /** 'memory' collects garbage first. */
  use(what: 'cpu' | 'memory'): Promise<Use>
  stop(): Promise<void>
}

async function start(mode: ServerMode, ...more: string[]): Promise<Server> {
  const child: ChildProcess = fork(new URL('./ocpp-wire-server.ts', import.meta.url), [mode, ...more], {
    execArgv: ['--import', 'tsx', '--expose-gc'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const [{ port }] = (await once(child, 'message')) as [{ port: number }]
  return {
    url: `ws://127.0.0.1:${port}/ocpp`,
    async use(what) {
      const answer = once(child, 'message')
      child.send(what)
      return (await answer)[0] as Use
    },
    async stop() {
      const gone = once(child, 'exit')
      child.send('stop')
      await gone
    },
  }
}

async function connect({ url }: Server, from: number, count: number, version: string, compress = false): Promise<WebSocket[]> {
  const open = async (index: number) => {
    const socket = new WebSocket(`${url}/CP${index}`, [version], { perMessageDeflate: compress ? { threshold: 0 } : false })
    socket.on('error', () => undefined)
    await once(socket, 'open')
    return socket
  }
  const sockets: WebSocket[] = []
  for (let begun = 0; begun < count; begun += 50)
    sockets.push(...(await Promise.all(Array.from({ length: Math.min(50, count - begun) }, (_, index) => open(from + begun + index)))))
  return sockets
}

/** Messages after which a server runs at its speed: its code is compiled. */
const WARM = 30_000

/** Every socket asks again as soon as it is answered, for `length` ms and at least `least` messages. Returns messages per server-CPU-second. */
async function load(server: Server, sockets: readonly WebSocket[], frame: string, length: number, least = 0): Promise<number> {
  let count = 0
  let running = true
  const before = await server.use('cpu')
  const began = performance.now()
  for (const socket of sockets) {
    socket.removeAllListeners('message')
    socket.on('message', () => {
      count++
      if (running) socket.send(frame)
    })
    socket.send(frame)
  }
  while (performance.now() - began < length || count < least) await new Promise((resolve) => setTimeout(resolve, 50))
  running = false
  const counted = count
  const after = await server.use('cpu')
  await new Promise((resolve) => setTimeout(resolve, 200))
  return counted / ((after.cpu - before.cpu) / 1e6)
}

const median = (values: number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!
const k = (value: number) => Math.round(value).toLocaleString('en-US')

async function memoryOf(mode: ServerMode, count: number): Promise<{ mb: number; accepted: number }> {
  const server = await start(mode)
  const few = await connect(server, 0, 20, 'ocpp2.0.1')
  for (const socket of few) socket.send(HEARTBEAT)
  await new Promise((resolve) => setTimeout(resolve, 300))
  const before = await server.use('memory')
  const began = performance.now()
  const sockets = await connect(server, 20, count, 'ocpp2.0.1')
  const spent = performance.now() - began
  for (const socket of sockets) socket.send(HEARTBEAT)
  await new Promise((resolve) => setTimeout(resolve, 1500))
  const after = await server.use('memory')
  for (const socket of [...few, ...sockets]) socket.terminate()
  await server.stop()
  return { mb: ((after.rss - before.rss) / 1e6 / count) * 1000, accepted: (count / spent) * 1000 }
}

export async function run({ short }: { short: boolean }): Promise<string[]> {
  const rounds = short ? 3 : 7
  const length = short ? 700 : 3000
  const lines: string[] = []
  const servers = { echo: await start('echo'), wire: await start('wire'), room: await start('room') }
  const cases: [what: string, version: string, frame: string, who: (keyof typeof servers)[]][] = [
    ['Heartbeat, 2.0.1', 'ocpp2.0.1', HEARTBEAT, ['echo', 'wire', 'room']],
    ['TransactionEvent, 2.0.1', 'ocpp2.0.1', EVENT, ['echo', 'wire']],
    ['MeterValues, 1.6', 'ocpp1.6', METER_16, ['echo', 'wire']],
  ]
  for (const [what, version, frame, who] of cases) {
    const sockets = new Map<string, WebSocket[]>()
    for (const one of who) sockets.set(one, await connect(servers[one], 0, STATIONS, version))
    const found = new Map<string, number[]>(who.map((one) => [one, []]))
    for (const one of who) await load(servers[one], sockets.get(one)!, frame, 0, WARM)
    for (let round = 0; round < rounds; round++)
      for (const one of who) found.get(one)!.push(await load(servers[one], sockets.get(one)!, frame, length, 2000))
    for (const list of sockets.values()) for (const socket of list) socket.terminate()
    const ratio = (one: string) => median(found.get(one)!.map((value, round) => value / found.get('echo')![round]!))
    const share = (one: string) => `${k(median(found.get(one)!))} (${(ratio(one) * 100).toFixed(0)} % of the echo)`
    const room = found.has('room') ? `, the whole room ${share('room')}` : ''
    lines.push(`${what}: messages per server-CPU-second: bare echo ${k(median(found.get('echo')!))}, wire ${share('wire')}${room}`)
  }
  for (const server of Object.values(servers)) await server.stop()

  const compressed = { echo: await start('echo', 'compressed'), wire: await start('wire') }
  const rates: Record<string, number> = {}
  for (const [who, server] of Object.entries(compressed)) {
    const sockets = await connect(server, 0, STATIONS, 'ocpp2.0.1', true)
    await load(server, sockets, EVENT, 0, WARM / 3)
    rates[who] = await load(server, sockets, EVENT, length, 2000)
    for (const socket of sockets) socket.terminate()
    await server.stop()
  }
  lines.push(
    `TransactionEvent, 2.0.1, stations compress: bare echo ${k(rates['echo']!)}, wire ${k(rates['wire']!)} messages per server-CPU-second`,
  )

  const count = short ? 1000 : 5000
  for (const mode of ['echo', 'wire', 'room'] as const) {
    const { mb, accepted } = await memoryOf(mode, count)
    lines.push(`${mode}: ${mb.toFixed(1)} MB per 1,000 connections (${count} measured), ${k(accepted)} accepted a second`)
  }
  return lines
}
