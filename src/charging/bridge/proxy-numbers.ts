/** Transactions of OCPP 1.6 have a number from each side: the station says one, we and the upstream may know others. */
import type { Payload } from '#protocols/ocpp'
import type { NumberedTransaction, ProxyShelf } from './proxy-shelf.ts'

/** What OCPP 1.6 says for a transaction whose start never arrived. */
const NO_NUMBER = -1

export interface ProxyNumbers {
  /** Payloads of the station in the numbers of one side. */
  toOurs(payload: Payload): Payload
  toTheirs(payload: Payload): Payload
  /** Payloads of one side in the numbers of the station. */
  toStation(whose: 'ours' | 'theirs', payload: Payload): Payload
  of(said: number): NumberedTransaction | undefined
  keep(numbered: NumberedTransaction): Promise<void>
}

/** With what was kept; `isNumbered` tells whether the station speaks a version that has numbers. */
export async function openProxyNumbers(shelf: ProxyShelf, isNumbered: () => boolean): Promise<ProxyNumbers> {
  const numbers = new Map((await shelf.transactions()).map((one) => [one.said, one]))
  const renumbered = (payload: Payload, number: (given: number) => number | undefined): Payload => {
    const given = payload['transactionId']
    const other = isNumbered() && typeof given === 'number' ? number(given) : undefined
    return other === undefined ? payload : { ...payload, transactionId: other }
  }
  return {
    toOurs: (payload) => renumbered(payload, (said) => numbers.get(said)?.ours),
    toTheirs: (payload) =>
      renumbered(payload, (said) => {
        const known = numbers.get(said)
        return known && (known.theirs ?? NO_NUMBER)
      }),
    toStation(whose, payload) {
      // The newest: numbers of an upstream may begin anew.
      const said = (number: number) => [...numbers.values()].findLast((one) => one[whose] === number)?.said
      const profile = payload['csChargingProfiles']
      const outer = renumbered(payload, said)
      return profile === undefined ? outer : { ...outer, csChargingProfiles: renumbered(profile as Payload, said) }
    },
    of: (said) => numbers.get(said),
    async keep(numbered) {
      numbers.delete(numbered.said)
      numbers.set(numbered.said, numbered)
      await shelf.saveTransaction(numbered)
    },
  }
}

/** The number of a transaction in an answer. */
export const numberIn = (answer: Payload | undefined): number | undefined => {
  const given = answer?.['transactionId']
  return typeof given === 'number' ? given : undefined
}
