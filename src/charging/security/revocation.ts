/** Revocation lists of other authorities: taken in when somebody we trust signed them, renewed from their address, missed when they end. */
import { type Clock, DAY, describeError, formatInstant, type Instant, isProblem, type Log, type Outward, Problem, say } from '#kernel'
import {
  type CertificateFacts,
  isListOf,
  type RevocationList,
  readCertificates,
  readRevocationList,
  sayName,
  validateChain,
} from '#protocols/pki'
import { asTimestamp, type Store } from '#store'
import { SAYING } from './saying.ts'
import { ROOT_USES, revokedAmong, trustedRoots } from './shelf.ts'

export interface KeptRevocationList {
  /** Fingerprint of the certificate that signed it. */
  signer: string
  issuer: string
  /** Decimal. */
  number: string | null
  /** How many certificates it takes back. */
  revoked: number
  from: Instant
  /** When the next one is due; null: it says nothing of that. */
  until: Instant | null
  url: string | null
  receivedAt: Instant
  /** Why the last try to renew it failed. */
  fault: string | null
}

export interface RevocationLists {
  /**
   * Takes a list in, in place of the last one of the same authority: a text (PEM), or an address (PEM or DER there) from which it is renewed.
   * `issuer`: certificates (PEM) between its signer and a trusted root, the signer's own too unless it is such a root.
   * @throws Problem `bad-revocation-list` (unreadable, ended, not begun), `untrusted-revocation-list`, `old-revocation-list`,
   * `revocation-list-unreachable`, and those of `Outward.call`
   */
  add(wish: { issuer?: string } & ({ pem: string } | { url: string })): Promise<KeptRevocationList>
  list(): Promise<KeptRevocationList[]>
  /** Forgets the list that this certificate signed: what it took back counts again. @throws Problem `unknown-revocation-list` */
  remove(signer: string): Promise<KeptRevocationList>
  /** Renews those that are due, and tells people which ended. */
  look(): Promise<void>
}

export interface RevocationParts {
  store: Store
  clock: Clock
  log: Log
  outward: Outward
  zone: string
  /** All lists that ended, every time anew. */
  ended(troubles: { cause: string; message: string }[]): Promise<void>
}

const COLUMNS = `signer, issuer, number::text, cardinality(serials) as revoked, issued_at as "from", valid_until as "until", url,
  received_at as "receivedAt", fault`

/** An address is asked at half the rest of a list's life, and once a day. */
const isDue = ({ url, receivedAt, until, fault }: KeptRevocationList, now: Instant) =>
  url !== null && (fault !== null || now >= Math.min(receivedAt + DAY, until === null ? Infinity : (receivedAt + until) / 2))

export function openRevocationLists({ store, clock, log, outward, zone, ended }: RevocationParts): RevocationLists {
  const fetch = async (url: string): Promise<RevocationList> => {
    const { status, body } = await outward.call(url)
    if (status === 200) return readRevocationList(body)
    throw new Problem('revocation-list-unreachable', say(SAYING.listAnswered, { url: url.slice(0, 200), status: String(status) }), {
      status: 502,
      retry: 'later',
    })
  }
  /** The certificate that signed the list, with those between it and a root that is trusted. */
  const signerOf = async (list: RevocationList, between: CertificateFacts[]): Promise<CertificateFacts[]> => {
    const roots = await trustedRoots(store, ROOT_USES)
    const revoked = await revokedAmong(store, [...roots, ...between])
    const circumstances = { roots, now: clock.now(), isRevoked: ({ fingerprint }: CertificateFacts) => revoked.has(fingerprint) }
    for (const signer of [...roots, ...between].filter((one) => isListOf(list, one)))
      if (validateChain([signer, ...between], circumstances).ok) return [signer, ...between.filter((one) => one !== signer)]
    throw new Problem('untrusted-revocation-list', say(SAYING.untrustedList, { issuer: sayName(list.issuer) }), {
      status: 422,
      hint: say(SAYING.trustIssuer),
    })
  }
  const keep = async (list: RevocationList, between: CertificateFacts[], url: string | null): Promise<KeptRevocationList> => {
    const { issuer, number, from, until, serials } = list
    const now = clock.now()
    const slots = { issuer: sayName(issuer) }
    if (from > now || (until !== undefined && until <= now))
      throw new Problem('bad-revocation-list', say(from > now ? SAYING.listEarly : SAYING.listEnded, slots), {
        status: 422,
        hint: say(SAYING.freshList),
      })
    const chain = await signerOf(list, between)
    const signer = chain[0]!
    const row = await store.first<KeptRevocationList>(
      `insert into cariflex.revocation_list as kept (signer, chain, issuer, number, issued_at, valid_until, serials, url, received_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
       on conflict (signer) do update set chain = excluded.chain, number = excluded.number, issued_at = excluded.issued_at,
         valid_until = excluded.valid_until, serials = excluded.serials, url = excluded.url, received_at = excluded.received_at, fault = null
       where case when kept.number is null or excluded.number is null then kept.issued_at <= excluded.issued_at
         else kept.number <= excluded.number end
       returning ${COLUMNS}`,
      [
        signer.fingerprint,
        chain.map(({ pem }) => pem).join(''),
        sayName(signer.subject),
        number?.toString() ?? null,
        asTimestamp(from),
        until === undefined ? null : asTimestamp(until),
        serials,
        url,
        asTimestamp(now),
      ],
    )
    if (row) return row
    throw new Problem('old-revocation-list', say(SAYING.oldList, slots), { status: 409, hint: say(SAYING.freshList) })
  }
  const list = () => store.query<KeptRevocationList>(`select ${COLUMNS} from cariflex.revocation_list order by issuer, signer`)

  const renew = async ({ signer, url }: KeptRevocationList): Promise<void> => {
    try {
      const row = await store.first<{ chain: string }>('select chain from cariflex.revocation_list where signer = $1', [signer])
      if (row && url !== null) await keep(await fetch(url), readCertificates(row.chain), url)
    } catch (error) {
      if (!isProblem(error) || error.code === 'database-unavailable') throw error
      log.warn({ url, error: describeError(error) }, 'a revocation list was not renewed')
      await store.query('update cariflex.revocation_list set fault = $2 where signer = $1', [signer, error.message])
    }
  }

  return {
    async add(wish) {
      const url = 'url' in wish ? wish.url : null
      const found = 'url' in wish ? await fetch(wish.url) : readRevocationList(wish.pem)
      return keep(found, wish.issuer === undefined ? [] : readCertificates(wish.issuer), url)
    },
    list,
    async remove(signer) {
      const row = await store.first<KeptRevocationList>(`delete from cariflex.revocation_list where signer = $1 returning ${COLUMNS}`, [
        signer.toLowerCase(),
      ])
      if (row) return row
      throw new Problem('unknown-revocation-list', say(SAYING.unknownList, { fingerprint: signer.slice(0, 64) }), {
        status: 404,
        hint: say(SAYING.listLists),
      })
    },
    async look() {
      const now = clock.now()
      for (const one of await list()) if (isDue(one, now)) await renew(one)
      const troubles = (await list()).flatMap(({ signer, issuer, until }) =>
        until === null || until > now
          ? []
          : [{ cause: signer, message: say(SAYING.alarmList, { issuer, when: formatInstant(until, zone).slice(0, 10) }) }],
      )
      await ended(troubles)
    },
  }
}
