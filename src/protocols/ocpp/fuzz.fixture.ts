// Frames that no station should send: whole ones of every version, mutated by a seed, into a session without a network.
import { EventEmitter } from 'node:events'
import type { WebSocket } from 'ws'
import { systemClock } from '#kernel'
import type { OcppVersion } from './dialect.ts'
import { dialectOf } from './dialects.ts'
import { openSession } from './session.ts'

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const AT = '2026-03-01T08:00:00Z'
const WHOLE: readonly unknown[] = [
  [2, 'a', 'Heartbeat', {}],
  [2, 'b', 'BootNotification', { chargePointVendor: 'v', chargePointModel: 'm' }],
  [2, 'c', 'BootNotification', { reason: 'PowerUp', chargingStation: { model: 'm', vendorName: 'v' } }],
  [2, 'd', 'MeterValues', { connectorId: 1, meterValue: [{ timestamp: AT, sampledValue: [{ value: '1' }, { value: '2', unit: 'kWh' }] }] }],
  [2, 'e', 'MeterValues', { evseId: 1, meterValue: [{ timestamp: AT, sampledValue: [{ value: 1 }] }] }],
  [2, 'f', 'StatusNotification', { connectorId: 1, errorCode: 'NoError', status: 'Available', timestamp: AT }],
  [
    2,
    'g',
    'TransactionEvent',
    { eventType: 'Started', timestamp: AT, triggerReason: 'Authorized', seqNo: 0, transactionInfo: { transactionId: 'x' } },
  ],
  [2, 'h', 'StopTransaction', { transactionId: 1, meterStop: 2, timestamp: AT }],
  [3, 'i', { status: 'Accepted' }],
  [4, 'j', 'InternalError', '', {}],
  [5, 'k', 'FormatViolation', '', {}],
  [6, 'l', 'NotifyPeriodicEventStream', { id: 1, pending: 0, basetime: AT, data: [{ t: 0, v: '1' }] }],
]
const ODD: readonly unknown[] = [
  null,
  true,
  -1,
  1e308,
  0.1,
  '',
  '\u0000',
  '\ud800',
  'x'.repeat(300),
  [],
  {},
  [[]],
  { a: null },
  AT,
  '2026-13-45T99:99:99Z',
  '__proto__',
]

/** A text that is a frame, or was one before something happened to it. */
export function oddFrame(random: () => number): string {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  const frame = structuredClone(pick(WHOLE)) as unknown[]
  for (let changes = Math.floor(random() * 4); changes > 0; changes--) mutate(frame, random, pick)
  let text = JSON.stringify(frame)
  // Then the text itself.
  for (let changes = random() < 0.4 ? 1 + Math.floor(random() * 3) : 0; changes > 0; changes--) {
    const at = Math.floor(random() * text.length)
    const kind = random()
    if (kind < 0.25) text = text.slice(0, at)
    else if (kind < 0.5)
      text = text.slice(0, at) + pick(['[', '{', '"', ',', ':', '\\', '\u0000', '}', ']', '"transactionId":,', 'NaN']) + text.slice(at)
    else if (kind < 0.75) text = text.slice(0, at) + text.slice(at + 1 + Math.floor(random() * 5))
    else if (kind < 0.99) text = text.slice(at) + text.slice(0, at)
    else text = '['.repeat(1000) + text
  }
  return text
}

function mutate(root: unknown[], random: () => number, pick: <T>(list: readonly T[]) => T): void {
  let holder: Record<string, unknown> = root as never
  for (;;) {
    const keys = Object.keys(holder)
    if (keys.length === 0) return
    const key = pick(keys)
    const inner = holder[key]
    if (typeof inner === 'object' && inner !== null && random() < 0.7) {
      holder = inner as Record<string, unknown>
      continue
    }
    const kind = random()
    const odd = structuredClone(pick(ODD))
    if (kind < 0.3) delete holder[key]
    else if (kind < 0.8) holder[key] = odd
    else if (Array.isArray(holder)) holder.push(odd)
    else define(holder, pick(['zzz', '__proto__', 'constructor', 'customData', 'transactionId']), odd)
    return
  }
}

/** As JSON.parse does it: also '__proto__' is a key like any other. */
const define = (holder: object, key: string, value: unknown) =>
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true })

/** A session of that version whose socket is a list; `say` resolves with what was answered. */
export function muteSession(version: OcppVersion, strict: boolean) {
  const sent: string[] = []
  const faults: unknown[] = []
  let open = true
  const socket = Object.assign(new EventEmitter(), {
    OPEN: 1,
    readyState: 1,
    bufferedAmount: 0,
    send: (text: string) => void sent.push(text),
    ping() {},
    close() {
      open = false
    },
    terminate() {
      open = false
    },
  })
  const dialect = dialectOf(version)!
  openSession(socket as unknown as WebSocket, {
    identity: 'FUZZ',
    version,
    clock: systemClock,
    role: 'csms',
    strict,
    handler: async (action) => answerTo(dialect.name, action),
    onFault: (error) => faults.push(error),
  })
  return {
    faults,
    isOpen: () => open,
    /** The answers to one text. */
    async say(text: string): Promise<unknown[][]> {
      socket.emit('message', Buffer.from(text), false)
      // A handler of our own answers within a few turns of the microtask queue.
      for (let turns = 0; turns < 8; turns++) await undefined
      return sent.splice(0).map((one) => JSON.parse(one) as unknown[])
    },
  }
}

function answerTo(version: string, action: string): Record<string, unknown> {
  if (action === 'Heartbeat') return { currentTime: AT }
  if (action === 'BootNotification') return { currentTime: AT, interval: 1, status: 'Accepted' }
  if (version === '1.6' && action === 'StartTransaction') return { transactionId: 1, idTagInfo: { status: 'Accepted' } }
  return {}
}
