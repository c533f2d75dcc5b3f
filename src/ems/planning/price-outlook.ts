/** Prices of the planning window: what the market said, else what was forecast, else the last known day again, else one flat price. */
import { after, DAY, type Instant, say } from '#kernel'
import type { Beliefs } from '../belief.ts'
import { clockTime } from '../limits.ts'
import { SAYING } from '../saying.ts'
import type { Site } from '../site.ts'

export interface PriceOutlook {
  /** Currency per MWh per slot. */
  consumption: number[]
  production: number[]
  /** What a person must know about these prices. */
  notes: string[]
  /** Set when prices of the next twelve hours are missing. */
  alarm?: string
}

export interface PriceWindow {
  start: Instant
  step: number
  slots: number
}

/** Without any price the site plans for self-consumption: buying costs this much, selling earns `productionPriceShare` of it. */
const FLAT = 100
/** How far back a last known day is looked for. */
const LOOK_BACK = 14

/** Prices of the window; `market` are prices that no forecaster made. */
export async function priceOutlook(beliefs: Beliefs, site: Site, window: PriceWindow): Promise<PriceOutlook> {
  const { start, step, slots } = window
  const sensor = site.sensors.price
  const soon = Math.min(slots, Math.ceil(DAY / 2 / step))
  if (sensor === undefined) return flat(site, slots, say(SAYING.noPriceSensor))
  const until = after(start, step * slots)
  const read = (from: Instant, to: Instant, more: { sourceTypes?: string[]; excludeSourceTypes?: string[] }) =>
    beliefs.series({ sensor, from, until: to, step, ...more })
  const market = await read(start, until, { excludeSourceTypes: ['forecaster', 'scheduler'] })
  const prices = [...market]
  const missing = () => prices.filter((price) => price === null).length
  const notes: string[] = []
  if (missing() > 0) {
    const forecast = await read(start, until, { sourceTypes: ['forecaster'] })
    prices.forEach((price, slot) => {
      prices[slot] = price ?? forecast[slot] ?? null
    })
  }
  if (missing() > 0) {
    const day = Math.round(DAY / step)
    const known = await read(after(start, -LOOK_BACK * DAY), start, { excludeSourceTypes: ['scheduler'] })
    const all = [...known, ...prices]
    for (let slot = known.length; slot < all.length; slot++)
      for (let back = slot - day; all[slot] === null && back >= 0; back -= day) all[slot] = all[back]!
    prices.splice(0, slots, ...all.slice(known.length))
  }
  const silent = market.filter((price) => price === null).length
  const alarm = market.slice(0, soon).some((price) => price === null)
  if (missing() === slots) return flat(site, slots, say(SAYING.noPrice))
  if (silent > 0) {
    const time = clockTime(after(start, market.indexOf(null) * step), site.zone)
    notes.push(say(SAYING.pricesRepeat, { time, count: silent, slots }))
  }
  // What no day before knows either takes the nearest price.
  const first = prices.find((price) => price !== null)!
  const consumption: number[] = []
  for (const price of prices) consumption.push(price ?? consumption.at(-1) ?? first)
  return {
    consumption,
    production: await productionPrices(beliefs, site, window, consumption),
    notes,
    ...(alarm && { alarm: say(SAYING.pricesMissing) }),
  }
}

async function productionPrices(
  beliefs: Beliefs,
  site: Site,
  { start, step, slots }: PriceWindow,
  consumption: number[],
): Promise<number[]> {
  const share = consumption.map((price) => price * site.productionPriceShare)
  const sensor = site.sensors.productionPrice
  if (sensor === undefined) return share
  const said = await beliefs.series({ sensor, from: start, until: after(start, step * slots), step, excludeSourceTypes: ['scheduler'] })
  return share.map((price, slot) => said[slot] ?? price)
}

function flat(site: Site, slots: number, note: string): PriceOutlook {
  const consumption = new Array<number>(slots).fill(FLAT)
  return { consumption, production: consumption.map((price) => price * site.productionPriceShare), notes: [note], alarm: note }
}
