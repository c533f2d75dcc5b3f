/** For tests: a house with two tariffs, a badge, and what is looked at of them. */
import type { TestContext } from 'node:test'
import { ocppHouse, type Subject } from './house.ts'

export const DAY = {
  id: 'DAY',
  currency: 'EUR',
  elements: [
    {
      price_components: [
        { type: 'FLAT', price: 0.5, vat: 20, step_size: 1 },
        { type: 'ENERGY', price: 2, vat: 20, step_size: 1 },
        { type: 'PARKING_TIME', price: 60, vat: 20, step_size: 1 },
      ],
    },
  ],
}
export const NIGHT = { ...DAY, id: 'NIGHT', elements: [{ price_components: [{ type: 'ENERGY', price: 8, vat: 20, step_size: 1 }] }] }

export interface Held {
  evse: number
  tariff: string
  way: string
  status: string
  reason: string | null
}

export async function pricedHouse(t: TestContext) {
  const made = await ocppHouse(t)
  const held = async (identity: string) => (await made.api<{ data: Held[] }>('GET', `/stations/${identity}/tariffs`)).body.data
  const charge = async (subject: Subject, seconds: number) => {
    subject.station.plug(subject.car())
    await made.until('the charge', () => subject.station.state().power > 4000)
    await made.pass(seconds)
    return subject.station.state().transaction!
  }
  const bill = async (identity: string, transaction: string) =>
    (
      await made.api<{ data: { bill: { total: { incl_vat: string } }; station: { total_incl: number; difference: number } | null } }>(
        'GET',
        `/stations/${identity}/transactions/${transaction}/bill`,
      )
    ).body.data
  await made.charging.registerToken({ token: 'CARIFLEX001' })
  for (const tariff of [DAY, NIGHT]) await made.charging.tariffs.put(tariff)
  return { ...made, held, charge, bill }
}
