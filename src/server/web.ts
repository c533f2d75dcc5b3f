/** The built UI from dist/web, with every unknown page answered by its index (the UI routes by itself). */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { App } from './app.ts'

/** Serves the folder; without a built UI the front page says how to build it. */
export function addWeb(app: App, folder: string): void {
  if (!existsSync(join(folder, 'index.html'))) {
    app.get('/', { schema: { hide: true } }, async (_request, reply) =>
      reply
        .type('text/plain; charset=utf-8')
        .send('Cariflex runs, but its pages were not built: run `npm run web`. The API is at /openapi.json.\n'),
    )
    return
  }
  void app.register(fastifyStatic, {
    root: resolve(folder),
    index: 'index.html',
    setHeaders(reply, path) {
      // Vite puts a hash into the names of its assets: they never change.
      reply.header('Cache-Control', /[/\\]assets[/\\]/.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache')
    },
  })
}

/** True when a browser asks for a page: then the UI's index is the answer, and it says 'not found' itself when it must. */
export const wantsPage = (method: string, url: string, accept: string | undefined): boolean =>
  (method === 'GET' || method === 'HEAD') &&
  !/^\/(api|health|metrics|openapi|ocpp|assets)(\/|\.|$)/.test(url) &&
  (accept ?? '').includes('text/html')
