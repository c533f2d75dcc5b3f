/** Server-sent events: one hub, many browsers. Heartbeat, resume by Last-Event-ID from a ring, slow clients dropped. */
import type { ServerResponse } from 'node:http'
import type { Principal } from '#ems'
import type { Clock, Timer } from '#kernel'
import type { Reply, Request } from './app.ts'

export interface StreamEvent {
  event: string
  data: unknown
  /** Account that may see it; undefined = every signed-in user, null = public. */
  account?: number | null
}

export interface Hub {
  publish(event: StreamEvent): void
  /** Takes over the reply and streams until the client leaves. */
  subscribe(request: Request, reply: Reply, sees: (event: StreamEvent) => boolean): void
  readonly clients: number
  close(): void
}

interface Client {
  out: ServerResponse
  sees(event: StreamEvent): boolean
  principal: Principal | null
}

const RING = 1000
const SLOW = 1 << 20
const HEARTBEAT = 15_000

export function createHub(clock: Clock): Hub {
  const clients = new Set<Client>()
  const ring: { id: number; event: StreamEvent; text: string }[] = []
  // Numbers go on from those of the run before: whoever comes back after a restart has missed something, and is told so.
  let serial: number = clock.now()
  const drop = (client: Client) => {
    clients.delete(client)
    client.out.destroy()
  }
  const write = (client: Client, text: string) => {
    if (client.out.writableLength > SLOW) return drop(client)
    client.out.write(text)
  }
  const heartbeat: Timer = clock.every(HEARTBEAT, () => {
    for (const client of clients) write(client, ': still here\n\n')
  })
  return {
    get clients() {
      return clients.size
    },
    publish(event) {
      const id = ++serial
      const text = `id: ${id}\nevent: ${event.event}\ndata: ${JSON.stringify(event.data)}\n\n`
      ring.push({ id, event, text })
      if (ring.length > RING) ring.shift()
      for (const client of clients) if (client.sees(event)) write(client, text)
    },
    subscribe(request, reply, sees) {
      reply.hijack()
      const out = reply.raw
      for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) out.setHeader(name, value)
      out.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' })
      const client: Client = { out, sees, principal: request.principal }
      out.write('retry: 2000\n\n')
      const last = Number(request.headers['last-event-id'] ?? Number.NaN)
      if (Number.isInteger(last) && last <= serial) {
        // What fell out of the ring is lost: the client is told to read everything afresh.
        if (last < (ring[0]?.id ?? serial + 1) - 1) out.write('event: reset\ndata: {}\n\n')
        for (const { id, event, text } of ring) if (id > last && sees(event)) write(client, text)
      } else if (Number.isInteger(last)) out.write('event: reset\ndata: {}\n\n')
      clients.add(client)
      out.on('close', () => clients.delete(client))
    },
    close() {
      heartbeat.cancel()
      for (const { out } of clients) out.end()
      clients.clear()
    },
  }
}
