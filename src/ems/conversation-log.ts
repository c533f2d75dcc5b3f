/** The conversation log in the database: noted without waiting, written in batches, redacted before it is kept, searchable. */
import { type Bus, type Clock, describeError, formatInstant, type Instant, isProblem, type Log, redact } from '#kernel'
import { asJson, asTimestamp, type Store } from '#store'
import type { Conversation, Utterance } from './conversation.ts'
import type { News } from './news.ts'

export interface UtteranceView {
  id: number
  at: string
  peer: string
  bus: string
  direction: Utterance['direction']
  kind: string
  action: string | null
  message: string | null
  payload: unknown
  took: number | null
}

export interface ConversationQuery {
  peer?: string
  /** Only older than this entry. */
  before?: number
  /** Any text in action, kind, message id or payload. */
  search?: string
  /** Default 100, at most 1000. */
  limit?: number
}

export interface ConversationLog extends Conversation {
  /** Newest first. */
  search(query: ConversationQuery, zone: string): Promise<UtteranceView[]>
  /** Writes what is waiting; resolves when it is durable or given up. */
  flush(): Promise<void>
  /** Drops what is older. */
  forgetBefore(at: Instant): Promise<void>
  /** Writes what is waiting and stops. */
  close(): Promise<void>
}

/** Written at the latest so many milliseconds after it was said. */
const DELAY = 500
const BATCH = 500
/** When the database is away, the newest so many utterances are kept; older ones are lost and counted. */
const MOST_WAITING = 5000
/** A payload longer than this (JSON characters) is cut to its beginning. */
const LONGEST = 20_000

/** Opens the log. `note` may be called at any rate from any room. */
export function openConversationLog({ store, clock, bus, log }: { store: Store; clock: Clock; bus: Bus<News>; log: Log }): ConversationLog {
  let waiting: Utterance[] = []
  let lost = 0
  let writing: Promise<void> | undefined
  let timer: { cancel(): void } | undefined

  const write = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, BATCH)
      try {
        await insert(store, batch)
      } catch (error) {
        if (!(isProblem(error) && error.retry === 'later') && batch.length > 0) {
          // Not the database, but one of these: the others must not wait for it.
          for (const one of batch) await insert(store, [one]).catch(() => lost++)
          waiting = waiting.slice(batch.length)
          continue
        }
        log.warn({ error: describeError(error), waiting: waiting.length, lost }, 'the conversation log could not be written')
        return
      }
      waiting = waiting.slice(batch.length)
      for (const peer of new Set(batch.map((each) => each.peer))) bus.tell({ kind: 'conversation', peer })
    }
  }
  const flush = (): Promise<void> => {
    timer?.cancel()
    timer = undefined
    writing ??= write().finally(() => {
      writing = undefined
      if (waiting.length > 0) schedule()
    })
    return writing
  }
  const schedule = () => {
    timer ??= clock.in(DELAY, () => void flush())
  }
  return {
    note(utterance) {
      waiting.push(utterance)
      if (waiting.length > MOST_WAITING) {
        lost += waiting.length - MOST_WAITING
        waiting = waiting.slice(-MOST_WAITING)
      }
      if (waiting.length >= BATCH) void flush()
      else schedule()
    },
    async search({ peer, before, search, limit = 100 }, zone) {
      const params: unknown[] = []
      const bind = (value: unknown) => `$${params.push(value)}`
      const where = ['true']
      if (peer !== undefined) where.push(`peer = ${bind(peer)}`)
      if (before !== undefined) where.push(`id < ${bind(before)}`)
      if (search) {
        const like = bind(`%${search.replace(/[\\%_]/g, '\\$&')}%`)
        where.push(`(action ilike ${like} or kind ilike ${like} or message ilike ${like} or payload::text ilike ${like})`)
      }
      const rows = await store.query<UtteranceView & { at: Instant; took_ms: number | null }>(
        `select id, at, peer, bus, direction, kind, action, message, payload, took_ms from cariflex.conversation
         where ${where.join(' and ')} order by id desc limit ${bind(Math.min(Math.max(1, limit), 1000))}`,
        params,
      )
      return rows.map(({ took_ms, ...row }) => ({ ...row, at: formatInstant(row.at as Instant, zone), took: took_ms }))
    },
    flush,
    async forgetBefore(at) {
      await store.query('delete from cariflex.conversation where at < $1', [asTimestamp(at)])
    },
    async close() {
      await flush()
      timer?.cancel()
    },
  }
}

async function insert(store: Store, batch: readonly Utterance[]): Promise<void> {
  const pick = <T>(of: (utterance: Utterance) => T) => batch.map(of)
  await store.query(
    `insert into cariflex.conversation (at, peer, bus, direction, kind, action, message, payload, took_ms)
     select * from unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::jsonb[], $9::float8[])`,
    [
      pick((each) => asTimestamp(each.at)),
      pick((each) => clean(each.peer)),
      pick((each) => each.bus),
      pick((each) => each.direction),
      pick((each) => clean(each.kind)),
      pick((each) => (each.action === undefined ? null : clean(each.action))),
      pick((each) => (each.message === undefined ? null : clean(each.message))),
      pick((each) => kept(each.payload)),
      pick((each) => each.took ?? null),
    ],
  )
}

/** Secrets taken out, then bounded; what cannot be JSON is noted as such. */
function kept(payload: unknown): string | null {
  if (payload === undefined) return null
  try {
    const text = JSON.stringify(redact(payload, 12), (_, value: unknown) =>
      typeof value === 'string' ? clean(value) : typeof value === 'bigint' ? String(value) : value,
    )
    return text.length <= LONGEST ? text : asJson({ cut: clean(text.slice(0, LONGEST)) })
  } catch {
    return asJson('[not writable]')
  }
}

/** PostgreSQL keeps neither NUL nor half a surrogate pair. */
const clean = (text: string): string =>
  text.replaceAll('\0', '').replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd')
