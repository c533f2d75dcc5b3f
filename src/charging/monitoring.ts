/** Monitors of stations and the events that they raise (OCPP 2.0.1 N02–N08). */
import { type Clock, formatInstant, type Instant, type Log, say } from '#kernel'
import type {
  ClearVariableMonitoringResponse,
  EventDataType,
  MonitoringDataType,
  SetMonitoringDataType,
  SetMonitoringResultType,
  SetVariableMonitoringResponse,
} from '#protocols/ocpp'
import { asTimestamp, type Queryable, type Store } from '#store'
import { batchesOf, boundsOf } from './batch.ts'
import type { CommandOutcome, Commands } from './commands.ts'
import { keyOf, type Path } from './device-model.ts'
import { type Gatherer, nextRequest } from './gather.ts'
import { SAYING } from './saying.ts'
import type { Station } from './station.ts'

export interface ListedMonitor {
  id: number
  component: string
  variable: string
  evse: number | null
  type: string
  value: number
  /** 0 danger … 9 debug. */
  severity: number
  onlyInTransaction: boolean
}

export interface ListedEvent {
  id: number
  at: string
  receivedAt: string
  component: string
  variable: string
  evse: number | null
  connector: number | null
  trigger: string
  kind: string
  value: string
  cleared: boolean
  severity: number | null
  transaction: string | null
  techCode: string | null
  techInfo: string | null
}

export interface Monitoring {
  set(station: Station, monitors: readonly SetMonitoringDataType[], by?: string): Promise<SetMonitoringResultType[]>
  clear(station: Station, ids: readonly number[], by?: string): Promise<ClearVariableMonitoringResponse['clearMonitoringResult']>
  base(station: Station, base: 'All' | 'FactoryDefault' | 'HardWiredOnly', by?: string): Promise<CommandOutcome>
  level(station: Station, severity: number, by?: string): Promise<CommandOutcome>
  /** Asks for all monitors and keeps what is told. @throws Problem `report-incomplete` */
  report(station: Station, by?: string): Promise<{ status: string; monitors: number }>
  /** Keeps monitors that a station tells of unasked, or in answer to a report by hand. */
  told(identity: string, data: readonly MonitoringDataType[], at: Instant): Promise<void>
  /** Keeps events; grave ones alarm. `at` says when each happened by our clock. */
  events(station: Station, events: readonly EventDataType[], at: (text: string) => Instant): Promise<void>
  monitors(identity: string): Promise<ListedMonitor[]>
  list(identity: string, query: { before?: number; limit?: number }, zone: string): Promise<ListedEvent[]>
  forgetBefore(at: Instant): Promise<number>
}

export interface MonitoringParts {
  store: Store
  clock: Clock
  log: Log
  commands: Commands
  gather: Gatherer<MonitoringDataType>
  patience: number
  alarm(station: Station, code: string, sentence: string | undefined): void
}

/** Of this severity and graver, people are told: danger, hardware, system, critical, error (N07). */
const GRAVE = 4

