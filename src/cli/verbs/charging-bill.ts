import type { writtenBill } from '#charging'
import { connectInstance } from '../instance.ts'
import type { Verb } from '../verb.ts'
import { need, path } from './charging.ts'
import { textOf } from './tariff-price.ts'

interface Priced {
  bill: ReturnType<typeof writtenBill>
  isFinal: boolean
}

export const chargingBill: Verb = {
  name: 'charging bill',
  summary: 'Shows what a charging session cost, or costs until now, line by line.',
  usage: 'STATION TRANSACTION',
  example: 'cariflex charging bill CP001 a81f3c5e-7d41-4d0c-9d0b-5a0c7d1c9a11',
  async run({ words: [station, transaction], env, show }) {
    const at = path('stations', need(station, 'which station, e.g. CP001'), 'transactions', need(transaction, 'which transaction'), 'bill')
    const { data } = await connectInstance(env).get<{ data: Priced | null }>(at)
    show(data, () =>
      data === null ? 'No tariff held when it began.' : `${textOf(data.bill)}\n${data.isFinal ? 'It has ended.' : 'It goes on.'}`,
    )
    return undefined
  },
}
