/** A broker with plugs that a test makes speak, and a journal in memory. */
import { type Clock, instant, millis, SECOND } from '#kernel'
import type { Journal, OrderRecord } from './journal.ts'
import type { Broker, ControlledDevice, DeviceDriver, Heard, Message } from './link.ts'
import type { Appliance, Standing } from './standing.ts'

export const BOUNDARY = instant(Date.UTC(2026, 10, 25, 10))

/** `<id>/set` with on or off or press, `<id>/say` with what is heard as JSON. */
const driverOf = (id: string): DeviceDriver => ({
  topics: [`${id}/say`],
  hear: ({ payload }) => JSON.parse(payload) as Heard,
  relay: (on, order) => ({ topic: `${id}/set`, payload: `${on ? 'on' : 'off'} ${order}` }),
  press: (order) => ({ topic: `${id}/set`, payload: `press ${order}` }),
  patience: () => millis(5 * SECOND),
})

export const plug = (id: string, appliance: number, usage = 11): ControlledDevice => ({ id, appliance, usage, driver: driverOf(id) })
export const machine = (id: number, more: Partial<Appliance> = {}): Appliance => ({ id, type: 112, typology: 120, plc: false, ...more })

export interface FakeBroker extends Broker {
  /** What was published, with when. */
  readonly sent: { at: number; device: string; word: string; order: string }[]
  say(device: string, heard: Heard, retained?: boolean): void
  /** When it is set, every plug obeys and says so. */
  obeys: boolean
}

export function fakeBroker(clock: Clock): FakeBroker {
  const listeners = new Set<(message: Message) => void>()
  const broker: FakeBroker = {
    sent: [],
    obeys: false,
    async publish(topic, payload) {
      const [device = ''] = topic.split('/')
      const [word = '', order = ''] = payload.split(' ')
      broker.sent.push({ at: clock.now(), device, word, order })
      if (broker.obeys) queueMicrotask(() => broker.say(device, word === 'press' ? { pressed: true } : { relay: word === 'on' }))
    },
    messages(listen) {
      listeners.add(listen)
      return () => listeners.delete(listen)
    },
    say(device, heard, retained = false) {
      for (const listen of listeners) listen({ topic: `${device}/say`, payload: JSON.stringify(heard), retained })
    },
  }
  return broker
}

export interface MemoryJournal extends Journal {
  readonly kept: Map<string, OrderRecord>
}

export function memoryJournal(standings = new Map<number, Partial<Standing>>()): MemoryJournal {
  const kept = new Map<string, OrderRecord>()
  let manual = false
  return {
    kept,
    async keep(changed, orders) {
      for (const [id, standing] of changed) standings.set(id, standing)
      for (const order of orders) kept.set(order.id, order)
    },
    standings: async () => new Map(standings),
    orders: async () => [...kept.values()],
    isEverythingManual: async () => manual,
    async setEverythingManual(on) {
      manual = on
    },
    async close() {},
  }
}
