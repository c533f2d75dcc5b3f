// Questions to whoever is on the terminal, or to what is piped in.
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import test from 'node:test'
import { isProblem } from '#kernel'
import { askSecret, askYes } from './ask.ts'

const aborts = (work: Promise<unknown>) => assert.rejects(work, (error) => isProblem(error) && error.code === 'aborted')

test('only a yes goes on; anything else, and the end of the input, gives the verb up', async () => {
  await askYes('Delete?', Readable.from(['y\n']))
  await askYes('Delete?', Readable.from(['Yes\n']))
  await aborts(askYes('Delete?', Readable.from(['n\n'])))
  await aborts(askYes('Delete?', Readable.from(['yellow\n'])))
  await aborts(askYes('Delete?', Readable.from([])))
  assert.equal(await askSecret('Password', Readable.from(['a long secret\n'])), 'a long secret')
  await aborts(askSecret('Password', Readable.from([])))
})
