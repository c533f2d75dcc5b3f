import assert from 'node:assert/strict'
import test from 'node:test'
import { openDoor } from './door.fixture.ts'

test('a frozen database is told within two seconds, again and again, and is forgiven when it moves', async (t) => {
  const { store, server, clock, url } = await openDoor(t)
  const pids = await store.query<{ pid: number }>('select pid from pg_stat_activity where datname = current_database()')
  let frozen = false
  const all = (signal: 'SIGSTOP' | 'SIGCONT') => {
    for (const { pid } of pids) process.kill(pid, signal)
    frozen = signal === 'SIGSTOP'
  }
  t.after(() => frozen && all('SIGCONT'))
  assert.equal((await fetch(`${url}/health/ready`)).status, 200)
  all('SIGSTOP')
  for (let i = 0; i < 2; i++) {
    let answer: Response | undefined
    void fetch(`${url}/health/ready`).then((got) => {
      answer = got
    })
    // Two seconds pass in steps; the answer is there before they are over.
    for (let passed = 0; answer === undefined; passed += 250) {
      assert.ok(passed <= 2000, 'no answer within two seconds')
      await new Promise((resolve) => setTimeout(resolve, 10))
      clock.forward(250)
    }
    assert.equal(answer.status, 503)
    const body = (await answer.json()) as { database_sql: boolean; why: Record<string, string> }
    assert.equal(body.database_sql, false)
    assert.match(body.why['database_sql']!, /not answered/)
  }
  assert.equal((await fetch(`${url}/health/live`)).status, 200)
  all('SIGCONT')
  await server.store.query('select 1')
  assert.equal((await fetch(`${url}/health/ready`)).status, 200)
})
