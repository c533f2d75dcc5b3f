/** `/mcp`: the same tools over streamable HTTP, with the token of the user in the Authorization header. Nothing that deletes is offered here. */
import { createMcpHandler } from '@modelcontextprotocol/server'
import type { App } from '../app.ts'
import type { Identity } from '../identity.ts'
import { type Api, assistant } from './assistant.ts'
import { referencePage } from './documents.ts'

export function assistantRoutes(app: App, identity: Identity): void {
  const handlers = (token: string) => createMcpHandler(() => assistant(inside(app, token), { gated: false }))
  for (const method of ['GET', 'POST', 'DELETE'] as const)
    app.route({
      method,
      url: '/mcp',
      onRequest: identity.authenticate,
      schema: { hide: true },
      handler: async (request, reply) => {
        const token = (request.headers.authorization ?? '').replace(/^Bearer\s+/i, '')
        const answer = await handlers(token).fetch(
          new Request(`http://localhost${request.url}`, {
            method,
            headers: Object.entries(request.headers).flatMap(([name, value]): [string, string][] =>
              typeof value === 'string' && name !== 'content-length' ? [[name, value]] : [],
            ),
            ...(method === 'POST' && { body: JSON.stringify(request.body ?? null) }),
          }),
          method === 'POST' ? { parsedBody: request.body } : {},
        )
        reply.code(answer.status)
        for (const [name, value] of answer.headers) void reply.header(name, value)
        return reply.send(answer.body ? Buffer.from(await answer.arrayBuffer()) : '')
      },
    })
}

/** The API of this very process, asked without a socket. */
const inside = (app: App, token: string): Api => ({
  ask: async ({ method, path, body }) => {
    const answer = await app.inject({
      method,
      url: path,
      headers: { authorization: token, accept: 'application/json' },
      ...(body !== undefined && { payload: body as object }),
    })
    return { status: answer.statusCode, body: parsed(answer.body) }
  },
  document: referencePage,
})

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
