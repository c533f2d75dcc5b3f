/** Carries orders to their devices, one at a time for each device and all devices at once: tries, acknowledgements, limits of switching. */
import { after, type Clock, describeError, type Instant, type Log, type Millis, SECOND, say, type Timer } from '#kernel'
import type { Journal, OrderRecord } from './journal.ts'
import type { Broker, Heard, Message } from './link.ts'
import { SAYING } from './saying.ts'
import { isOfPlan } from './standing.ts'

/** When a relay is told, after the first time. */
export const TRIES = [0, 5 * SECOND, 20 * SECOND]
/** Between the buttons of one sequence. */
export const BETWEEN_PRESSES = 5 * SECOND
/** The plan switches a device at most once in so long. */
const SWITCH_EVERY = 30 * SECOND

/** What is sent for an order and when, ms after its first message; it has failed `patience` ms after the last one. */
export interface Sending {
  readonly messages: readonly { readonly after: number; readonly message: Message }[]
  readonly patience: Millis
  readonly leastOn: Millis
  readonly leastOff: Millis
}

export interface Desk {
  /** Takes an order; one that the device still has is given up for it. */
  give(order: OrderRecord, sending: Sending): void
  /** What the device of an order said, after it was sent or not. */
  heard(device: string, heard: Heard): void
  /** Gives up what the device still has. */
  giveUp(device: string, reason: string): void
  close(): void
}

interface Task {
  record: OrderRecord
  readonly sending: Sending
  readonly timers: Timer[]
  sent: number
  /** Something of it went out: what the device says from then on can be its answer. */
  isOut: boolean
}

export interface DeskParts {
  readonly clock: Clock
  readonly broker: Pick<Broker, 'publish'>
  readonly journal: Pick<Journal, 'keep'>
  readonly log: Log
  /** Told of every change of an order. */
  readonly changed: (record: OrderRecord) => void
}

export function openDesk({ clock, broker, journal, log, changed }: DeskParts): Desk {
  const tasks = new Map<string, Task>()
  const lastSwitch = new Map<string, { at: Instant; on: boolean }>()
  const note = (task: Task, more: Partial<OrderRecord>): Promise<void> => {
    task.record = { ...task.record, ...more }
    changed(task.record)
    return journal.keep([], [task.record])
  }
  const end = (task: Task, more: Partial<OrderRecord>) => {
    for (const timer of task.timers) timer.cancel()
    if (tasks.get(task.record.device) === task) tasks.delete(task.record.device)
    void note(task, more)
  }
  const isCurrent = (task: Task) => tasks.get(task.record.device) === task

  const send = async (task: Task, message: Message) => {
    const now = clock.now()
    const { id, device, on, expiresAt, sentAt, deed } = task.record
    if (expiresAt !== null && now >= expiresAt) return end(task, { state: 'failed', reason: say(SAYING.tooOld) })
    task.sent++
    const before = lastSwitch.get(device)
    if (before?.on !== on) lastSwitch.set(device, { at: now, on })
    await note(task, { state: 'sent', tries: 'presses' in deed ? 1 : task.sent, sentAt: sentAt ?? now })
    if (!isCurrent(task)) return
    task.isOut = true
    try {
      await broker.publish(message.topic, message.payload)
    } catch (error) {
      log.warn({ order: id, device, error: describeError(error) }, 'an order did not reach the broker')
    }
  }
  /** Sends what is due from now on, `spent` ms after the first message. */
  const run = (task: Task, spent: number) => {
    const { messages, patience } = task.sending
    const due = messages.filter(({ after: delay }) => delay >= spent)
    task.sent = messages.length - due.length
    for (const { after: delay, message } of due)
      if (delay === spent) void send(task, message)
      else task.timers.push(clock.in(delay - spent, () => void send(task, message)))
    const last = messages.at(-1)?.after ?? 0
    const fail = () => end(task, { state: 'failed', reason: say(SAYING.noAnswer, { tries: task.record.tries }) })
    if (isCurrent(task)) task.timers.push(clock.in(Math.max(0, last + patience - spent), fail))
  }
  const waitFor = ({ record: { device, on, because }, sending: { leastOn, leastOff } }: Task): number => {
    const before = lastSwitch.get(device)
    if (!before || before.on === on || !isOfPlan(because)) return 0
    const least = Math.max(SWITCH_EVERY, before.on ? leastOn : leastOff)
    return Math.max(0, after(before.at, least) - clock.now())
  }

  return {
    give(record, sending) {
      const old = tasks.get(record.device)
      if (old) end(old, { state: 'failed', reason: say(SAYING.replaced) })
      const task: Task = { record, sending, timers: [], sent: 0, isOut: record.sentAt !== null }
      tasks.set(record.device, task)
      // One from before a restart goes on where it was.
      if (record.sentAt !== null) return run(task, clock.now() - record.sentAt)
      const wait = waitFor(task)
      if (wait > 0) task.timers.push(clock.in(wait, () => run(task, 0)))
      else run(task, 0)
    },
    heard(device, heard) {
      const task = tasks.get(device)
      if (!task?.isOut) return
      const { deed, id, sentAt } = task.record
      const isDone = 'relay' in deed ? heard.relay === deed.relay : heard.pressed && task.sent === task.sending.messages.length
      if (isDone || heard.acknowledges === id) end(task, { state: 'acknowledged', ackMs: clock.now() - (sentAt ?? clock.now()) })
    },
    giveUp(device, reason) {
      const task = tasks.get(device)
      if (task) end(task, { state: 'failed', reason })
    },
    close() {
      for (const { timers } of tasks.values()) for (const timer of timers) timer.cancel()
      tasks.clear()
    },
  }
}
