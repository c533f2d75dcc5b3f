/**
 * The ledger of sessions in the database. What it acknowledges is committed: event, session and samples in one transaction.
 * Events of many stations that come at once share a transaction (group commit): each waits for the disk once, not each for itself.
 */
import { type Instant, instant, isProblem, type Log } from '#kernel'
import type { IdTokenInfoType, TransactionEventRequest, TransactionEventResponse } from '#protocols/ocpp'
import { asJson, asTimestamp, type Queryable, type Store } from '#store'
import { momentOf, readMeter, type Sample } from './meter.ts'
import { authorizeAll, noteUnknown, type Verdict } from './token.ts'
import { foldEvent, type Needs, newTransaction, type Register, type Transaction } from './transaction.ts'

export interface Entry {
  response: TransactionEventResponse
  /** When it happened, by our clock. */
  at: Instant
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
  /** What a partner said of the event's token, which our table does not have. */
  outside?: IdTokenInfoType | undefined
}

export interface Ledger {
  /**
   * Keeps one TransactionEvent and resolves when it is durable. A repetition gets the answer of the first time and changes nothing.
   * Events of one station are kept in the order in which they were given.
   * @throws Problem `database-unavailable`: nothing was kept, the station must send it again
   */
  keep(event: TransactionEventRequest, circumstances: Circumstances): Promise<Entry>
}

interface Item {
  event: TransactionEventRequest
  circumstances: Circumstances
  at: Instant
  samples: Sample[]
  resolve(entry: Entry): void
  reject(error: unknown): void
}

/** Events in one transaction at most. */
const GROUP = 400

export function openLedger({ store, log }: { store: Store; log: Log }): Ledger {
  const waiting: Item[] = []
  let working = false

  const keepGroup = async (group: Item[]): Promise<void> => {
    try {
      const entries = await store.transact((tx) => keepEvents(tx, group))
      group.forEach((item, index) => {
        item.resolve(entries[index]!)
      })
    } catch (error) {
      // Where the fault is not of the database but of one of them, the others must not suffer for it.
      const isOfOne = !(isProblem(error) && error.retry === 'later')
      if (isOfOne && group.length > 1) for (const item of group) await keepGroup([item])
      else for (const item of group) item.reject(error)
    }
  }
  const work = async () => {
    working = true
    while (waiting.length > 0) await keepGroup(waiting.splice(0, GROUP))
    working = false
  }

  return {
    keep: (event, circumstances) =>
      new Promise((resolve, reject) => {
        const { now, shift, phases, voltage } = circumstances
        const at = momentOf(event.timestamp, now, shift)
        const { samples, oddities } = readMeter(event.meterValue ?? [], at, event.numberOfPhasesUsed ?? phases, voltage, shift)
        if (oddities.length > 0)
          log.warn(
            { station: circumstances.station, transaction: event.transactionInfo.transactionId, oddities },
            'some meter values were left out',
          )
        waiting.push({ event, circumstances, at, samples, resolve, reject })
        // What else comes in this turn of the loop joins.
        if (!working) setImmediate(() => working || void work())
      }),
  }
}

const keyOf = (station: string, id: string) => `${station}\n${id}`

