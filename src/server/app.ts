/** The HTTP framework as the routes see it: typed by TypeBox schemas that also validate and make the OpenAPI document. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type RawServerDefault,
} from 'fastify'
import type { Principal } from '#ems'

export type App = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger, TypeBoxTypeProvider>
/** A set of routes; other rooms and the lead hand theirs to `server.register`. */
export type Routes = (app: App) => void | Promise<void>
export type Request = FastifyRequest
export type Reply = FastifyReply

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks, once `authenticate` let the request in. */
    principal: Principal | null
  }
}

export interface AppLimits {
  trustProxy?: boolean
  /** Largest body unless a route says otherwise, bytes. */
  bodyLimit?: number
  headerLimit?: number
  requestTimeout?: number
}

/** An app without routes. Bodies are checked as they are; text in query and path is turned into numbers and booleans. */
export function createApp({
  trustProxy = false,
  bodyLimit = 1 << 20,
  headerLimit = 16 * 1024,
  requestTimeout = 60_000,
}: AppLimits = {}): App {
  const app = fastify({
    logger: false,
    bodyLimit,
    trustProxy,
    requestTimeout,
    keepAliveTimeout: 72_000,
    forceCloseConnections: true,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 512 },
    http: { maxHeaderSize: headerLimit },
  }).withTypeProvider<TypeBoxTypeProvider>()
  const strict = addFormats.default(
    new Ajv({ coerceTypes: false, removeAdditional: false, useDefaults: true, allErrors: false, strict: false }),
  )
  const lenient = addFormats.default(new Ajv({ coerceTypes: 'array', removeAdditional: false, useDefaults: true, strict: false }))
  app.setValidatorCompiler(({ schema, httpPart }) => (httpPart === 'body' ? strict : lenient).compile(schema as object))
  app.decorateRequest('principal', null)
  return app
}
