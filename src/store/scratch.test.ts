import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import test from 'node:test'
import { nodeFlagsFor } from '#kernel'
import { scratchStore } from './scratch.ts'
import { scratchFolder } from './scratch-place.ts'

test('two tests get databases of their own, already migrated', async (t) => {
  const [one, two] = await Promise.all([scratchStore(t), scratchStore(t)])
  await one.query(`insert into account (name) values ('only here')`)
  assert.deepEqual(await two.query('select * from account'), [])
  assert.equal((await one.query('select id, name from generic_asset_type order by id')).length, 8)
})

test('the server of a test run stops and its folder goes, even when the run is killed', async (t) => {
  const door = new URL('./scratch.ts', import.meta.url).href
  const script = `const { serverOfThisRun } = await import('${door}'); await serverOfThisRun(); console.log('up'); setInterval(() => {}, 1000)`
  const env = { ...process.env }
  delete env['NODE_TEST_CONTEXT']
  delete env['CARIFLEX_TEST_DATABASE_URL']
  const run = spawn(process.execPath, [...nodeFlagsFor(door), '--input-type=module', '-e', script], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => run.kill('SIGKILL'))
  for await (const line of createInterface({ input: run.stdout })) if (line === 'up') break
  const folder = scratchFolder(run.pid ?? 0)
  assert.ok(existsSync(folder))
  run.kill('SIGKILL')
  for (let tries = 0; existsSync(folder) && tries < 100; tries++) await new Promise((resolve) => setTimeout(resolve, 50))
  assert.ok(!existsSync(folder), `${folder} is still there`)
})
