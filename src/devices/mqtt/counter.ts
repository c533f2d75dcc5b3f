/** Energy counters that begin again at zero (a reboot, a power cut, a new device). */

export interface Counter {
  /** As the device counts, Wh. */
  raw: number
  /** Counted on without a break, Wh; never falls. */
  total: number
}

/** The counter after one more value; a value below the last one began again at 0. Values come in the order they were received. */
export function counted(before: Counter | undefined, raw: number): Counter {
  if (!before) return { raw, total: raw }
  return { raw, total: before.total + (raw < before.raw ? raw : raw - before.raw) }
}
