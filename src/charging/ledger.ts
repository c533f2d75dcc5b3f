/** The ledger of sessions in the database. What it acknowledges is committed: event, session and samples in one transaction. */
import type { Instant, Log } from '#kernel'
import { instant } from '#kernel'
import type { TransactionEventRequest, TransactionEventResponse } from '#protocols/ocpp'
import { asJson, asTimestamp, type Queryable, type Store } from '#store'
import { momentOf, readMeter, type Sample } from './meter.ts'
import { authorize } from './token.ts'
import { foldEvent, type Needs, newTransaction, type Register, type Transaction } from './transaction.ts'

export interface Entry {
  response: TransactionEventResponse
  /** False for an event that was here already. */
  fresh: boolean
  before: Transaction | undefined
  after: Transaction
  samples: Sample[]
}

export interface Circumstances {
  station: string
  now: Instant
  /** Of the EVSE, where the event does not say. */
  phases: number
  evse: number
  voltage: number
  /** What the station's clock is behind, ms; the moments as it said them stay in the event's payload. */
  shift: number
  freeVend: boolean
  log: Log
}

/**
 * Keeps one TransactionEvent and resolves when it is durable. A repetition gets the answer of the first time and changes nothing.
 * @throws Problem `database-unavailable`: nothing was kept, the station must send it again
 */
export function keepEvent(store: Store, event: TransactionEventRequest, circumstances: Circumstances): Promise<Entry> {
  const { station, now, log } = circumstances
  const id = event.transactionInfo.transactionId
  const at = momentOf(event.timestamp, now, circumstances.shift)
  const { samples, oddities } = readMeter(
    event.meterValue ?? [],
    at,
    event.numberOfPhasesUsed ?? circumstances.phases,
    circumstances.voltage,
    circumstances.shift,
  )
  if (oddities.length > 0) log.warn({ station, transaction: id, oddities }, 'some meter values were left out')

  return store.transact(async (tx) => {
    await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 201))', [`${station}\n${id}`])
    const before = await readTransaction(tx, station, id)
    const twin = before && (await tx.first<Twin>(TWIN, [station, id, event.seqNo]))
    const repeats = twin?.event_type === event.eventType && twin.said === event.timestamp
    if (twin && before && repeats) return { response: twin.response, fresh: false, before, after: before, samples: [] }

    const verdict = event.idToken && (await authorize(tx, event.idToken, now, circumstances))
    const response: TransactionEventResponse = verdict ? { idTokenInfo: verdict.info } : {}
    const kept = completed(samples, event, at, before)
    const after = foldEvent(before ?? newTransaction(station, id, at), event, {
      at,
      samples: kept,
      ...(verdict ? { verdict: { status: verdict.info.status, vehicle: verdict.vehicle } } : {}),
    })
    // A station that numbers two events alike (after a reboot): both count, the first keeps the number.
    if (twin) {
      if (!after.flags.includes('sequence-reused')) after.flags.push('sequence-reused')
    } else after.events += 1
    await saveTransaction(tx, after)
    if (!twin) await tx.query(INSERT_EVENT, eventParameters(event, circumstances, at, response))
    await saveSamples(tx, station, after.evse ?? circumstances.evse, kept)
    return { response, fresh: true, before, after, samples: kept }
  })
}

interface Twin {
  response: TransactionEventResponse
  event_type: string
  said: string
}
const TWIN = `select response, event_type, payload->>'timestamp' as said from cariflex.transaction_event where station = $1 and transaction_id = $2 and seq_no = $3`
const INSERT_EVENT = `insert into cariflex.transaction_event
  (station, transaction_id, seq_no, event_type, trigger_reason, at, received_at, offline, payload, response)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`

const eventParameters = (event: TransactionEventRequest, { station, now }: Circumstances, at: Instant, response: object) => [
  station,
  event.transactionInfo.transactionId,
  event.seqNo,
  event.eventType,
  event.triggerReason,
  asTimestamp(at),
  asTimestamp(now),
  event.offline ?? false,
  asJson(event),
  asJson(response),
]

/** Adds the powers that follow from what else is known: from two registers, from a state in which nothing flows, from the end. */
function completed(samples: readonly Sample[], event: TransactionEventRequest, at: Instant, before: Transaction | undefined): Sample[] {
  const kept = samples.map((sample) => ({ ...sample }))
  let last = before?.imported.last
  let lastAt = before?.imported.lastAt
  for (const sample of kept) {
    if (
      sample.power === undefined &&
      sample.imported !== undefined &&
      last !== undefined &&
      lastAt !== undefined &&
      sample.at - lastAt >= 1000
    )
      sample.power = Math.max(0, ((sample.imported - last) * 3_600_000) / (sample.at - lastAt))
    if (sample.imported !== undefined && (lastAt === undefined || sample.at >= lastAt)) {
      last = sample.imported
      lastAt = sample.at
    }
  }
  const state = event.transactionInfo.chargingState
  const still = state !== undefined && state !== 'Charging'
  if (event.eventType === 'Ended') kept.push({ at: instant(at + 1), power: 0, context: 'Transaction.End' })
  else if (still && !kept.some((sample) => sample.power !== undefined)) kept.push({ at, power: 0, context: 'Other' })
  return kept
}