async function keepEvents(tx: Queryable, group: readonly Item[]): Promise<Entry[]> {
  const keys = group.map(({ event, circumstances }) => keyOf(circumstances.station, event.transactionInfo.transactionId))
  await lock(tx, keys)
  const stations = group.map(({ circumstances }) => circumstances.station)
  const ids = group.map(({ event }) => event.transactionInfo.transactionId)
  const folded = new Map<string, Transaction>()
  for (const row of await tx.query<TransactionRow>(READ_MANY, [stations, ids], 'ledger-read')) {
    const found = fromRow(row)
    folded.set(keyOf(found.station, found.id), found)
  }
  const twins = new Map<string, Twin>()
  const seqs = group.map(({ event }) => event.seqNo)
  if (folded.size > 0)
    for (const twin of await tx.query<Twin & { station: string; transaction_id: string; seq_no: number }>(TWINS, [stations, ids, seqs]))
      twins.set(`${keyOf(twin.station, twin.transaction_id)}\n${twin.seq_no}`, twin)
  const verdicts = await judgeTokens(tx, group)

  const changed = new Map<string, Transaction>()
  const events: object[] = []
  const samples: SampleRow[] = []
  const entries = group.map((item, index): Entry => {
    const { event, circumstances, at } = item
    const key = keys[index]!
    const before = folded.get(key)
    const twinKey = `${key}\n${event.seqNo}`
    const twin = twins.get(twinKey)
    const repeats = twin?.event_type === event.eventType && twin.said === event.timestamp
    if (twin && before && repeats) return { response: twin.response, at, fresh: false, before, after: before, samples: [] }

    const verdict = verdicts.get(item)
    const response: TransactionEventResponse = verdict ? { idTokenInfo: verdict.info } : {}
    const kept = completed(item.samples, event, at, before)
    const after = foldEvent(before ?? newTransaction(circumstances.station, event.transactionInfo.transactionId, at), event, {
      at,
      samples: kept,
      ...(verdict ? { verdict: { status: verdict.info.status, vehicle: verdict.vehicle } } : {}),
    })
    // A station that numbers two events alike (after a reboot): both count, the first keeps the number.
    if (twin) {
      if (!after.flags.includes('sequence-reused')) after.flags.push('sequence-reused')
    } else {
      after.events += 1
      events.push(eventRow(item, response))
      twins.set(twinKey, { response, event_type: event.eventType, said: event.timestamp })
    }
    folded.set(key, after)
    changed.set(key, after)
    samples.push(...rowsOf(circumstances.station, after.evse ?? circumstances.evse, kept))
    return { response, at, fresh: true, before, after, samples: kept }
  })
  if (changed.size > 0) await tx.query(UPSERT, [asJson([...changed.values()].map(toRow))], 'ledger-upsert')
  if (events.length > 0) await tx.query(INSERT_EVENTS, [asJson(events)], 'ledger-events')
  await writeSamples(tx, samples)
  return entries
}

/** In one order everywhere: two groups never wait for each other. */
const lock = (tx: Queryable, keys: readonly string[]) =>
  tx.query(
    `select pg_advisory_xact_lock(k) from (select distinct hashtextextended(key, 201) as k from unnest($1::text[]) as key order by 1 offset 0) s`,
    [keys],
  )

/** What the table, or a partner, says of the tokens in the events; unknown ones are kept for the inbox. */
async function judgeTokens(tx: Queryable, group: readonly Item[]): Promise<Map<Item, Verdict>> {
  const shown = group.flatMap((item) => (item.event.idToken ? [{ item, token: item.event.idToken }] : []))
  if (shown.length === 0) return new Map()
  const asked = shown.map(({ item: { event, circumstances }, token }) => ({
    token,
    occasion: { ...circumstances, evse: event.evse?.id },
  }))
  const verdicts = await authorizeAll(tx, asked)
  const found = new Map(
    shown.map(({ item }, index): [Item, Verdict] => {
      const { outside } = item.circumstances
      const own = verdicts[index]!
      return [item, !own.known && outside ? { info: outside, vehicle: undefined, known: true } : own]
    }),
  )
  const unknown = shown.filter(({ item }) => found.get(item)?.known === false)
  await noteUnknown(
    tx,
    unknown.map(({ item: { circumstances }, token }) => ({ token, station: circumstances.station, at: circumstances.now })),
  )
  return found
}

interface Twin {
  response: TransactionEventResponse
  event_type: string
  said: string
}
const TWINS = `select e.station, e.transaction_id, e.seq_no, e.response, e.event_type, e.payload->>'timestamp' as said
  from unnest($1::text[], $2::text[], $3::int[]) as k(station, id, seq)
  join cariflex.transaction_event e on e.station = k.station and e.transaction_id = k.id and e.seq_no = k.seq`
const INSERT_EVENTS = `insert into cariflex.transaction_event
  (station, transaction_id, seq_no, event_type, trigger_reason, at, received_at, offline, payload, response)
  select station, transaction_id, seq_no, event_type, trigger_reason, at, received_at, offline, payload, response
  from jsonb_populate_recordset(null::cariflex.transaction_event, $1::jsonb)`

