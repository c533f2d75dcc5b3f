/**
 * What a simulated station knows of prices: what its display shows, and in OCPP 2.1 the tariffs by which it prices sessions itself (I07–I12). Its
 * tariffs have no conditions: one price for each kind, which is how many small stations are.
 */
import {
  CallError,
  type IdTokenInfoType,
  type Payload,
  type TransactionEventRequest,
  type TransactionEventResponse,
  type V21,
} from '#protocols/ocpp'
import type { Variables } from './station-variables.ts'

export interface Till {
  /** Answers to the messages about money. */
  readonly answers: Readonly<Record<string, (request: never) => Payload>>
  /** Price messages of 1.6; undefined for those of other vendors. */
  message16(vendor: string, message: string | undefined, data: unknown): Payload | undefined
  /** The CSMS said something of a token: its text, and the tariff of its owner. */
  shown(token: string, info: IdTokenInfoType, tariff?: object): void
  /** An answer to an event: the cost so far. */
  told(answer: TransactionEventResponse): void
  /** The event with the tariff that it is priced by, and at the end what it cost. */
  priced(event: TransactionEventRequest): TransactionEventRequest
  display(): StationDisplay
  memory(): TillMemory
}

/** What the driver reads of money. */
export interface StationDisplay {
  price?: string
  cost?: number
}

/** What it holds over a restart. */
export interface TillMemory {
  /** For all EVSEs (0) and for the only one (1). */
  defaults: [evse: number, tariff: V21.TariffType][]
  running?: Running
}

/** A session that is priced here: each stretch by its tariff, from what was counted when it began to hold. */
interface Running {
  id: string
  /** ms */
  startedAt: number
  begun: Counted
  stretches: { tariff: V21.TariffType; from: Counted }[]
}
/** Wh and seconds. */
interface Counted {
  energy: number
  charging: number
  whole: number
}

const KINDS = ['energy', 'chargingTime', 'idleTime', 'fixedFee', 'reservationTime', 'reservationFixed'] as const
const pricesOf = (tariff: V21.TariffType) =>
  KINDS.map(
    (kind): readonly { priceKwh?: number; priceMinute?: number; priceFixed?: number; conditions?: object }[] => tariff[kind]?.prices ?? [],
  )

export interface TillParts {
  variables: Variables
  /** It prices sessions by itself. */
  prices: boolean
  kept: TillMemory | undefined
  /** The running session has another tariff: it is told at once. */
  changed(): void
}

