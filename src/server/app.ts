/** The HTTP framework as the routes see it: typed by TypeBox schemas that also validate and make the OpenAPI document. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type RawServerDefault,
} from 'fastify'
import type { Principal } from '#ems'
import { validatorFor, writerFor } from './lazy-schemas.ts'
import { answerMalformed } from './malformed.ts'

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

/** So much of a body that is too large is read and thrown away, so that its sender gets to read why. */
const MOST_DRAINED = 64 << 20

/**
 * An app without routes. Bodies are checked as they are; text in query and path is turned into numbers and booleans.
 * `refuse` answers requests that fail before a route is found.
 */
export function createApp(
  { trustProxy = false, bodyLimit = 1 << 20, headerLimit = 16 * 1024, requestTimeout = 60_000 }: AppLimits = {},
  refuse?: (error: unknown, request: Request, reply: Reply) => void,
): App {
  const app = fastify({
    logger: false,
    bodyLimit,
    trustProxy,
    requestTimeout,
    keepAliveTimeout: 72_000,
    forceCloseConnections: true,
    ...(refuse && {
      frameworkErrors: (error: unknown, request: unknown, reply: unknown) => refuse(error, request as Request, reply as Reply),
    }),
    clientErrorHandler: (error, socket) => answerMalformed(error, socket as Socket),
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 512 },
    // A handshake, of a charging station too, is over after 30 s at the latest: so often Node.js looks.
    http: { maxHeaderSize: headerLimit, headersTimeout: 20_000, connectionsCheckingInterval: 5_000 },
  }).withTypeProvider<TypeBoxTypeProvider>()
  app.setValidatorCompiler(validatorFor)
  app.setSerializerCompiler(writerFor)
  app.decorateRequest('principal', null)
  readJson(app)
  app.addHook('onSend', async (request, reply) => {
    if (reply.statusCode === 413) await drain(request.raw)
  })
  return app
}

/** JSON as everywhere, but an empty body is no body: many clients send the content type with every DELETE. */
function readJson(app: App): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) =>
    body === '' ? done(null, undefined) : parse(request, body as string, done),
  )
}

/** Reads on to the end of the body; a connection closed before that would break while the client still writes. */
function drain(body: IncomingMessage): Promise<void> {
  if (body.readableEnded || body.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    let rest = MOST_DRAINED
    body.on('data', (chunk: Buffer) => {
      rest -= chunk.length
      if (rest < 0) resolve()
    })
    body.once('end', resolve).once('close', resolve)
    body.resume()
  })
}
