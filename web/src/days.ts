/** Days and moments of a zone as the fields of a browser write them: `2026-11-25`, `2026-11-25T14:05`. */

const parts = (at: number, zone: string): string =>
  new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
    .format(at)
    .replace(' ', 'T')

/** `2026-11-25`, the day it is in the zone. */
export const dayIn = (at: number, zone: string): string => parts(at, zone).slice(0, 10)

/** `2026-11-25T14:05` by the clocks of the zone, for a field of type datetime-local. */
export const clockIn = (at: number, zone: string): string => parts(at, zone)

/** The moment when the clocks of the zone show `2026-11-25T14:05`; NaN when that is no time. */
export function momentOf(shown: string, zone: string): number {
  const wanted = Date.parse(`${shown}Z`)
  if (Number.isNaN(wanted)) return Number.NaN
  const shift = (at: number) => Date.parse(`${parts(at, zone)}Z`) - Math.floor(at / 60_000) * 60_000
  const near = wanted - shift(wanted)
  // Once more: the shift may be another one at that moment (summer time).
  return wanted - shift(near)
}

/** Midnight at the begin of a day, ms. */
export const startOfDay = (day: string, zone: string): number => momentOf(`${day}T00:00`, zone)