/** Keeps samples of power and state of charge; the same moment again completes what is there. */
export async function saveSamples(tx: Queryable, station: string, evse: number, samples: readonly Sample[]): Promise<void> {
  const useful = new Map<Instant, { at: string; power_w: number | null; soc_percent: number | null }>()
  for (const { at, power, soc } of samples) {
    if (power === undefined && soc === undefined) continue
    const same = useful.get(at)
    useful.set(at, { at: asTimestamp(at), power_w: power ?? same?.power_w ?? null, soc_percent: soc ?? same?.soc_percent ?? null })
  }
  if (useful.size === 0) return
  await tx.query(
    `insert into cariflex.charging_sample (station, evse_id, at, power_w, soc_percent)
     select $1, $2, r.at, r.power_w, r.soc_percent
     from jsonb_to_recordset($3::jsonb) as r(at timestamptz, power_w double precision, soc_percent double precision)
     on conflict (station, evse_id, at) do update set power_w = coalesce(excluded.power_w, charging_sample.power_w),
       soc_percent = coalesce(excluded.soc_percent, charging_sample.soc_percent)`,
    [station, evse, asJson([...useful.values()])],
  )
}

/** The newest power and the newest state of charge of an EVSE since a moment. */
export async function lastSamples(store: Queryable, station: string, evse: number, since: Instant): Promise<Sample[]> {
  const newest = (column: string) =>
    `(select at, power_w, soc_percent from cariflex.charging_sample
      where station = $1 and evse_id = $2 and at >= $3 and ${column} is not null order by at desc limit 1)`
  const rows = await store.query<{ at: Instant; power_w: number | null; soc_percent: number | null }>(
    `${newest('power_w')} union ${newest('soc_percent')}`,
    [station, evse, asTimestamp(since)],
  )
  return rows.map(({ at, power_w, soc_percent }) => ({
    at,
    context: 'Other',
    ...(power_w === null ? {} : { power: power_w }),
    ...(soc_percent === null ? {} : { soc: soc_percent }),
  }))
}

/** Field of the session ↔ column, both ways; moments are marked. */
const COLUMNS = [
  ['station', 'station'],
  ['id', 'transaction_id'],
  ['evse', 'evse_id'],
  ['connector', 'connector_id'],
  ['token', 'id_token'],
  ['tokenType', 'id_token_type'],
  ['tokenStatus', 'id_token_status'],
  ['tokenRank', 'id_token_rank'],
  ['vehicle', 'vehicle'],
  ['remoteStartId', 'remote_start_id'],
  ['reservationId', 'reservation_id'],
  ['chargingState', 'charging_state'],
  ['stateSeq', 'state_seq'],
  ['phases', 'phases'],
  ['cableMax', 'cable_max_a'],
  ['firstAt', 'first_at', 'moment'],
  ['lastAt', 'last_at', 'moment'],
  ['startedAt', 'started_at', 'moment'],
  ['endedAt', 'ended_at', 'moment'],
  ['stoppedReason', 'stopped_reason'],
  ['flags', 'flags'],
  ['events', 'events'],
  ['maxSeq', 'max_seq'],
] as const

const REGISTER = ['base', 'begin', 'begin_at', 'last', 'last_at'] as const
const NAMES = [
  ...COLUMNS.map((column) => column[1] as string),
  ...REGISTER.map((name) => `import_${name}`),
  ...REGISTER.map((name) => `export_${name}`),
  'needs',
]
const UPSERT = `insert into cariflex.charging_transaction (${NAMES.join(', ')})
  values (${NAMES.map((_, index) => `$${index + 1}`).join(', ')})
  on conflict (station, transaction_id) do update set ${NAMES.slice(2)
    .map((name) => `${name} = excluded.${name}`)
    .join(', ')}`

export async function saveTransaction(tx: Queryable, transaction: Transaction): Promise<void> {
  const moment = (at: Instant | undefined) => (at === undefined ? null : asTimestamp(at))
  const register = ({ base, begin, beginAt, last, lastAt }: Register) => [
    base,
    begin ?? null,
    moment(beginAt),
    last ?? null,
    moment(lastAt),
  ]
  await tx.query(UPSERT, [
    ...COLUMNS.map(([field, , kind]) =>
      kind === 'moment' ? moment(transaction[field] as Instant | undefined) : (transaction[field] ?? null),
    ),
    ...register(transaction.imported),
    ...register(transaction.exported),
    transaction.needs === undefined ? null : asJson(transaction.needs),
  ])
}

type TransactionRow = Record<string, unknown>

function fromRow(row: TransactionRow): Transaction {
  const register = (prefix: string): Register => {
    const [base, begin, beginAt, last, lastAt] = REGISTER.map((name) => row[`${prefix}_${name}`])
    if (begin === null) return { base: base as number }
    return { base: base as number, begin: begin as number, beginAt: beginAt as Instant, last: last as number, lastAt: lastAt as Instant }
  }
  const known = COLUMNS.filter(([, column]) => row[column] !== null).map(([field, column]) => [field, row[column]])
  return {
    ...Object.fromEntries(known),
    imported: register('import'),
    exported: register('export'),
    ...(row['needs'] === null ? {} : { needs: row['needs'] as Needs }),
  } as Transaction
}

export async function readTransaction(tx: Queryable, station: string, id: string): Promise<Transaction | undefined> {
  const row = await tx.first<TransactionRow>('select * from cariflex.charging_transaction where station = $1 and transaction_id = $2', [
    station,
    id,
  ])
  return row && fromRow(row)
}

/** Sessions that have not ended, oldest first. */
export async function openTransactions(store: Queryable): Promise<Transaction[]> {
  const rows = await store.query<TransactionRow>('select * from cariflex.charging_transaction where ended_at is null order by first_at')
  return rows.map(fromRow)
}

/** Changes a kept session under its lock. Resolves with the new state, or undefined when there is none. */
export function amendTransaction(
  store: Store,
  station: string,
  id: string,
  amend: (transaction: Transaction) => Transaction,
): Promise<Transaction | undefined> {
  return store.transact(async (tx) => {
    await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 201))', [`${station}\n${id}`])
    const found = await readTransaction(tx, station, id)
    if (!found) return undefined
    const after = amend(found)
    await saveTransaction(tx, after)
    return after
  })
}
