/** Who carries the letters of this platform. */
import type { MailCarrier } from '#ems'
import type { MailSettings } from '#kernel'
import { smtpPostman } from '#protocols/smtp'
import { defined } from './defined.ts'

/** The mail server of the configuration; without one there is no carrier, and letters are shown to administrators. */
export function mailOf({ server, port, useTls, useSsl, username, password, sender }: MailSettings): {
  carrier?: MailCarrier
  from?: string
} {
  const from = sender === undefined ? {} : { from: sender }
  if (server === undefined) return from
  return { ...from, carrier: smtpPostman({ host: server, port, tls: useTls, ssl: useSsl, ...defined({ username, password }) }) }
}