export function openTill({ variables, prices, kept, changed }: TillParts): Till {
  const defaults = new Map(kept?.defaults)
  let running = kept?.running
  let last: Counted | undefined
  const drivers = new Map<string, V21.TariffType>()
  let display: StationDisplay = {}
  /** Holds from the next event on. */
  let next: V21.TariffType | undefined

  const fault = (tariff: V21.TariffType): 'TooManyElements' | 'ConditionNotSupported' | undefined => {
    const lists = pricesOf(tariff)
    if (lists.some(({ length }) => length > variables.number('TariffCostCtrlr', 'MaxElements'))) return 'TooManyElements'
    return lists.flat().some(({ conditions }) => conditions) ? 'ConditionNotSupported' : undefined
  }
  const isOn = () => prices && variables.flag('TariffCostCtrlr', 'Enabled')
  const mustPrice = () => {
    if (!isOn()) throw new CallError('NotSupported', 'This station prices nothing.')
  }
  const countedBy = (event: TransactionEventRequest, startedAt: number): Counted => {
    const registers = (event.meterValue ?? [])
      .flatMap(({ sampledValue }) => sampledValue)
      .filter(({ measurand }) => measurand === 'Energy.Active.Import.Register')
    return {
      energy: registers.at(-1)?.value ?? last?.energy ?? 0,
      charging: event.transactionInfo.timeSpentCharging ?? 0,
      whole: (Date.parse(event.timestamp) - startedAt) / 1000,
    }
  }

  const costOf = ({ stretches, begun }: Running, end: Counted): V21.CostDetailsType => {
    let [exclTax, inclTax] = [0, 0]
    const add = (price: number | undefined, quantity: number, taxes: readonly V21.TaxRateType[] = []) => {
      const cost = (price ?? 0) * quantity
      exclTax += cost
      inclTax += cost * (1 + taxes.reduce((sum, { tax }) => sum + tax, 0) / 100)
    }
    for (const [nth, { tariff, from }] of stretches.entries()) {
      const until = stretches[nth + 1]?.from ?? end
      const charging = until.charging - from.charging
      const idle = until.whole - from.whole - charging
      add(tariff.energy?.prices[0]?.priceKwh, (until.energy - from.energy) / 1000, tariff.energy?.taxRates)
      add(tariff.chargingTime?.prices[0]?.priceMinute, charging / 60, tariff.chargingTime?.taxRates)
      add(tariff.idleTime?.prices[0]?.priceMinute, idle / 60, tariff.idleTime?.taxRates)
      if (nth === 0) add(tariff.fixedFee?.prices[0]?.priceFixed, 1, tariff.fixedFee?.taxRates)
    }
    const { minCost, maxCost, currency } = stretches[0]!.tariff
    const within = (sum: number, side: 'exclTax' | 'inclTax') =>
      Math.round(Math.min(Math.max(sum, minCost?.[side] ?? 0), maxCost?.[side] ?? Number.POSITIVE_INFINITY) * 100) / 100
    return {
      totalCost: {
        ...{ currency, typeOfCost: 'NormalCost' },
        total: { exclTax: within(exclTax, 'exclTax'), inclTax: within(inclTax, 'inclTax') },
      },
      totalUsage: {
        energy: (end.energy - begun.energy) / 1000,
        chargingTime: Math.round(end.charging),
        idleTime: Math.round(end.whole - end.charging),
      },
    }
  }

  const orders: Till['answers'] = {
    SetDefaultTariff({ evseId, tariff }: V21.SetDefaultTariffRequest) {
      mustPrice()
      if (evseId !== 0 && evseId !== 1) return { status: 'Rejected', statusInfo: { reasonCode: 'UnknownEvse' } }
      if (pricesOf(tariff).every(({ length }) => length === 0)) return { status: 'Rejected', statusInfo: { reasonCode: 'InvalidValue' } }
      const refusal = fault(tariff)
      if (refusal) return { status: refusal }
      const same = [...defaults.values(), ...drivers.values()].find(({ tariffId }) => tariffId === tariff.tariffId)
      if (same && JSON.stringify(same) !== JSON.stringify(tariff)) return { status: 'DuplicateTariffId' }
      if (evseId === 0) defaults.clear()
      defaults.set(evseId, tariff)
      return { status: 'Accepted' }
    },
    GetTariffs({ evseId }: V21.GetTariffsRequest) {
      mustPrice()
      const own = defaults.has(1) ? [1] : [...defaults.keys()]
      const tariffAssignments = own.flatMap((evse) =>
        evseId === 0 || evseId === 1 ? [{ tariffId: defaults.get(evse)!.tariffId, tariffKind: 'DefaultTariff', evseIds: [1] }] : [],
      )
      for (const [token, { tariffId }] of drivers)
        tariffAssignments.push({ tariffId, tariffKind: 'DriverTariff', idTokens: [token] } as never)
      return tariffAssignments.length > 0 ? { status: 'Accepted', tariffAssignments } : { status: 'NoTariff' }
    },
    ClearTariffs({ tariffIds, evseId }: V21.ClearTariffsRequest) {
      mustPrice()
      const mine = [...defaults].filter(([evse]) => evseId === undefined || evse === evseId || evse === 0)
      const asked = tariffIds ?? [...new Set(mine.map(([, { tariffId }]) => tariffId))]
      const results = asked.map((tariffId) => {
        const found = mine.filter(([, tariff]) => tariff.tariffId === tariffId)
        for (const [evse] of found) defaults.delete(evse)
        const driven = [...drivers].filter(([, tariff]) => tariff.tariffId === tariffId)
        for (const [token] of driven) drivers.delete(token)
        return { tariffId, status: found.length + driven.length > 0 ? 'Accepted' : 'NoTariff' }
      })
      return { clearTariffsResult: results.length > 0 ? results : [{ status: 'NoTariff' }] }
    },
    ChangeTransactionTariff({ tariff, transactionId }: V21.ChangeTransactionTariffRequest) {
      mustPrice()
      if (running?.id !== transactionId) return { status: 'TxNotFound' }
      const refusal = fault(tariff)
      if (refusal) return { status: refusal }
      if (running.stretches[0]?.tariff.currency !== tariff.currency) return { status: 'NoCurrencyChange' }
      next = tariff
      // The event of the change says what was counted until then.
      setImmediate(changed)
      return { status: 'Accepted' }
    },
  }

  return {
    answers: {
      ...(prices ? orders : {}),
      CostUpdated({ totalCost }: V21.CostUpdatedRequest) {
        display = { ...display, cost: totalCost }
        return {}
      },
    },
    message16(vendor, message, data) {
      if (vendor !== 'org.openchargealliance.costmsg') return undefined
      const { priceText, cost } = JSON.parse(String(data)) as { priceText?: string; cost?: number }
      if (message !== 'SetUserPrice' && message !== 'RunningCost' && message !== 'FinalCost') return { status: 'UnknownMessageId' }
      display = { ...display, ...(priceText !== undefined && { price: priceText }), ...(cost !== undefined && { cost }) }
      return { status: 'Accepted' }
    },
    shown(token, { personalMessage }, tariff) {
      if (personalMessage) display = { price: personalMessage.content }
      if (tariff && fault(tariff as V21.TariffType) === undefined) drivers.set(token, tariff as V21.TariffType)
      else drivers.delete(token)
    },
    told({ totalCost, updatedPersonalMessage }) {
      if (updatedPersonalMessage) display = { ...display, price: updatedPersonalMessage.content }
      if (totalCost !== undefined) display = { ...display, cost: totalCost }
    },
    priced(event) {
      if (!isOn()) return event
      const { transactionInfo, eventType, idToken } = event
      const tariff = (idToken && drivers.get(idToken.idToken)) ?? defaults.get(1) ?? defaults.get(0)
      if (eventType === 'Started') {
        const startedAt = Date.parse(event.timestamp)
        last = undefined
        const begun = countedBy(event, startedAt)
        running = tariff && { id: transactionInfo.transactionId, startedAt, begun, stretches: [{ tariff, from: begun }] }
      }
      if (!running || running.id !== transactionInfo.transactionId) return event
      const counted = countedBy(event, running.startedAt)
      last = counted
      const { stretches } = running
      if (next) stretches.push({ tariff: next, from: counted })
      next = undefined
      // A token that was shown after the plug: its tariff is the one of the session.
      if (idToken && tariff && stretches.length === 1 && eventType === 'Updated') stretches[0]!.tariff = tariff
      const priced = {
        ...event,
        transactionInfo: { ...transactionInfo, tariffId: stretches.at(-1)!.tariff.tariffId },
        ...(eventType === 'Ended' && { costDetails: costOf(running, counted) }),
      }
      if (eventType === 'Ended') running = undefined
      return priced
    },
    display: () => display,
    memory: () => ({ defaults: [...defaults], ...(running && { running }) }),
  }
}
