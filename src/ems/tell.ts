/** Telling devices their orders: one lane a device, so that a slow one never holds another up; only the newest order waits in a lane. */
import { type Clock, describeError, say } from '#kernel'
import type { Device } from './device.ts'
import { SAYING } from './saying.ts'
import type { Answer } from './setpoint.ts'
import type { Entry } from './setpoints.ts'

/** A device's own time-out should come first; this is the last resort. */
const LAST_RESORT = 20_000

export interface Lanes {
  /** Sends the order as soon as the device's lane is free; resolves when it was answered or replaced by a newer one. */
  tell(device: Device, entry: Entry): Promise<void>
  /** What this process told the device last, and how it answered; undefined after a restart or when the device was away. */
  told(device: string): { entry: Entry; answer: Answer } | undefined
  /** True while an order is on its way. */
  busy(device: string): boolean
  /** The device may have lost its order (it was away, it restarted). */
  forget(device: string): void
}

interface Lane {
  running: boolean
  next?: { device: Device; entry: Entry; done: () => void } | undefined
  told?: { entry: Entry; answer: Answer } | undefined
}

/** Lanes that report each answer through `answered` (which may fail: the order itself was given). */
export function openLanes(clock: Clock, answered: (entry: Entry, answer: Answer) => Promise<void>): Lanes {
  const lanes = new Map<string, Lane>()
  const laneOf = (id: string): Lane => {
    const lane = lanes.get(id) ?? { running: false }
    lanes.set(id, lane)
    return lane
  }
  const run = async (lane: Lane): Promise<void> => {
    if (lane.running) return
    lane.running = true
    while (lane.next) {
      const { device, entry, done } = lane.next
      lane.next = undefined
      const answer = await answerOf(clock, device, entry)
      lane.told = { entry, answer }
      await answered(entry, answer).catch(() => undefined)
      done()
    }
    lane.running = false
  }
  return {
    tell(device, entry) {
      const lane = laneOf(device.id)
      return new Promise((done) => {
        lane.next?.done()
        lane.next = { device, entry, done }
        void run(lane)
      })
    },
    told: (device) => lanes.get(device)?.told,
    busy: (device) => lanes.get(device)?.running ?? false,
    forget: (device) => {
      const lane = lanes.get(device)
      if (lane) lane.told = undefined
    },
  }
}

/** The device's answer; a device that throws or hangs is silent. */
async function answerOf(
  clock: Clock,
  device: Device,
  { id: _, toldAt: __, answer: ___, receipt: ____, ...setpoint }: Entry,
): Promise<Answer> {
  let timer: { cancel(): void } | undefined
  const late = new Promise<Answer>((resolve) => {
    timer = clock.in(LAST_RESORT, () => resolve({ answer: 'silent', why: say(SAYING.noAnswer) }))
  })
  try {
    return await Promise.race([device.apply(setpoint), late])
  } catch (error) {
    return { answer: 'silent', why: describeError(error) }
  } finally {
    timer?.cancel()
  }
}
