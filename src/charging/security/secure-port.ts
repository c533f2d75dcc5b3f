/** The encrypted port of stations (OCPP security profiles 2 and 3): TLS 1.2 and newer, RSA and ECDSA, a certificate of the station if it has one. */

import type { IncomingMessage } from 'node:http'
import { createServer, type ServerOptions } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { describeError, type Log, Problem } from '#kernel'
import type { SecurePort } from '../config.ts'
import type { ServerCertificates } from './server-certificate.ts'

/** Those of TLS 1.3, then those OCPP names for TLS 1.2 (A00.FR.318, 319), TLS_RSA_* last: field stations may know nothing else. */
export const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'AES128-GCM-SHA256',
  'AES256-GCM-SHA384',
].join(':')

const HANDSHAKE = 30_000

export interface OpenPort {
  port: number
  /** Takes new certificates in for connections from now on; those that are open stay. */
  reload(): Promise<void>
  /** Resolves at once: whoever is still connected, greeted or not, is cut off. */
  close(): Promise<void>
}

export interface PortParts {
  where: SecurePort
  certificates: ServerCertificates
  /** Roots of certificates that stations may come with. */
  roots(): Promise<string[]>
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): unknown
  log: Log
}

/** Listens for stations. @throws Problem `port-taken`, `bad-certificate` */
export async function openSecurePort({ where, certificates, roots, upgrade, log }: PortParts): Promise<OpenPort> {
  const context = async (): Promise<ServerOptions> => {
    const pairs = await certificates.pairs()
    return {
      cert: pairs.map(({ cert }) => cert),
      key: pairs.map(({ key }) => key),
      ca: await roots(),
      ciphers: CIPHERS,
      honorCipherOrder: true,
      minVersion: 'TLSv1.2',
    }
  }
  const options = {
    // Whether a certificate is right is judged by the entrance, by our clock and what was revoked; stations of profile 2 have none.
    requestCert: true,
    rejectUnauthorized: false,
    handshakeTimeout: HANDSHAKE,
    headersTimeout: HANDSHAKE,
    maxHeaderSize: 16_384,
  }
  const server = createServer({ ...(await context()), ...options }, (_, response) => {
    response.writeHead(404, { connection: 'close', 'content-type': 'text/plain' }).end('Charging stations connect here by WebSocket.\n')
  })
  // All of them: those that never began or ended their handshake, and WebSockets, are no HTTP connections, and close() would wait for them.
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.on('upgrade', (request, socket, head) => void upgrade(request, socket, head))
  server.on('tlsClientError', (error, socket) => {
    log.info({ address: socket.remoteAddress, why: (error as NodeJS.ErrnoException).code ?? error.message }, 'a TLS handshake failed')
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new Problem('port-taken', `The encrypted port for stations, ${where.port}, cannot be opened: ${error.code ?? error.message}.`, {
          hint: 'Choose another charging.tls.port.',
        }),
      ),
    )
    server.listen(where.port, where.host, resolve)
  })
  const reload = async () => {
    server.setSecureContext({ ...(await context()) })
    log.info({}, 'the encrypted port for stations has new certificates')
  }
  const stop = certificates.watch(() => {
    reload().catch((error: unknown) =>
      log.warn({ error: describeError(error) }, 'the new certificates of the port for stations cannot be used'),
    )
  })
  return {
    port: (server.address() as AddressInfo).port,
    reload,
    async close() {
      stop()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
