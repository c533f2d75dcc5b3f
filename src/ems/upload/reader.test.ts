// Large files are read in a thread of their own: everything else goes on meanwhile, and what hangs or is stopped is given up.
import assert from 'node:assert/strict'
import test from 'node:test'
import { isProblem, manualClock, parseInstant, systemClock } from '#kernel'
import { openUploadReader } from './reader.ts'

const target = { unit: 'kW', resolution: 60_000, timezone: 'UTC', floors: true }
const START = Date.parse('2025-01-01T00:00:00Z')

const rows = (count: number) => ({
  name: 'large.csv',
  bytes: new TextEncoder().encode(
    `t,v\n${Array.from({ length: count }, (_, i) => `${new Date(START + i * 60_000).toISOString()},${i % 100}`).join('\n')}\n`,
  ),
})

test('a large file is read in a thread while this one goes on; one that is stopped or takes too long is refused', async (t) => {
  const reader = openUploadReader({ clock: systemClock })
  t.after(() => reader.close())
  let turns = 0
  let reading = true
  const spin = (): void => {
    turns++
    if (reading) setImmediate(spin)
  }
  spin()
  const [read] = await reader.read([rows(20_000)], target, { mostRows: 1_000_000 })
  reading = false
  assert.deepEqual([read!.rows, read!.starts.length, read!.values[19_999], read!.spacing], [20_000, 20_000, 99, 60_000])
  assert.ok(turns > 100, `the thread of the caller had ${turns} turns`)

  const refusal = (work: Promise<unknown>) =>
    work.then(
      () => 'taken',
      (error: unknown) => (isProblem(error) ? `${error.code}: ${error.message}` : String(error)),
    )
  assert.equal(await refusal(reader.read([rows(20_000)], target, { mostRows: 100 })), 'invalid-upload: The file has more than 100 rows.')
  const clock = manualClock(parseInstant('2026-01-01T00:00:00Z'))
  const slow = openUploadReader({ clock, patience: 5000 })
  t.after(() => slow.close())
  const late = refusal(slow.read([rows(20_000)], target, { mostRows: 1_000_000 }))
  await new Promise(setImmediate)
  clock.forward(5000)
  assert.equal(await late, 'invalid-upload: Reading the file took longer than 5 s.')
  const stopped = refusal(slow.read([rows(20_000)], target, { mostRows: 1_000_000 }))
  await new Promise(setImmediate)
  await slow.close()
  assert.match(await stopped, /^upload-closed/)
  assert.match(await refusal(slow.read([rows(1)], target, { mostRows: 10 })), /^upload-closed/)
})
