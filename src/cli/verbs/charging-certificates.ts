import { readFileSync } from 'node:fs'
import { describeError, Problem } from '#kernel'
import { toPem } from '#protocols/pki'
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
interface RevocationList {
  signer: string
  issuer: string
  number: string | null
  revoked: number
  until: string | null
  url: string | null
  fault: string | null
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
/** As PEM, whichever of the two forms the file has. */
const listIn = (path: string): string => {
  const text = pemIn(path)
  return text.includes('-----BEGIN') ? text : toPem('X509 CRL', readFileSync(path))
}
const LISTS = `${API}/charging/certificates/revocation-lists`
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
  async crl({ instance, words: [deed, ...words], show }) {
    if (deed === 'add') {
      const [from, issuer] = words
      const where = need(from, 'which file or address')
      const body = {
        ...(/^https?:\/\//.test(where) ? { url: where } : { pem: listIn(where) }),
        ...(issuer !== undefined && { issuer: pemIn(issuer) }),
      }
      const { data } = await instance.send<{ data: RevocationList }>('POST', LISTS, body)
      show(data, () => `Taken in: the list of ${data.issuer}, signed by ${data.signer}. Certificates taken back: ${data.revoked}`)
    } else if (deed === 'list') {
      const { data } = await instance.get<{ data: RevocationList[] }>(LISTS)
      show(data, () =>
        data.length === 0
          ? 'There are no revocation lists.'
          : table([
              ['SIGNER', 'ISSUER', 'NUMBER', 'REVOKED', 'UNTIL', 'FROM', 'FAULT'],
              ...data.map(({ signer, issuer, number, revoked, until, url, fault }) =>
                [signer, issuer, number, String(revoked), until, url ?? 'a file', fault].map((cell) => cell ?? ''),
              ),
            ]),
      )
    } else if (deed === 'remove') {
      const path = `${LISTS}/${need(words[0], 'which, by the fingerprint of its signer')}`
      const { data } = await instance.send<{ data: RevocationList }>('DELETE', path)
      show(data, () => `Removed: the revocation list of ${data.issuer}`)
    } else throw new Problem('usage', 'Say what to do with revocation lists: add, list or remove.')
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
    '<list [STATION] | authority | revoked | trust FILE USE... | revoke FINGERPRINT REASON | crl add FILE|URL [ISSUER] | crl list | crl remove SIGNER | sign STATION [KIND] | installed STATION | install STATION USE [FILE] | remove STATION NUMBER>',
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
