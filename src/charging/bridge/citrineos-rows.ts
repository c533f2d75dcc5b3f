/**
 * The tables of a running CitrineOS 1.8, only read: what its stations said, in the words in which they said it, for what passed while nobody
 * listened at the broker; and what it holds of stations, badges and sessions (charging reference 1.1; 01_Data of CitrineOS).
 */
import { type Clock, type Instant, instant, type Log } from '#kernel'
import { OCPP16, OCPP201, type OcppVersion, type Payload } from '#protocols/ocpp'
import { asTimestamp, openStore, type Queryable, type Row } from '#store'
import type { Told } from './citrineos-station.ts'

/** A message that a station said, from the tables. */
export interface ToldRow extends Told {
  station: string
  version: OcppVersion
  at: string
}

export interface CitrineSession {
  station: string
  transaction: string
  isActive: boolean
  /** When its last meter value was measured. */
  metered: Instant | null
}

export interface CitrineStation {
  id: string
  isOnline: boolean
  protocol: string | null
  vendor: string | null
  model: string | null
  latitude: number | null
  longitude: number | null
  location: string | null
  connectors: {
    evse: number
    connector: number
    status: string | null
    at: string | null
    watts: number | null
    amperes: number | null
    power: string | null
  }[]
}

export interface CitrineBadge {
  idToken: string
  type: string | null
  status: string
  until: string | null
  group: string | null
  concurrent: boolean
}

export interface CitrineRows {
  /** What stations said since a moment, by CitrineOS' clock, oldest first; `until`: up to where, when there is more. */
  toldSince(at: Instant, station?: string): Promise<{ told: ToldRow[]; until?: Instant }>
  /** Sessions that go on, and those that ended since a moment. */
  sessions(since: Instant): Promise<CitrineSession[]>
  stations(): Promise<CitrineStation[]>
  badges(): Promise<CitrineBadge[]>
  close(): Promise<void>
}

const utc = (column: string) => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
/** Rows of a table at once. */
const MOST = 20_000

const EVENTS = `
  select e."createdAt" as written, e.id, e."stationId" as station, ${utc('e.timestamp')} as at, e."eventType", e."triggerReason", e."seqNo", e.offline,
    e."numberOfPhasesUsed", e."cableMaxCurrent"::float8 as "cableMaxCurrent", e."reservationId", e."transactionInfo",
    e."idTokenValue", e."idTokenType", coalesce(v."evseTypeId", 0) as evse, c."evseTypeConnectorId" as connector, a.status as verdict,
    (select jsonb_agg(jsonb_build_object('timestamp', ${utc('m.timestamp')}, 'sampledValue', m."sampledValue") order by m.timestamp)
      from "MeterValues" m where m."transactionEventId" = e.id) as values
  from "TransactionEvents" e
    left join "Transactions" t on t.id = e."transactionDatabaseId"
    left join "Evses" v on v.id = t."evseId"
    left join "Connectors" c on c.id = t."connectorId"
    left join "Authorizations" a on a.id = t."authorizationId"
  where e."tenantId" = $1 and e."createdAt" >= $2 and ($3::text is null or e."stationId" = $3)
  order by e.id limit ${MOST}`
const STARTS = `
  select s."createdAt" as written, s."stationId" as station, ${utc('s.timestamp')} as at, s."meterStart", s."reservationId", c."connectorId" as connector,
    t."transactionId" as transaction, a."idToken" as token
  from "StartTransactions" s
    join "Transactions" t on t.id = s."transactionDatabaseId"
    left join "Connectors" c on c.id = s."connectorDatabaseId"
    left join "Authorizations" a on a.id = t."authorizationId"
  where s."tenantId" = $1 and s."createdAt" >= $2 and ($3::text is null or s."stationId" = $3)
  order by s.id limit ${MOST}`
/** Of sessions of 1.6: they alone have a row of their start. */
const METERS = `
  select m."createdAt" as written, t."stationId" as station, ${utc('m.timestamp')} as at, m."connectorId" as connector, t."transactionId" as transaction,
    m."sampledValue" as sampled
  from "MeterValues" m join "Transactions" t on t.id = m."transactionDatabaseId"
  where m."tenantId" = $1 and m."createdAt" >= $2 and m."transactionEventId" is null and m."stopTransactionDatabaseId" is null
    and exists (select 1 from "StartTransactions" s where s."transactionDatabaseId" = t.id) and ($3::text is null or t."stationId" = $3)
  order by m.id limit ${MOST}`
const STOPS = `
  select s."createdAt" as written, s."stationId" as station, ${utc('s.timestamp')} as at, s."meterStop", s.reason, t."transactionId" as transaction,
    (select jsonb_agg(jsonb_build_object('timestamp', ${utc('m.timestamp')}, 'sampledValue', m."sampledValue") order by m.timestamp)
      from "MeterValues" m where m."stopTransactionDatabaseId" = s.id) as values
  from "StopTransactions" s join "Transactions" t on t.id = s."transactionDatabaseId"
  where s."tenantId" = $1 and s."createdAt" >= $2 and ($3::text is null or s."stationId" = $3)
  order by s.id limit ${MOST}`
const SESSIONS = `
  select t."stationId" as station, t."transactionId" as transaction, t."isActive",
    (select max(m.timestamp) from "MeterValues" m where m."transactionDatabaseId" = t.id) as metered
  from "Transactions" t where t."tenantId" = $1 and (t."isActive" or t."endTime" >= $2)`
