/**
 * Prices on their way to drivers: the tariff in words when a token is shown (OCPP I01), the running cost (I02), the final one (I03). Stations of 1.6
 * that say that they show prices are told by the messages of "OCPP & California Pricing Requirements"; those of 2.1 that price by
 * themselves are checked.
 */
import type Fraction from 'fraction.js'
import { type Clock, describeError, formatInstant, type Instant, type Log, MINUTE, say } from '#kernel'
import type { IdTokenInfoType, TransactionEventRequest, TransactionEventResponse, V21 } from '#protocols/ocpp'
import { asJson, type Store } from '#store'
import { zulu } from '../order.ts'
import { SAYING } from '../saying.ts'
import type { Station } from '../station.ts'
import { energyOf, type Transaction } from '../transaction.ts'
import type { TariffBook } from './book.ts'
import type { Cost, Costs, StationCost } from './costs.ts'
import { sayTariff, type TariffLanguage } from './say-tariff.ts'
import { COST_MESSAGES, showsCost, showsPrices16, showsTariff } from './station-support.ts'
import type { Tariff } from './tariff.ts'

export interface PriceTelling {
  /** What a driver is told beside the verdict on the token. */
  worded(station: Station, token: string, info: IdTokenInfoType): IdTokenInfoType
  /** The answer to an event with its cost; what the answer cannot carry follows it. */
  answered(
    station: Station,
    transaction: Transaction,
    event: TransactionEventRequest,
    response: TransactionEventResponse,
    cost: Cost,
  ): Promise<TransactionEventResponse>
  /** Tells the stations what running sessions cost, where that changed since they were told; at most once a minute each. */
  sweep(): Promise<void>
  /** What was told of a session does not count any more: its tariff changed. */
  forget(station: Station, transaction: string): void
}

export interface PriceTellingParts {
  store: Store
  clock: Clock
  log: Log
  book: TariffBook
  costs: Costs
  stations: ReadonlyMap<string, Station>
  /** Milliseconds to wait for an answer. */
  patience: number
  zone: string
  alarm(station: Station, code: string, sentence: string | undefined): void
}

/** What a station was told last of a running session; 'itself': it prices that session and is told nothing. */
type Told = { total: number; at: Instant } | 'itself'

const languageOf = (tag: string | undefined): TariffLanguage => (tag?.toLowerCase().startsWith('en') ? 'en' : 'fr')
/** So many sessions are priced before others get their turn. */
const AT_ONCE = 20
const TOLD_EVERY = MINUTE

