/** Mails to those who asked, or watch, when something cannot be kept: gathered, seldom, each wish and cause once, and when it is over. */
import { type Clock, DAY, describeError, HOUR, type Instant, instant, type Log, MINUTE } from '#kernel'
import { asTimestamp, type Queryable, type Store } from '#store'
import { permits } from '../access.ts'
import type { Alarms } from '../alarms.ts'
import type { Language } from '../mail/letters.ts'
import type { Mails } from '../mail/mails.ts'
import type { Users } from '../users.ts'
import { type NoticeLine, noticeLetter } from './letter.ts'
import { type NoticeLevel, noticePreference, type OwnNotices } from './preferences.ts'
import { SCHEDULE_BREACH, SCHEDULE_WISH, scheduleTroubles } from './schedule-troubles.ts'

/** Alarms that people are written of, with how long they must last before: an order that is obeyed a minute later is not worth a letter. */
const TOLD: Readonly<Record<string, number>> = {
  'wish-broken': 2 * MINUTE,
  [SCHEDULE_WISH]: 0,
  [SCHEDULE_BREACH]: 0,
  'order-refused': 5 * MINUTE,
  'order-unanswered': 5 * MINUTE,
}
/** Between two letters to the same user; what happens meanwhile stands in the next. */
const PAUSE = 15 * MINUTE
/** The same wish of the same cause is not written of again for so long, however often it comes and goes. */
const AGAIN = 12 * HOUR
const EVERY = MINUTE
const FORGET = 30 * DAY
/** One process at a time writes. */
const LOCK = 1_917_171_717

export interface NoticeParts {
  store: Store
  clock: Clock
  log: Log
  alarms: Alarms
  mails: Pick<Mails, 'mailNotice'>
  users: Pick<Users, 'principal'>
  platform: string
  /** Of those who chose none. */
  language: Language
  /** Of moments in alarms, and of users without a time zone. */
  zone: string
  url: () => string
}

export interface Notices {
  /** Looks now, as is done every minute: raises and ends alarms of schedules, and writes what is to be written. */
  look(): Promise<void>
  stop(): Promise<void>
}

/** Writes as long as it is not stopped. */
export function startNotices(parts: NoticeParts): Notices {
  const { store, clock, log, alarms, zone } = parts
  const schedules = scheduleTroubles({ store, alarms, zone, since: instant(clock.now() - 10 * MINUTE) })
  let looking: Promise<void> | undefined
  const look = () => {
    looking ??= (async () => {
      await alarms.endPassed()
      await schedules.look()
      await store.transact((tx) => write(parts, tx))
    })().finally(() => {
      looking = undefined
    })
    return looking
  }
  const timer = clock.every(
    EVERY,
    () => void look().catch((error: unknown) => log.warn({ error: describeError(error) }, 'notices could not be written')),
  )
  return {
    look,
    async stop() {
      timer.cancel()
      await looking?.catch(() => undefined)
    },
  }
}

interface Active extends NoticeLine {
  id: number
  account: number | null
  consultancy: number | null
  /** The asset and all above it. */
  path: number[]
  askers: number[]
}

interface Told extends Omit<NoticeLine, 'since'> {
  user: number
  alarm: number
  toldAt: Instant
  overAt: Instant | null
  endedAt: Instant | null
  /** Its moment came: nothing was settled, it only passed. */
  passed: boolean
}

interface Reader {
  id: number
  email: string
  account: number
  timezone: string | null
  own: OwnNotices | null
  byAccount: NoticeLevel | null
}

async function write(parts: NoticeParts, tx: Queryable): Promise<void> {
  const lock = await tx.first<{ mine: boolean }>('select pg_try_advisory_xact_lock($1) as mine', [LOCK])
  if (!lock?.mine) return
  const now = parts.clock.now()
  await tx.query('delete from cariflex.notice where told_at < $1 and over_at is not null', [asTimestamp(instant(now - FORGET))])
  const active = (await activeAlarms(tx)).filter(({ code, since }) => now - since >= (TOLD[code] ?? 0))
  const told = await toldBefore(tx)
  if (active.length === 0 && told.every(({ overAt }) => overAt !== null)) return
  for (const reader of await readers(tx, active, told)) await writeTo(parts, tx, reader, active, told)
}

