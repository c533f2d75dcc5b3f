/** The sessions that go on now: fed by events, seen by chargers, put right with the station after an interruption (OCPP 2.0.1 E01–E15). */

import type { Beliefs, News } from '#ems'
import { type Bus, type Clock, describeError, type Instant, instant, type Log, MINUTE } from '#kernel'
import type {
  GetTransactionStatusResponse,
  NotifyEVChargingNeedsRequest,
  Session,
  TransactionEventRequest,
  TransactionEventResponse,
} from '#protocols/ocpp'
import type { Store } from '#store'
import type { ChargingConfig } from './config.ts'
import { amendTransaction, type Entry, lastSamples, openLedger, readTransaction, saveSamples } from './ledger.ts'
import type { Measurements } from './measurements.ts'
import { type Sample, saidMoment } from './meter.ts'
import { readNeeds } from './smart/needs.ts'
import { type Plugged, pluggedAt, type Station } from './station.ts'
import type { Costs } from './tariff/costs.ts'
import type { PriceTelling } from './tariff/price-telling.ts'
import type { Authorization } from './token.ts'
import { type Transaction, takenBy } from './transaction.ts'
import { vehicleOf } from './vehicle.ts'
import { usualDeparture } from './wish.ts'

export interface SessionParts {
  store: Store
  clock: Clock
  log: Log
  bus: Bus<News>
  beliefs: Beliefs
  config: ChargingConfig
  measurements: Measurements
  costs: Costs
  prices: PriceTelling
  stations: Map<string, Station>
  authorization: Authorization
  /** Told when a session of the station ended or began: what was ordered for another one is void. */
  onChange(station: Station): void
  /** Told the moment that a message about the present gave. */
  heard(station: Station, said: Instant): void
}

export interface Sessions {
  /** Takes sessions of the database up that are not known here: all of them after a start. */
  takeUp(open: readonly Transaction[]): Promise<void>
  /** Makes those of a station what the database says: others began and ended while another platform served it. `open`: of the database. */
  bringUp(station: Station, open: readonly Transaction[]): Promise<void>
  /** Keeps an event and answers it. @throws Problem when it could not be kept */
  event(station: Station, event: TransactionEventRequest): Promise<TransactionEventResponse>
  /** Keeps what a car needs. True when it could be tied to a session. */
  needs(station: Station, request: NotifyEVChargingNeedsRequest): Promise<boolean>
  /** Takes in samples that came outside of events. */
  meter(station: Station, evse: number, samples: readonly Sample[]): Promise<void>
  /** Asks the station what became of the sessions that we hold for open, or of one of them. */
  reconcile(station: Station, session: Session, transaction?: string): Promise<void>
  /** Gives up sessions without EVSE of stations that have been away for long. */
  sweep(): Promise<void>
}

/** Needs that came before their session are good for this long. */
const NEEDS_WAIT = 15 * MINUTE
/**
 * A session that never named an EVSE is an authorisation without a car: the station ends it itself when nobody plugs in
 * (EVConnectionTimeOut, E03.FR.05), and says so when it comes back. So it is not held open longer than this while the station is away.
 */
const UNPLUGGED_WAIT = 15 * MINUTE

