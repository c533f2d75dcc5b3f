/** Who wants to be told by mail what cannot be kept: what a user chose, else what the account chose for its users, else what everybody gets. */
import { asJson, type Queryable } from '#store'
import type { Language } from '../mail/letters.ts'

/** 'asked': of what one asked for and of the assets one watches; 'account': of all assets of one's account as well; 'off': nothing. */
export type NoticeLevel = 'off' | 'asked' | 'account'

export interface OwnNotices {
  /** Absent: as the account says. */
  mail?: NoticeLevel
  /** Absent: that of the platform. */
  language?: Language
  /** Assets that are watched, each with all below it. */
  assets: number[]
}

export interface NoticePreference extends Omit<OwnNotices, 'mail'> {
  mail: NoticeLevel
  /** Who chose `mail`. */
  chosenBy: 'user' | 'account' | 'platform'
}

/** What a user gets of whom nobody chose anything. */
const USUAL: NoticeLevel = 'asked'
const NAME = 'notices'

/** What counts of both choices; either may be missing. */
export function noticePreference(own: Partial<OwnNotices> | null, account: NoticeLevel | null): NoticePreference {
  const mail = own?.mail ?? account ?? USUAL
  const chosenBy = own?.mail ? 'user' : account ? 'account' : 'platform'
  return { mail, chosenBy, assets: own?.assets ?? [], ...(own?.language && { language: own.language }) }
}

/** The preference of a user. */
export async function readNotices(db: Queryable, user: number): Promise<NoticePreference> {
  const row = await db.first<{ own: OwnNotices | null; account: NoticeLevel | null }>(
    `select (select value from cariflex.user_setting s where s.user_id = u.id and s.name = $2) as own,
       (select value ->> 'mail' from cariflex.account_setting s where s.account_id = u.account_id and s.name = $2) as account
     from fm_user u where u.id = $1`,
    [user, NAME],
  )
  return noticePreference(row?.own ?? null, row?.account ?? null)
}

/** Keeps what the user chose. */
export async function keepNotices(db: Queryable, user: number, own: OwnNotices): Promise<void> {
  await db.query(
    `insert into cariflex.user_setting (user_id, name, value) values ($1, $2, $3::jsonb)
     on conflict (user_id, name) do update set value = excluded.value`,
    [user, NAME, asJson(own)],
  )
}

/** What the account chose for its users; null = nothing. */
export async function readAccountNotices(db: Queryable, account: number): Promise<NoticeLevel | null> {
  const row = await db.first<{ mail: NoticeLevel }>(
    `select value ->> 'mail' as mail from cariflex.account_setting where account_id = $1 and name = $2`,
    [account, NAME],
  )
  return row?.mail ?? null
}

/** Keeps what the account chose for its users; null = nothing any more. */
export async function keepAccountNotices(db: Queryable, account: number, mail: NoticeLevel | null): Promise<void> {
  if (mail === null) await db.query('delete from cariflex.account_setting where account_id = $1 and name = $2', [account, NAME])
  else
    await db.query(
      `insert into cariflex.account_setting (account_id, name, value) values ($1, $2, $3::jsonb)
       on conflict (account_id, name) do update set value = excluded.value`,
      [account, NAME, asJson({ mail })],
    )
}

/** Notes that the user asked for the schedule of this job. */
export async function noteAsker(db: Queryable, job: string, user: number): Promise<void> {
  await db.query(
    `insert into cariflex.asker (job, user_id) select j.id, u.id from cariflex.job j, fm_user u where j.id = $1 and u.id = $2
     on conflict do nothing`,
    [job, user],
  )
}