async function writeTo(parts: NoticeParts, tx: Queryable, reader: Reader, active: Active[], all: Told[]): Promise<void> {
  const { clock, mails, users, platform } = parts
  const now = clock.now()
  const told = all.filter(({ user }) => user === reader.id)
  const preference = noticePreference(reader.own, reader.byAccount)
  const isSame = (a: Pick<NoticeLine, 'asset' | 'code' | 'cause'>, b: Pick<NoticeLine, 'asset' | 'code' | 'cause'>) =>
    a.asset === b.asset && a.code === b.code && a.cause === b.cause
  const ended = told.filter((one) => one.overAt === null && one.endedAt !== null && !active.some((alarm) => isSame(one, alarm)))
  for (const { passed, ...one } of ended) if (passed || preference.mail === 'off') await close(tx, one, now)
  if (preference.mail === 'off') return
  const last = Math.max(...told.flatMap(({ toldAt, overAt }) => [toldAt, overAt ?? 0]), 0)
  if (now - last < PAUSE) return
  const over = ended.filter(({ passed }) => !passed)
  const concerned = active.filter(
    ({ account, path, askers }) =>
      askers.includes(reader.id) ||
      path.some((asset) => preference.assets.includes(asset)) ||
      (preference.mail === 'account' && account === reader.account),
  )
  const fresh = concerned.filter((alarm) => {
    const before = told.find((one) => isSame(one, alarm))
    return !before || (before.alarm !== alarm.id && now - before.toldAt >= AGAIN)
  })
  if (fresh.length === 0 && over.length === 0) return
  const who = await users.principal(reader.id)
  const readable = who ? fresh.filter(({ account, consultancy }) => permits(who, 'read', { kind: 'asset', account, consultancy })) : []
  if (readable.length === 0 && over.length === 0) return
  const { subject, text } = noticeLetter(
    readable,
    over.map((one) => ({ ...one, since: one.toldAt })),
    {
      ...{ platform, url: parts.url(), language: preference.language ?? parts.language, zone: reader.timezone ?? parts.zone },
    },
  )
  await mails.mailNotice([reader.email], subject, text, undefined, tx)
  for (const one of over) await close(tx, one, now)
  for (const { id, asset, code, cause } of readable)
    await tx.query(
      `insert into cariflex.notice (user_id, asset, code, cause, alarm, told_at) values ($1, $2, $3, $4, $5, $6)
       on conflict (user_id, asset, code, cause) do update set alarm = excluded.alarm, told_at = excluded.told_at, over_at = null`,
      [reader.id, asset, code, cause, id, asTimestamp(now)],
    )
}

const close = (tx: Queryable, { user, asset, code, cause }: Omit<Told, 'passed'>, now: Instant) =>
  tx.query('update cariflex.notice set over_at = $5 where user_id = $1 and asset = $2 and code = $3 and cause = $4', [
    user,
    asset,
    code,
    cause,
    asTimestamp(now),
  ])

const activeAlarms = (tx: Queryable): Promise<Active[]> =>
  tx.query<Active>(
    `select l.id, l.asset, g.name as "assetName", l.code, l.cause, l.message, l.since, g.account_id as account,
       a.consultancy_account_id as consultancy,
       (with recursive up (id, parent) as (
          select g.id, g.parent_asset_id union select p.id, p.parent_asset_id from generic_asset p join up on p.id = up.parent)
        select array_agg(id) from up) as path,
       coalesce((select array_agg(k.user_id) from cariflex.asker k where k.job = l.job), '{}') as askers
     from cariflex.alarm l join generic_asset g on g.id = l.asset left join account a on a.id = g.account_id
     where l.ended_at is null and l.code = any($1::text[]) order by l.since, l.id`,
    [Object.keys(TOLD)],
  )

const toldBefore = (tx: Queryable): Promise<Told[]> =>
  tx.query<Told>(
    `select n.user_id as "user", n.asset, n.code, n.cause, n.alarm, n.told_at as "toldAt", n.over_at as "overAt", l.ended_at as "endedAt",
       coalesce(l.message, '') as message, coalesce(g.name, '') as "assetName", coalesce(l.ended_at >= l.matters_until, l.id is null) as passed
     from cariflex.notice n left join cariflex.alarm l on l.id = n.alarm left join generic_asset g on g.id = n.asset`,
  )

/** Active users who may want a letter: who asked, who chose something, whose account did, and who were written to before. */
const readers = (tx: Queryable, active: Active[], told: Told[]): Promise<Reader[]> =>
  tx.query<Reader>(
    `select u.id, u.email, u.account_id as account, u.timezone, own.value as own, acc.value ->> 'mail' as "byAccount" from fm_user u
     left join cariflex.user_setting own on own.user_id = u.id and own.name = 'notices'
     left join cariflex.account_setting acc on acc.account_id = u.account_id and acc.name = 'notices'
     where u.active and (u.id = any($1::int[]) or own.value is not null or acc.value is not null) order by u.id`,
    [[...active.flatMap(({ askers }) => askers), ...told.map(({ user }) => user)]],
  )
