/** Local authorization lists: what a station may decide by itself (OCPP 2.0.1 D01, D02, C13, C14; charging reference 2.6). */
import { isDeepStrictEqual } from 'node:util'
import { type Clock, formatInstant, type Instant, Problem, say } from '#kernel'
import type { AuthorizationData, GetLocalListVersionResponse, IdTokenInfoType } from '#protocols/ocpp'
import { asJson, asTimestamp, type Store } from '#store'
import { batchesOf, boundsOf } from './batch.ts'
import type { Commands } from './commands.ts'
import { lookUp } from './device-model.ts'
import { zulu } from './order.ts'
import { SAYING } from './saying.ts'
import type { Station } from './station.ts'
import { authorizeAll } from './token.ts'

export interface ListedLocalList {
  /** Of the list as the station acknowledged it; 0 = none. */
  version: number
  entries: number
  sentAt: string | null
  /** Badges that would be in it now. */
  wanted: number
  /** Whether the station holds what it should. */
  upToDate: boolean
}

export interface SyncOutcome {
  version: number
  /** How many messages it took; 0 = it was up to date. */
  messages: number
  how: 'none' | 'Full' | 'Differential'
}

export interface LocalLists {
  /**
   * Brings the station's list up to date: by the differences where it holds the version that we know, whole otherwise.
   * @throws Problem `local-list-refused` (502) and those of commands
   */
  sync(station: Station, options?: { full?: boolean; by?: string }): Promise<SyncOutcome>
  state(station: Station, zone: string): Promise<ListedLocalList>
}

type Entries = Record<string, { idToken: AuthorizationData['idToken']; info: IdTokenInfoType }>
interface Kept {
  version: number
  entries: Entries
  sent_at: Instant
}

export function openLocalLists({ store, clock, commands }: { store: Store; clock: Clock; commands: Commands }): LocalLists {
  /** What the list should hold: badges that may be in lists and may charge here, with what an Authorize of them would be told. */
  const wanted = async (station: Station): Promise<Entries> => {
    const rows = await store.query<{ token: string; type: string | null; valid_until: Instant | null }>(
      'select token, type, valid_until from cariflex.id_token where may_be_local and not is_master order by token',
    )
    const now = clock.now()
    const asked = rows.map(({ token, type }) => ({
      token: { idToken: token, type: type ?? 'ISO14443' },
      occasion: { station: station.record.identity, now, freeVend: false },
    }))
    const verdicts = await authorizeAll(store, asked)
    const entries: Entries = {}
    asked.forEach(({ token }, index) => {
      const { cacheExpiryDateTime: _, ...said } = verdicts[index]!.info
      if (['NotAtThisLocation', 'Unknown'].includes(said.status)) return
      const until = rows[index]!.valid_until
      const info = until !== null && Number.isFinite(until) ? { ...said, cacheExpiryDateTime: zulu(until) } : said
      // A badge that charges elsewhere just now is good tomorrow.
      entries[`${token.type}\n${token.idToken}`] = {
        idToken: token as AuthorizationData['idToken'],
        info: info.status === 'ConcurrentTx' ? { ...info, status: 'Accepted' } : info,
      }
    })
    return entries
  }
  const kept = (station: Station) =>
    store.first<Kept>('select version, entries, sent_at from cariflex.local_list where station = $1', [station.record.identity])
  const keep = (station: Station, version: number, entries: Entries) =>
    store.query(
      `insert into cariflex.local_list (station, version, entries, sent_at) values ($1, $2, $3, $4)
       on conflict (station) do update set version = excluded.version, entries = excluded.entries, sent_at = excluded.sent_at`,
      [station.record.identity, version, asJson(entries), asTimestamp(clock.now())],
    )

  const send = async (station: Station, version: number, updateType: 'Full' | 'Differential', list: AuthorizationData[], by?: string) => {
    const request = { versionNumber: version, updateType, ...(list.length > 0 ? { localAuthorizationList: list } : {}) }
    const { status } = await commands.send(station, 'SendLocalList', request, by)
    return status
  }
  /** Sends a list in as many messages as it takes: what follows the first is a difference to it. Returns the last version, or the refusal. */
  const sendAll = async (station: Station, from: number, updateType: 'Full' | 'Differential', list: AuthorizationData[], by?: string) => {
    const batches = batchesOf(list, boundsOf(station.model, 'LocalAuthListCtrlr', undefined))
    if (batches.length === 0) batches.push([])
    let version = from
    for (const [index, batch] of batches.entries()) {
      version++
      const status = await send(station, version, index === 0 ? updateType : 'Differential', batch, by)
      if (status !== 'Accepted') return { status, messages: index + 1 }
    }
    return { status: 'Accepted', version, messages: batches.length }
  }

  return {
    async sync(station, { full = false, by } = {}) {
      const entries = await wanted(station)
      const most = Number(lookUp(station.model, 'LocalAuthListCtrlr', 'Entries')?.characteristics?.maxLimit)
      if (most > 0 && Object.keys(entries).length > most)
        throw new Problem('local-list-too-long', say(SAYING.listTooLong, { station: station.record.identity, count: String(most) }), {
          status: 409,
          hint: say(SAYING.takeOutOfLists),
        })
      const old = await kept(station)
      const { payload } = await commands.send(station, 'GetLocalListVersion', {}, by)
      const { versionNumber } = payload as GetLocalListVersionResponse
      if (old && !full && versionNumber === old.version) {
        const changes = differences(old.entries, entries)
        if (changes.length === 0) return { version: old.version, messages: 0, how: 'none' }
        const done = await sendAll(station, old.version, 'Differential', changes, by)
        if (done.version !== undefined) {
          await keep(station, done.version, entries)
          return { version: done.version, messages: done.messages, how: 'Differential' }
        }
        // VersionMismatch, or a difference it could not take: the whole list settles it.
      }
      const whole = Object.values(entries).map(asData)
      const done = await sendAll(station, Math.max(versionNumber, old?.version ?? 0, 0), 'Full', whole, by)
      if (done.version === undefined)
        throw new Problem('local-list-refused', say(SAYING.listRefused, { station: station.record.identity, answer: done.status }), {
          status: 502,
          hint: say(SAYING.notNow),
        })
      await keep(station, done.version, entries)
      return { version: done.version, messages: done.messages, how: 'Full' }
    },
    async state(station, zone) {
      const old = await kept(station)
      const entries = await wanted(station)
      return {
        version: old?.version ?? 0,
        entries: Object.keys(old?.entries ?? {}).length,
        sentAt: old ? formatInstant(old.sent_at, zone) : null,
        wanted: Object.keys(entries).length,
        upToDate: old !== undefined && differences(old.entries, entries).length === 0,
      }
    },
  }
}

const asData = ({ idToken, info }: Entries[string]): AuthorizationData => ({ idToken, idTokenInfo: info })

/** What changed or came, with its info; what went, without. */
function differences(old: Entries, now: Entries): AuthorizationData[] {
  const changed = Object.entries(now)
    .filter(([key, { info }]) => !isDeepStrictEqual(old[key]?.info, info))
    .map(([, entry]) => asData(entry))
  const gone = Object.entries(old)
    .filter(([key]) => now[key] === undefined)
    .map(([, { idToken }]): AuthorizationData => ({ idToken }))
  return [...gone, ...changed]
}
