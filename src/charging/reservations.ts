/** Reservations of an EVSE, of a kind of connector or of any place of a station (OCPP 2.0.1 H01–H04). */
import { type Clock, formatInstant, type Instant, Problem, say } from '#kernel'
import { asTimestamp, type Store } from '#store'
import type { CommandOutcome, Commands } from './commands.ts'
import { nextRequest } from './gather.ts'
import { zulu } from './order.ts'
import { SAYING } from './saying.ts'
import type { Station } from './station.ts'

export interface ReservationOrder {
  /** Absent: any EVSE of the station. */
  evse?: number
  connectorType?: string
  token: string
  type?: string
  /** Any badge of the group may use it. */
  group?: string
  until: Instant
}

export type ReservationStatus = 'asked' | 'reserved' | 'refused' | 'used' | 'expired' | 'cancelled' | 'removed'

export interface ListedReservation {
  id: number
  station: string
  evse: number | null
  connectorType: string | null
  token: string
  group: string | null
  until: string
  status: ReservationStatus
  transaction: string | null
  madeAt: string
  endedAt: string | null
}

export interface Reservations {
  /** @throws Problem `reservation-over` (422) and those of commands */
  reserve(station: Station, order: ReservationOrder, by?: string): Promise<CommandOutcome & { reservation: number }>
  /** @throws Problem `unknown-reservation` (404) and those of commands */
  cancel(station: Station, reservation: number, by?: string): Promise<CommandOutcome>
  /** What the station says of one: Expired or Removed. */
  told(identity: string, reservation: number, status: string): Promise<void>
  /** A session began on it. */
  used(identity: string, reservation: number, transaction: string): Promise<void>
  /** Those that ended without a word of the station. */
  sweep(): Promise<void>
  list(identity: string, zone: string): Promise<ListedReservation[]>
}

export function openReservations({ store, clock, commands }: { store: Store; clock: Clock; commands: Commands }): Reservations {
  const mark = (identity: string, id: number, status: ReservationStatus, transaction?: string) =>
    store.query(
      `update cariflex.charging_reservation set status = $3, transaction_id = coalesce($4, transaction_id),
         ended_at = case when $3 in ('reserved', 'asked') then null else $5::timestamptz end
       where station = $1 and id = $2 and (status in ('asked', 'reserved') or $3 = 'used')`,
      [identity, id, status, transaction ?? null, asTimestamp(clock.now())],
    )

  return {
    async reserve(station, { evse, connectorType, token, type = 'Central', group, until }, by) {
      if (until <= clock.now())
        throw new Problem('reservation-over', say(SAYING.reservationOver), { status: 422, hint: say(SAYING.laterMoment) })
      const id = await nextRequest(store)
      const { identity } = station.record
      await store.query(
        `insert into cariflex.charging_reservation (id, station, evse_id, connector_type, token, token_type, group_id, until, status, made_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, 'asked', $9)`,
        [id, identity, evse ?? null, connectorType ?? null, token, type, group ?? null, asTimestamp(until), asTimestamp(clock.now())],
      )
      try {
        const answer = await commands.send(
          station,
          'ReserveNow',
          {
            id,
            expiryDateTime: zulu(until),
            idToken: { idToken: token, type },
            ...(evse === undefined ? {} : { evseId: evse }),
            ...(connectorType === undefined ? {} : { connectorType }),
            ...(group === undefined ? {} : { groupIdToken: { idToken: group, type: 'Central' } }),
          },
          by,
        )
        await mark(identity, id, answer.status === 'Accepted' ? 'reserved' : 'refused')
        return { ...answer, reservation: id }
      } catch (error) {
        await mark(identity, id, 'refused').catch(() => undefined)
        throw error
      }
    },
    async cancel(station, reservation, by) {
      const { identity } = station.record
      const known = await store.first('select 1 from cariflex.charging_reservation where station = $1 and id = $2', [identity, reservation])
      if (!known)
        throw new Problem('unknown-reservation', say(SAYING.unknownReservation, { station: identity, count: String(reservation) }), {
          status: 404,
        })
      const answer = await commands.send(station, 'CancelReservation', { reservationId: reservation }, by)
      // Rejected: the station knows nothing of it any more (H02.FR.01).
      await mark(identity, reservation, answer.status === 'Accepted' ? 'cancelled' : 'removed')
      return answer
    },
    async told(identity, reservation, status) {
      await mark(identity, reservation, status === 'Expired' ? 'expired' : 'removed')
    },
    async used(identity, reservation, transaction) {
      await mark(identity, reservation, 'used', transaction)
    },
    async sweep() {
      await store.query(
        `update cariflex.charging_reservation set status = 'expired', ended_at = until where status in ('asked', 'reserved') and until < $1::timestamptz - interval '1 minute'`,
        [asTimestamp(clock.now())],
      )
    },
    async list(identity, zone) {
      const rows = await store.query<{ [column: string]: never }>(
        'select * from cariflex.charging_reservation where station = $1 order by made_at desc limit 200',
        [identity],
      )
      return rows.map((row) => ({
        id: row['id']!,
        station: row['station']!,
        evse: row['evse_id']!,
        connectorType: row['connector_type']!,
        token: row['token']!,
        group: row['group_id']!,
        until: formatInstant(row['until']!, zone),
        status: row['status']!,
        transaction: row['transaction_id']!,
        madeAt: formatInstant(row['made_at']!, zone),
        endedAt: row['ended_at'] === null ? null : formatInstant(row['ended_at']!, zone),
      }))
    },
  }
}
