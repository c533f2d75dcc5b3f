import assert from 'node:assert/strict'
import test from 'node:test'
import { scratchStore } from './scratch.ts'

test('two tests get databases of their own, already migrated', async (t) => {
  const [one, two] = await Promise.all([scratchStore(t), scratchStore(t)])
  await one.query(`insert into account (name) values ('only here')`)
  assert.deepEqual(await two.query('select * from account'), [])
  assert.equal((await one.query('select id, name from generic_asset_type order by id')).length, 8)
})
