/**
 * Calls to addresses that somebody else chose (an OCSP responder named in a certificate, a webhook): never to this machine or a private
 * network, whatever the name resolves to, never longer or larger than agreed. The address that was checked is the address that is called.
 */
import { lookup } from 'node:dns/promises'
import { request as plainRequest, type RequestOptions } from 'node:http'
import { request as secureRequest } from 'node:https'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { Problem } from './problem.ts'
import { SAYING } from './saying.ts'
import { say } from './sentence.ts'

export interface OutwardOptions {
  /** What may be called although it is private: a host, 'host:port', or a network as '10.1.0.0/16'. */
  allow?: readonly string[]
  /** Milliseconds for the whole exchange; 10 s. */
  timeout?: number
  /** Bytes of an answer at most; 1 MiB. */
  most?: number
  /** How names are resolved; the machine's resolver unless given. */
  resolve?(host: string): Promise<{ address: string; family: number }[]>
}

export interface OutwardRequest {
  method?: 'GET' | 'POST' | 'PUT'
  headers?: Record<string, string>
  body?: Uint8Array | string
  /** Only this one, less than those of the options. */
  timeout?: number
}

export interface OutwardAnswer {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: Buffer
}

export interface Outward {
  /**
   * One HTTP exchange; redirects are not followed, they are told by their status.
   * @throws Problem `address-not-allowed` (not called at all), `address-unreachable` (retry later), `answer-too-large`
   */
  call(url: string, request?: OutwardRequest): Promise<OutwardAnswer>
  /** Whether it would be called. @throws Problem `address-not-allowed`, `address-unreachable` (its name is not known) */
  check(url: string): Promise<void>
  /**
   * For a WebSocket (ws, wss): judges the address as `call` does and resolves with a lookup that leads only to what
   * was judged. The connection must follow no redirects. @throws as `check`
   */
  pin(url: string): Promise<LookupFunction>
}

const HTTP = ['http:', 'https:']
const SOCKETS = ['ws:', 'wss:']
const V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
]
// Loopback and unspecified, tunnels that carry IPv4 addresses inside, unique local, link-local, multicast.
const V6 = [
  '::/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/32',
  '2002::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
]

const listOf = (networks: readonly string[]): BlockList => {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', length] = network.split('/')
    const family = isIP(address)
    if (family !== 0)
      list.addSubnet(address, length === undefined ? (family === 4 ? 32 : 128) : Number(length), family === 4 ? 'ipv4' : 'ipv6')
  }
  return list
}
const PRIVATE = listOf([...V4, ...V6])
/** An IPv4 address in IPv6 clothes is judged as what it is. */
const unmapped = (address: string): string => {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped) return mapped
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(address) ?? []
  if (high === undefined || low === undefined) return address
  const bytes = [Number.parseInt(high, 16), Number.parseInt(low, 16)].flatMap((word) => [word >> 8, word & 255])
  return bytes.join('.')
}
const isIn = (list: BlockList, given: string): boolean => {
  const address = unmapped(given)
  return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

/** Whether an address belongs to this machine, a private network or to nobody: what outsiders must not make us call. */
export const isPrivateAddress = (address: string): boolean => isIP(address) === 0 || isIn(PRIVATE, address)

const refused = (sentence: string) => new Problem('address-not-allowed', sentence, { status: 403, hint: say(SAYING.publicOnly) })

/** A lookup that knows one answer. */
const pinned =
  ({ address, family }: { address: string; family: number }): LookupFunction =>
  (_host, { all }, done) =>
    all ? done(null, [{ address, family }]) : (done as (error: null, address: string, family: number) => void)(null, address, family)

export function openOutward({ allow = [], timeout = 10_000, most = 1 << 20, resolve = resolveAll }: OutwardOptions = {}): Outward {
  const networks = listOf(allow)
  const names = new Set(allow.map((one) => one.toLowerCase()))

  const check = async (text: string, protocols: readonly string[]): Promise<{ url: URL; address: string; family: number }> => {
    const address = text.slice(0, 200)
    if (!URL.canParse(text)) throw refused(say(SAYING.noAddress, { address }))
    const url = new URL(text)
    if (!protocols.includes(url.protocol)) throw refused(say(SAYING.notSpoken, { address, protocol: url.protocol }))
    if (url.username !== '' || url.password !== '') throw refused(say(SAYING.withPassword, { address }))
    const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase()
    const port = url.port === '' ? (/^(https|wss):$/.test(url.protocol) ? '443' : '80') : url.port
    const found = isIP(host) === 0 ? await resolve(host) : [{ address: host, family: isIP(host) }]
    const [first] = found
    if (!first) throw new Problem('address-unreachable', say(SAYING.leadsNowhere, { host }), { status: 502, retry: 'later' })
    const named = names.has(host) || names.has(`${host}:${port}`)
    if (!named)
      for (const { address: led } of found)
        if (isPrivateAddress(led) && !isIn(networks, led)) throw refused(say(SAYING.isPrivate, { address, host: led }))
    return { url, ...first }
  }

  return {
    check: async (text) => void (await check(text, HTTP)),
    pin: async (text) => pinned(await check(text, SOCKETS)),
    async call(text, { method = 'GET', headers = {}, body, timeout: own = timeout } = {}) {
      const target = await check(text, HTTP)
      const { url } = target
      const options: RequestOptions = {
        method,
        headers: { ...headers, connection: 'close', ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }) },
        lookup: pinned(target),
        agent: false,
        signal: AbortSignal.timeout(Math.min(own, timeout)),
      }
      return new Promise<OutwardAnswer>((done, fail) => {
        const unreachable = (error: Error) =>
          fail(
            new Problem(
              'address-unreachable',
              error.name === 'AbortError' || error.name === 'TimeoutError'
                ? say(SAYING.tookTooLong, { host: url.host })
                : say(SAYING.didNotAnswer, { host: url.host, error: error.message }),
              { status: 502, retry: 'later', cause: error },
            ),
          )
        const call = (url.protocol === 'https:' ? secureRequest : plainRequest)(url, options, (answer) => {
          const parts: Buffer[] = []
          let size = 0
          answer.on('data', (part: Buffer) => {
            size += part.length
            parts.push(part)
            if (size <= most) return
            fail(new Problem('answer-too-large', say(SAYING.answeredTooMuch, { host: url.host, count: String(most) }), { status: 502 }))
            call.destroy()
          })
          answer.on('end', () => done({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(parts) }))
          answer.on('error', unreachable)
        })
        call.on('error', unreachable)
        call.end(body)
      })
    },
  }
}

async function resolveAll(host: string): Promise<{ address: string; family: number }[]> {
  try {
    return await lookup(host, { all: true, verbatim: true })
  } catch (error) {
    throw new Problem('address-unreachable', say(SAYING.unknownHost, { host }), { status: 502, retry: 'later', cause: error })
  }
}
