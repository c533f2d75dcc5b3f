/** Who asks: session cookie or token, and the guard against writes that another site's page sends with our cookie. */
import { forbidden, type PasswordVerifier, type Principal, type Users, verifyPassword } from '#ems'
import { Problem } from '#kernel'
import type { Reply, Request } from './app.ts'
import type { Presence } from './presence.ts'
import type { Throttle } from './throttle.ts'
import type { Tokens } from './tokens.ts'

export const COOKIE = 'cariflex_session'

export interface Identity {
  /** Hook for `preValidation`: lets signed-in requests in (token raw or as Bearer, or session cookie) and sets `request.principal`. */
  authenticate(request: Request, reply: Reply): Promise<void>
  /** Hook for `preHandler` after `authenticate`: lets the request in when the test says so. @throws Problem `forbidden` */
  requirePermission(test: (who: Principal, request: Request) => boolean): (request: Request, reply: Reply) => Promise<void>
  /** The principal, or undefined when nobody is signed in; `bearer` says whether `Bearer` is understood. */
  whoAsks(request: Request, options: { bearer: boolean }): Promise<Principal | undefined>
  /** Checks email and password of an active user; resolves to the user's id. @throws Problem `wrong-credentials`, `too-many-attempts` */
  signIn(email: string, password: string, address: string): Promise<number>
  /** Value of Set-Cookie that starts (or, without a token, ends) a session. */
  cookie(token: string | undefined, secure: boolean): string
}

export interface IdentityParts {
  users: Users
  tokens: Tokens
  presence: Presence
  throttle: Throttle
  verifiers: readonly PasswordVerifier[]
  /** How long the cookie lives, ms. */
  sessionLength: number
}

export const sessionOf = (request: Request): string | undefined => {
  const header = request.headers.cookie
  if (header === undefined) return undefined
  for (const pair of header.split(';')) {
    const at = pair.indexOf('=')
    if (at > 0 && pair.slice(0, at).trim() === COOKIE) return pair.slice(at + 1).trim()
  }
  return undefined
}

export function createIdentity({ users, tokens, presence, throttle, verifiers, sessionLength }: IdentityParts): Identity {
  const whoAsks = async (request: Request, { bearer }: { bearer: boolean }): Promise<Principal | undefined> => {
    const header = request.headers.authorization?.trim()
    const token = header && bearer ? header.replace(/^Bearer\s+/i, '') : header
    const cookie = token ? undefined : sessionOf(request)
    const given = token || cookie
    if (!given) return undefined
    const found = await tokens.resolve(given)
    if (!found || (cookie !== undefined && found.kind !== 'session')) return undefined
    if (cookie !== undefined) refuseForeignWrite(request)
    presence.seen(found.principal.user)
    request.principal = found.principal
    return found.principal
  }
  return {
    whoAsks,
    async authenticate(request) {
      if (await whoAsks(request, { bearer: true })) return
      throw new Problem('unauthenticated', 'Nobody is signed in.', {
        status: 401,
        hint: 'Sign in, or send a token in the Authorization header.',
      })
    },
    requirePermission: (test) => async (request) => {
      if (!request.principal || !test(request.principal, request)) throw forbidden()
    },
    async signIn(email, password, address) {
      const key = `${address} ${email.trim().toLowerCase()}`
      throttle.check(key)
      const known = await users.credentials(email)
      const fits = known !== undefined && (await verifyPassword(password, known.password, verifiers))
      if (!fits || !known.active) {
        throttle.failed(key)
        throw new Problem(
          'wrong-credentials',
          known && !fits ? 'User password does not match.' : `No active user has the email '${email}'.`,
          {
            status: 401,
            hint: 'Check the email and the password.',
            details: { reason: known === undefined ? 'unknown' : fits ? 'inactive' : 'password' },
          },
        )
      }
      throttle.succeeded(key)
      return known.id
    },
    cookie: (token, secure) =>
      `${COOKIE}=${token ?? ''}; Path=/; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}; Max-Age=${token === undefined ? 0 : Math.floor(sessionLength / 1000)}`,
  }
}

/** A browser names the page that sends a write: with a cookie it must be ours. */
function refuseForeignWrite(request: Request): void {
  if (request.method === 'GET' || request.method === 'HEAD' || request.method === 'OPTIONS') return
  const site = request.headers['sec-fetch-site']
  const origin = request.headers.origin
  const foreign =
    (origin !== undefined && !sameHost(origin, request.host)) || (site !== undefined && site !== 'same-origin' && site !== 'none')
  if (foreign)
    throw new Problem('foreign-origin', 'A page of another site sent this write.', {
      status: 403,
      hint: 'Use the page of this server, or a token.',
    })
}

const sameHost = (origin: string, host: string): boolean => {
  try {
    return new URL(origin).host === host
  } catch {
    return false
  }
}
