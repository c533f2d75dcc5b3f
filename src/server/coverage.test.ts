// Every route of the API is exercised by a test, every field of it is described: held to the OpenAPI document.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { readCoverage } from './coverage.fixture.ts'
import { openApiDocument, routesOf } from './document.fixture.ts'

test('every route under /api has a test in which it answers well, and no claim is of a route or a test that is not there', async () => {
  const claims = readCoverage()
  const routes = routesOf(await openApiDocument()).map(({ method, url }) => `${method} ${url}`)
  assert.deepEqual(
    routes.filter((route) => (claims[route] ?? []).length === 0),
    [],
    'routes without a test',
  )
  const sources = ['src', 'test']
    .flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.test.ts'))
        .map((file) => readFileSync(join(folder, file), 'utf8')),
    )
    .join('\n')
  const named = new Set(Object.values(claims).flat())
  assert.deepEqual(
    [...named].filter((name) => !sources.includes(JSON.stringify(name).slice(1, -1)) && !sources.includes(name)),
    [],
    'tests that are gone',
  )
})

test('every field of bodies and queries is described', async () => {
  const bare = routesOf(await openApiDocument()).flatMap(({ method, url, fields }) =>
    fields.filter(({ description }) => !description).map(({ name }) => `${method} ${url}: ${name}`),
  )
  assert.deepEqual(bare, [])
})
