/** The station end: connects to a CSMS and speaks OCPP-J as the station `identity`. */

import type { LookupFunction } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import { WebSocket } from 'ws'
import { type Clock, Problem } from '#kernel'
import { deflate, MAX_PAYLOAD } from './deflate.ts'
import type { OcppVersion } from './dialect.ts'
import { chooseVersion } from './dialects.ts'
import { basicHeader } from './identity.ts'
import { type Frame, type Handler, openSession, type Session } from './session.ts'
import { OCPP201 } from './v201.ts'

export interface ConnectOptions {
  identity: string
  /** Security profile 1; absent: profile 0. */
  password?: string | Buffer
  /** Security profiles 2 and 3: roots (`ca`), and the station's own certificate. */
  tls?: Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'ciphers' | 'minVersion' | 'maxVersion' | 'servername'>
  /** How the name in the address is resolved; by the machine unless given. Redirects are never followed. */
  lookup?: LookupFunction
  handler: Handler
  clock: Clock
  timeout?: number
  ping?: number
  onFrame?(frame: Frame): void
  onFault?(error: unknown): void
  signal?: AbortSignal
  /** The versions offered, best first; 2.0.1 alone by default. */
  versions?: readonly OcppVersion[]
  /** For another station's connection that passes through here; see `SessionOptions`. What comes is read leniently. */
  forwards?: boolean
  /** Offers permessage-deflate. */
  compress?: boolean
}

/**
 * Opens a session with the CSMS at `url` (without the identity, which is appended percent-encoded).
 * @throws Problem `connection-refused` (details.status when HTTP answered), `no-common-version`
 */
export function connectStation(url: string, options: ConnectOptions): Promise<Session> {
  const address = `${url.replace(/\/+$/, '')}/${encodeURIComponent(options.identity)}`
  const { timeout, ping, onFrame, onFault, signal, password, versions = [OCPP201] } = options
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(new Problem('connection-refused', 'Connecting was given up.', { retry: 'later' }))
    const socket = new WebSocket(address, [...versions], {
      maxPayload: MAX_PAYLOAD,
      handshakeTimeout: 15_000,
      perMessageDeflate: options.compress ? deflate : false,
      ...options.tls,
      ...(options.lookup && { lookup: options.lookup }),
      ...(password === undefined ? {} : { headers: { authorization: basicHeader(options.identity, password) } }),
    })
    const abort = () => socket.terminate()
    signal?.addEventListener('abort', abort, { once: true })
    const fail = (code: string, message: string, status?: number) => {
      signal?.removeEventListener('abort', abort)
      reject(
        new Problem(code, message, {
          status: 502,
          retry: 'later',
          ...(status === undefined ? {} : { details: { status } }),
        }),
      )
    }
    socket.once('unexpected-response', (request, response) => {
      fail('connection-refused', `${address} answered ${response.statusCode}.`, response.statusCode)
      request.destroy()
    })
    socket.on('error', (error) => {
      if (/subprotocol/i.test(error.message)) fail('no-common-version', `${address} speaks none of ${versions.join(', ')}.`)
      else fail('connection-refused', `${address} cannot be reached: ${error.message}.`)
    })
    socket.once('open', () => {
      const version = chooseVersion([socket.protocol], versions)?.version
      if (version === undefined) {
        socket.close(1002)
        return fail('no-common-version', `${address} speaks none of ${versions.join(', ')}.`)
      }
      const session = openSession(socket, {
        identity: options.identity,
        version,
        handler: options.handler,
        clock: options.clock,
        role: 'station',
        ...(options.forwards ? { forwards: true, strict: false } : {}),
        ...(timeout === undefined ? {} : { timeout }),
        ...(ping === undefined ? {} : { ping }),
        ...(onFrame ? { onFrame } : {}),
        ...(onFault ? { onFault } : {}),
      })
      void session.closed.then(() => signal?.removeEventListener('abort', abort))
      resolve(session)
    })
  })
}
