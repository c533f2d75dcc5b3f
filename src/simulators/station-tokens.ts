/** Whom a station lets charge: it asks its CSMS, and remembers the answers for when it cannot (OCPP 2.0.1 C01, C10–C12, C15). */
import type { Clock } from '#kernel'
import type { AuthorizationStatusEnumType, IdTokenInfoType, IdTokenType } from '#protocols/ocpp'
import type { Link } from './station-link.ts'
import type { Variables } from './station-variables.ts'

export interface Tokens {
  /** What is said of a token; 'unanswered' when nobody can say now. */
  ask(token: IdTokenType): Promise<AuthorizationStatusEnumType | 'unanswered'>
  /** Keeps what the CSMS said. */
  remember(token: IdTokenType, info: IdTokenInfoType): void
  clear(): void
  /** Token → until when, ms. */
  memory(): [string, number][]
}

export function openTokens(parts: { clock: Clock; variables: Variables; link(): Link; kept: readonly [string, number][] }): Tokens {
  const { clock, variables, link } = parts
  const cache = new Map(parts.kept)
  const remember: Tokens['remember'] = ({ idToken }, { status, cacheExpiryDateTime }) => {
    if (status !== 'Accepted' || !variables.flag('AuthCacheCtrlr', 'Enabled')) cache.delete(idToken)
    else cache.set(idToken, cacheExpiryDateTime ? Date.parse(cacheExpiryDateTime) : Number.MAX_SAFE_INTEGER)
  }
  return {
    async ask(token) {
      const isRemembered = (cache.get(token.idToken) ?? 0) > clock.now()
      if (isRemembered && variables.flag('AuthCtrlr', 'LocalPreAuthorize')) return 'Accepted'
      if (link().online())
        try {
          const { idTokenInfo } = await link().call('Authorize', { idToken: token })
          remember(token, idTokenInfo)
          return idTokenInfo.status
        } catch {
          // No answer, or one that says nothing of the token: as if off line.
        }
      if (isRemembered && variables.flag('AuthCtrlr', 'LocalAuthorizeOffline')) return 'Accepted'
      return variables.flag('AuthCtrlr', 'OfflineTxForUnknownIdEnabled') ? 'Accepted' : 'unanswered'
    },
    remember,
    clear: () => cache.clear(),
    memory: () => [...cache],
  }
}
