/** The CSMS end: accepts stations on an HTTP server's 'upgrade' event. The newest socket of an identity wins. */
import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Clock } from '#kernel'
import { deflate, MAX_PAYLOAD, readUpTo } from './deflate.ts'
import type { OcppVersion } from './dialect.ts'
import { chooseVersion } from './dialects.ts'
import { credentialsIn, identityIn } from './identity.ts'
import type { Lenience } from './lenience.ts'
import { type Frame, type Handler, openSession, type Session } from './session.ts'

/** `identity`: how the station is called here, when it wrote its name otherwise (in another case, with spaces). */
export type Admission = { ok: true; identity?: string } | { ok: false; status: 401 | 403 | 404 | 429; why: string }
export interface Credentials {
  user: string
  password: Buffer
}

export interface AcceptOptions {
  /** Decides whether the station may connect. A user name other than the identity was refused before. */
  authenticate(identity: string, credentials: Credentials | undefined, request: IncomingMessage): Promise<Admission>
  handlerFor(identity: string, version: OcppVersion): Handler
  /** Told after the session is bound and before its first frame. */
  onSession(session: Session): void
  clock: Clock
  onFrame?(identity: string, version: OcppVersion, frame: Frame): void
  onFault?(identity: string, error: unknown): void
  /** Told of every connection that was turned away, for the log. */
  onRefusal?(refusal: { identity: string | undefined; status: number; why: string; address: string | undefined }): void
  /** Bytes of one message, inflated; 1 MiB, at most 16 MiB. Somewhat longer ones are refused, much longer ones end the connection. */
  maxPayload?: number
  /** Messages of one station per second that are read in the long run; all unless given. */
  perSecond?: number
  /** The versions spoken; all by default. */
  versions?: readonly OcppVersion[]
  /** Milliseconds a handshake may take; 30 s. */
  handshake?: number
  /** Path before the identity; '/ocpp/'. */
  mount?: string
  timeout?: number
  ping?: number
  /** See `SessionOptions`. */
  strict?: boolean | Lenience
  /** Whether the connection of a station only passes here on its way to somebody else; see `SessionOptions`. */
  forwards?(identity: string): boolean
}

export interface Acceptor {
  /** To be called for an 'upgrade' whose path lies below the mount; answers 404 to any other. Never throws. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>
  /** The sessions open now, at most one per identity. */
  sessions(): Session[]
  /** Closes every session ('going away') and takes no new ones. */
  close(): Promise<void>
}

const HANDSHAKE = 30_000

/** Accepts OCPP stations at `ws://host/ocpp/<identity>`. */
export function acceptStations(options: AcceptOptions): Acceptor {
  const mount = options.mount ?? '/ocpp/'
  const longest = options.maxPayload ?? MAX_PAYLOAD
  const bound = new Map<string, Session>()
  let closing = false
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: readUpTo(longest),
    perMessageDeflate: deflate,
    clientTracking: true,
    handleProtocols: (offered) => chooseVersion(offered, options.versions)?.offered ?? false,
  })

  const refuse = (request: IncomingMessage, socket: Duplex, identity: string | undefined, status: number, why: string) => {
    options.onRefusal?.({ identity, status, why, address: request.socket.remoteAddress })
    const extra = status === 401 ? 'WWW-Authenticate: Basic realm="OCPP"\r\n' : ''
    socket.end(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${extra}Connection: close\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(why)}\r\n\r\n${why}`,
    )
  }

  const bind = (socket: WebSocket, identity: string, request: IncomingMessage) => {
    const version = chooseVersion([socket.protocol], options.versions)?.version
    if (version === undefined) {
      options.onRefusal?.({ identity, status: 101, why: 'no common OCPP version', address: request.socket.remoteAddress })
      socket.on('error', () => socket.terminate())
      socket.close(1002, 'no common OCPP version')
      return
    }
    const { onFrame, onFault, timeout, strict, perSecond } = options
    const session = openSession(socket, {
      identity,
      version,
      handler: options.handlerFor(identity, version),
      clock: options.clock,
      role: 'csms',
      ping: options.ping ?? 30_000,
      longest,
      forwards: options.forwards?.(identity) ?? false,
      ...(onFrame ? { onFrame: (frame: Frame) => onFrame(identity, version, frame) } : {}),
      ...(onFault ? { onFault: (error: unknown) => onFault(identity, error) } : {}),
      ...(timeout === undefined ? {} : { timeout }),
      ...(perSecond === undefined ? {} : { perSecond }),
      ...(strict === undefined ? {} : { strict }),
    })
    const old = bound.get(identity)
    bound.set(identity, session)
    // The old session's end must not take the new one with it.
    void session.closed.then(() => bound.get(identity) === session && bound.delete(identity))
    options.onSession(session)
    old?.close(1000, 'replaced by a newer connection')
  }

  return {
    async upgrade(request, socket, head) {
      socket.on('error', () => socket.destroy())
      // Nobody holds a socket open by a check that never ends.
      const patience = options.clock.in(options.handshake ?? HANDSHAKE, () => socket.destroy())
      const identity = identityIn(request.url ?? '', mount)
      try {
        if (closing) return refuse(request, socket, identity, 503, 'shutting down')
        if (identity === undefined) return refuse(request, socket, identity, 404, 'no station identity in the path')
        const credentials = credentialsIn(request.headers.authorization)
        if (credentials && credentials.user.trim().toLowerCase() !== identity.toLowerCase())
          return refuse(request, socket, identity, 401, 'the user name is not the identity')
        const admission = await options.authenticate(identity, credentials, request)
        if (!admission.ok) return refuse(request, socket, identity, admission.status, admission.why)
        if (closing) return refuse(request, socket, identity, 503, 'shutting down')
        if (socket.destroyed) return
        server.handleUpgrade(request, socket, head, (ws) => bind(ws, admission.identity ?? identity, request))
      } catch (error) {
        options.onFault?.(identity ?? '', error)
        refuse(request, socket, identity, 503, 'the station could not be checked')
      } finally {
        patience.cancel()
      }
    },
    sessions: () => [...bound.values()],
    async close() {
      closing = true
      const open = [...bound.values()]
      for (const session of open) session.close(1001, 'going away')
      await Promise.all(open.map((session) => session.closed))
      for (const socket of server.clients) socket.terminate()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
