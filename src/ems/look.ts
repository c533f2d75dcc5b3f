/** Looking: every device is read at once, each with its own patience; who has not answered in time is left out and never waited for. */
import { type Clock, describeError, type Instant, type Log, say } from '#kernel'
import type { Device, Devices } from './device.ts'
import type { LastReading, Recorder } from './recorder.ts'
import { SAYING } from './saying.ts'

export interface Watch {
  /** Reads all devices; resolves after `patience` at the latest. What comes later is recorded when it comes. */
  look(at: Instant): Promise<void>
  /** Why the device gave no answer at the last look; undefined when it did. */
  silence(device: string): string | undefined
}

export interface WatchParts {
  devices: Devices
  recorder: Recorder
  clock: Clock
  log: Log
  /** How long one look lasts at most, ms; default 3 s. */
  patience?: number
}

/** Opens the watch over the devices of a registry. At most one read a device is under way. */
export function openWatch({ devices, recorder, clock, log, patience = 3000 }: WatchParts): Watch {
  const reading = new Set<string>()
  const silent = new Map<string, string>()
  const read = async (device: Device, at: Instant): Promise<LastReading[]> => {
    reading.add(device.id)
    try {
      const readings = await device.read(at)
      silent.delete(device.id)
      return readings.map((each) => ({ ...each, device: device.id }))
    } catch (error) {
      silent.set(device.id, describeError(error))
      return []
    } finally {
      reading.delete(device.id)
    }
  }
  return {
    async look(at) {
      let over = false
      const seen: LastReading[] = []
      const reads = devices.all().flatMap((device) => (reading.has(device.id) ? [] : [read(device, at)]))
      const arrivals = reads.map(async (answer) => {
        const readings = await answer
        if (over) await recorder.take(readings).catch((error: unknown) => log.warn({ error }, 'late readings were not recorded'))
        else seen.push(...readings)
      })
      await atMost(clock, patience, Promise.all(arrivals))
      over = true
      for (const id of reading) if (!silent.has(id)) silent.set(id, say(SAYING.notYet))
      await recorder.take(seen)
    },
    silence: (device) => silent.get(device),
  }
}

function atMost(clock: Clock, patience: number, work: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.in(patience, resolve)
    void work.then(() => {
      timer.cancel()
      resolve()
    })
  })
}
