import assert from 'node:assert/strict'
import test from 'node:test'
import { Type } from 'typebox'
import { createApp } from './app.ts'
import { openDoor } from './door.fixture.ts'
import { compileWaiting } from './lazy-schemas.ts'

test('every schema of every route is one that can be compiled, though none is before it is needed', async (t) => {
  compileWaiting()
  await openDoor(t)
  const compiled = compileWaiting()
  assert.ok(compiled > 50, `${compiled} schemas waited`)
  assert.equal(compileWaiting(), 0)
})

test('a schema is compiled at the first request, once for all apps, and a faulty one is found by compiling what waits', async () => {
  let looked = 0
  const body = Type.Object({ power: Type.Number({ default: 7 }) })
  const watched = new Proxy(body, {
    get: (target, name, self) => {
      if (name === 'properties') looked++
      return Reflect.get(target, name, self)
    },
  })
  const open = () => {
    const app = createApp()
    app.post('/plan', { schema: { body: watched, querystring: Type.Object({ hours: Type.Number() }) } }, async (request) => ({
      body: request.body,
      query: request.query,
    }))
    return app
  }
  const [one, two] = [open(), open()]
  const ask = (app: typeof one, payload: object, hours = '24') => app.inject({ method: 'POST', url: `/plan?hours=${hours}`, payload })
  await one.ready()
  const before = looked
  assert.deepEqual((await ask(one, {})).json(), { body: { power: 7 }, query: { hours: 24 } })
  assert.ok(looked > before, 'it was compiled now')
  const then = looked
  assert.equal((await ask(one, { power: '7' })).statusCode, 400, 'text in a body is no number')
  assert.equal((await ask(one, {}, 'many')).statusCode, 400)
  await two.ready()
  const prepared = looked
  assert.equal((await ask(two, { power: 3 })).statusCode, 200)
  assert.equal(looked, prepared, `it was compiled before (${then})`)
  await Promise.all([one.close(), two.close()])

  const faulty = createApp()
  faulty.get('/', { schema: { querystring: { type: 'object', properties: { at: { type: 'nothing' } } } } }, async () => 'x')
  await faulty.ready()
  assert.throws(() => compileWaiting(), /type/)
  await faulty.close()
})
