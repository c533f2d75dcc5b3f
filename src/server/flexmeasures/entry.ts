/** What needs no sign-in: the index of versions, tokens, the ping, and the answer to versions that are gone. */
import { type Static, Type } from 'typebox'
import { auditAccount } from '#ems'
import type { App } from '../app.ts'
import type { Refusal } from '../identity.ts'
import type { Rooms } from '../rooms.ts'
import { failed, processed, versionOf } from './envelope.ts'
import { check } from './validate.ts'

const Credentials = Type.Object({
  email: Type.String({ description: 'Email of the user.' }),
  password: Type.String({ description: 'Password of the user.' }),
})

/** What clients of FlexMeasures are told; they count on it. */
const REFUSALS: Record<Refusal, [number, string]> = {
  unknown: [404, "User with email '{email}' does not exist"],
  password: [401, 'User password does not match.'],
  inactive: [401, 'User is inactive.'],
}

const DOCS = 'https://flexmeasures.readthedocs.io/en'
const DEPRECATED = 'Tue, 13 Dec 2022 23:59:59 GMT'
const SUNSET = 'Sun, 30 Apr 2023 23:59:59 GMT'
const GONE: Record<string, string> = { v1: '1.0', v1_1: '1.1', v1_2: '1.2', v1_3: '1.3', v2_0: '2.0' }

export function entryRoutes(app: App, rooms: Rooms): void {
  const { identity, tokens, store, clock } = rooms
  const open = { tags: ['flexmeasures'], security: [] }
  app.get('/api/', { schema: { ...open, summary: 'Versions of the API' } }, async () => ({
    message:
      'For these API versions a public endpoint is available, listing its service. For example: /api/v3_0. An authentication token can be requested at: /api/requestAuthToken.',
    versions: ['v3_0'],
    flexmeasures_version: versionOf(rooms.flexMeasures),
    status: 200,
  }))
  app.post(
    '/api/requestAuthToken',
    { schema: { ...open, summary: 'A token for six hours', body: Credentials } },
    async (request, reply) => {
      const { email, password } = check(Credentials, request.body ?? {}, 'json') as Static<typeof Credentials>
      const found = await identity.checkCredentials(email, password, request.ip)
      if ('user' in found) return { auth_token: await tokens.issue(found.user, 'token'), user_id: found.user, status: 200 }
      await auditAccount(store, clock.now(), undefined, `Sign-in of ${email} failed`, {}).catch(() => undefined)
      const [http, text] = REFUSALS[found.refused]
      return reply.code(http).send({ errors: [text.replace('{email}', () => email)], status: http })
    },
  )
  for (const [path, version] of Object.entries(GONE))
    for (const url of [`/api/${path}`, `/api/${path}/*`])
      app.all(url, { schema: { hide: true } }, async (_request, reply) => {
        const { date, link = `${DOCS}/v0.13.0/api/${path}.html` } = rooms.flexMeasures.sunset
        reply.headers({ Deprecation: DEPRECATED, Sunset: date === undefined ? SUNSET : httpDate(date) })
        reply.header('Link', [
          `<${DOCS}/latest/api/introduction.html#deprecation-and-sunset>; rel="deprecation"; type="text/html"`,
          `<${link}>; rel="sunset"; type="text/html"`,
        ])
        throw failed(410, `API version ${version} has been sunset. Please upgrade to API version 3.0. See ${link} for more information.`)
      })
}

/** The last second before a day, as headers write it: '2027-05-01' → 'Fri, 30 Apr 2027 23:59:59 GMT'; other texts stay. */
function httpDate(text: string): string {
  const at = Date.parse(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text)
  return Number.isNaN(at) ? text : new Date(at - 1000).toUTCString()
}

/** The list of services under /api/v3_0, gathered while its routes register. */
export function indexRoute(app: App, services: { url: string; name: string; description: string }[]): void {
  app.get('/', { schema: { tags: ['flexmeasures'], security: [], summary: 'Services of version 3.0' } }, async () => ({
    services,
    version: '3.0',
    ...processed,
  }))
}
