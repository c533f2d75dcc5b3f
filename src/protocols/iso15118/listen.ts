/** The station's door and the car's plug: TCP or TLS, the handshake, and the session of the protocol that was agreed on. */
import { connect as connectPlain, createServer as createPlain, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls, createServer as createTls, type SecureVersion, TLSSocket } from 'node:tls'
import { type Clock, describeError, isProblem, type Log, Problem, systemClock } from '#kernel'
import { openChannel } from './channel.ts'
import { driveDin } from './evcc-din.ts'
import { driveIso2 } from './evcc-iso2.ts'
import { driveIso20 } from './evcc-iso20.ts'
import type { SchemaName } from './exi/schemas.ts'
import { offerProtocols, takeProtocol } from './handshake.ts'
import type { Outcome, Protocol, Supply, Vehicle } from './parties.ts'
import { serveDin } from './secc-din.ts'
import { serveIso2 } from './secc-iso2.ts'
import { serveIso20 } from './secc-iso20.ts'
import type { PausedSession } from './station-session.ts'

export interface TlsFiles {
  /** Own certificate with the chain below the root, and its key (PEM). */
  cert: string
  key: string
  /** Roots that the other side must descend from (PEM). */
  ca: string[]
}

const SERVE = { din: serveDin, iso2: serveIso2, 'iso20-ac': serveIso20, 'iso20-dc': serveIso20 }
const DRIVE = { din: driveDin, iso2: driveIso2, 'iso20-ac': driveIso20, 'iso20-dc': driveIso20 }

/** The schema that payload type 8001 stands for: that of the handshake until a protocol was taken. */
const early = (protocol: Protocol | undefined): SchemaName => (protocol === undefined ? 'sap' : protocol === 'din' ? 'din' : 'iso2')

/** ISO 15118-2 asks for TLS 1.2 with the station's certificate, -20 for TLS 1.3 with the certificates of both. */
const SUITES = {
  'TLSv1.2': 'ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256',
  'TLSv1.3': 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256',
} as const

export interface SeccOptions {
  supply: Supply
  host?: string
  port?: number
  tls?: TlsFiles
  /** Newest of the versions that may be spoken; -20 is refused below 1.3 unless there is no TLS at all. Default both. */
  clock?: Clock
  log?: Log
  onEnd?(outcome: Outcome): void
}

export interface Secc {
  readonly port: number
  /** Ends the sessions and the door. */
  close(): Promise<void>
}

/** Opens the charging controller of a station. One car at a time: a second connection is ended at once. @throws Problem secc-port-taken */
export async function openSecc(options: SeccOptions): Promise<Secc> {
  const { supply, clock = systemClock, tls, log } = options
  const paused = new Map<string, PausedSession>()
  let busy: Duplex | undefined
  const serve = (socket: Socket) => {
    if (busy && !busy.destroyed) {
      socket.on('error', () => undefined)
      socket.destroy()
      return
    }
    busy = socket
    socket.setNoDelay(true)
    void attend(socket)
      .catch((error: unknown): Outcome => {
        if (!isProblem(error)) log?.error({ error: describeError(error) }, 'a charging session broke')
        return { protocol: undefined, sessionId: '', end: 'failed', reason: describeError(error), turns: 0 }
      })
      .then((outcome) => {
        if (busy === socket) busy = undefined
        socket.end()
        options.onEnd?.(outcome)
      })
  }
  const attend = async (socket: Socket): Promise<Outcome> => {
    let protocol: Protocol | undefined
    const channel = openChannel(socket, clock, () => early(protocol))
    const spoken = supply.protocols.filter((each) => maySpeak(each, socket))
    protocol = await takeProtocol(channel, spoken)
    const session = { channel, supply, clock, protocol, paused, log }
    try {
      const ended = await SERVE[protocol](session)
      return { protocol, ...ended }
    } catch (error) {
      if (!isProblem(error)) throw error
      return { protocol, sessionId: '', end: 'failed', reason: describeError(error), turns: 0 }
    }
  }
  const server: Server = tls
    ? createTls(
        {
          cert: tls.cert,
          key: tls.key,
          ca: tls.ca,
          minVersion: 'TLSv1.2',
          maxVersion: 'TLSv1.3',
          ciphers: `${SUITES['TLSv1.3']}:${SUITES['TLSv1.2']}`,
          ecdhCurve: 'X448:P-521:P-256',
          // Cars of -2 have no certificate; those of -20 must, which is looked at once the protocol is known.
          requestCert: true,
          rejectUnauthorized: false,
        },
        serve,
      )
    : createPlain(serve)
  server.on('tlsClientError', () => undefined)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new Problem('secc-port-taken', `The charging controller could not listen: ${cause.message}.`, { status: 500, cause })),
    )
    server.listen(options.port ?? 0, options.host ?? '::1', () => resolve())
  })
  server.on('error', () => undefined)
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        busy?.destroy()
      }),
  }
}

/** DIN 70121 knows no TLS; ISO 15118-20 over TLS needs version 1.3 and a certificate of the car that descends from a trusted root. */
const maySpeak = (protocol: Protocol, socket: Duplex): boolean => {
  if (!(socket instanceof TLSSocket) || protocol === 'iso2') return true
  return protocol !== 'din' && socket.getProtocol() === 'TLSv1.3' && socket.authorized
}

export interface EvccOptions {
  vehicle: Vehicle
  host?: string
  port: number
  tls?: (Partial<Pick<TlsFiles, 'cert' | 'key'>> & Pick<TlsFiles, 'ca'> & { newest?: SecureVersion }) | undefined
  clock?: Clock
  /** Time between two turns of the charging loop, ms; default 250. */
  every?: number
  /** Of a session that paused. */
  sessionId?: string
  signal?: AbortSignal
}

/**
 * Connects a car and lives through a session. Resolves with how it ended, failures included.
 * @throws only what is a bug
 */
export async function runEvcc(options: EvccOptions): Promise<Outcome> {
  const { vehicle, clock = systemClock, signal, tls, host = '::1', port } = options
  let protocol: Protocol | undefined
  const socket = tls
    ? connectTls({
        host,
        port,
        ca: tls.ca,
        ...(tls.cert !== undefined && { cert: tls.cert }),
        ...(tls.key !== undefined && { key: tls.key }),
        minVersion: 'TLSv1.2',
        maxVersion: tls.newest ?? 'TLSv1.3',
        ciphers: `${SUITES['TLSv1.3']}:${SUITES['TLSv1.2']}`,
        ecdhCurve: 'X448:P-521:P-256',
        // Stations are known by their root, not by a name: they have none on the cable.
        checkServerIdentity: () => undefined,
      })
    : connectPlain({ host, port })
  socket.setNoDelay(true)
  const channel = openChannel(socket, clock, () => early(protocol))
  const stop = () => socket.destroy()
  signal?.addEventListener('abort', stop, { once: true })
  try {
    if (signal?.aborted) stop()
    protocol = await offerProtocols(channel, vehicle.protocols)
    const session = { channel, vehicle, clock, protocol, every: options.every ?? 250, sessionId: options.sessionId, signal }
    const ended = await DRIVE[protocol](session)
    return { protocol, ...ended }
  } catch (error) {
    if (!isProblem(error)) throw error
    return { protocol, sessionId: '', end: 'failed', reason: describeError(error), turns: 0 }
  } finally {
    signal?.removeEventListener('abort', stop)
    channel.close()
  }
}
