/** The OpenAPI 3.1 document, made of the schemas that validate. */
import swagger from '@fastify/swagger'
import { VERSION } from '#kernel'
import type { App } from './app.ts'

export function addOpenApi(app: App, config: { platformName: string }): void {
  void app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: `${config.platformName} API`, version: VERSION, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
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
  })
  void app.register(async (scope) => {
    scope.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
  })
}
