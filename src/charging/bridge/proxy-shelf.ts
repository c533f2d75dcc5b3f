/** What is kept of stations with an upstream: messages it has not heard, how transactions of 1.6 are called there, and its profiles. */
import type { Instant } from '#kernel'
import type { Installed, Payload } from '#protocols/ocpp'
import { asJson, asTimestamp, type Store } from '#store'
import type { UpstreamTerms } from './proxy-words.ts'

export interface KeptMessage {
  id: string
  action: string
  payload: Payload
  attempts: number
  /** Of a StartTransaction: the number that the station was given. */
  said: number | null
}

/** A transaction of 1.6: `said` is the station's number of it. */
export interface NumberedTransaction {
  said: number
  ours: number | undefined
  theirs: number | undefined
}

export interface ProxyShelf {
  upstreams(): Promise<({ identity: string; upstream: string } & UpstreamTerms)[]>
  saveUpstream(upstream: string | undefined, terms: UpstreamTerms): Promise<unknown>
  /** With a slot the newest takes the place of the one before. */
  keep(action: string, payload: Payload, slot: string | undefined, said: number | undefined): Promise<void>
  count(): Promise<number>
  /** What the upstream is told next: its boot before everything else. */
  next(): Promise<KeptMessage | undefined>
  told(id: string): Promise<unknown>
  refused(id: string): Promise<unknown>
  transactions(): Promise<NumberedTransaction[]>
  saveTransaction(numbered: NumberedTransaction): Promise<unknown>
  profiles(): Promise<Installed[]>
  saveProfile(installed: Installed): Promise<unknown>
  dropProfiles(ids: readonly number[]): Promise<unknown>
  /** Forgets everything but the address. */
  clear(): Promise<void>
}

/** The shelf of one station. */
export function openProxyShelf(store: Store, station: string, now: () => Instant): ProxyShelf {
  return {
    upstreams: () =>
      store.query(
        `select identity, upstream, upstream_orders as orders, upstream_badges as badges from cariflex.charging_station
         where upstream is not null`,
      ),
    saveUpstream: (upstream, { orders, badges }) =>
      store.query('update cariflex.charging_station set upstream = $2, upstream_orders = $3, upstream_badges = $4 where identity = $1', [
        station,
        upstream ?? null,
        orders,
        badges,
      ]),
    keep: (action, payload, slot, said) =>
      store.transact(async (tx) => {
        if (slot !== undefined) await tx.query('delete from cariflex.upstream_message where station = $1 and slot = $2', [station, slot])
        await tx.query('insert into cariflex.upstream_message (station, slot, action, payload, said, at) values ($1, $2, $3, $4, $5, $6)', [
          station,
          slot ?? null,
          action,
          asJson(payload),
          said ?? null,
          asTimestamp(now()),
        ])
      }),
    async count() {
      const row = await store.first<{ count: number }>(
        'select count(*)::integer as count from cariflex.upstream_message where station = $1',
        [station],
      )
      return row!.count
    },
    next: () =>
      store.first<KeptMessage>(
        `select id::text, action, payload, attempts, said from cariflex.upstream_message where station = $1
         order by action <> 'BootNotification', id limit 1`,
        [station],
      ),
    told: (id) => store.query('delete from cariflex.upstream_message where id = $1', [id]),
    refused: (id) => store.query('update cariflex.upstream_message set attempts = attempts + 1 where id = $1', [id]),
    async transactions() {
      const rows = await store.query<{ said: number; ours: number | null; theirs: number | null }>(
        'select said, ours, theirs from cariflex.upstream_transaction where station = $1',
        [station],
      )
      return rows.map(({ said, ours, theirs }) => ({ said, ours: ours ?? undefined, theirs: theirs ?? undefined }))
    },
    saveTransaction: ({ said, ours, theirs }) =>
      store.query(
        `insert into cariflex.upstream_transaction (station, said, ours, theirs, at) values ($1, $2, $3, $4, $5)
         on conflict (station, said) do update set ours = excluded.ours, theirs = excluded.theirs, at = excluded.at`,
        [station, said, ours ?? null, theirs ?? null, asTimestamp(now())],
      ),
    async profiles() {
      const rows = await store.query<{ evse_id: number; profile: Installed['profile'] }>(
        'select evse_id, profile from cariflex.upstream_profile where station = $1 order by profile_id',
        [station],
      )
      return rows.map(({ evse_id, profile }) => ({ evseId: evse_id, profile }))
    },
    saveProfile: ({ evseId, profile }) =>
      store.query(
        `insert into cariflex.upstream_profile (station, profile_id, evse_id, profile) values ($1, $2, $3, $4)
         on conflict (station, profile_id) do update set evse_id = excluded.evse_id, profile = excluded.profile`,
        [station, profile.id, evseId, asJson(profile)],
      ),
    dropProfiles: (ids) =>
      store.query('delete from cariflex.upstream_profile where station = $1 and profile_id = any($2::integer[])', [station, ids]),
    async clear() {
      for (const table of ['upstream_message', 'upstream_transaction', 'upstream_profile'])
        await store.query(`delete from cariflex.${table} where station = $1`, [station])
    },
  }
}
