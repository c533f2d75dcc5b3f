/**
 * Records what a foreign station and our platform say to each other, as lines of JSON that `traces.test.ts` replays without the station:
 * `node --import tsx test/ocpp/record.ts FILE PROGRAM [SECONDS [STEPS]]` prints the address for the station's configuration and ends after so long.
 * STEPS is JSON: a list of `[seconds, action, payload]` that are sent to the station; `RemoteStop` ends the session that runs.
 */
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'
import { openCharging } from '#charging'
import { deviceRegistry, type News, openAlarms, openBeliefs } from '#ems'
import { inProcessBus, silentLog, systemClock } from '#kernel'
import type { Payload } from '#protocols/ocpp'
import { scratchStore } from '#store'
import { BADGE, type TraceLine } from './trace.ts'

const [file, program, seconds = '60', steps = '[]'] = process.argv.slice(2) as [string, string, string?, string?]
const endings: (() => unknown)[] = []
const store = await scratchStore({ after: (work) => void endings.push(work as () => unknown) })
const clock = systemClock
const bus = inProcessBus<News>(() => undefined)
const charging = await openCharging({
  ...{ store, clock, bus, log: silentLog, devices: deviceRegistry() },
  conversation: { note: () => undefined },
  beliefs: openBeliefs({ store, clock, bus }),
  alarms: openAlarms({ store, clock, bus }),
  config: { unknownStations: 'accept', ping: 0 },
})
await charging.registerToken({ token: BADGE })
const inner = createServer()
inner.on('upgrade', (request, socket, head) => void charging.upgrade(request, socket, head))
await new Promise<void>((resolve) => inner.listen(0, '127.0.0.1', resolve))

const began = clock.now()
const lines: TraceLine[] = []
let identity = ''
const tap = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols: (offered) => [...offered][0] ?? false })
tap.on('connection', (station, request) => {
  identity = decodeURIComponent(request.url!.split('/').at(-1)!)
  const platform = new WebSocket(`ws://127.0.0.1:${(inner.address() as AddressInfo).port}/ocpp/${identity}`, [station.protocol])
  const opened = new Promise<void>((resolve) => platform.once('open', () => resolve()))
  lines.push({ ...{ program, version: station.protocol, identity }, began: new Date(began).toISOString() })
  const note = (from: 'station' | 'platform', text: string) => lines.push({ at: clock.now() - began, from, frame: JSON.parse(text) })
  station.on('message', async (data) => {
    await opened
    note('station', String(data))
    platform.send(String(data))
  })
  platform.on('message', (data) => {
    note('platform', String(data))
    station.send(String(data))
  })
  station.on('close', () => platform.close())
  platform.on('close', () => station.close())
})
await new Promise<void>((resolve) => tap.once('listening', () => resolve()))
console.log(`ws://127.0.0.1:${(tap.address() as AddressInfo).port}/ocpp`)

for (const [at, action, payload] of JSON.parse(steps) as [number, string, Payload][])
  clock.in(at * 1000, () => {
    const call = action === 'RemoteStop' ? charging.remoteStop(identity) : charging.call(identity, action, payload)
    call.then(console.error, console.error)
  })
clock.in(Number(seconds) * 1000, async () => {
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  await charging.close()
  for (const ending of endings) await ending()
  process.exit()
})
