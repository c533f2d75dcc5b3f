/** The OpenAPI 3.1 document, made of the schemas that validate. */
import swagger from '@fastify/swagger'
import { VERSION } from '#kernel'
import type { App } from './app.ts'
import { CHANGING, IDEMPOTENCY_PARAMETER } from './idempotency.ts'

export function addOpenApi(app: App, config: { platformName: string }): void {
  void app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: `${config.platformName} API`,
        version: VERSION,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
        description:
          'Under /api/v3_0: the API of FlexMeasures. Queries take kebab-case names and their old snake_case spellings, booleans as True/False/1/0; fields of JSON may come as JSON in a string. Under /api/cariflex/v1: our own.',
      },
      components: {
        securitySchemes: {
          token: {
            type: 'apiKey',
            in: 'header',
            name: 'Authorization',
            description: 'Token of POST /api/requestAuthToken, raw (or as Bearer outside /api/v3_0).',
          },
          session: { type: 'apiKey', in: 'cookie', name: 'cariflex_session' },
        },
      },
      security: [{ token: [] }, { session: [] }],
    },
    refResolver: { buildLocalReference: (json, _base, _fragment, i) => (typeof json['$id'] === 'string' ? json['$id'] : `schema-${i}`) },
    transform: ({ schema, url, route }) => ({ schema: documented((schema ?? {}) as Schema, url, route.method) as never, url }),
  })
  void app.register(async (scope) => {
    scope.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
  })
}

interface Schema {
  hide?: boolean
  tags?: string[]
  security?: unknown[]
  params?: { type?: string; properties?: Record<string, Record<string, unknown>>; required?: string[] }
  response?: Record<string, unknown>
  [more: string]: unknown
}

/** The schema of a route with what goes without saying: its resource as tag, what stands in its path, and how it refuses. */
function documented(schema: Schema, url: string, method: string | string[]): Schema {
  if (schema.hide) return schema
  const isOurs = /^\/(api\/cariflex|ocpp|data)\//.test(url)
  const keyed = isOurs && [method].flat().some((one) => CHANGING.has(one)) ? { headers: IDEMPOTENCY_PARAMETER } : {}
  if (!url.startsWith('/api/')) return { ...schema, ...keyed }
  const named = [...url.matchAll(/\/(\w+)\/:(\w+)/g)].map(([, of = '', name = '']) => [name, of] as const)
  const properties = Object.fromEntries(
    named.map(([name, of]) => {
      const known = schema.params?.properties?.[name] ?? { type: name === 'id' ? 'integer' : 'string' }
      return [name, { ...known, description: known['description'] ?? NAMES[name] ?? `Id of one of the ${of}.` }]
    }),
  )
  return {
    ...schema,
    ...keyed,
    tags: schema.tags?.includes('flexmeasures') ? [/^\/api\/v3_0\/(\w+)/.exec(url)?.[1] ?? 'platform'] : (schema.tags ?? []),
    ...(named.length > 0 && { params: { ...schema.params, type: 'object', properties, required: Object.keys(properties) } }),
    ...(url.startsWith('/api/v3_0/') && { response: { ...SUCCESS, ...(schema.security === undefined && REFUSALS), ...schema.response } }),
  }
}

const NAMES: Record<string, string> = { uuid: 'Id of the job.', identity: 'Identity of the station: the last part of its URL.' }

const text = (description: string) => ({ type: 'null', description })
const SUCCESS = { '2xx': text('As asked') }
/** The refusals of FlexMeasures' API, in its envelopes. */
const REFUSALS = {
  401: text('UNAUTHORIZED: no token, or one that ended'),
  403: text('INVALID_SENDER: not allowed'),
  404: text('There is no such thing'),
  422: text('UNPROCESSABLE_ENTITY: what is wrong, field by field'),
  429: text('TOO_MANY_REQUESTS: wait as Retry-After says'),
}