export function openSessions(parts: SessionParts): Sessions {
  const { store, clock, log, bus, beliefs, config, measurements, costs, prices, stations, authorization, onChange } = parts
  const ledger = openLedger({ store, log })

  const tell = (station: Station, what: Extract<News, { kind: 'device' }>['what']) => {
    const { device, asset } = station.record
    if (device !== undefined && asset !== undefined) bus.tell({ kind: 'device', device, asset, what })
  }

  const letGo = (station: Station, id: string) => {
    station.open.delete(id)
    onChange(station)
    tell(station, 'unplugged')
  }

  /** What is known of the car; a failure leaves it for the next event. */
  const learn = async (plugged: Plugged): Promise<void> => {
    const { vehicle: asset } = plugged.transaction
    if (asset === undefined || plugged.vehicle) return
    try {
      const vehicle = await vehicleOf(store, asset)
      if (!vehicle) return
      const at = plugged.transaction.startedAt ?? plugged.transaction.firstAt
      const believed = vehicle.socSensor === undefined ? undefined : await beliefs.latest(vehicle.socSensor, at)
      const departure = await usualDeparture(store, asset, at, config.zone)
      plugged.vehicle = vehicle
      if (believed) plugged.socAtStart = believed.value * 1000
      if (departure !== undefined) plugged.departure = departure
    } catch (error) {
      log.warn({ vehicle: asset, error: describeError(error) }, 'the car could not be looked up')
    }
  }

  const take = (plugged: Plugged, samples: readonly Sample[]) => {
    for (const sample of samples) {
      if (sample.power !== undefined && sample.at >= (plugged.sample?.at ?? -Infinity)) {
        if (plugged.sample && sample.context === 'Sample.Periodic') plugged.interval = sample.at - plugged.sample.at
        plugged.sample = sample
      }
      if (sample.soc !== undefined && sample.at >= (plugged.soc?.at ?? -Infinity)) plugged.soc = { percent: sample.soc, at: sample.at }
    }
  }

  const follow = async (station: Station, { before, after, samples }: Entry) => {
    const known = station.open.get(after.id)
    const began = !known && after.endedAt === undefined
    const plugged: Plugged = known ?? { transaction: after }
    plugged.transaction = after
    if (after.endedAt === undefined) station.open.set(after.id, plugged)
    await learn(plugged)
    take(plugged, samples)
    const ended = after.endedAt !== undefined && known !== undefined
    const lastSoc = samples.findLast((sample) => sample.soc !== undefined)
    if (lastSoc) measurements.charged(plugged, lastSoc.at, began || after.endedAt !== undefined)
    measurements.sampled(
      station,
      samples.map(({ at }) => at),
    )
    if (began) {
      await adoptNeeds(station, after)
      onChange(station)
      tell(station, 'plugged')
    } else if (ended) letGo(station, after.id)
    else if (after.endedAt === undefined && (before?.tokenStatus !== after.tokenStatus || before?.phases !== after.phases))
      tell(station, 'changed')
  }

  const priced = async (station: Station, { after, at, samples, response }: Entry, event: TransactionEventRequest) => {
    const cost = await costs.follow(after, event, at, samples)
    return cost ? prices.answered(station, after, event, response, cost) : response
  }

  const adoptNeeds = async (station: Station, { id, evse = station.record.evse, needs: own }: Transaction) => {
    const needs = station.needs.get(evse)
    station.needs.delete(evse)
    if (!needs || own || clock.now() - needs.at > NEEDS_WAIT) return
    const after = await amendTransaction(store, station.record.identity, id, (transaction) => ({ ...transaction, needs }))
    const plugged = station.open.get(id)
    if (plugged && after) plugged.transaction = after
  }

  /** The station knows nothing of it any more and has nothing left to send: it ended where we last heard of it. */
  const lose = async (station: Station, { transaction: held }: Plugged) => {
    const after = await amendTransaction(store, station.record.identity, held.id, (transaction) =>
      transaction.endedAt !== undefined || transaction.lastAt !== held.lastAt
        ? transaction
        : { ...transaction, endedAt: transaction.lastAt, stoppedReason: 'Other', flags: [...transaction.flags, 'lost'] },
    )
    if (after?.endedAt === undefined) return
    const end = instant(after.endedAt + 1)
    await saveSamples(store, station.record.identity, after.evse ?? station.record.evse, [
      { at: end, power: 0, context: 'Transaction.End' },
    ])
    measurements.sampled(station, [end])
    log.warn({ station: station.record.identity, transaction: held.id }, 'a session was given up: the station knows nothing of it')
    letGo(station, held.id)
  }

  const reconcileOne = async (station: Station, session: Session, plugged: Plugged) => {
    const { id, evse } = plugged.transaction
    let status: GetTransactionStatusResponse | undefined
    try {
      status = (await session.call(
        'GetTransactionStatus',
        { transactionId: id },
        { timeout: config.patience },
      )) as GetTransactionStatusResponse
    } catch (error) {
      log.info(
        { station: session.identity, transaction: id, error: describeError(error) },
        'the station does not say whether a session goes on',
      )
    }
    if (status?.ongoingIndicator === false && !status.messagesInQueue) return lose(station, plugged)
    if (status?.ongoingIndicator !== true) return
    const request = { requestedMessage: 'TransactionEvent', ...(evse === undefined ? {} : { evse: { id: evse } }) }
    await session.call('TriggerMessage', request, { timeout: config.patience }).catch(() => undefined)
  }

  const takeUp = async (open: readonly Transaction[]) => {
    for (const transaction of open) {
      const station = stations.get(transaction.station)
      if (!station || station.open.has(transaction.id)) continue
      const plugged: Plugged = { transaction }
      station.open.set(transaction.id, plugged)
      await learn(plugged)
      take(plugged, await lastSamples(store, transaction.station, transaction.evse ?? station.record.evse, transaction.firstAt))
    }
  }

  return {
    takeUp,
    async bringUp(station, open) {
      await takeUp(open)
      const gone = [...station.open.keys()].filter((id) => !open.some((transaction) => transaction.id === id))
      // One that is not there yet is just being kept.
      for (const id of gone) if ((await readTransaction(store, station.record.identity, id))?.endedAt !== undefined) letGo(station, id)
    },
    async event(station, event) {
      const { identity, phases, evse } = station.record
      const { voltage, freeVend } = config
      const older = pluggedAt(station, event.evse?.id)
      const now = clock.now()
      const said = saidMoment(event.timestamp) ?? now
      if (!event.offline) parts.heard(station, said)
      const shift = station.clock.shift(said, now)
      const occasion = { station: identity, evse: event.evse?.id, now, freeVend }
      const outside = event.idToken && (await authorization.outside(event.idToken, occasion))
      const entry = await ledger.keep(event, { station: identity, now, phases, evse, voltage, shift, freeVend, outside })
      if (entry.fresh)
        await follow(station, entry).catch((error: unknown) =>
          log.error({ station: identity, error: describeError(error) }, 'an event was kept but could not be followed up'),
        )
      // The price comes on top of what was kept: a repetition is priced anew, from the same events.
      const answer = await priced(station, entry, event).catch((error: unknown) => {
        // The event is kept; a station that got no answer would send it for ever. The bill is made when it is asked for.
        log.error({ station: identity, transaction: entry.after.id, error: describeError(error) }, 'a session was not priced')
        return entry.response
      })
      const { session } = station
      // Two sessions on one EVSE: the end of the older one must have been missed.
      if (event.eventType === 'Started' && older && older.transaction.id !== event.transactionInfo.transactionId && session)
        setImmediate(() => void reconcileOne(station, session, older).catch((error: unknown) => complain(identity, error)))
      return answer
    },
    async needs(station, request) {
      const plugged = pluggedAt(station, request.evseId)
      const needs = readNeeds(request, clock.now(), station.record.phases, plugged ? takenBy(plugged.transaction) : 0)
      if (!plugged) {
        station.needs.set(request.evseId, needs)
        return false
      }
      const after = await amendTransaction(store, station.record.identity, plugged.transaction.id, (transaction) => ({
        ...transaction,
        needs,
      }))
      if (after) plugged.transaction = after
      tell(station, 'changed')
      return after !== undefined
    },
    async meter(station, evse, samples) {
      // EVSE 0 is the station's own supply: it would count everything twice.
      if (evse === 0 || samples.length === 0) return
      await saveSamples(store, station.record.identity, evse, samples)
      const plugged = pluggedAt(station, evse)
      if (plugged) {
        take(plugged, samples)
        if (plugged.soc && samples.some((sample) => sample.soc !== undefined)) measurements.charged(plugged, plugged.soc.at, false)
      }
      measurements.sampled(
        station,
        samples.filter((sample) => sample.power !== undefined).map(({ at }) => at),
      )
    },
    async sweep() {
      const since = clock.now() - UNPLUGGED_WAIT
      for (const station of stations.values()) {
        if (station.session || (station.lastSeen ?? station.record.lastSeen ?? -Infinity) > since) continue
        for (const plugged of [...station.open.values()]) if (plugged.transaction.evse === undefined) await lose(station, plugged)
      }
    },
    async reconcile(station, session, transaction) {
      for (const plugged of [...station.open.values()].filter(({ transaction: { id } }) => transaction === undefined || id === transaction))
        await reconcileOne(station, session, plugged).catch((error: unknown) => complain(station.record.identity, error))
    },
  }

  function complain(station: string, error: unknown) {
    log.warn({ station, error: describeError(error) }, 'a session could not be put right with the station')
  }
}
