/** Who asks: session cookie or token, and the guard against writes that another site's page sends with our cookie. */
import { forbidden, type Passwords, type Principal, type Users } from '#ems'
import { Problem, say } from '#kernel'
import type { Reply, Request } from './app.ts'
import type { Presence } from './presence.ts'
import { SAYING } from './saying.ts'
import type { Throttle } from './throttle.ts'
import type { Tokens } from './tokens.ts'

export const COOKIE = 'cariflex_session'

export interface Identity {
  /** Hook for `onRequest`, before the body is read: lets signed-in requests in (token raw or as Bearer, or session cookie) and sets `request.principal`. */
  authenticate(request: Request, reply: Reply): Promise<void>
  /** Hook for `onRequest` after `authenticate`: lets the request in when the test says so. @throws Problem `forbidden` */
  requirePermission(test: (who: Principal, request: Request) => boolean): (request: Request, reply: Reply) => Promise<void>
  /** The token that `request` was let in with, raw. */
  tokenOf(request: Request): string | undefined
  /** The principal, or undefined when nobody is signed in; `bearer` says whether `Bearer` is understood. */
  whoAsks(request: Request, options: { bearer: boolean }): Promise<Principal | undefined>
  /**
   * Checks email and password of an active user; resolves to the user's id. What is wrong it does not say: that would tell strangers who has
   * an account here. @throws Problem `wrong-credentials`, `too-many-attempts`
   */
  signIn(email: string, password: string, address: string): Promise<number>
  /** The same for those who must know what is wrong. @throws Problem `too-many-attempts` */
  checkCredentials(email: string, password: string, address: string): Promise<{ user: number } | { refused: Refusal }>
  /** Value of Set-Cookie that starts (or, without a token, ends) a session. */
  cookie(token: string | undefined, secure: boolean): string
}

/** Why credentials do not fit: nobody has this email, the password is another, the user is deactivated. */
export type Refusal = 'unknown' | 'password' | 'inactive'

export interface IdentityParts {
  users: Users
  tokens: Tokens
  presence: Presence
  throttle: Throttle
  passwords: Pick<Passwords, 'verify'>
  /** Header that carries the token of the FlexMeasures API, default Authorization; ours take Authorization as well. */
  tokenHeader?: string
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

export function createIdentity({
  users,
  tokens,
  presence,
  throttle,
  passwords,
  sessionLength,
  tokenHeader = 'Authorization',
}: IdentityParts): Identity {
  const given = (request: Request, bearer: boolean) => {
    const header = headerOf(request, bearer ? [tokenHeader, 'Authorization'] : [tokenHeader])
    const token = header && bearer ? header.replace(/^Bearer\s+/i, '') : header
    return token ? { token } : { cookie: sessionOf(request) }
  }
  const whoAsks = async (request: Request, { bearer }: { bearer: boolean }): Promise<Principal | undefined> => {
    const { token, cookie } = given(request, bearer)
    const key = token || cookie
    if (!key) return undefined
    const found = await tokens.resolve(key)
    if (!found || (cookie !== undefined && found.kind !== 'session')) return undefined
    if (cookie !== undefined) refuseForeignWrite(request)
    presence.seen(found.principal.user)
    request.principal = found.principal
    return found.principal
  }
  const checkCredentials: Identity['checkCredentials'] = async (email, password, address) => {
    const key = `${address} ${email.trim().toLowerCase()}`
    throttle.check(key)
    const known = await users.credentials(email)
    const fits = await passwords.verify(password, known?.password ?? null)
    if (fits && known?.active) {
      throttle.succeeded(key)
      return { user: known.id }
    }
    throttle.failed(key)
    return { refused: known === undefined ? 'unknown' : fits ? 'inactive' : 'password' }
  }
  return {
    whoAsks,
    tokenOf(request) {
      const { token, cookie } = given(request, true)
      return token || cookie
    },
    checkCredentials,
    async authenticate(request) {
      if (await whoAsks(request, { bearer: true })) return
      throw new Problem('unauthenticated', say(SAYING.nobody), {
        status: 401,
        hint: say(SAYING.signInOrToken),
      })
    },
    requirePermission: (test) => async (request) => {
      if (!request.principal || !test(request.principal, request)) throw forbidden()
    },
    async signIn(email, password, address) {
      const found = await checkCredentials(email, password, address)
      if ('user' in found) return found.user
      throw new Problem('wrong-credentials', say(SAYING.wrongCredentials), {
        status: 401,
        hint: say(SAYING.checkCredentials),
      })
    },
    cookie: (token, secure) =>
      `${COOKIE}=${token ?? ''}; Path=/; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}; Max-Age=${token === undefined ? 0 : Math.floor(sessionLength / 1000)}`,
  }
}

/** The first of the headers that says something. */
function headerOf(request: Request, names: readonly string[]): string | undefined {
  const values = names.map((name) => request.headers[name.toLowerCase()]).filter((value) => typeof value === 'string')
  return values.map((value) => value.trim()).find((value) => value !== '')
}

/** A browser names the page that sends a write: with a cookie it must be ours. */
function refuseForeignWrite(request: Request): void {
  if (request.method === 'GET' || request.method === 'HEAD' || request.method === 'OPTIONS') return
  const site = request.headers['sec-fetch-site']
  const origin = request.headers.origin
  const foreign =
    (origin !== undefined && !sameHost(origin, request.host)) || (site !== undefined && site !== 'same-origin' && site !== 'none')
  if (foreign)
    throw new Problem('foreign-origin', say(SAYING.foreignOrigin), {
      status: 403,
      hint: say(SAYING.usePage),
    })
}

const sameHost = (origin: string, host: string): boolean => {
  try {
    return new URL(origin).host === host
  } catch {
    return false
  }
}
