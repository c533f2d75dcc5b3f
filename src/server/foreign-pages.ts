/** Pages of other origins (CORS) and the host names this server answers to, as the configuration allows them; nothing unless it says so. */
import { type FlexMeasuresSettings, Problem, type SecuritySettings } from '#kernel'
import type { App } from './app.ts'
import { pathOf } from './problem-json.ts'

type Cors = Pick<FlexMeasuresSettings, 'corsResources' | 'corsOrigins' | 'corsCredentials'>

const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'
const PREFLIGHT_KEPT = 600

/** Answers preflights and marks answers for the origins allowed. Their pages use tokens: session cookies never leave our own site. */
export function allowForeignPages(app: App, { corsResources, corsOrigins, corsCredentials }: Cors): void {
  if (corsOrigins.length === 0) return
  const paths = corsResources.map(
    (path) =>
      new RegExp(
        `^${path
          .split('*')
          .map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
          .join('.*')}$`,
      ),
  )
  const everyone = corsOrigins.includes('*')
  app.addHook('onRequest', async (request, reply) => {
    const { origin } = request.headers
    const path = pathOf(request)
    if (origin === undefined || !paths.some((form) => form.test(path))) return
    reply.header('Vary', 'Origin')
    if (!everyone && !corsOrigins.includes(origin)) return
    reply.headers({
      'Access-Control-Allow-Origin': everyone ? '*' : origin,
      'Access-Control-Expose-Headers':
        'FlexMeasures-Version, API-Version, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After',
      'Cross-Origin-Resource-Policy': 'cross-origin',
      ...(corsCredentials && !everyone && { 'Access-Control-Allow-Credentials': 'true' }),
    })
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return
    const wanted = request.headers['access-control-request-headers']
    return reply
      .headers({
        'Access-Control-Allow-Methods': METHODS,
        'Access-Control-Max-Age': PREFLIGHT_KEPT,
        ...(wanted !== undefined && { 'Access-Control-Allow-Headers': wanted }),
      })
      .code(204)
      .send()
  })
}

/** Refuses requests under host names that are not ours: links we write must not lead elsewhere. `.example.org` is everything below it too. */
export function trustHosts(app: App, { trustedHosts }: Pick<SecuritySettings, 'trustedHosts'>): void {
  if (trustedHosts.length === 0) return
  const fits = (host: string) =>
    trustedHosts.some((trusted) => (trusted.startsWith('.') ? host === trusted.slice(1) || host.endsWith(trusted) : host === trusted))
  app.addHook('onRequest', async (request) => {
    const host = request.hostname.toLowerCase()
    if (fits(host) || /^\/health(\/|$)/.test(request.url)) return
    throw new Problem('unknown-host-name', `This server does not answer to the name '${host}'.`, {
      status: 400,
      hint: 'Use its own name; its operator lists the names in security.trustedHosts.',
    })
  })
}
