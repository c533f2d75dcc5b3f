import assert from 'node:assert/strict'
import { request } from 'node:http'
import { connect } from 'node:net'
import test from 'node:test'
import { Type } from 'typebox'
import { silentLog } from '#kernel'
import { createApp } from './app.ts'
import { openDoor } from './door.fixture.ts'
import { problemHandler } from './problem-json.ts'

test('no path, query or body that the database cannot hold is a failure of ours', async (t) => {
  const door = await openDoor(t)
  const sensor = await door.sensor({ unit: 'kWh', resolution: 0 })
  const data = `/api/v3_0/sensors/${sensor}/data?start=2026-11-20T00:00:00Z&duration=PT1H&unit=kWh`
  const expected: [string, number][] = [
    ['/api/v3_0/users/99999999999', 404],
    ['/api/v3_0/accounts/99999999999', 404],
    ['/api/v3_0/users?account_id=99999999999', 404],
    ['/api/v3_0/assets?page=1&filter=%00', 422],
    ['/api/v3_0/sensors?unit=%00', 422],
    [`${data}&source=99999999999`, 422],
    [`${data}&source-type=%00`, 422],
    [`${data.replace('PT1H', 'P9999999Y')}`, 422],
    ['/api/cariflex/v1/assets/99999999999/series', 404],
  ]
  for (const [path, status] of expected) assert.equal((await door.ask('GET', path, { as: 'ann' })).status, status, path)
  const nul = { email: 'a\u0000b', password: 'x' }
  assert.equal((await door.ask('POST', '/api/cariflex/v1/session', { body: nul })).body['code'], 'value-not-storable')
})

test('values that no unit can carry and periods of a million events are refused before they are stored', async (t) => {
  const door = await openDoor(t)
  const sensor = await door.sensor()
  const post = (body: object) =>
    door.ask('POST', `/api/v3_0/sensors/${sensor}/data`, { as: 'ann', body: { start: '2026-11-20T00:00:00Z', unit: 'kW', ...body } })
  const long = await post({ values: [1], duration: 'P1000Y' })
  assert.equal(long.status, 422)
  assert.match(JSON.stringify(long.body), /Longer than 1000000 events/)
  const large = await post({ values: [1, 1e308], duration: 'PT30M', unit: 'GW' })
  assert.equal(large.status, 422)
  assert.match(JSON.stringify(large.body), /"values":\{"1":\["Too large/)
  assert.equal((await post({ values: [1], duration: 'P9999Y' })).status, 422)
  assert.equal((await door.store.query('select 1 from timed_belief')).length, 0)
})

test('an empty body under a JSON content type is no body', async (t) => {
  const door = await openDoor(t)
  assert.equal((await door.ask('DELETE', '/api/cariflex/v1/session', { raw: '', as: 'ann' })).status, 204)
  const nothing = await door.ask('POST', '/api/cariflex/v1/session', { raw: '' })
  assert.equal(nothing.status, 422)
  assert.match(String(nothing.body['detail']), /body is not valid/)
})

test('whoever sends a body that is too large gets to read so, however slowly it comes', async (t) => {
  const door = await openDoor(t)
  const answer = await new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    const out = request(
      `${door.url}/api/cariflex/v1/session`,
      { method: 'POST', headers: { 'content-type': 'application/json' } },
      (back) => {
        let text = ''
        back.setEncoding('utf8').on('data', (part: string) => {
          text += part
        })
        back.on('end', () => resolve({ status: back.statusCode, text }))
      },
    )
    out.on('error', reject)
    const block = Buffer.alloc(256 * 1024, 32)
    let left = 40
    const more = () => (left-- > 0 ? void out.write(block, more) : void out.end())
    more()
  })
  assert.equal(answer.status, 413)
  assert.match(answer.text, /smaller parts/)
})

test('what is no HTTP, no address or no JSON is told so in the shape of all failures', async (t) => {
  const door = await openDoor(t)
  const say = (text: string) =>
    new Promise<string>((resolve) => {
      const socket = connect(Number(new URL(door.url).port), '127.0.0.1', () => socket.write(text))
      let heard = ''
      socket.on('data', (part) => {
        heard += part
      })
      socket.on('close', () => resolve(heard))
    })
  assert.match(await say('hello\r\n\r\n'), /^HTTP\/1\.1 400 [\s\S]*problem\+json[\s\S]*"code":"malformed-request"/)
  const large = await say(`GET / HTTP/1.1\r\nHost: x\r\nX-A: ${'a'.repeat(40_000)}\r\n\r\n`)
  assert.match(large, /^HTTP\/1\.1 431 [\s\S]*"code":"headers-too-large"[\s\S]*"hint"/)
  const address = await door.ask('GET', '/api/cariflex/v1/%E0%A4')
  assert.deepEqual([address.status, address.body['code']], [400, 'bad-request'])
  assert.match(String(address.body['hint']), /UTF-8/)
  const json = await door.ask('POST', '/api/cariflex/v1/session', { raw: '{' })
  assert.deepEqual([json.status, json.body['hint']], [400, 'Send well-formed JSON.'])
})

test('a word that is not one of the words allowed names those that are', async (t) => {
  const app = createApp({}, problemHandler(silentLog))
  app.setErrorHandler(problemHandler(silentLog))
  t.after(() => app.close())
  const body = Type.Object({ rung: Type.Union([Type.Literal('grid'), Type.Literal('contract')]) })
  app.post('/ladder', { schema: { body } }, async () => ({}))
  const wrong = await app.inject({ method: 'POST', url: '/ladder', payload: { rung: 'safety' } })
  assert.equal((wrong.json() as { detail: string }).detail, `The body is not valid: 'rung' must be one of "grid", "contract".`)
})
