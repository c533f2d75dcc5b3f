// `cariflex forecast run` asks a running instance, waits until the forecast is made, and shows it: as a program of its own.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'

const BIN = join(import.meta.dirname, '..', '..', '..', 'bin', 'cariflex.js')

/** An instance whose forecast is made at the third look; `problem`: it fails then. */
async function instance(t: TestContext, problem: string | null): Promise<{ url: string; heard: string[] }> {
  const heard: string[] = []
  let looks = 0
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const part of request) body += String(part)
    heard.push(`${request.method} ${request.url} ${body}`.trim())
    const over = request.method === 'GET' && ++looks >= 3
    const made = {
      ...{
        job: 'j',
        sensor: 12,
        status: over ? (problem ? 'FAILED' : 'FINISHED') : 'STARTED',
        stage: 'Looks ahead.',
        done: 40 * looks,
        total: 100,
      },
      ...{ problem: over ? problem : null, seconds: 1.2, start: '2026-11-24T12:00:00+00:00', step: 'PT1H', unit: 'kW' },
      ...{ values: over ? [1, 2.5, 3] : [], models: over ? [{ hours: 3, models: ['LastWeek', 'Ridge'], rmse: 0.5, skill: 0.25 }] : [] },
    }
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ data: request.method === 'POST' ? { job: 'j' } : made }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => new Promise((resolve) => server.close(resolve)))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, heard }
}

function ran(url: string, words: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [BIN, 'forecast', 'run', ...words], {
    env: { PATH: process.env['PATH'], CARIFLEX_URL: url, CARIFLEX_TOKEN: 'any' },
  })
  const said = { out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()))
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, ...said })))
}

test('it waits until the forecast is made and says who made it; of one that fails it says why', async (t) => {
  const { url, heard } = await instance(t, null)
  const { code, out, err } = await ran(url, ['--sensor', '12', '--duration', 'PT3H', '--regressor', '81', '--probabilistic'])
  assert.equal(code, 0, err)
  assert.equal(heard[0], 'POST /api/cariflex/v1/forecasts {"sensor":12,"duration":"PT3H","regressors":[81],"probabilistic":true}')
  assert.match(out, /^Forecast of sensor 12 made in 1\.2 s: 3 values from 2026-11-24T12:00:00\+00:00, one every PT1H, in kW\.\n1 2\.5 3\n/)
  assert.match(out, /\n3 h +LastWeek \+ Ridge +0\.5 +0\.25\n/)
  assert.match(err, /Looks ahead\. 40 %/)
  const failing = await instance(t, 'Sensor kitchen has 3 values.')
  const failed = await ran(failing.url, ['--name', 'load'])
  assert.deepEqual([failed.code, failed.out], [1, 'No forecast: Sensor kitchen has 3 values.\n'])
})
