/** Whom a station lets charge: it asks its CSMS, and remembers the answers for when it cannot (OCPP 2.0.1 C01, C10–C12, C15). */
import type { Clock } from '#kernel'
import type { AuthorizationStatusEnumType, IdTokenInfoType, IdTokenType } from '#protocols/ocpp'
import { hashOf, readCertificates } from '#protocols/pki'
import type { Link } from './station-link.ts'
import type { Variables } from './station-variables.ts'

export interface Tokens {
  /**
   * What is said of a token; 'unanswered' when nobody can say now. The certificates of a contract (PEM) are judged by the CSMS alone, which must find
   * the token good and the contract too (C07).
   */
  ask(token: IdTokenType, contract?: string): Promise<AuthorizationStatusEnumType | 'unanswered'>
  /** Keeps what the CSMS said. */
  remember(token: IdTokenType, info: IdTokenInfoType): void
  clear(): void
  forget(token: string): void
  /** The group that the CSMS named with a token. */
  groupOf(token: IdTokenType): string | undefined
  /** Token → until when, ms. */
  memory(): [string, number][]
}

export interface TokenParts {
  clock: Clock
  variables: Variables
  link(): Link
  kept: readonly [string, number][]
  /** What the local list says of a token. */
  listed(token: IdTokenType): IdTokenInfoType | undefined
  /** Told what the CSMS said of a token, with the tariff of its owner (2.1). */
  shown(token: string, info: IdTokenInfoType, tariff?: object): void
}

/** Names those certificates whose state a responder tells. */
function hashesOf(contract: string) {
  const chain = readCertificates(contract)
  const named = chain.flatMap(({ pem, ocsp: responderURL }, index) => {
    const issuer = chain[index + 1]
    return issuer && responderURL !== undefined ? [{ ...hashOf(pem, issuer.pem), responderURL }] : []
  })
  return named.length > 0 ? { iso15118CertificateHashData: named } : {}
}

export function openTokens(parts: TokenParts): Tokens {
  const { clock, variables, link } = parts
  const cache = new Map(parts.kept)
  const groups = new Map<string, string>()
  const remember: Tokens['remember'] = ({ idToken }, { status, cacheExpiryDateTime, groupIdToken }) => {
    if (groupIdToken) groups.set(idToken, groupIdToken.idToken)
    else groups.delete(idToken)
    if (status !== 'Accepted' || !variables.flag('AuthCacheCtrlr', 'Enabled')) cache.delete(idToken)
    else cache.set(idToken, cacheExpiryDateTime ? Date.parse(cacheExpiryDateTime) : Number.MAX_SAFE_INTEGER)
  }
  return {
    async ask(token, contract) {
      if (contract !== undefined)
        try {
          const asked = { idToken: token, certificate: contract, ...hashesOf(contract) }
          const { idTokenInfo, certificateStatus } = await link().call('Authorize', asked)
          if (certificateStatus === 'Accepted') return idTokenInfo.status
          return idTokenInfo.status === 'Accepted' ? 'Invalid' : idTokenInfo.status
        } catch {
          return 'unanswered'
        }
      const listed = parts.listed(token)
      if (listed?.groupIdToken) groups.set(token.idToken, listed.groupIdToken.idToken)
      if (listed?.status === 'Accepted' && variables.flag('AuthCtrlr', 'LocalPreAuthorize')) return 'Accepted'
      const isRemembered = (cache.get(token.idToken) ?? 0) > clock.now()
      if (isRemembered && variables.flag('AuthCtrlr', 'LocalPreAuthorize')) return 'Accepted'
      if (link().online())
        try {
          const answer = await link().call('Authorize', { idToken: token })
          const { idTokenInfo } = answer
          remember(token, idTokenInfo)
          parts.shown(token.idToken, idTokenInfo, (answer as { tariff?: object }).tariff)
          return idTokenInfo.status
        } catch {
          // No answer, or one that says nothing of the token: as if off line.
        }
      // The list goes before the cache (C13.FR.01).
      if (listed && variables.flag('AuthCtrlr', 'LocalAuthorizeOffline')) return listed.status
      if (isRemembered && variables.flag('AuthCtrlr', 'LocalAuthorizeOffline')) return 'Accepted'
      return variables.flag('AuthCtrlr', 'OfflineTxForUnknownIdEnabled') ? 'Accepted' : 'unanswered'
    },
    remember,
    clear: () => cache.clear(),
    forget: (token) => void cache.delete(token),
    groupOf: ({ idToken }) => groups.get(idToken),
    memory: () => [...cache],
  }
}
