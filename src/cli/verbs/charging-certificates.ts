import { readFileSync } from 'node:fs'
import { describeError, Problem } from '#kernel'
import { connectInstance, type Instance } from '../instance.ts'
import { table } from '../terminal.ts'
import type { Verb } from '../verb.ts'

const API = '/api/cariflex/v1'

interface Certificate {
  fingerprint: string
  kind: string
  uses: string[]
  station: string | null
  subject: string
  until: string
  state: string
  revokedAt: string | null
}
interface Installed {
  position: number
  type: string
  subject: string | null
  hash: { hashAlgorithm: string; serialNumber: string }
}
type Show = (value: unknown, text: () => string) => void
interface Asked {
  instance: Instance
  words: string[]
  options: Record<string, unknown>
  show: Show
}

const need = (value: string | undefined, what: string): string => {
  if (!value) throw new Problem('usage', `Say ${what}.`, { hint: 'cariflex charging certificates --help shows examples.' })
  return value
}
const pemIn = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new Problem('file-unreadable', `${path} cannot be read: ${describeError(error)}.`, { hint: 'Name a PEM file.' })
  }
}
const at = (identity: string | undefined) => `${API}/stations/${encodeURIComponent(need(identity, 'which station, e.g. CP001'))}`

const DEEDS: Record<string, (asked: Asked) => Promise<void>> = {
  async list({ instance, words: [station], show }) {
    const query = station === undefined ? '' : `?station=${encodeURIComponent(station)}`
    const { data } = await instance.get<{ data: Certificate[] }>(`${API}/charging/certificates${query}`)
    show(data, () =>
      data.length === 0
        ? 'There are no certificates.'
        : table([
            ['FINGERPRINT', 'KIND', 'STATION', 'SUBJECT', 'UNTIL', 'STATE'],
            ...data.map(({ fingerprint, kind, uses, station: of, subject, until, state, revokedAt }) => [
              fingerprint,
              [kind, ...uses].join(' '),
              of ?? '',
              subject,
              until,
              revokedAt === null ? state : 'revoked',
            ]),
          ]),
    )
  },
  async authority({ instance, show }) {
    const { data } = await instance.get<{ data: { pem: string } }>(`${API}/charging/certificates/authority`)
    show(data, () => data.pem.trimEnd())
  },
  async revoked({ instance, show }) {
    const { data } = await instance.get<{ data: { pem: string } }>(`${API}/charging/certificates/revoked`)
    show(data, () => data.pem.trimEnd())
  },
  async trust({ instance, words: [file, ...uses], show }) {
    if (uses.length === 0) throw new Problem('usage', 'Say what the root vouches for: V2G, MO, OEM, CSMS or Manufacturer.')
    const pem = pemIn(need(file, 'which PEM file'))
    const { data } = await instance.send<{ data: Certificate }>('POST', `${API}/charging/certificates`, { pem, uses })
    show(data, () => `Trusted: ${data.subject} (${data.fingerprint})`)
  },
  async revoke({ instance, words: [fingerprint, ...because], show }) {
    const path = `${API}/charging/certificates/${need(fingerprint, 'which certificate, by its fingerprint')}/revocation`
    const { data } = await instance.send<{ data: Certificate }>('POST', path, { because: need(because.join(' '), 'why') })
    show(data, () => `Revoked: ${data.subject}`)
  },
  async sign({ instance, words: [identity, kind], show }) {
    const { data } = await instance.send<{ data: { status: string } }>(
      'POST',
      `${at(identity)}/certificates/signing`,
      kind === undefined ? {} : { kind },
    )
    show(data, () => `${identity} says ${data.status}; its certificate follows.`)
  },
  async installed({ instance, words: [identity], show }) {
    const { data } = await instance.send<{ data: Installed[] }>('POST', `${at(identity)}/certificates/inventory`, {})
    show(data, () =>
      data.length === 0
        ? `${identity} holds no roots.`
        : table([
            ['NO', 'USE', 'SUBJECT', 'SERIAL'],
            ...data.map(({ position, type, subject, hash }) => [String(position), type, subject ?? 'not known here', hash.serialNumber]),
          ]),
    )
  },
  async install({ instance, words: [identity, use, file], show }) {
    const body = { use: need(use, 'for what, e.g. CSMSRootCertificate'), ...(file === undefined ? {} : { pem: pemIn(file) }) }
    const { data } = await instance.send<{ data: { status: string } }>('POST', `${at(identity)}/certificates`, body)
    show(data, () => `${identity} says ${data.status}.`)
  },
  async remove({ instance, words: [identity, position], show }) {
    const path = `${at(identity)}/certificates/${encodeURIComponent(need(position, 'which, by its number'))}`
    const { data } = await instance.send<{ data: { status: string } }>('DELETE', path)
    show(data, () => `${identity} says ${data.status}.`)
  },
}

export const chargingCertificates: Verb = {
  name: 'charging certificates',
  summary: 'Shows and manages certificates of charging stations: issued, trusted, installed, revoked.',
  usage:
    '<list [STATION] | authority | revoked | trust FILE USE... | revoke FINGERPRINT REASON | sign STATION [KIND] | installed STATION | install STATION USE [FILE] | remove STATION NUMBER>',
  example: 'cariflex charging certificates sign CP001',
  async run({ words: [deed = 'list', ...words], options, env, show }) {
    const run = DEEDS[deed]
    if (!run)
      throw new Problem('usage', `'${deed}' is nothing that can be done with certificates.`, {
        hint: `Choose one of: ${Object.keys(DEEDS).join(', ')}.`,
      })
    await run({ instance: connectInstance(env), words, options, show })
    return undefined
  },
}
