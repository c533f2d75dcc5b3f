/**
 * What takes a station a while and what it reports on by the number of the request: fetching and installing firmware, publishing it to its
 * neighbours, bringing a log (OCPP 2.0.1 L01–L04, N01). Each is a small state machine: running, then done, failed or superseded for good.
 */
import { type Clock, formatInstant, type Instant, isProblem, type Log, parseInstant } from '#kernel'
import type { Payload } from '#protocols/ocpp'
import { asJson, asTimestamp, type Store } from '#store'
import type { CommandOutcome, Commands } from './commands.ts'
import { FIRMWARE_ENDS, isGranted, LOG_ENDS, PUBLISH_ENDS } from './effects.ts'
import type { StationFiles } from './files.ts'
import { nextRequest } from './gather.ts'
import { zulu } from './order.ts'
import type { Station } from './station.ts'

export type ErrandKind = 'firmware' | 'publish' | 'log'
export type ErrandOutcome = 'running' | 'done' | 'failed' | 'superseded' | 'refused'

export interface FirmwareOrder {
  /** Where the station fetches it: a URL of your own, or the number of a file that was uploaded here. */
  location: string | { file: number }
  /** Default: now. */
  retrieveAt?: Instant
  /** Default: when the station sees fit. */
  installAt?: Instant
  /** PEM of the certificate that signed it, and the signature (L01); absent: not signed (L02). */
  signingCertificate?: string
  signature?: string
  retries?: number
  /** Seconds. */
  retryInterval?: number
}

export interface LogOrder {
  type: 'DiagnosticsLog' | 'SecurityLog'
  /** Absent: it is brought to us. */
  location?: string
  from?: Instant
  until?: Instant
  retries?: number
  /** Seconds. */
  retryInterval?: number
}

export interface ListedErrand {
  requestId: number
  station: string
  kind: ErrandKind
  status: string
  outcome: ErrandOutcome
  request: Payload
  /** Number of the file that it fetches or brought. */
  file: number | null
  /** Bytes of it that are here. */
  size: number | null
  by: string | null
  askedAt: string
  changedAt: string
  history: { status: string; at: string }[]
}

export interface Errands {
  updateFirmware(station: Station, order: FirmwareOrder, by?: string): Promise<CommandOutcome & { requestId: number }>
  /** For a local controller: it passes the image on to its stations (L03). */
  publishFirmware(
    station: Station,
    order: FirmwareOrder & { checksum: string },
    by?: string,
  ): Promise<CommandOutcome & { requestId: number }>
  fetchLog(station: Station, order: LogOrder, by?: string): Promise<CommandOutcome & { requestId: number }>
  /** What the station tells of one. Without number: of the last one that runs (1.6, and firmware that the station fetched by itself). */
  told(station: Station, kind: ErrandKind, said: { requestId?: number | undefined; status: string }): Promise<void>
  list(query: { station?: string; kind?: ErrandKind }, zone: string): Promise<ListedErrand[]>
}

export interface ErrandParts {
  store: Store
  clock: Clock
  log: Log
  commands: Commands
  files: StationFiles
  /** Where stations reach us, without a slash at its end. */
  origin(station: Station): string
  /** One failed (or the next one did not). */
  onEnd(station: Station, kind: ErrandKind, outcome: ErrandOutcome, status: string): void
}

const DONE: Record<ErrandKind, readonly string[]> = { firmware: ['Installed'], publish: ['Published'], log: ['Uploaded'] }
const ENDS: Record<ErrandKind, readonly string[]> = { firmware: FIRMWARE_ENDS, publish: PUBLISH_ENDS, log: LOG_ENDS }

