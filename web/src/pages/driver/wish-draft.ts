/** What a driver typed, as the wish that is sent; and times as the clock of the site shows them. */
import type { WishBody } from '../../charging-wire.ts'

export interface Draft {
  amount: 'energy' | 'soc' | 'none'
  energy: string
  soc: string
  by: string
  most: string
  solar: boolean
  fast: boolean
  /** Nothing is to be taken from the car. */
  keep: boolean
}

export const draftOf = (wish: WishBody | undefined, said: boolean): Draft => ({
  amount: wish?.socPercent !== undefined ? 'soc' : said && wish?.energyKwh === undefined ? 'none' : 'energy',
  energy: wish?.energyKwh === undefined ? '20' : String(wish.energyKwh),
  soc: wish?.socPercent === undefined ? '80' : String(wish.socPercent),
  by: wish?.by ? clockOf(wish.by) : '',
  most: wish?.maxCost === undefined ? '' : String(wish.maxCost),
  solar: wish?.solarOnly ?? false,
  fast: wish?.priority ?? false,
  keep: wish?.discharge === false,
})

/** Undefined while nothing is wished, or a number is none. */
export function wishOf(draft: Draft): WishBody | undefined {
  const number = (text: string) => (text.trim() === '' ? Number.NaN : Number(text.trim().replace(',', '.')))
  const energy = number(draft.energy)
  const soc = number(draft.soc)
  const most = number(draft.most)
  if (draft.amount === 'energy' && !(energy > 0 && energy <= 1000)) return undefined
  if (draft.amount === 'soc' && !(soc >= 1 && soc <= 100)) return undefined
  if (draft.most.trim() !== '' && !(most >= 0)) return undefined
  const wish: WishBody = {
    ...(draft.amount === 'energy' ? { energyKwh: energy } : {}),
    ...(draft.amount === 'soc' ? { socPercent: soc } : {}),
    ...(draft.by === '' ? {} : { by: draft.by }),
    ...(Number.isNaN(most) ? {} : { maxCost: most }),
    ...(draft.solar ? { solarOnly: true } : {}),
    ...(draft.fast ? { priority: true } : {}),
    ...(draft.keep ? { discharge: false } : {}),
  }
  return Object.keys(wish).length === 0 ? undefined : wish
}

/** `07:00` of `2026-11-25T07:00:00-04:00`: the clock where the charger stands, wherever the phone thinks it is. */
export const clockOf = (moment: string): string => moment.slice(11, 16)

/** Whether a moment is on another day than now, by the clock of the site. */
export function otherDay(moment: string, now: number): boolean {
  const [, sign, hours = '0', minutes = '0'] = /([+-])(\d{2}):(\d{2})$/.exec(moment) ?? []
  const shift = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000
  return new Date(now + shift).toISOString().slice(0, 10) !== moment.slice(0, 10)
}
