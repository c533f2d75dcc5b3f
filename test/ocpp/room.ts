/** A charging room in a process of its own, to be killed: `node room.ts DATABASE_URL`; prints its port. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { openCharging } from '#charging'
import { deviceRegistry, type News, openAlarms, openBeliefs } from '#ems'
import { inProcessBus, silentLog, systemClock } from '#kernel'
import { openStore } from '#store'

const clock = systemClock
const store = openStore({ url: process.argv[2]!, log: silentLog, clock, connections: 5 })
const bus = inProcessBus<News>(() => undefined)
const charging = await openCharging({
  ...{ store, clock, bus, log: silentLog, devices: deviceRegistry() },
  conversation: { note: () => undefined },
  beliefs: openBeliefs({ store, clock, bus }),
  alarms: openAlarms({ store, clock, bus }),
  config: { unknownStations: 'accept', bootPause: 0, ping: 0 },
})
const server = createServer()
server.on('upgrade', (request, socket, head) => void charging.upgrade(request, socket, head))
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port))
