// `cariflex show beliefs` asks a running instance and shows, or writes, what it sends.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { cariflex } from '../terminal.fixture.ts'

test('beliefs come as a table, as JSON or as a file', async (t) => {
  const csv = 'event_start,event_start_utc,event_value,unit\r\n2026-11-24T06:00:00-04:00,2026-11-24T10:00:00Z,-2.5,kW\r\n'
  const heard: string[] = []
  const tokens: (string | undefined)[] = []
  const server = createServer((request, response) => {
    heard.push(request.url ?? '')
    tokens.push(request.headers.authorization)
    if (request.url?.startsWith('/api/cariflex/v1/sensors/12/')) response.writeHead(200, { 'content-type': 'text/csv' }).end(csv)
    else
      response
        .writeHead(404, { 'content-type': 'application/json' })
        .end('{"code":"unknown-sensor","detail":"No sensor found with ID 13."}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => new Promise((resolve) => server.close(resolve)))
  const folder = mkdtempSync(join(tmpdir(), 'cariflex-beliefs-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const env = { CARIFLEX_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, CARIFLEX_TOKEN: 'any' }

  const shown = await cariflex('show beliefs --sensor 12 --start 2026-11-24T10:00:00Z --duration PT2H --unit kW', { env })
  assert.deepEqual([shown.code, shown.out], [0, 'START                      VALUE (kW)\n2026-11-24T06:00:00-04:00  -2.5\n'])
  assert.equal(heard[0], '/api/cariflex/v1/sensors/12/export.csv?start=2026-11-24T10%3A00%3A00Z&duration=PT2H&unit=kW')
  await cariflex('show sensors', { env })
  assert.deepEqual(tokens, ['Bearer any', 'any'], 'the API of FlexMeasures takes the bare token')
  const json = await cariflex('show beliefs --sensor 12 --json', { env })
  assert.deepEqual(json.json(), { sensor: 12, rows: [{ start: '2026-11-24T06:00:00-04:00', value: -2.5, unit: 'kW' }] })
  const file = join(folder, 'out.csv')
  const written = await cariflex('show beliefs --sensor 12 --to-file', { env, more: [file] })
  assert.deepEqual([written.code, written.err, readFileSync(file, 'utf8')], [0, `1 rows written to ${file}.\n`, csv])
  const nowhere = await cariflex('show beliefs --sensor 12 --to-file', { env, more: [join(folder, 'no', 'such', 'out.csv')] })
  assert.deepEqual([nowhere.code, /could not be written/.test(nowhere.err)], [1, true])
  const missing = await cariflex('show beliefs', { env })
  assert.deepEqual([missing.code, /--sensor 12/.test(missing.err)], [2, true])
  const unknown = await cariflex('show beliefs --sensor 13', { env })
  assert.deepEqual([unknown.code, unknown.err.split('\n')[0]], [1, 'No sensor found with ID 13.'])
})