export function openErrands({ store, clock, log, commands, files, origin, onEnd }: ErrandParts): Errands {
  const place = async (station: Station, location: FirmwareOrder['location']) =>
    typeof location === 'string' ? { location } : { location: `${origin(station)}${await files.offer(location.file)}`, file: location.file }

  const run = async (
    station: Station,
    {
      kind,
      action,
      location,
      file,
      request,
      by,
    }: { kind: ErrandKind; action: string; location: string; file?: number; request: Payload; by?: string | undefined },
  ) => {
    const requestId = await nextRequest(store)
    const { identity } = station.record
    const now = asTimestamp(clock.now())
    // Kept before it goes out: its first status may overtake the answer.
    await store.query(
      `insert into cariflex.station_errand (kind, station, request_id, location, file, request, status, history, asked_by, asked_at, changed_at)
       values ($1, $2, $3, $4, $5, $6, 'sent', '[]', $7, $8, $8)`,
      [kind, identity, requestId, location, file ?? null, asJson(request), by ?? null, now],
    )
    const close = (outcome: ErrandOutcome, status: string) =>
      store.query(
        `update cariflex.station_errand set outcome = $4, status = $5, changed_at = $6 where kind = $1 and station = $2 and request_id = $3`,
        [kind, identity, requestId, outcome, status, asTimestamp(clock.now())],
      )
    try {
      const answer = await commands.send(station, action, { requestId, ...request }, by)
      if (!isGranted(answer.status)) await close('refused', answer.status)
      // The station gave the former one up for this one (L01.FR.24, N01.FR.12).
      else if (answer.status === 'AcceptedCanceled') await supersede(kind, identity, requestId)
      return { ...answer, requestId }
    } catch (error) {
      await close('refused', isProblem(error) ? error.code : 'failed').catch(() => undefined)
      throw error
    }
  }
  const supersede = (kind: ErrandKind, station: string, by: number) =>
    store.query(
      `update cariflex.station_errand set outcome = 'superseded', changed_at = $4
       where kind = $1 and station = $2 and request_id <> $3 and outcome = 'running'`,
      [kind, station, by, asTimestamp(clock.now())],
    )
  const retries = (order: { retries?: number; retryInterval?: number }) => ({
    ...(order.retries === undefined ? {} : { retries: order.retries }),
    ...(order.retryInterval === undefined ? {} : { retryInterval: order.retryInterval }),
  })

  return {
    async updateFirmware(station, order, by) {
      const at = await place(station, order.location)
      const firmware = {
        location: at.location,
        retrieveDateTime: zulu(order.retrieveAt ?? clock.now()),
        ...(order.installAt === undefined ? {} : { installDateTime: zulu(order.installAt) }),
        ...(order.signingCertificate === undefined ? {} : { signingCertificate: order.signingCertificate }),
        ...(order.signature === undefined ? {} : { signature: order.signature }),
      }
      return run(station, { kind: 'firmware', action: 'UpdateFirmware', ...at, request: { ...retries(order), firmware }, by })
    },
    async publishFirmware(station, order, by) {
      const at = await place(station, order.location)
      const request = { ...retries(order), location: at.location, checksum: order.checksum }
      return run(station, { kind: 'publish', action: 'PublishFirmware', ...at, request, by })
    },
    async fetchLog(station, order, by) {
      const { identity } = station.record
      const here = order.location === undefined ? await files.expect(identity, `${identity}-${order.type}.log`) : undefined
      const location = order.location ?? `${origin(station)}${here!.path}`
      const request = {
        logType: order.type,
        ...retries(order),
        log: {
          remoteLocation: location,
          ...(order.from === undefined ? {} : { oldestTimestamp: zulu(order.from) }),
          ...(order.until === undefined ? {} : { latestTimestamp: zulu(order.until) }),
        },
      }
      return run(station, { kind: 'log', action: 'GetLog', location, ...(here ? { file: here.file } : {}), request, by })
    },
    async told(station, kind, { requestId, status }) {
      const { identity } = station.record
      const at = clock.now()
      const outcome = DONE[kind].includes(status) ? 'done' : ENDS[kind].includes(status) ? 'failed' : 'running'
      const ended = status === 'AcceptedCanceled' ? 'superseded' : outcome
      const rows = await store.query<{ request_id: number; was: string; outcome: ErrandOutcome }>(
        `with the as (select * from cariflex.station_errand where kind = $1 and station = $2
           and (request_id = $3 or ($3::int is null and outcome = 'running')) order by request_id desc limit 1 for update)
         update cariflex.station_errand e set status = $4, changed_at = $5,
           -- What ended stays ended; a word that comes late is history only.
           outcome = case when the.outcome = 'running' then $6 else the.outcome end,
           history = (e.history || $7::jsonb)
         from the where e.kind = the.kind and e.station = the.station and e.request_id = the.request_id
         returning e.request_id, the.outcome as was, e.outcome`,
        [kind, identity, requestId ?? null, status, asTimestamp(at), ended, asJson([{ status, at: asTimestamp(at) }])],
      )
      const [row] = rows
      if (!row) {
        if (status !== 'Idle')
          log.info({ station: identity, kind, requestId, status }, 'a station tells of something that it was not asked to do')
        return
      }
      if (row.was === 'running' && row.outcome !== 'running') onEnd(station, kind, row.outcome, status)
    },
    async list({ station, kind }, zone) {
      const rows = await store.query<{ [column: string]: never }>(
        `select e.*, f.size from cariflex.station_errand e left join cariflex.station_file f on f.id = e.file
         where ($1::text is null or e.station = $1) and ($2::text is null or e.kind = $2) order by e.asked_at desc, e.request_id desc limit 200`,
        [station ?? null, kind ?? null],
      )
      return rows.map((row) => ({
        requestId: row['request_id']!,
        station: row['station']!,
        kind: row['kind']!,
        status: row['status']!,
        outcome: row['outcome']!,
        request: row['request']!,
        file: row['file']!,
        size: row['size']!,
        by: row['asked_by']!,
        askedAt: formatInstant(row['asked_at']!, zone),
        changedAt: formatInstant(row['changed_at']!, zone),
        history: (row['history'] as unknown as { status: string; at: string }[]).map(({ status, at }) => ({
          status,
          at: formatInstant(parseInstant(at), zone),
        })),
      }))
    },
  }
}
