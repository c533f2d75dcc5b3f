/**
 * Which test exercises which route. `test/routes.json` says so; every test that opens a door proves what is said of it, so that no claim
 * outlives its test. `npm run generate -- --coverage WORD` runs the tests of the server whose path contains the word (all without one) and
 * writes what they show; `npm run generate` makes the page of it.
 */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import type { App } from './app.ts'

export const COVERAGE_FILE = 'test/routes.json'
/** Folder in which tests leave what they saw, while the file is written anew. */
export const COVERAGE_FOLDER = 'CARIFLEX_ROUTES_SEEN'

/** Names of tests by route: 'GET /api/v3_0/assets' → tests in which it answered well. */
export type Coverage = Record<string, string[]>

export const readCoverage = (): Coverage => JSON.parse(readFileSync(COVERAGE_FILE, 'utf8')) as Coverage

/** What a test is, as far as this is concerned. */
export interface Witness {
  name?: string
  after(work: () => unknown): void
}

/** Every answer of a test: which route, and the response itself, which may still be going on (a stream). */
const seen = new WeakMap<Witness, { route: string; raw: ServerResponse }[]>()

/** Notes the routes that answer well (below 400) while the test runs, and at its end holds it to what is claimed of it. */
export function watchRoutes(app: App, t: Witness): void {
  const known = seen.get(t)
  const answers = known ?? []
  app.addHook('preHandler', async (request, reply) => {
    const { url, schema } = request.routeOptions
    const hidden = (schema as { hide?: boolean } | undefined)?.hide === true
    if (url?.startsWith('/api/') && !hidden) answers.push({ route: `${request.method} ${url}`, raw: reply.raw })
  })
  if (known || t.name === undefined) return
  seen.set(t, answers)
  const name = t.name
  t.after(() => {
    const routes = new Set(answers.filter(({ raw }) => raw.headersSent && raw.statusCode < 400).map(({ route }) => route))
    const folder = process.env[COVERAGE_FOLDER]
    if (folder !== undefined) {
      mkdirSync(folder, { recursive: true })
      const file = `${process.pid}-${name.replace(/\W+/g, '-').slice(0, 80)}.json`
      return writeFileSync(join(folder, file), JSON.stringify({ name, routes: [...routes] }))
    }
    const claimed = Object.entries(readCoverage()).flatMap(([route, tests]) => (tests.includes(name) ? [route] : []))
    const missing = claimed.filter((route) => !routes.has(route))
    assert.deepEqual(missing, [], `${COVERAGE_FILE} says that this test exercises these routes; npm run generate -- --coverage corrects it`)
  })
}
