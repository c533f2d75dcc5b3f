/** Work for many stations at once, as after a power cut: so many at a time, the others wait in order. Each waits for the station and the database. */
export type Crowd = <T>(work: () => Promise<T>) => Promise<T>

export function openCrowd(atOnce: number): Crowd {
  const waiting: (() => void)[] = []
  let working = 0
  return async (work) => {
    if (working < atOnce) working++
    // Who ends hands the place on.
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else working--
    }
  }
}
