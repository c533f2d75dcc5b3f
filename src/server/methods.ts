/** Which methods an address knows: a wrong one is answered 405 with Allow, OPTIONS with the list, doubled slashes with the right address. */
import type { App, Reply, Request } from './app.ts'
import { pathOf } from './problem-json.ts'

export interface Methods {
  /** Methods that a path answers; empty when there is no such path. */
  of(path: string): string[]
}

/** Notes every route that registers from now on. Catch-all routes (pages of the UI) do not count. */
export function gatherMethods(app: App): Methods {
  const known: { pattern: RegExp; methods: string[] }[] = []
  app.addHook('onRoute', ({ url, method }) => {
    if (url === '*' || url === '/*') return
    known.push({ pattern: patternOf(url), methods: [method].flat() })
  })
  return {
    of(path) {
      const found = known.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods)
      return [...new Set(found)].sort()
    },
  }
}

const patternOf = (url: string): RegExp =>
  new RegExp(
    `^${url
      .replace(/\/$/, '')
      .split('/')
      .map((part) => (part.startsWith(':') ? '[^/]+' : part === '*' ? '.*' : part.replace(/[.+?^${}()|[\]\\]/g, '\\$&')))
      .join('/')}/?$`,
  )

/** True when the request was answered: a path with other methods than the one that was asked for. `refuse` makes the answer. */
export function answerOtherMethods(methods: Methods, request: Request, reply: Reply, refuse: (allowed: string[]) => unknown): boolean {
  const allowed = methods.of(pathOf(request))
  if (allowed.length === 0) return false
  reply.header('Allow', [...allowed, 'OPTIONS'].join(', '))
  if (request.method === 'OPTIONS') void reply.code(200).send()
  else refuse(allowed)
  return true
}

/** Sends whoever doubles a slash to the address without: clients that join a base ending in one with a path beginning with one. */
export function foldSlashes(app: App): void {
  app.addHook('onRequest', async (request, reply) => {
    const path = pathOf(request)
    if (!/\/{2,}/.test(path)) return
    await reply.redirect(request.url.replace(path, path.replace(/\/{2,}/g, '/')), 308)
  })
}