export function openMonitoring({ store, clock, log, commands, gather, patience, alarm }: MonitoringParts): Monitoring {
  const severityOf = async (identity: string, monitors: readonly number[]) => {
    if (monitors.length === 0) return new Map<number, number>()
    const rows = await store.query<{ monitor_id: number; severity: number }>(
      'select monitor_id, severity from cariflex.variable_monitor where station = $1 and monitor_id = any($2::int[])',
      [identity, monitors],
    )
    return new Map(rows.map(({ monitor_id, severity }) => [monitor_id, severity]))
  }

  return {
    async set(station, monitors, by) {
      const results: SetMonitoringResultType[] = []
      for (const setMonitoringData of batchesOf(monitors, boundsOf(station.model, 'MonitoringCtrlr', 'SetVariableMonitoring'))) {
        const { payload } = await commands.send(station, 'SetVariableMonitoring', { setMonitoringData }, by)
        const answered = (payload as unknown as SetVariableMonitoringResponse).setMonitoringResult
        for (const [index, { id, status, component, variable, type, severity }] of answered.entries())
          if (status === 'Accepted' && id !== undefined)
            await keep(store, station.record.identity, clock.now(), {
              ...{ id, type, severity, path: { component, variable } as Path },
              value: setMonitoringData[index]?.value ?? 0,
              transaction: setMonitoringData[index]?.transaction ?? false,
            })
        results.push(...answered)
      }
      return results
    },
    async clear(station, ids, by) {
      const results: ClearVariableMonitoringResponse['clearMonitoringResult'] = []
      for (const id of batchesOf(ids, boundsOf(station.model, 'MonitoringCtrlr', 'ClearVariableMonitoring'))) {
        const { payload } = await commands.send(station, 'ClearVariableMonitoring', { id }, by)
        const { clearMonitoringResult } = payload as unknown as ClearVariableMonitoringResponse
        const gone = clearMonitoringResult.filter(({ status }) => status !== 'Rejected').map((one) => one.id)
        await store.query('delete from cariflex.variable_monitor where station = $1 and monitor_id = any($2::int[])', [
          station.record.identity,
          gone,
        ])
        results.push(...clearMonitoringResult)
      }
      return results
    },
    async base(station, monitoringBase, by) {
      const answer = await commands.send(station, 'SetMonitoringBase', { monitoringBase }, by)
      if (answer.status === 'Accepted')
        await store.query('update cariflex.charging_station set monitoring_base = $2 where identity = $1', [
          station.record.identity,
          monitoringBase,
        ])
      return answer
    },
    async level(station, severity, by) {
      const answer = await commands.send(station, 'SetMonitoringLevel', { severity }, by)
      if (answer.status === 'Accepted')
        await store.query('update cariflex.charging_station set monitoring_level = $2 where identity = $1', [
          station.record.identity,
          severity,
        ])
      return answer
    },
    async report(station, by) {
      const requestId = await nextRequest(store)
      const { identity } = station.record
      const parts = gather.expect(identity, requestId, patience)
      parts.catch(() => undefined)
      try {
        const { status } = await commands.send(station, 'GetMonitoringReport', { requestId }, by)
        if (status === 'EmptyResultSet') await store.query('delete from cariflex.variable_monitor where station = $1', [identity])
        if (status !== 'Accepted') return { status, monitors: 0 }
        const data = await parts
        await store.transact(async (tx) => {
          await tx.query('delete from cariflex.variable_monitor where station = $1', [identity])
          await keepAll(tx, identity, clock.now(), data)
        })
        return { status, monitors: data.reduce((sum, { variableMonitoring }) => sum + variableMonitoring.length, 0) }
      } finally {
        gather.forget(identity, requestId)
      }
    },
    told: (identity, data, at) => store.transact((tx) => keepAll(tx, identity, at, data)),
    async events(station, events, at) {
      const { identity } = station.record
      const received = clock.now()
      const severities = await severityOf(
        identity,
        events.flatMap(({ variableMonitoringId }) => variableMonitoringId ?? []),
      )
      const pick = <T>(of: (event: EventDataType) => T) => events.map(of)
      await store.query(
        `insert into cariflex.station_event (station, event_id, at, received_at, component, variable, evse_id, connector_id, trigger, kind, value,
           cleared, severity, monitor_id, transaction_id, tech_code, tech_info)
         select $1, e.id, e.at, $2, e.component, e.variable, e.evse, e.connector, e.trigger, e.kind, e.value, e.cleared, e.severity, e.monitor,
           e.transaction, e.code, e.info
         from unnest($3::int[], $4::timestamptz[], $5::text[], $6::text[], $7::int[], $8::int[], $9::text[], $10::text[], $11::text[],
           $12::boolean[], $13::int[], $14::int[], $15::text[], $16::text[], $17::text[])
         as e(id, at, component, variable, evse, connector, trigger, kind, value, cleared, severity, monitor, transaction, code, info)`,
        [
          identity,
          asTimestamp(received),
          pick(({ eventId }) => eventId),
          pick(({ timestamp }) => asTimestamp(at(timestamp))),
          pick(({ component }) => component.name),
          pick(({ variable }) => variable.name),
          pick(({ component }) => component.evse?.id ?? null),
          pick(({ component }) => component.evse?.connectorId ?? null),
          pick(({ trigger }) => trigger),
          pick(({ eventNotificationType }) => eventNotificationType),
          pick(({ actualValue, variable }) => (/password/i.test(variable.name) ? '' : actualValue)),
          pick(({ cleared }) => cleared ?? false),
          pick(({ variableMonitoringId }) => (variableMonitoringId === undefined ? null : (severities.get(variableMonitoringId) ?? null))),
          pick(({ variableMonitoringId }) => variableMonitoringId ?? null),
          pick(({ transactionId }) => transactionId ?? null),
          pick(({ techCode }) => techCode ?? null),
          pick(({ techInfo }) => techInfo ?? null),
        ],
      )
      for (const { variableMonitoringId: monitor, component, variable, actualValue, cleared } of events) {
        const severity = monitor === undefined ? undefined : severities.get(monitor)
        if (monitor === undefined || severity === undefined || severity > GRAVE) continue
        const slots = { station: identity, part: `${component.name} ${variable.name}`, value: actualValue.slice(0, 60) }
        alarm(station, `station-monitor-${monitor}`, cleared ? undefined : say(SAYING.monitorRaised, slots))
        log.info({ station: identity, monitor, severity, cleared }, 'a monitor of a station spoke')
      }
    },
    async monitors(identity) {
      const rows = await store.query<{ [column: string]: never }>(
        'select * from cariflex.variable_monitor where station = $1 order by severity, monitor_id',
        [identity],
      )
      return rows.map((row) => ({
        id: row['monitor_id']!,
        component: row['component']!,
        variable: row['variable']!,
        evse: row['evse_id']!,
        type: row['type']!,
        value: row['value']!,
        severity: row['severity']!,
        onlyInTransaction: row['only_in_transaction']!,
      }))
    },
    async list(identity, { before, limit = 100 }, zone) {
      const rows = await store.query<{ [column: string]: never }>(
        `select * from cariflex.station_event where station = $1 and ($2::bigint is null or id < $2) order by id desc limit $3`,
        [identity, before ?? null, Math.min(Math.max(1, limit), 1000)],
      )
      return rows.map((row) => ({
        id: row['id']!,
        at: formatInstant(row['at']!, zone),
        receivedAt: formatInstant(row['received_at']!, zone),
        component: row['component']!,
        variable: row['variable']!,
        evse: row['evse_id']!,
        connector: row['connector_id']!,
        trigger: row['trigger']!,
        kind: row['kind']!,
        value: row['value']!,
        cleared: row['cleared']!,
        severity: row['severity']!,
        transaction: row['transaction_id']!,
        techCode: row['tech_code']!,
        techInfo: row['tech_info']!,
      }))
    },
    async forgetBefore(at) {
      const gone = await store.query('delete from cariflex.station_event where received_at < $1 returning 1', [asTimestamp(at)])
      return gone.length
    },
  }
}

interface Kept {
  id: number
  type: string
  severity: number
  path: Path
  value: number
  transaction: boolean
}

async function keepAll(tx: Queryable, identity: string, at: Instant, data: readonly MonitoringDataType[]): Promise<void> {
  for (const { component, variable, variableMonitoring } of data)
    for (const { id, type, severity, value, transaction } of variableMonitoring)
      await keep(tx, identity, at, { id, type, severity, value, transaction, path: { component, variable } as Path })
}

const keep = (tx: Queryable, identity: string, at: Instant, { id, type, severity, path, value, transaction }: Kept) =>
  tx.query(
    `insert into cariflex.variable_monitor (station, monitor_id, key, component, variable, evse_id, type, value, severity, only_in_transaction, at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
     on conflict (station, monitor_id) do update set key = excluded.key, component = excluded.component, variable = excluded.variable,
       evse_id = excluded.evse_id, type = excluded.type, value = excluded.value, severity = excluded.severity,
       only_in_transaction = excluded.only_in_transaction, at = excluded.at`,
    [
      identity,
      id,
      keyOf(path),
      path.component.name,
      path.variable.name,
      path.component.evse?.id ?? null,
      type,
      value,
      severity,
      transaction,
      asTimestamp(at),
    ],
  )