const eventRow = ({ event, circumstances, at }: Item, response: object) => ({
  station: circumstances.station,
  transaction_id: event.transactionInfo.transactionId,
  seq_no: event.seqNo,
  event_type: event.eventType,
  trigger_reason: event.triggerReason,
  at: asTimestamp(at),
  received_at: asTimestamp(circumstances.now),
  offline: event.offline ?? false,
  payload: event,
  response,
})

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

interface SampleRow {
  station: string
  evse: number
  at: string
  power: number | null
  soc: number | null
}
const rowsOf = (station: string, evse: number, samples: readonly Sample[]): SampleRow[] =>
  samples
    .filter(({ power, soc }) => power !== undefined || soc !== undefined)
    .map(({ at, power, soc }) => ({ station, evse, at: asTimestamp(at), power: power ?? null, soc: soc ?? null }))

/** Keeps samples of power and state of charge; the same moment again completes what is there. */
export const saveSamples = (tx: Queryable, station: string, evse: number, samples: readonly Sample[]): Promise<void> =>
  writeSamples(tx, rowsOf(station, evse, samples))

async function writeSamples(tx: Queryable, rows: readonly SampleRow[]): Promise<void> {
  const useful = new Map<string, SampleRow>()
  for (const row of rows) {
    const key = `${row.station}\n${row.evse}\n${row.at}`
    const same = useful.get(key)
    useful.set(key, same ? { ...row, power: row.power ?? same.power, soc: row.soc ?? same.soc } : row)
  }
  if (useful.size === 0) return
  const all = [...useful.values()]
  await tx.query(
    `insert into cariflex.charging_sample (station, evse_id, at, power_w, soc_percent)
     select * from unnest($1::text[], $2::int[], $3::timestamptz[], $4::float8[], $5::float8[])
     on conflict (station, evse_id, at) do update set power_w = coalesce(excluded.power_w, charging_sample.power_w),
       soc_percent = coalesce(excluded.soc_percent, charging_sample.soc_percent)`,
    [
      all.map(({ station }) => station),
      all.map(({ evse }) => evse),
      all.map(({ at }) => at),
      all.map(({ power }) => power),
      all.map(({ soc }) => soc),
    ],
    'ledger-samples',
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
const READ_MANY = `select t.* from unnest($1::text[], $2::text[]) as k(station, id)
  join cariflex.charging_transaction t on t.station = k.station and t.transaction_id = k.id`
const UPSERT = `insert into cariflex.charging_transaction (${NAMES.join(', ')})
  select ${NAMES.join(', ')} from jsonb_populate_recordset(null::cariflex.charging_transaction, $1::jsonb)
  on conflict (station, transaction_id) do update set ${NAMES.slice(2)
    .map((name) => `${name} = excluded.${name}`)
    .join(', ')}`

function toRow(transaction: Transaction): Record<string, unknown> {
  const moment = (at: Instant | undefined) => (at === undefined ? null : asTimestamp(at))
  const row: Record<string, unknown> = { needs: transaction.needs ?? null }
  for (const [field, column, kind] of COLUMNS)
    row[column] = kind === 'moment' ? moment(transaction[field] as Instant | undefined) : (transaction[field] ?? null)
  for (const [prefix, { base, begin, beginAt, last, lastAt }] of [
    ['import', transaction.imported],
    ['export', transaction.exported],
  ] as const) {
    row[`${prefix}_base`] = base
    row[`${prefix}_begin`] = begin ?? null
    row[`${prefix}_begin_at`] = moment(beginAt)
    row[`${prefix}_last`] = last ?? null
    row[`${prefix}_last_at`] = moment(lastAt)
  }
  return row
}

const saveTransaction = (tx: Queryable, transaction: Transaction) => tx.query(UPSERT, [asJson([toRow(transaction)])])

export type TransactionRow = Record<string, unknown>

export function fromRow(row: TransactionRow): Transaction {
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
export async function openTransactions(store: Queryable, stations: readonly string[] | null = null): Promise<Transaction[]> {
  const rows = await store.query<TransactionRow>(
    `select * from cariflex.charging_transaction where ended_at is null and ($1::text[] is null or station = any($1)) order by first_at`,
    [stations],
  )
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
    await lock(tx, [keyOf(station, id)])
    const found = await readTransaction(tx, station, id)
    if (!found) return undefined
    const after = amend(found)
    await saveTransaction(tx, after)
    return after
  })
}
