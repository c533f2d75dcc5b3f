/**
 * What our ledger has already of a message that comes again: by the tap a second time, or by the tables of CitrineOS, which write moments
 * otherwise than the station did. Keys: (station, transaction, seqNo) in 2.0.1, (station, transaction, moment, measurand, phase, context) of a
 * meter value in 1.6 (charging reference 1.9).
 */
import { type Instant, instant, MINUTE } from '#kernel'
import type { Payload, TransactionEventRequest, V16 } from '#protocols/ocpp'
import { asTimestamp, type Store } from '#store'
import { saidMoment } from '../meter.ts'

export interface Known {
  /** The event as our ledger has it, where it has it: it then sees that it is a repetition. */
  event(station: string, event: TransactionEventRequest): Promise<TransactionEventRequest>
  /** Whether a session of 1.6 of ours began at that moment. */
  began(station: string, transaction: number, at: string): Promise<boolean>
  ended(station: string, transaction: number): Promise<boolean>
  /** Only what is new of it; undefined: nothing is. `around`: when it was measured, by our clock. */
  meter(station: string, transaction: number, values: V16.MeterValuesRequest, around: Instant): Promise<V16.MeterValuesRequest | undefined>
}

type Sampled = { measurand?: string; phase?: string; context?: string }
const keyOf = (at: unknown, { measurand = 'Energy.Active.Import.Register', phase = '', context = 'Sample.Periodic' }: Sampled) =>
  [at, measurand, phase, context].join(' ')

/** A clock that is off is off by nearly the same when the message comes again. */
const NEAR = 15 * MINUTE
/** Two clocks that write the same moment differ by less. */
const SAME_START = 2 * MINUTE

export const openKnown = (store: Store): Known => ({
  async event(station, event) {
    const twin = await store.first<{ said: string }>(
      `select payload->>'timestamp' as said from cariflex.transaction_event
       where station = $1 and transaction_id = $2 and seq_no = $3 and event_type = $4`,
      [station, event.transactionInfo.transactionId, event.seqNo, event.eventType],
    )
    const isSame = twin && saidMoment(twin.said) === saidMoment(event.timestamp)
    return isSame ? { ...event, timestamp: twin.said } : event
  },
  async began(station, transaction, at) {
    const row = await store.first<{ said: string }>(
      'select said from cariflex.start_16 where station = $1 and transaction_id = $2 order by received_at desc limit 1',
      [station, transaction],
    )
    return row !== undefined && Math.abs((saidMoment(row.said) ?? 0) - (saidMoment(at) ?? 0)) < SAME_START
  },
  async ended(station, transaction) {
    const row = await store.first(
      'select 1 as one from cariflex.charging_transaction where station = $1 and transaction_id = $2 and ended_at is not null',
      [station, String(transaction)],
    )
    return row !== undefined
  },
  async meter(station, transaction, values, around) {
    const span = [around - NEAR, around + NEAR].map((at) => asTimestamp(instant(at)))
    const rows = await store.query<{ payload: Payload }>(
      `select payload from cariflex.transaction_event
       where station = $1 and transaction_id = $2 and at between $3 and $4 and payload ? 'meterValue'`,
      [station, String(transaction), ...span],
    )
    const kept = new Set<string>()
    for (const { payload } of rows)
      for (const { timestamp, sampledValue } of payload['meterValue'] as { timestamp: string; sampledValue: Sampled[] }[])
        for (const sampled of sampledValue) kept.add(keyOf(saidMoment(timestamp), sampled))
    const fresh = values.meterValue.flatMap((one) => {
      const sampledValue = one.sampledValue.filter((sampled) => !kept.has(keyOf(saidMoment(one.timestamp), sampled)))
      return sampledValue.length === 0 ? [] : [{ ...one, sampledValue }]
    })
    return fresh.length === 0 ? undefined : ({ ...values, meterValue: fresh } as V16.MeterValuesRequest)
  },
})
