/** What needs no sign-in: the index of versions, tokens, the ping, and the answer to versions that are gone. */
import { type Static, Type } from 'typebox'
import { auditAccount } from '#ems'
import type { App } from '../app.ts'
import type { Refusal } from '../identity.ts'
import type { Rooms } from '../rooms.ts'
import { FLEXMEASURES_VERSION, failed, processed } from './envelope.ts'
import { check } from './validate.ts'

const Credentials = Type.Object({ email: Type.String(), password: Type.String() })

/** What clients of FlexMeasures are told; they count on it. */
const REFUSALS: Record<Refusal, [number, string]> = {
  unknown: [404, "User with email '{email}' does not exist"],
  password: [401, 'User password does not match.'],
  inactive: [401, 'User is inactive.'],
}

const SUNSET = 'Tue, 13 Dec 2022 23:59:59 GMT'
const GONE: Record<string, string> = { v1: '1.0', v1_1: '1.1', v1_2: '1.2', v1_3: '1.3', v2_0: '2.0' }

export function entryRoutes(app: App, rooms: Rooms): void {
  const { identity, tokens, store, clock } = rooms
  const open = { tags: ['flexmeasures'], security: [] }
  app.get('/api/', { schema: { ...open, summary: 'Versions of the API' } }, async () => ({
    message:
      'For these API versions a public endpoint is available, listing its service. For example: /api/v3_0. An authentication token can be requested at: /api/requestAuthToken.',
    versions: ['v3_0'],
    flexmeasures_version: FLEXMEASURES_VERSION,
    status: 200,
  }))
  app.get('/api/ops/ping', { schema: { ...open, summary: 'Says ok' } }, async () => ({ message: 'ok', status: 200 }))
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
    app.all(`/api/${path}/*`, { schema: { hide: true } }, async (_request, reply) => {
      reply.headers({ Deprecation: SUNSET, Sunset: SUNSET })
      throw failed(
        410,
        `API version ${version} has been sunset. Please upgrade to API version 3.0. See https://flexmeasures.readthedocs.io/en/v0.13.0/api/${path}.html for more information.`,
      )
    })
}

/** The list of services under /api/v3_0, gathered while its routes register. */
export function indexRoute(app: App, services: { url: string; name: string; description: string }[]): void {
  app.get('/', { schema: { tags: ['flexmeasures'], security: [], summary: 'Services of version 3.0' } }, async () => ({
    services,
    version: '3.0',
    ...processed,
  }))
}
