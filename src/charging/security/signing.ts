/** Certificates of stations (OCPP 2.0.1 A02, A03): a request comes, is checked, signed and sent back; renewed when two thirds of its life are over. */
import { type Clock, DAY, describeError, isProblem, type Log, type Millis, millis } from '#kernel'
import type { Payload } from '#protocols/ocpp'
import { type CertificateRequest, keyFault, readRequest } from '#protocols/pki'
import type { Store } from '#store'
import type { Station } from '../station.ts'
import type { Authority } from './authority.ts'
import { strangeness } from './caller.ts'
import { FACE, type SigningKind, step } from './face.ts'
import { connected } from './password-change.ts'
import { keepCertificate, markCertificate } from './shelf.ts'

export interface Signing {
  /** Answers SignCertificate; what is accepted is signed and sent after the answer is out. */
  requested(station: Station, payload: Payload): Payload
  /**
   * Asks a station to make a new key and a request for it. Resolves with its status word; the certificate itself follows.
   * @throws Problem `station-offline`, `station-refused`
   */
  ask(station: Station, kind: SigningKind | 'SignCombinedCertificate'): Promise<string>
  /** Resolves when every certificate that is being sent was answered. */
  settled(): Promise<void>
}

export interface SigningParts {
  store: Store
  clock: Clock
  log: Log
  /** Who signs for which use. */
  authorities: Record<SigningKind, Authority>
  organization: string
  timeout: number
  /** A certificate of ours that a station did not take, or one that was in order. */
  told(station: Station, outcome: { kind: SigningKind; status: string }): void
}

const LASTS: Record<SigningKind, Millis> = { ChargingStationCertificate: millis(400 * DAY), V2GCertificate: millis(90 * DAY) }
/** Longest chain a 2.0.1 station can be sent, characters. */
const LONGEST_CHAIN = 10_000

export function openSigning({ store, clock, log, authorities, organization, timeout, told }: SigningParts): Signing {
  const working = new Set<Promise<unknown>>()

  const check = (station: Station, request: CertificateRequest, kind: SigningKind): string | undefined => {
    const weak = keyFault(request.key)
    if (weak !== undefined) return weak
    // A certificate towards cars names the station as cars know it (SECC id), which we do not.
    if (kind === 'V2GCertificate') return request.subject.commonName === '' ? 'it names nobody' : undefined
    const { identity, serial } = station.record
    return strangeness(request.subject, { identity, serial, organization })?.replace('its certificate', 'the request')
  }

  const sign = async (station: Station, request: CertificateRequest, kind: SigningKind, requestId: number | undefined) => {
    const { identity } = station.record
    const { key, subject } = request
    const chain = await authorities[kind].certify({
      key,
      subject: { commonName: subject.commonName, organization, ...(kind === 'V2GCertificate' && { domain: 'CPO' }) },
      lasts: LASTS[kind],
      purposes: kind === 'V2GCertificate' ? ['server'] : ['client'],
    })
    const shelf = kind === 'V2GCertificate' ? 'v2g' : 'station'
    const facts = await keepCertificate(store, chain, { kind: shelf, station: identity, state: 'sent', now: clock.now() })
    const more = requestId === undefined ? { timeout } : { timeout, requestId }
    // It may have reconnected since its request.
    const session = connected(station)
    const status =
      chain.length > LONGEST_CHAIN
        ? 'TooLong'
        : await step(session, 'CertificateSigned', () => FACE.giveCertificate(session, chain, kind, more))
    await markCertificate(store, facts, status === 'Accepted' ? 'current' : 'refused')
    told(station, { kind, status })
  }

  return {
    requested(station, payload) {
      const { identity } = station.record
      const kind: SigningKind = payload['certificateType'] === 'V2GCertificate' ? 'V2GCertificate' : 'ChargingStationCertificate'
      const refuse = (why: string) => {
        log.warn({ station: identity, why }, 'a request for a certificate was refused')
        return { status: 'Rejected', statusInfo: { reasonCode: 'InvalidCSR', additionalInfo: why.slice(0, 500) } }
      }
      let request: CertificateRequest
      try {
        request = readRequest(String(payload['csr']))
      } catch (error) {
        if (!isProblem(error)) throw error
        return refuse(error.message)
      }
      const fault = check(station, request, kind)
      if (fault !== undefined) return refuse(fault)
      const requestId = typeof payload['requestId'] === 'number' ? payload['requestId'] : undefined
      const work: Promise<unknown> = new Promise<void>((resolve) => setImmediate(resolve))
        .then(() => sign(station, request, kind, requestId))
        .catch((error: unknown) => {
          log.warn({ station: identity, error: describeError(error) }, 'a certificate did not reach its station')
          told(station, { kind, status: 'NotSent' })
        })
        .finally(() => working.delete(work))
      working.add(work)
      return { status: 'Accepted' }
    },
    async ask(station, kind) {
      const session = connected(station)
      // Stations that cannot be told have it from their installer.
      if (kind !== 'V2GCertificate') await FACE.setOrganization(session, organization, { timeout }).catch(() => undefined)
      return step(session, 'TriggerMessage', () => FACE.askToSign(session, kind, { timeout }))
    },
    settled: async () => void (await Promise.all(working)),
  }
}
