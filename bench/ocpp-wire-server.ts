/** The server end of the OCPP wire bench, in a process of its own: a bare echo, our wire, or the whole charging room. Speaks over IPC. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import { openCharging } from '../src/charging/index.ts'
import { deviceRegistry, type News, openAlarms, openBeliefs, openConversationLog } from '../src/ems/index.ts'
import { inProcessBus, silentLog, systemClock } from '../src/kernel/index.ts'
import { acceptStations } from '../src/protocols/ocpp/index.ts'
import { scratchStore } from '../src/store/index.ts'

export type ServerMode = 'echo' | 'wire' | 'room'

const NOW = '2026-03-01T08:00:00.000Z'
const server = createServer()
const ends: (() => unknown)[] = [() => server.close()]

async function open(mode: ServerMode): Promise<void> {
  if (mode === 'echo') {
    const sockets = new WebSocketServer({
      noServer: true,
      perMessageDeflate: process.argv.includes('compressed') ? { threshold: 0 } : false,
      handleProtocols: (offered) => [...offered][0]!,
    })
    server.on('upgrade', (request, socket, head) =>
      sockets.handleUpgrade(request, socket, head, (ws) => ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary }))),
    )
    return
  }
  if (mode === 'wire') {
    const acceptor = acceptStations({
      authenticate: async () => ({ ok: true }),
      handlerFor: () => async (action) => (action === 'Heartbeat' ? { currentTime: NOW } : {}),
      onSession() {},
      clock: systemClock,
      strict: false,
    })
    server.on('upgrade', (request, socket, head) => void acceptor.upgrade(request, socket, head))
    return
  }
  const store = await scratchStore({ after: (work) => void ends.unshift(work) }, { connections: 10 })
  const bus = inProcessBus<News>(() => undefined)
  const conversation = openConversationLog({ store, clock: systemClock, bus, log: silentLog })
  await store.query(
    `insert into cariflex.charging_station (identity, boot_state, created_at) select 'CP' || i, 'Accepted', now() from generate_series(0, 9999) i`,
  )
  const charging = await openCharging({
    ...{ store, clock: systemClock, log: silentLog, bus, conversation, devices: deviceRegistry() },
    beliefs: openBeliefs({ store, clock: systemClock, bus }),
    alarms: openAlarms({ store, clock: systemClock, bus }),
  })
  ends.unshift(
    () => charging.close(),
    () => conversation.close(),
  )
  server.on('upgrade', (request, socket, head) => void charging.upgrade(request, socket, head))
}

await open(process.argv[2] as ServerMode)
server.listen(0, '127.0.0.1')
await once(server, 'listening')
process.on('message', async (question) => {
  if (question === 'cpu' || question === 'memory') {
    if (question === 'memory') globalThis.gc?.()
    const { user, system } = process.cpuUsage()
    const { rss, heapUsed } = process.memoryUsage()
    process.send!({ cpu: user + system, rss, heapUsed })
  } else {
    for (const end of ends) await end()
    process.exit(0)
  }
})
process.send!({ port: (server.address() as AddressInfo).port })