const STATIONS = `
  select s.id, s."isOnline", s.protocol, s."chargePointVendor" as vendor, s."chargePointModel" as model, l.name as location,
    coalesce(st_y(s.coordinates), st_y(l.coordinates)) as latitude, coalesce(st_x(s.coordinates), st_x(l.coordinates)) as longitude,
    coalesce((select jsonb_agg(jsonb_build_object('evse', coalesce(v."evseTypeId", c."connectorId"), 'connector', coalesce(c."evseTypeConnectorId", 1),
        'status', c.status, 'at', ${utc('c.timestamp')}, 'watts', c."maximumPowerWatts", 'amperes', c."maximumAmperage", 'power', c."powerType")
        order by c."connectorId")
      from "Connectors" c left join "Evses" v on v.id = c."evseId" where c."stationId" = s.id and c."tenantId" = s."tenantId"), '[]') as connectors
  from "ChargingStations" s left join "Locations" l on l.id = s."locationId" where s."tenantId" = $1 order by s.id`
const BADGES = `
  select a."idToken", a."idTokenType" as type, a.status, ${utc('a."cacheExpiryDateTime"')} as until, g."idToken" as group,
    coalesce(a."concurrentTransaction", false) as concurrent
  from "Authorizations" a left join "Authorizations" g on g.id = a."groupAuthorizationId" where a."tenantId" = $1 order by a.id`

/** Opens its database. Nothing is connected before the first question. @throws Problem `invalid-database-url` */
export function openCitrineRows({ url, tenant, clock, log }: { url: string; tenant: number; clock: Clock; log: Log }): CitrineRows {
  const store = openStore({ url, clock, log, connections: 2 })
  const read = <T>(work: (tx: Queryable) => Promise<T>): Promise<T> =>
    store.transact(async (tx) => {
      await tx.query('set transaction read only')
      await tx.query("set local statement_timeout = '30s'")
      return work(tx)
    })
  return {
    toldSince: (at, station) =>
      read(async (tx) => {
        const given = [tenant, asTimestamp(at), station ?? null]
        const told: ToldRow[] = []
        let until: Instant | undefined
        for (const [text, make] of [
          [EVENTS, eventOf],
          [STARTS, startOf],
          [METERS, meterOf],
          [STOPS, stopOf],
        ] as const) {
          const rows = await tx.query<Row & { written: Instant }>(text, given)
          told.push(...rows.map(make))
          if (rows.length === MOST) until = instant(Math.min(until ?? Infinity, rows.at(-1)!.written))
        }
        // In the order of what happened; at the same moment a start comes first and a stop last, as they were read.
        told.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
        return { told, ...(until !== undefined && { until }) }
      }),
    sessions: (since) => read((tx) => tx.query<CitrineSession & Row>(SESSIONS, [tenant, asTimestamp(since)])),
    stations: () => read((tx) => tx.query<CitrineStation & Row>(STATIONS, [tenant])),
    badges: () => read((tx) => tx.query<CitrineBadge & Row>(BADGES, [tenant])),
    close: () => store.close(),
  }
}

/** Without what is null. */
const filled = (fields: Record<string, unknown>): Payload =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined)) as Payload

function eventOf(row: Row): ToldRow {
  const { idTokenValue, idTokenType, verdict, evse, connector } = row
  const payload = filled({
    eventType: row['eventType'],
    timestamp: row['at'],
    triggerReason: row['triggerReason'],
    seqNo: row['seqNo'],
    offline: row['offline'] === true ? true : null,
    numberOfPhasesUsed: row['numberOfPhasesUsed'],
    cableMaxCurrent: row['cableMaxCurrent'],
    reservationId: row['reservationId'],
    transactionInfo: row['transactionInfo'],
    evse: Number(evse) > 0 ? filled({ id: evse, connectorId: connector }) : null,
    idToken: idTokenValue === null ? null : { idToken: idTokenValue, type: idTokenType ?? 'Central' },
    meterValue: row['values'],
  })
  const answer = verdict === null ? undefined : ({ idTokenInfo: { status: verdict } } as Payload)
  return { ...headOf(row, OCPP201), action: 'TransactionEvent', payload, answer }
}

function startOf(row: Row): ToldRow {
  const payload = filled({
    connectorId: row['connector'] ?? 1,
    idTag: row['token'] ?? '',
    meterStart: row['meterStart'],
    timestamp: row['at'],
    reservationId: row['reservationId'],
  })
  // Only what CitrineOS accepted has such a row.
  const answer = { transactionId: Number(row['transaction']), idTagInfo: { status: 'Accepted' } } as Payload
  return { ...headOf(row, OCPP16), action: 'StartTransaction', payload, answer }
}

const meterOf = (row: Row): ToldRow => ({
  ...headOf(row, OCPP16),
  action: 'MeterValues',
  payload: {
    connectorId: (row['connector'] ?? 1) as never,
    transactionId: Number(row['transaction']) as never,
    meterValue: [{ timestamp: row['at'], sampledValue: sampledOf(row['sampled']) }] as never,
  },
})

const stopOf = (row: Row): ToldRow => ({
  ...headOf(row, OCPP16),
  action: 'StopTransaction',
  payload: filled({
    transactionId: Number(row['transaction']),
    meterStop: row['meterStop'],
    timestamp: row['at'],
    reason: row['reason'],
    transactionData: (row['values'] as { timestamp: string; sampledValue: unknown }[] | null)?.map(({ timestamp, sampledValue }) => ({
      timestamp,
      sampledValue: sampledOf(sampledValue),
    })),
  }),
})

const headOf = (row: Row, version: OcppVersion) => ({ station: String(row['station']), version, at: String(row['at']) })

/** CitrineOS keeps numbers and units of 1.6 in the form of 2.0.1. */
const sampledOf = (sampled: unknown) =>
  (sampled as Record<string, unknown>[]).map(({ value, unitOfMeasure, unit, ...rest }) =>
    filled({ ...rest, value: String(value), unit: unit ?? (unitOfMeasure as { unit?: string } | null | undefined)?.unit }),
  )
