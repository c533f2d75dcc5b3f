/** Control-command: every piloted appliance with its standing, its devices and its order, from the events to the broker and back. */
import { randomUUID } from 'node:crypto'
import { type Clock, type Instant, type Log, type Millis, millis, Problem, SECOND, say } from '#kernel'
import { type CommandState, type ControlState, MODE } from '../registry/codes.ts'
import { SAYING as REGISTRY_SAYING } from '../registry/saying.ts'
import { driveOf, readCommand } from './codes.ts'
import { BETWEEN_PRESSES, openDesk, type Sending, TRIES } from './desk.ts'
import type { Journal, OrderRecord, OrderState } from './journal.ts'
import type { Broker, ControlledDevice, DeviceView, Message } from './link.ts'
import { isDrivable, step } from './machine.ts'
import { SAYING } from './saying.ts'
import {
  type Appliance,
  type ControlEvent,
  type ControlOrder,
  freshStanding,
  isOfPlan,
  type NoticeCode,
  type Standing,
} from './standing.ts'

export interface Notice {
  readonly appliance: number
  readonly code: NoticeCode
  readonly at: Instant
}

/** An order as people and programs read it. */
export interface OrderView {
  readonly uuid: string
  /** The device. */
  readonly id: string
  /** Of the relay, or the press of a finger. */
  readonly order: 'on' | 'off'
  readonly state: OrderState
  readonly tries: number
  readonly ackMs: number | null
  readonly reason: string | null
}

export interface DeviceStatus {
  readonly id: string
  readonly online: boolean | null
  readonly relay: 'on' | 'off' | null
  readonly powerW: number | null
  readonly energyWh: number | null
  /** Of the appliance. */
  readonly control: ControlState
  readonly command: CommandState
  readonly lastSeen: Instant | null
  readonly lastOrder: OrderView | null
}

export interface Control {
  /** Adds what the registry has, or puts it in the place of what was known under the same id. */
  know(appliances: readonly Appliance[], devices: readonly ControlledDevice[]): void
  /** @throws Problem `unknown-appliance`, and `everything-manual` for a handing over while everything is manual */
  apply(appliance: number, event: ControlEvent, by?: string): void
  /**
   * Switches by hand. An order that is refused has that state and a reason.
   * @throws Problem `unknown-device`
   */
  order(device: string, on: boolean, by: string | null): OrderView
  /** @throws Problem `unknown-device` */
  status(device?: string): DeviceStatus[]
  standing(appliance: number): Standing | undefined
  isEverythingManual(): boolean
  /** Gives every appliance back to its participant; the plan gives no orders until it is lifted. Declarations are told as ended. */
  setEverythingManual(on: boolean, by: string | null): Promise<void>
  close(): Promise<void>
}

export interface ControlParts {
  readonly journal: Journal
  readonly clock: Clock
  readonly broker: Broker
  readonly log: Log
  readonly tell: (notice: Notice) => void
}

interface Entry {
  appliance: Appliance
  standing: Standing
  devices: ControlledDevice[]
}

const UNHEARD: DeviceView = { online: null, relay: null, powerW: null, energyWh: null, lastSeen: null }
const SWITCHING = [11, 12]