export function openPriceTelling(parts: PriceTellingParts): PriceTelling {
  const { store, clock, log, book, costs, stations, patience, zone, alarm } = parts
  const told = new WeakMap<Station, Map<string, Told>>()
  const toldOf = (station: Station) => {
    const known = told.get(station) ?? new Map<string, Told>()
    told.set(station, known)
    return known
  }
  /** Nobody waits for the answer: a station that does not show prices says so, and that is all. */
  const tell = (station: Station, action: string, payload: object) => {
    station.session?.call(action, payload as never, { timeout: patience }).catch((error: unknown) => {
      log.debug({ station: station.record.identity, action, error: describeError(error) }, 'a station was not told a price')
    })
  }
  const tell16 = (station: Station, messageId: string, data: object) =>
    tell(station, 'DataTransfer', { vendorId: COST_MESSAGES, messageId, data })

  const running16 = (station: Station, transaction: Transaction, { total, bill }: Cost, now: Instant) => {
    const isIdle = transaction.chargingState !== undefined && !/^(Charging|SuspendedEVSE)$/.test(transaction.chargingState)
    const price = (dimension: string) => priceWithVat(bill.lines.findLast((line) => line.dimension === dimension))
    const [kWhPrice, hourPrice, flatFee, idle] = [price('ENERGY'), price('TIME'), price('FLAT'), price('PARKING_TIME')]
    tell16(station, 'RunningCost', {
      ...{ transactionId: Number(transaction.id), timestamp: zulu(now), cost: total, state: isIdle ? 'Idle' : 'Charging' },
      meterValue: Math.round((transaction.imported.begin ?? 0) + energyOf(transaction.imported)),
      chargingPrice: {
        ...(kWhPrice !== undefined && { kWhPrice }),
        ...(hourPrice !== undefined && { hourPrice }),
        ...(flatFee !== undefined && { flatFee }),
      },
      ...(idle !== undefined && { idlePrice: { hourPrice: idle } }),
    })
  }

  const check = async (station: Station, { id }: Transaction, given: V21.CostDetailsType, { bill, total }: Cost) => {
    const { identity } = station.record
    const { exclTax, inclTax } = given.totalCost.total
    const theirs = inclTax ?? exclTax
    const ours = inclTax === undefined ? bill.total?.excl.valueOf() : total
    const difference = given.failureToCalculate || theirs === undefined || ours === undefined ? null : rounded(theirs - ours)
    const failure = given.failureToCalculate ? (given.failureReason ?? '?') : null
    const kept: StationCost = {
      ...{ total_excl: exclTax ?? null, total_incl: inclTax ?? null, currency: given.totalCost.currency, difference, failure },
      at: formatInstant(clock.now(), zone),
    }
    await store.query('update cariflex.charging_bill set station_cost = $3 where station = $1 and transaction_id = $2', [
      ...[identity, id, asJson(kept)],
    ])
    const slots = { station: identity, transaction: id }
    if (failure !== null) alarm(station, 'station-cost', say(SAYING.costFailed, { ...slots, answer: failure }))
    else if (difference !== null && Math.abs(difference) > tolerance(ours!))
      alarm(
        station,
        'station-cost',
        say(SAYING.costDiffers, { ...slots, theirs: theirs!.toFixed(2), ours: ours!.toFixed(2), currency: kept.currency }),
      )
    else alarm(station, 'station-cost', undefined)
  }

  const textFor = (station: Station, tariff: Tariff | undefined, language: string | undefined): string | undefined =>
    tariff && showsTariff(station) ? sayTariff(tariff, languageOf(language)) : undefined

  const worded: PriceTelling['worded'] = (station, token, info) => {
    if (info.status !== 'Accepted') return info
    const { identity, evse } = station.record
    const price = textFor(station, book.tariffFor({ station: identity, evse, token }), info.language1)
    if (price === undefined) return info
    const content = [info.personalMessage?.content, price].filter((text) => text !== undefined).join(' · ')
    if (showsPrices16(station)) setImmediate(() => tell16(station, 'SetUserPrice', { idToken: token, priceText: content }))
    const language = languageOf(info.language1)
    return { ...info, personalMessage: { format: 'UTF8', content: content.slice(0, 512), language } }
  }

  return {
    worded,
    async answered(station, transaction, event, response, cost) {
      const { idTokenInfo } = response
      const { costDetails, transactionInfo } = event as Pick<V21.TransactionEventRequest, 'costDetails' | 'transactionInfo'>
      const isOld = showsPrices16(station)
      if (costDetails || transactionInfo.tariffId !== undefined) toldOf(station).set(transaction.id, 'itself')
      else if (cost.total !== undefined && !isOld) toldOf(station).set(transaction.id, { total: cost.total, at: clock.now() })
      if (transaction.endedAt !== undefined) {
        toldOf(station).delete(transaction.id)
        if (costDetails) await check(station, transaction, costDetails, cost)
        if (isOld && cost.total !== undefined) {
          const priceText = `${cost.total.toFixed(2)} ${cost.bill.currency}`
          setImmediate(() => tell16(station, 'FinalCost', { transactionId: Number(transaction.id), cost: cost.total, priceText }))
        }
      }
      // A driver who showed the token before the session began hears now which tariff holds for it.
      const price = event.eventType === 'Started' && !idTokenInfo ? textFor(station, cost.tariff, undefined) : undefined
      return {
        ...response,
        ...(cost.total !== undefined && { totalCost: cost.total }),
        ...(idTokenInfo && event.idToken && { idTokenInfo: worded(station, event.idToken.idToken, idTokenInfo) }),
        ...(price !== undefined && { updatedPersonalMessage: { format: 'UTF8', content: price.slice(0, 512), language: 'fr' } }),
      }
    },
    async sweep() {
      const now = clock.now()
      let priced = 0
      for (const station of stations.values()) {
        if (!station.session || station.record.boot !== 'Accepted' || !showsCost(station)) continue
        for (const { transaction } of station.open.values()) {
          const before = toldOf(station).get(transaction.id)
          if (before === 'itself' || (before && now - before.at < TOLD_EVERY)) continue
          const cost = costs.running(transaction, now)
          if (cost?.total === undefined || cost.total === before?.total) continue
          toldOf(station).set(transaction.id, { total: cost.total, at: now })
          if (showsPrices16(station)) running16(station, transaction, cost, now)
          else tell(station, 'CostUpdated', { totalCost: cost.total, transactionId: transaction.id })
          if (++priced % AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve))
        }
      }
    },
    forget: (station, transaction) => void toldOf(station).delete(transaction),
  }
}

const rounded = (value: number) => Math.round(value * 100) / 100
/** A cent, or one in a hundred of a large sum: prices that change between two meter values are parted otherwise by a station. */
const tolerance = (total: number) => Math.max(0.011, total / 100)

const priceWithVat = (line: { price: Fraction | null; vat: Fraction | null } | undefined): number | undefined => {
  if (!line?.price) return undefined
  const price = line.vat === null ? line.price : line.price.mul(line.vat.div(100).add(1))
  return Math.round(price.valueOf() * 1e4) / 1e4
}
