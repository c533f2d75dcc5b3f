/** Many stations on bare sockets, to load a platform with little of their own: they answer what the set-up asks, and say one thing at a time. */
import { once } from 'node:events'
import { WebSocket } from 'ws'

type Payload = Record<string, unknown>

export interface FleetStation {
  readonly identity: string
  /** Opens a connection; the one before is forgotten, as by a station that lost it. */
  connect(): Promise<void>
  /** Boots until it is accepted. */
  boot(): Promise<void>
  /** Resolves with the answer. Rejects when it is refused, or when the connection ends before. */
  say(action: string, payload: Payload): Promise<Payload>
  /** Ends the connection without a word. */
  drop(): void
  readonly isOpen: boolean
}

export interface FleetOptions {
  compress?: boolean
  /** Told how long the platform took to answer a Heartbeat that crossed a call of its own, ms. */
  onCrossing?(took: number): void
}

const BOOT = { reason: 'PowerUp', chargingStation: { model: 'Bench', vendorName: 'Cariflex' } }
const URGENT = 60_000

export function fleetStation(url: string, identity: string, { compress = false, onCrossing }: FleetOptions = {}): FleetStation {
  let socket: WebSocket | undefined
  let serial = 0
  const waiting = new Map<string, { resolve(answer: Payload): void; reject(error: Error): void }>()
  let rung: (() => void) | undefined

  const say = (action: string, payload: Payload) =>
    new Promise<Payload>((resolve, reject) => {
      if (socket?.readyState !== WebSocket.OPEN) return reject(new Error(`${identity} is not connected`))
      const id = `${identity}-${serial++}`
      waiting.set(id, { resolve, reject })
      socket.send(JSON.stringify([2, id, action, payload]))
    })
  const answer = (action: string, payload: Payload): Payload => {
    if (action === 'GetBaseReport') return { status: 'NotSupported' }
    if (action === 'GetCompositeSchedule') return { status: 'Rejected' }
    if (action === 'GetTransactionStatus') return { ongoingIndicator: true, messagesInQueue: false }
    if (action === 'TriggerMessage' && payload['requestedMessage'] === 'BootNotification') setImmediate(() => rung?.())
    if (action !== 'SetVariables') return { status: 'Accepted' }
    const asked = payload['setVariableData'] as { component: object; variable: object }[]
    return { setVariableResult: asked.map(({ component, variable }) => ({ component, variable, attributeStatus: 'Accepted' })) }
  }
  const hear = async (from: WebSocket, text: string) => {
    const [type, id, word, payload] = JSON.parse(text) as [number, string, unknown, Payload]
    if (type === 2) {
      if (word === 'TriggerMessage' && payload['requestedMessage'] === 'Heartbeat' && onCrossing) {
        const began = performance.now()
        await say('Heartbeat', {}).then(
          () => onCrossing(performance.now() - began),
          () => undefined,
        )
      }
      return from.send(JSON.stringify([3, id, answer(word as string, payload)]))
    }
    const call = waiting.get(id)
    waiting.delete(id)
    if (type === 3) call?.resolve(word as Payload)
    else call?.reject(new Error(`${identity}: ${text}`))
  }

  return {
    identity,
    say,
    get isOpen() {
      return socket?.readyState === WebSocket.OPEN
    },
    async connect() {
      const fresh = new WebSocket(`${url}/${identity}`, ['ocpp2.0.1'], {
        perMessageDeflate: compress ? { threshold: 0 } : false,
        handshakeTimeout: URGENT,
      })
      fresh.on('message', (data) => void hear(fresh, String(data)))
      fresh.on('error', () => undefined)
      fresh.on('close', () => {
        if (socket !== fresh) return
        for (const { reject } of waiting.values()) reject(new Error(`${identity} lost its connection`))
        waiting.clear()
      })
      await Promise.race([once(fresh, 'open'), once(fresh, 'close').then(() => Promise.reject(new Error(`${identity} was turned away`)))])
      socket = fresh
    },
    async boot() {
      const again = new Promise<void>((resolve) => {
        rung = resolve
      })
      if ((await say('BootNotification', BOOT))['status'] === 'Accepted') return
      await again
      const { status } = await say('BootNotification', BOOT)
      if (status !== 'Accepted') throw new Error(`${identity} was not accepted: ${String(status)}`)
    },
    drop: () => socket?.terminate(),
  }
}

/** Works through the items, so many at a time. */
export async function inTurns<Item>(items: readonly Item[], atOnce: number, work: (item: Item) => Promise<void>): Promise<void> {
  let next = 0
  const hand = async () => {
    for (let at = next++; at < items.length; at = next++) await work(items[at]!)
  }
  await Promise.all(Array.from({ length: atOnce }, hand))
}
