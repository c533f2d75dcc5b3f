// A worker in a process of its own, by the name that cron files use.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Store, scratchStore } from '#store'
import { cariflex } from '../terminal.fixture.ts'

const BIN = fileURLToPath(new URL('../../../bin/flexmeasures.js', import.meta.url))

const start = (store: Store, words: string[]): ChildProcess =>
  spawn(process.execPath, [BIN, ...words], { env: { PATH: process.env['PATH'] ?? '', DATABASE_URL: store.url }, stdio: 'pipe' })

test('a worker does what others left in the queue until it is stopped', async (t) => {
  const store = await scratchStore(t)
  await store.query("insert into account (name) values ('Kept')")
  const env = { DATABASE_URL: store.url }
  await cariflex('flexmeasures add asset --name Home --asset-type 5 --account 1', { env })
  await cariflex('flexmeasures add sensor --name power --unit kW --event-resolution PT1H --timezone UTC --asset 1', { env })
  const model = [
    '--flex-model',
    '{"soc-at-start": "1 kWh", "soc-max": "5 kWh", "power-capacity": "1 kW"}',
    '--flex-context',
    '{"consumption-price": "1 EUR/kWh"}',
  ]
  const asked = await cariflex('flexmeasures add schedule --sensor 1 --start 2026-01-01T00:00Z --duration PT3H --as-job --json', {
    env,
    more: model,
  })
  const { job } = asked.json<{ job: string }>()

  const worker = start(store, ['jobs', 'run-worker', '--queue', 'scheduling|forecasting'])
  t.after(() => worker.kill('SIGKILL'))
  for await (const line of createInterface({ input: worker.stderr! })) if (line === `Job ${job}: FINISHED`) break
  worker.kill('SIGTERM')
  assert.deepEqual(await once(worker, 'exit'), [0, null])
  assert.equal((await store.first<{ n: number }>('select count(*)::int as n from timed_belief'))!.n, 3)
})