/** Opens control where the journal left it: orders that were under way go on, or end as failed. */
export async function openControl(
  { journal, clock, broker, log, tell }: ControlParts,
  appliances: readonly Appliance[],
  devices: readonly ControlledDevice[],
): Promise<Control> {
  const entries = new Map<number, Entry>()
  const known = new Map<string, ControlledDevice>()
  const byTopic = new Map<string, ControlledDevice[]>()
  const views = new Map<string, DeviceView>()
  const lastOrders = new Map<string, OrderRecord>()
  const [standings, records, held] = await Promise.all([journal.standings(), journal.orders(), journal.isEverythingManual()])
  let isEverythingManual = held

  const desk = openDesk({
    ...{ clock, broker, journal, log },
    changed(record) {
      lastOrders.set(record.device, record)
      if (record.state === 'acknowledged' || record.state === 'failed')
        take(entries.get(record.appliance), { kind: record.state, order: record.id }, null)
    },
  })

  /** What the machine makes of an event: kept, then ordered, then told. */
  function take(entry: Entry | undefined, event: ControlEvent, by: string | null): void {
    if (!entry) return
    const at = clock.now()
    const before = entry.standing
    const { state, order, notice } = step(entry.appliance, before, event, { at, order: randomUUID() })
    const route = order && routeOf(entry, order)
    if (order && !route) {
      tell({ appliance: entry.appliance.id, code: 'undrivable', at })
      return
    }
    entry.standing = state
    const record = route && recordOf(entry, order, route.device, by, at)
    if (record || !isSame(before, state)) void journal.keep([[entry.appliance.id, state]], record ? [record] : [])
    if (record && route) desk.give(record, route.sending)
    else if (before.wish?.sent && state.wish !== before.wish) {
      const device = orderedDevice(entry)
      if (device) desk.giveUp(device.id, say(event.kind === 'online' ? SAYING.wentAway : SAYING.replaced))
    }
    if (notice) tell({ appliance: entry.appliance.id, code: notice, at })
  }

  const heard = (message: Message): void => {
    for (const device of byTopic.get(message.topic) ?? []) {
      const said = device.driver.hear(message)
      const entry = entries.get(device.appliance)
      if (!said || !entry) continue
      // What the broker kept tells who is there; all else in it is of long ago.
      const { online, relay, powerW, energyWh, plcManual } = message.retained ? { online: said.online } : said
      const view = views.get(device.id) ?? UNHEARD
      views.set(device.id, {
        online: online ?? view.online,
        relay: relay ?? view.relay,
        powerW: powerW ?? view.powerW,
        energyWh: energyWh ?? view.energyWh,
        lastSeen: message.retained || online === false ? view.lastSeen : clock.now(),
      })
      const isOrdered = orderedDevice(entry)?.id === device.id
      if (!message.retained) desk.heard(device.id, said)
      if (online !== undefined && isOrdered) take(entry, { kind: 'online', online }, null)
      if (plcManual !== undefined) take(entry, { kind: 'plc', manual: plcManual }, null)
      if (relay !== undefined && isOrdered) take(entry, { kind: 'relay', on: relay }, null)
      if (powerW !== undefined) take(entry, { kind: 'power', watts: powerW }, null)
    }
  }

  const needDevice = (id: string): ControlledDevice => {
    const device = known.get(id)
    if (device) return device
    throw new Problem('unknown-device', say(REGISTRY_SAYING.unknownDevice, { id: id.slice(0, 40) }), {
      status: 404,
      hint: say(REGISTRY_SAYING.importIt),
    })
  }

  const control: Control = {
    know(moreAppliances, moreDevices) {
      for (const appliance of moreAppliances) {
        const old = entries.get(appliance.id)
        entries.set(appliance.id, {
          appliance,
          standing: old?.standing ?? restored(standings.get(appliance.id)),
          devices: old?.devices ?? [],
        })
      }
      for (const device of moreDevices) known.set(device.id, device)
      byTopic.clear()
      for (const entry of entries.values()) entry.devices = []
      for (const device of known.values()) {
        entries.get(device.appliance)?.devices.push(device)
        for (const topic of device.driver.topics) byTopic.set(topic, [...(byTopic.get(topic) ?? []), device])
      }
    },
    apply(id, event, by) {
      const entry = entries.get(id)
      if (!entry) throw new Problem('unknown-appliance', say(SAYING.unknownAppliance, { id }), { status: 404 })
      if (isEverythingManual && event.kind === 'decision') return
      if (isEverythingManual && event.kind === 'piloted')
        throw new Problem('everything-manual', say(SAYING.everythingManual), { status: 409, hint: say(SAYING.liftIt) })
      take(entry, event, by ?? null)
    },
    order(id, relay, by) {
      const device = needDevice(id)
      const entry = entries.get(device.appliance)
      const drive = entry && driveOf(entry.appliance.typology)
      const refuse = (reason: string): OrderView => {
        const { id: appliance } = entry?.appliance ?? { id: device.appliance }
        const order = { id: randomUUID(), deed: { relay }, on: relay, because: 'switch', slot: null, expiresAt: null } as const
        const record = { ...blank(order, appliance, id, by, clock.now()), state: 'refused' as const, reason }
        lastOrders.set(id, record)
        void journal.keep([], [record])
        return viewOf(record)
      }
      if (!entry || !drive || orderedDevice(entry)?.id !== id || ('presses' in drive && !relay)) return refuse(say(SAYING.cannot))
      if (!isDrivable(entry.standing)) return refuse(say(SAYING.notDriven, { mode: entry.standing.mode }))
      const on = 'presses' in drive ? relay : relay !== (drive.relay === 'inverted')
      const before = entry.standing
      take(entry, { kind: 'switch', on }, by)
      if (before.online === false) return refuse(say(SAYING.kept))
      const record = lastOrders.get(id)
      return record && record.id === entry.standing.wish?.order && record.id !== before.wish?.order
        ? viewOf(record)
        : refuse(say(SAYING.cannot))
    },
    status(id) {
      const chosen = id === undefined ? [...known.values()] : [needDevice(id)]
      return chosen.map((device) => {
        const { relay, ...view } = views.get(device.id) ?? UNHEARD
        const { control, command } = entries.get(device.appliance)?.standing ?? freshStanding()
        const last = lastOrders.get(device.id)
        return {
          id: device.id,
          ...view,
          relay: relay === null ? null : relay ? 'on' : 'off',
          control,
          command,
          lastOrder: last ? viewOf(last) : null,
        }
      })
    },
    standing: (id) => entries.get(id)?.standing,
    isEverythingManual: () => isEverythingManual,
    async setEverythingManual(on, by) {
      await journal.setEverythingManual(on, by)
      isEverythingManual = on
      if (!on) return
      for (const entry of entries.values()) {
        const { mode, declaration, wish } = entry.standing
        if (mode !== MODE.piloted && wish?.because !== 'piloted') continue
        take(entry, { kind: 'manual' }, by)
        if (declaration) tell({ appliance: entry.appliance.id, code: 'declaration-ended', at: clock.now() })
      }
    },
    async close() {
      unhear()
      desk.close()
      await journal.close()
    },
  }
  control.know(appliances, devices)

  for (const record of records) {
    lastOrders.set(record.device, record)
    if (record.state !== 'waiting' && record.state !== 'sent') continue
    const entry = entries.get(record.appliance)
    const route = entry?.standing.wish?.order === record.id ? routeOf(entry, record) : undefined
    if (route) desk.give(record, route.sending)
    else void journal.keep([], [{ ...record, state: 'failed', reason: say(SAYING.replaced) }])
  }
  for (const entry of entries.values()) {
    const { wish } = entry.standing
    // Its order was not kept, for the database was away: it is given when the device is back, or by the next slot.
    if (wish?.sent && lastOrders.get(orderedDevice(entry)?.id ?? '')?.id !== wish.order)
      entry.standing = { ...entry.standing, wish: { ...wish, sent: false } }
  }
  const unhear = broker.messages(heard)
  return control
}

