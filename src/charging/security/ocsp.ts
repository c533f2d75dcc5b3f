/** Asks OCSP responders for stations and for ourselves, and keeps what they say until their next update (OCPP 2.0.1 M06). */
import { type Clock, describeError, type Instant, type Log, MINUTE, type Outward, Problem } from '#kernel'
import {
  type CertificateFacts,
  type CertificateHash,
  type OcspStatus,
  peekOcspResponse,
  readOcspResponse,
  writeOcspRequest,
} from '#protocols/pki'
import { asTimestamp, type Store } from '#store'

export interface OcspQuestion extends CertificateHash {
  responderURL: string
}

export interface OcspDesk {
  /**
   * The answer of the responder as DER, fresh or kept; whoever asked judges its signature.
   * @throws Problem `address-not-allowed`, `address-unreachable`, `bad-ocsp`
   */
  fetch(question: OcspQuestion): Promise<Buffer>
  /** The state of a certificate by an answer that one of the issuers vouches for. @throws as `fetch` */
  state(question: OcspQuestion, issuers: readonly CertificateFacts[]): Promise<OcspStatus>
}

/** An answer is kept so long at most, whatever it says of itself. */
const LONGEST = 7 * 24 * 60 * MINUTE

export function openOcspDesk({ store, clock, log, outward }: { store: Store; clock: Clock; log: Log; outward: Outward }): OcspDesk {
  /** The same question of many stations at once is one call. */
  const asking = new Map<string, Promise<Buffer>>()

  const keyOf = ({ hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber, responderURL }: OcspQuestion) =>
    [hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber, responderURL].join(' ').toLowerCase()

  const call = async (question: OcspQuestion, key: string): Promise<Buffer> => {
    const { status, body } = await outward.call(question.responderURL, {
      method: 'POST',
      headers: { 'content-type': 'application/ocsp-request', accept: 'application/ocsp-response' },
      body: writeOcspRequest(question),
    })
    if (status !== 200) throw new Problem('bad-ocsp', `The OCSP responder answered ${status}.`, { status: 502, retry: 'later' })
    const { until } = peekOcspResponse(body, question)
    if (until !== undefined && until > clock.now())
      await store
        .query(
          `insert into cariflex.ocsp_answer (key, answer, until) values ($1, $2, $3)
           on conflict (key) do update set answer = excluded.answer, until = excluded.until`,
          [key, body, asTimestamp(Math.min(until, clock.now() + LONGEST) as Instant)],
        )
        .catch((error: unknown) => log.warn({ error: describeError(error) }, 'an OCSP answer was not kept'))
    return body
  }

  const fetch = async (question: OcspQuestion): Promise<Buffer> => {
    const key = keyOf(question)
    const kept = await store.first<{ answer: Buffer }>('select answer from cariflex.ocsp_answer where key = $1 and until > $2', [
      key,
      asTimestamp(clock.now()),
    ])
    if (kept) return kept.answer
    const known = asking.get(key)
    if (known) return known
    const work = call(question, key).finally(() => asking.delete(key))
    asking.set(key, work)
    return work
  }

  return { fetch, state: async (question, issuers) => readOcspResponse(await fetch(question), question, issuers, clock.now()).status }
}

/** Forgets answers that ended. */
export const forgetOcsp = (store: Store, now: Instant) =>
  store.query('delete from cariflex.ocsp_answer where until <= $1', [asTimestamp(now)])
