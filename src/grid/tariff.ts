/** Prices from a tariff written by hand, until a market is connected: beliefs for yesterday, today and the days ahead, marked as simulation. */
import type { Beliefs } from '#ems'
import { type Clock, DAY, dayAfter, dayStart, HOUR, type Instant, instant, wallClock } from '#kernel'

/** From a local time of day ('HH:MM') on, a price per MWh. */
export interface TariffStep {
  from: string
  price: number
}

export interface TariffParts {
  beliefs: Beliefs
  clock: Clock
  zone: string
  /** Sensor of hourly prices, and its tariff. */
  tariffs: readonly { sensor: number; steps: readonly TariffStep[] }[]
}

const minutes = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5))

/** Mean price of the hour that starts at the moment, by the wall clock of the zone. */
export function priceOf(steps: readonly TariffStep[], hour: Instant, zone: string): number {
  const at = wallClock(hour, zone)
  const start = at.hour * 60 + at.minute
  const sorted = [...steps].sort((a, b) => minutes(a.from) - minutes(b.from))
  const priceAt = (minute: number) => (sorted.findLast((step) => minutes(step.from) <= minute) ?? sorted.at(-1)!).price
  const cuts = [start, ...sorted.map((step) => minutes(step.from)).filter((minute) => minute > start && minute < start + 60), start + 60]
  return cuts.slice(1).reduce((sum, end, index) => sum + (priceAt(cuts[index]!) * (end - cuts[index]!)) / 60, 0)
}

/** Records the prices of the window, as believed now (or, for the past, a day before). Values that are known already are not stored again. */
export async function recordTariff({ beliefs, clock, zone, tariffs }: TariffParts, from: Instant, until: Instant): Promise<void> {
  const source = await beliefs.source({ name: 'Tariff', type: 'simulation', model: 'Tariff' })
  const hours: Instant[] = []
  for (let hour = Math.floor(from / HOUR) * HOUR; hour < until; hour += HOUR) hours.push(instant(hour))
  await beliefs.record(
    tariffs
      .filter(({ steps }) => steps.length > 0)
      .map(({ sensor, steps }) => ({
        sensor,
        source,
        starts: hours,
        values: hours.map((hour) => priceOf(steps, hour, zone)),
        beliefTime: instant(Math.min(clock.now(), from)),
      })),
  )
}

/** Keeps two and a half days of prices ahead: at once, and every hour. Returns how to stop. */
export async function keepTariff(parts: TariffParts, onError: (error: unknown) => void): Promise<() => void> {
  const { clock, zone } = parts
  const extend = async () => {
    const today = dayStart(clock.now(), zone)
    // One day at a time: each day's prices are believed since its own midnight, so an hourly repetition says nothing new.
    for (let day = today; day < clock.now() + 2.5 * DAY; day = dayAfter(day, zone)) await recordTariff(parts, day, dayAfter(day, zone))
  }
  await extend()
  const timer = clock.every(HOUR, () => void extend().catch(onError))
  return () => timer.cancel()
}
