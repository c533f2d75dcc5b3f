/** What an assistant is offered (Model Context Protocol): tools, prompts and documents over one way to ask the API. */
import { fromJsonSchema, McpServer } from '@modelcontextprotocol/server'
import { VERSION } from '#kernel'
import { PROMPTS } from './prompts.ts'
import { type ApiRequest, TOOLS, type Tool } from './tools.ts'

export interface ApiAnswer {
  status: number
  /** JSON when the answer was JSON, else the text. */
  body: unknown
}

/** Asks the API with the rights of the user. */
export interface Api {
  ask(request: ApiRequest): Promise<ApiAnswer>
  /** A document of `docs/reference`, or undefined when this installation has none. */
  document(name: string): Promise<string | undefined>
  /** Takes the token of another user from now on; absent where the user is fixed. */
  become?(token: string): void
}

export interface AssistantOptions {
  /** Offers what deletes, and signing in as another user. */
  gated: boolean
}

/** A server of the protocol for one connection (or one request over HTTP). */
export function assistant(api: Api, { gated }: AssistantOptions): McpServer {
  const server = new McpServer(
    { name: 'cariflex', version: VERSION },
    { instructions: 'Power is positive when consumed unless a sensor says otherwise. Times need an offset. Read a job before its result.' },
  )
  for (const tool of TOOLS) if (tool.kind !== 'gated' || (gated && (tool.name !== 'authenticate' || api.become))) addTool(server, api, tool)
  for (const { name, title, description, text } of PROMPTS)
    server.registerPrompt(name, { title, description }, () => ({ messages: [{ role: 'user', content: { type: 'text', text } }] }))
  for (const name of ['flex-model', 'flex-context'] as const)
    server.registerResource(
      name,
      `flexmeasures://docs/${name}`,
      { title: name, description: `Fields of a ${name}`, mimeType: 'text/markdown' },
      async (uri) => ({
        contents: [
          {
            uri: uri.href,
            mimeType: 'text/markdown',
            text: (await api.document(name)) ?? `See GET /api/cariflex/v1/flex/fields of the platform for the fields of a ${name}.`,
          },
        ],
      }),
    )
  server.registerResource(
    'openapi',
    'flexmeasures://server/openapi',
    { title: 'API', description: 'The OpenAPI document of this platform', mimeType: 'application/json' },
    async (uri) => ({
      contents: [
        {
          uri: uri.href,
          mimeType: 'application/json',
          text: JSON.stringify((await api.ask({ method: 'GET', path: '/ui/static/openapi-specs.json' })).body),
        },
      ],
    }),
  )
  return server
}

function addTool(server: McpServer, api: Api, tool: Tool): void {
  server.registerTool(
    tool.name,
    {
      title: tool.title,
      description: tool.description,
      inputSchema: fromJsonSchema<Record<string, unknown>>(tool.input as never),
      annotations: { readOnlyHint: tool.kind === 'look', destructiveHint: tool.name.startsWith('delete'), openWorldHint: false },
    },
    async (given: Record<string, unknown>) => {
      const { status, body } = await api.ask(tool.request(given))
      if (tool.name === 'authenticate' && status === 200) {
        api.become?.((body as { auth_token: string }).auth_token)
        return { content: [{ type: 'text' as const, text: `Signed in as ${String(given['email'])}.` }] }
      }
      const text = typeof body === 'string' ? body : JSON.stringify(body ?? { status })
      return status < 400
        ? { content: [{ type: 'text' as const, text }] }
        : { isError: true, content: [{ type: 'text' as const, text: `The platform answered ${status}: ${text}` }] }
    },
  )
}
