import assert from 'node:assert/strict'
import test from 'node:test'
import { scratchStore } from '#store'
import { cariflex } from './terminal.fixture.ts'

test('maintain asks before it locks a database that others may use, and says what it did', async (t) => {
  const store = await scratchStore(t)
  const env = { DATABASE_URL: store.url }
  const asked = await cariflex('maintain', { env })
  assert.deepEqual([asked.code, /may be using this database\.\n.*--yes/.test(asked.err)], [1, true])
  const done = await cariflex('maintain --yes --json', { env })
  assert.deepEqual([done.code, done.json<{ table: string }>().table], [0, 'timed_belief'])
  assert.match((await cariflex('maintain --yes', { env })).out, /^0 beliefs are in order, after/)
})
