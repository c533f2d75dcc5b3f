import { once } from 'node:events'
import { Problem } from '#kernel'
import { type Api, assistant, referencePage } from '#server'
import { connectInstance } from '../instance.ts'
import type { Verb } from '../verb.ts'

/** The protocol has standard output to itself: nothing else may be written there. */
export const mcp: Verb = {
  name: 'mcp',
  summary: 'serve the tools of this platform to an assistant (Model Context Protocol, standard input and output)',
  usage: '[--gated]',
  example: 'cariflex mcp',
  options: { gated: { type: 'boolean' } },
  explain: { gated: 'also offer what deletes, and signing in as another user' },
  async run({ env, options }) {
    const { serveStdio } = await import('@modelcontextprotocol/server/stdio')
    let own: NodeJS.ProcessEnv = env
    const api: Api = {
      async ask({ method, path, body }) {
        try {
          return { status: 200, body: await connectInstance(own).send(method, path, body) }
        } catch (error) {
          if (!(error instanceof Problem)) throw error
          return { status: error.status ?? 503, body: [error.message, error.hint].filter(Boolean).join(' ') }
        }
      },
      document: referencePage,
      become: (token) => {
        own = { ...env, CARIFLEX_TOKEN: token }
      },
    }
    const handle = serveStdio(() => assistant(api, { gated: options['gated'] === true }))
    await once(process.stdin, 'end')
    await handle.close()
    return 0
  },
}
