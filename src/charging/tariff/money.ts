/** Everything of the charging room that has to do with money, put together: tariffs, what sessions cost, what stations and drivers are told of it. */

import { type Clock, type Log, Problem, say } from '#kernel'
import type { Store } from '#store'
import type { Commands } from '../commands.ts'
import type { ChargingConfig } from '../config.ts'
import { readTransaction } from '../ledger.ts'
import { SAYING } from '../saying.ts'
import type { Station } from '../station.ts'
import { openTariffBook, type TariffBook } from './book.ts'
import { type Costs, type KnownBill, openCosts } from './costs.ts'
import { openPriceTelling, type PriceTelling } from './price-telling.ts'
import { openStationTariffs, type StationTariffs } from './station-tariffs.ts'

export interface Money {
  readonly tariffs: TariffBook
  readonly costs: Costs
  readonly stationTariffs: StationTariffs
  readonly prices: PriceTelling
  /** What a session cost, or costs until now; undefined when no tariff held. @throws Problem `unknown-transaction` (404) */
  bill(identity: string, transaction: string): Promise<KnownBill | undefined>
  /**
   * Has another tariff hold for a running session from now on, at the station first if it prices by itself.
   * @throws Problem `unknown-transaction` and `unknown-tariff` (404), `no-tariff`, `tariff-not-for-station`, `tariff-refused` (409) and those of
   * `Commands.send`
   */
  changeTariff(station: Station, transaction: string, tariff: string, by?: string): Promise<KnownBill>
}

export interface MoneyParts {
  store: Store
  clock: Clock
  log: Log
  config: ChargingConfig
  stations: ReadonlyMap<string, Station>
  commands: Commands
  alarm(station: Station, code: string, sentence: string | undefined): void
}

/** Opens the book of tariffs and what works with it. @throws Problem `database-unavailable` */
export async function openMoney({ store, clock, log, config, stations, commands, alarm }: MoneyParts): Promise<Money> {
  const tariffs = await openTariffBook({
    ...{ store, clock },
    changed: () => void stationTariffs.syncAll(stations.values()),
  })
  const { zone, voltage, patience } = config
  const costs = openCosts({ store, log, book: tariffs, zone, voltage })
  const stationTariffs = openStationTariffs({ store, clock, log, book: tariffs, commands, zone })
  const prices = openPriceTelling({ store, clock, log, book: tariffs, costs, stations, patience, zone, alarm })

  const sessionOf = async (station: string, id: string) => {
    const transaction = await readTransaction(store, station, id)
    if (transaction) return transaction
    throw new Problem('unknown-transaction', say(SAYING.unknownTransaction, { station, transaction: id }), {
      status: 404,
      hint: say(SAYING.seeStations),
    })
  }

  return {
    ...{ tariffs, costs, stationTariffs, prices },
    async bill(identity, id) {
      return costs.bill(await sessionOf(identity, id), clock.now())
    },
    async changeTariff(station, id, wanted, by) {
      const { identity } = station.record
      const transaction = await sessionOf(identity, id)
      const tariff = tariffs.need(wanted)
      if (transaction.endedAt !== undefined)
        throw new Problem('no-transaction', say(SAYING.noSession, { station: identity }), { status: 409, hint: say(SAYING.seeStations) })
      const before = await costs.bill(transaction, clock.now())
      if (!before) throw new Problem('no-tariff', say(SAYING.noTariffHeld), { status: 409, hint: say(SAYING.chooseBefore) })
      if (before.bill.currency !== tariff.currency.toUpperCase())
        throw new Problem('tariff-refused', say(SAYING.otherCurrency, { currency: before.bill.currency }), {
          status: 409,
          hint: say(SAYING.chooseSimplerTariff),
        })
      const answer = await stationTariffs.change(station, id, tariff, by)
      if (answer && answer.status !== 'Accepted')
        throw new Problem('tariff-refused', say(SAYING.tariffRefused, { station: identity, answer: answer.status }), {
          status: 409,
          hint: say(SAYING.chooseSimplerTariff),
        })
      await costs.change(transaction, tariff, clock.now())
      prices.forget(station, id)
      return (await costs.bill(transaction, clock.now()))!
    },
  }
}
