import type { Offer } from './parties.ts'

/** Whether a chosen profile stays within what was offered, with half a percent of tolerance. */
export function within(profile: readonly { start: number; power: number }[], offer: Offer): boolean {
  const at = (list: readonly { start: number; power: number }[], second: number) =>
    list.findLast(({ start }) => start <= second)?.power ?? 0
  const moments = [...profile, ...offer.power].map(({ start }) => start)
  return moments.every((second) => second >= offer.until || at(profile, second) <= at(offer.power, second) * 1.005 + 1)
}