/** The device that carries the orders of an appliance: its relay, or the finger that presses last. */
function orderedDevice({ appliance, devices }: Entry): ControlledDevice | undefined {
  const drive = driveOf(appliance.typology)
  if (!drive) return undefined
  if ('presses' in drive) return devices.find(({ usage, driver }) => usage === drive.presses.at(-1) && driver.press)
  return devices.find(({ usage, driver }) => SWITCHING.includes(usage) && driver.relay)
}

/** To which device an order goes, and what it is sent. */
function routeOf(
  entry: Entry,
  { id, deed, on }: Pick<ControlOrder, 'id' | 'deed' | 'on'>,
): { device: string; sending: Sending } | undefined {
  const device = orderedDevice(entry)
  if (!device) return undefined
  const { driver, leastOn = millis(0), leastOff = millis(0) } = device
  const limits = { patience: driver.patience(on), leastOn, leastOff }
  if ('relay' in deed) {
    const message = driver.relay?.(deed.relay, id)
    return message && { device: device.id, sending: { ...limits, messages: TRIES.map((after) => ({ after, message })) } }
  }
  const messages = deed.presses.flatMap((button, index) => {
    const message = entry.devices.find(({ usage }) => usage === button)?.driver.press?.(id)
    return message ? [{ after: index * BETWEEN_PRESSES, message }] : []
  })
  return messages.length === deed.presses.length ? { device: device.id, sending: { ...limits, messages } } : undefined
}

const recordOf = ({ appliance }: Entry, order: ControlOrder, device: string, by: string | null, at: Instant): OrderRecord =>
  blank(order, appliance.id, device, isOfPlan(order.because) ? null : by, at)

const blank = (order: ControlOrder, appliance: number, device: string, askedBy: string | null, askedAt: Instant): OrderRecord => ({
  ...order,
  ...{ appliance, device, askedBy, askedAt, state: 'waiting', tries: 0, sentAt: null, ackMs: null, reason: null },
})

const viewOf = ({ id, device, deed, state, tries, ackMs, reason }: OrderRecord): OrderView => ({
  ...{ uuid: id, id: device, order: 'relay' in deed && !deed.relay ? 'off' : 'on' },
  ...{ state, tries, ackMs, reason },
})

/** A standing as it was kept. Who is online is told anew by the last wills that the broker keeps. */
function restored(kept: Partial<Standing> = {}): Standing {
  const standing = { ...freshStanding(), ...kept }
  return { ...standing, command: readCommand(standing.command, standing.control) }
}

const isSame = (one: Standing, other: Standing): boolean => (Object.keys(one) as (keyof Standing)[]).every((key) => one[key] === other[key])

/** How long a device may take that answers at once. */
export const USUAL_PATIENCE: Millis = millis(5 * SECOND)
