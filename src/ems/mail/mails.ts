/** Mails of the platform, through the outbox: durable, tried again, and shown to administrators where no mail server is configured. */
import { type Clock, type Log, Problem } from '#kernel'
import { type Delivery, type OutboxMessage, type OutboxView, openOutbox, type Queryable, type Store } from '#store'
import { type Language, passwordChangedLetter, passwordLinkLetter, signInCodeLetter, type Text } from './letters.ts'
import { openPasswordLinks } from './password-links.ts'

/** What carries letters away, such as the postman of `#protocols/smtp`. */
export interface MailCarrier {
  /** @throws Problem; with retry 'never' it is given up at once */
  send(letter: { from: string; to: readonly string[]; subject: string; text: string }): Promise<void>
}

export interface Addressee {
  id: number
  email: string
  username: string
}

export interface MailView extends Omit<OutboxView, 'payload' | 'note'> {
  to: string[]
  subject: string | null
  /** Only where no mail server is configured: what an administrator hands on by other means. */
  text: string | null
}

export interface Mails {
  /** Writes to the user how to set a new password. Resolves when it is on record, long before it arrives. */
  mailPasswordReset(user: Addressee): Promise<void>
  /** Tells the user that the password was changed. */
  mailPasswordChanged(user: Addressee): Promise<void>
  /** Sends a code for the second factor. */
  mailSignInCode(user: Addressee, code: string): Promise<void>
  /** Any other notice; `key` keeps it from being sent twice. With `tx` it is on record only if that transaction commits. */
  mailNotice(to: readonly string[], subject: string, text: string, key?: string, tx?: Queryable): Promise<void>
  /** False: no mail server, so that letters are only shown here. */
  readonly carried: boolean
  /** Address under which people reach the platform, without a slash at its end. */
  readonly url: string
  list(page: { limit: number; offset: number }): Promise<{ rows: MailView[]; total: number }>
  /** Resolves when nothing that is due waits any more. */
  settled(): Promise<void>
  close(): Promise<void>
}

export interface MailsOptions {
  store: Store
  clock: Clock
  log: Log
  /** Absent: nobody carries letters. */
  carrier?: MailCarrier
  from?: string
  language?: Language
  platformName: string
  /** Address of the platform as people reach it, without a slash at its end. Asked when a letter is written. */
  url: () => string
}

type Payload = { to: string[]; user?: Addressee; code?: string; subject?: string; text?: string }

const PARTNER = 'mail'

export function openMails(options: MailsOptions): Mails {
  const { store, clock, log, carrier, platformName, language = 'fr', url } = options
  const outbox = openOutbox({ store, clock, log })
  const links = openPasswordLinks(store, clock)
  const from = options.from ?? `${platformName} <no-reply@${hostOf(url())}>`

  const write = async ({ kind, payload }: OutboxMessage): Promise<Text> => {
    const { user, code, subject, text } = payload as Payload
    if (kind === 'notice') return { subject: subject ?? '', text: text ?? '' }
    if (!user) throw new Problem('mail-unknown', `There is no letter '${kind}'.`)
    const about = { platform: platformName, username: user.username }
    if (kind === 'password-changed') return passwordChangedLetter(language, about)
    if (kind === 'sign-in-code') return signInCodeLetter(language, about, code ?? '')
    // The link is made now and not before, so that it is fresh when it leaves and lies nowhere meanwhile.
    return passwordLinkLetter(language, about, `${url()}/password#${await links.issue(user.id)}`)
  }
  const delivery: Delivery = outbox.deliver(PARTNER, async (message) => {
    const { to } = message.payload as Payload
    const letter = await write(message)
    if (carrier) {
      await carrier.send({ from, to, ...letter })
      return undefined
    }
    log.warn({ to, subject: letter.subject, text: letter.text }, 'no mail server is configured: this letter stays here')
    return JSON.stringify(letter)
  })
  const put = async (kind: string, payload: Payload, key?: string, tx?: Queryable) => {
    await outbox.put(PARTNER, kind, payload, { ...(key !== undefined && { key }), ...(tx && { tx }) })
  }
  return {
    carried: carrier !== undefined,
    get url() {
      return url()
    },
    mailPasswordReset: ({ id, email, username }) => put('password-reset', { to: [email], user: { id, email, username } }),
    mailPasswordChanged: ({ id, email, username }) => put('password-changed', { to: [email], user: { id, email, username } }),
    mailSignInCode: ({ id, email, username }, code) => put('sign-in-code', { to: [email], user: { id, email, username }, code }),
    mailNotice: (to, subject, text, key, tx) => put('notice', { to: [...to], subject, text }, key, tx),
    async list(page) {
      const { rows, total } = await outbox.list(PARTNER, page)
      return { rows: rows.map(viewOf), total }
    },
    settled: () => delivery.settled(),
    close: () => delivery.close(),
  }
}

function viewOf({ payload, note, ...row }: OutboxView): MailView {
  const { to, subject } = payload as Payload
  const kept = note === null ? undefined : (JSON.parse(note) as Text)
  return { ...row, to, subject: kept?.subject ?? subject ?? null, text: kept?.text ?? null }
}

const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).hostname : 'localhost')
