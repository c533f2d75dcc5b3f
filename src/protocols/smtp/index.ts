/** Sends mails to an SMTP server. */
import { createTransport } from 'nodemailer'
import { describeError, Problem } from '#kernel'

export interface SmtpServer {
  host: string
  port: number
  /** Encrypted from the start (usually port 465). */
  ssl: boolean
  /** STARTTLS is demanded (usually port 587). */
  tls: boolean
  username?: string
  password?: string
}

export interface Letter {
  from: string
  to: readonly string[]
  subject: string
  text: string
}

export interface Postman {
  /**
   * Resolves when the server took the letter for all addressees.
   * @throws Problem `mail-refused` (never) when the server refuses it for good, `mail-not-sent` (later) otherwise
   */
  send(letter: Letter): Promise<void>
  close(): void
}

/** Opens nothing yet: each letter has a connection of its own, so that a server that goes away harms one letter only. */
export function smtpPostman({ host, port, ssl, tls, username, password }: SmtpServer): Postman {
  const transport = createTransport({
    host,
    port,
    secure: ssl,
    requireTLS: tls,
    ignoreTLS: !tls && !ssl,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 30_000,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(username !== undefined && { auth: { user: username, pass: password ?? '' } }),
  })
  return {
    async send({ from, to, subject, text }) {
      try {
        await transport.sendMail({ from, to: [...to], subject, text })
      } catch (error) {
        throw problemOf(error, `${host}:${port}`)
      }
    },
    close: () => transport.close(),
  }
}

function problemOf(error: unknown, where: string): Problem {
  const { code, responseCode } = error as { code?: string; responseCode?: number }
  // 5xx about the addressee or the letter is final; a refused sign-in or TLS is a setting that somebody will correct.
  const final = responseCode !== undefined && responseCode >= 500 && code !== 'EAUTH' && code !== 'ETLS'
  return new Problem(
    final ? 'mail-refused' : 'mail-not-sent',
    `The mail server ${where} did not take the letter: ${describeError(error)}.`,
    {
      status: 502,
      retry: final ? 'never' : 'later',
      hint: code === 'EAUTH' ? 'Check mail.username and mail.password.' : 'Check the section mail of the configuration.',
      cause: error,
    },
  )
}
