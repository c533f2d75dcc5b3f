/** SECC discovery: the car asks all nodes of its link where the station's controller listens, and whether with TLS. */
import { createSocket, type Socket } from 'node:dgram'
import { type Clock, Problem, systemClock, type Timer } from '#kernel'
import { decodeV2gtp, encodeV2gtp, PAYLOAD } from './v2gtp.ts'

export interface SdpRequest {
  tls: boolean
}

export interface SdpAnswer {
  /** IPv6 address in text. */
  address: string
  port: number
  tls: boolean
}

export const SDP_PORT = 15118
const EVERY = 250
const TRIES = 50
const TLS = 0x00
const PLAIN = 0x10
const TCP = 0x00

export const encodeSdpRequest = ({ tls }: SdpRequest): Buffer => encodeV2gtp(PAYLOAD.sdpRequest, Buffer.from([tls ? TLS : PLAIN, TCP]))

/** @throws Problem v2gtp-garbage, sdp-garbage */
export function decodeSdpRequest(data: Buffer): SdpRequest {
  const { type, payload } = decodeV2gtp(data)
  if (type !== PAYLOAD.sdpRequest || payload.length !== 2 || (payload[0] !== TLS && payload[0] !== PLAIN))
    throw new Problem('sdp-garbage', 'The datagram is no request for a charging controller.', { status: 502 })
  return { tls: payload[0] === TLS }
}

/** @throws Problem sdp-garbage for an address that is not IPv6 */
export function encodeSdpAnswer({ address, port, tls }: SdpAnswer): Buffer {
  const payload = Buffer.alloc(20)
  groupsOf(address).forEach((group, index) => {
    payload.writeUInt16BE(group, 2 * index)
  })
  payload.writeUInt16BE(port, 16)
  payload[18] = tls ? TLS : PLAIN
  payload[19] = TCP
  return encodeV2gtp(PAYLOAD.sdpResponse, payload)
}

/** @throws Problem v2gtp-garbage, sdp-garbage */
export function decodeSdpAnswer(data: Buffer): SdpAnswer {
  const { type, payload } = decodeV2gtp(data)
  if (type !== PAYLOAD.sdpResponse || payload.length !== 20)
    throw new Problem('sdp-garbage', 'The datagram is no answer of a charging controller.', { status: 502 })
  const groups = Array.from({ length: 8 }, (_, index) => payload.readUInt16BE(2 * index).toString(16))
  // The URL parser writes the address in its shortest form.
  const address = new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
  return { address, port: payload.readUInt16BE(16), tls: payload[18] === TLS }
}

function groupsOf(address: string): number[] {
  const [head = '', tail] = address.split('%')[0]!.split('::')
  const part = (text: string | undefined) => (text ? text.split(':').map((group) => Number.parseInt(group, 16)) : [])
  const [first, last] = [part(head), part(tail)]
  const groups = tail === undefined ? first : [...first, ...Array(Math.max(0, 8 - first.length - last.length)).fill(0), ...last]
  if (groups.length !== 8 || groups.some((group) => !(group >= 0 && group <= 0xffff)))
    throw new Problem('sdp-garbage', `${address} is no IPv6 address.`, { status: 422 })
  return groups
}

export interface SdpServerOptions {
  /** What to answer; undefined: nothing, as a station that does not offer what is asked for. */
  answer(request: SdpRequest): SdpAnswer | undefined
  /** Network interface whose link is listened to (`eth0`); undefined: only what is sent to `host` itself. */
  interface?: string
  host?: string
  port?: number
}

/** Listens for cars. @throws Problem sdp-port-taken */
export async function serveSdp(options: SdpServerOptions): Promise<{ port: number; close(): Promise<void> }> {
  const socket = createSocket({ type: 'udp6', reuseAddr: options.interface !== undefined })
  socket.on('message', (data, from) => {
    try {
      const answer = options.answer(decodeSdpRequest(data))
      if (answer) socket.send(encodeSdpAnswer(answer), from.port, from.address)
    } catch {
      // Anyone may send anything to all nodes of a link: what is no request has no answer.
    }
  })
  await bound(socket, options.port ?? SDP_PORT, options.interface === undefined ? (options.host ?? '::1') : '::')
  if (options.interface !== undefined) socket.addMembership('ff02::1', `::%${options.interface}`)
  socket.on('error', () => undefined)
  return {
    port: socket.address().port,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  }
}

function bound(socket: Socket, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', (cause) => {
      reject(new Problem('sdp-port-taken', `UDP port ${port} of ${host} could not be opened: ${cause.message}.`, { status: 500, cause }))
    })
    socket.bind(port, host, () => resolve())
  })
}

export interface DiscoverOptions extends SdpRequest {
  /** Network interface of the link (`eth0`): its all-nodes address is asked. Undefined: `host` alone. */
  interface?: string
  host?: string
  port?: number
  clock?: Clock
  tries?: number
}

/** Asks every 250 ms until a station answers. @throws Problem sdp-no-answer after 50 tries */
export async function discoverSecc(options: DiscoverOptions): Promise<SdpAnswer> {
  const { clock = systemClock, tries = TRIES } = options
  const host = options.interface === undefined ? (options.host ?? '::1') : `ff02::1%${options.interface}`
  const socket = createSocket('udp6')
  let timer: Timer | undefined
  try {
    await bound(socket, 0, '::')
    return await new Promise((resolve, reject) => {
      let sent = 0
      const ask = () => {
        if (sent++ === tries)
          return reject(new Problem('sdp-no-answer', `No charging controller answered at ${host}.`, { status: 504, retry: 'later' }))
        socket.send(encodeSdpRequest(options), options.port ?? SDP_PORT, host, () => undefined)
        timer = clock.in(EVERY, ask)
      }
      socket.on('error', () => undefined)
      socket.on('message', (data) => {
        try {
          resolve(decodeSdpAnswer(data))
        } catch {
          // Not for us.
        }
      })
      ask()
    })
  } finally {
    timer?.cancel()
    socket.close()
  }
}
