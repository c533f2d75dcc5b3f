/** The page on which the API can be read and tried (Swagger UI, from our own files), and the document it reads. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { App } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { failed } from './envelope.ts'

const hide = { schema: { hide: true } }
/** Files of the page and what they are. */
const FILES: Record<string, string> = {
  'swagger-ui.css': 'text/css',
  'swagger-ui-bundle.js': 'text/javascript',
  'favicon-32x32.png': 'image/png',
}
const DOCUMENT = '/ui/static/openapi-specs.json'
// The page's own script stands in a file: the policy for scripts allows none inside a page.
const START = `window.addEventListener('load', () => {
  window.ui = SwaggerUIBundle({ url: '${DOCUMENT}', dom_id: '#api', deepLinking: true, docExpansion: 'none', filter: true, validatorUrl: null })
})
`

export function apiPageRoutes(app: App, { config }: Rooms): void {
  const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))
  const title = config.platformName.replace(/[<>&"]/g, '')
  const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} API</title>
<link rel="stylesheet" href="/api/v3_0/docs/swagger-ui.css">
<link rel="icon" type="image/png" href="/api/v3_0/docs/favicon-32x32.png">
</head>
<body>
<main id="api"></main>
<noscript>This page needs JavaScript. The document it shows is at <a href="${DOCUMENT}">${DOCUMENT}</a>.</noscript>
<script src="/api/v3_0/docs/swagger-ui-bundle.js"></script>
<script src="/api/v3_0/docs/start.js"></script>
</body>
</html>
`
  app.get('/docs', hide, async (_request, reply) => reply.type('text/html; charset=utf-8').send(page))
  app.get('/docs/:file', hide, async (request, reply) => {
    const { file } = request.params as { file: string }
    if (file === 'start.js') return reply.type('text/javascript; charset=utf-8').send(START)
    const type = FILES[file]
    if (type === undefined) throw failed(404, `There is no file ${file} here.`)
    return reply
      .type(type)
      .header('Cache-Control', 'public, max-age=86400')
      .send(await readFile(join(folder, file)))
  })
}

/** The part of the OpenAPI document that is FlexMeasures' API, where its clients look for it. */
export function documentRoute(app: App): void {
  app.get(DOCUMENT, hide, async () => {
    const { paths = {}, ...document } = app.swagger() as { paths?: Record<string, unknown> }
    return { ...document, paths: Object.fromEntries(Object.entries(paths).filter(([path]) => /^\/api\/(?!cariflex\/)/.test(path))) }
  })
}
