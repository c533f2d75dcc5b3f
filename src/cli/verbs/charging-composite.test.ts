import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { isProblem } from '#kernel'
import type { Invocation } from '../verb.ts'
import { chargingComposite } from './charging-composite.ts'

test('profiles are folded as the page on smart charging says, a file of schedules is checked, and what cannot be read is said', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cariflex-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const file = (name: string, content: unknown) => {
    const path = join(folder, name)
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
    return path
  }
  const run = async (options: Record<string, string>) => {
    let text = ''
    const show = (_: unknown, render: () => string) => {
      text = render()
    }
    const code = await chargingComposite.run({
      words: [],
      options,
      show,
      say: () => undefined,
      progress: () => undefined,
      env: {},
    } as unknown as Invocation)
    return { code, text }
  }
  const page = readFileSync('docs/explanation/smart-charging.md', 'utf8')
  const example = /```json\n([\s\S]*?)```/.exec(page)![1]!
  const promised = /says `(in short: [^`]*)`/.exec(page)![1]!
  const options = {
    profiles: file('profiles.json', example),
    from: '2026-01-01T12:00:00Z',
    seconds: '1800',
    transaction: '2026-01-01T11:00:00Z',
  }
  assert.equal((await run(options)).text.split('\n').at(-1), promised)
  const { transaction: _, ...idle } = options
  assert.match((await run({ ...idle, unit: 'w' })).text, /in short: 0:13800$/)

  const one = {
    id: 'a',
    window: { start: '2026-01-01T12:00:00Z', end: '2026-01-01T13:00:00Z' },
    unit: 'A',
    transactionStart: null,
    profiles: [],
  }
  const good = await run({ vectors: file('good.json', { cases: [{ ...one, expected: [{ startPeriod: 0, limit: 48 }] }] }) })
  assert.deepEqual([good.code, good.text], [0, '1 passed, 0 failed'])
  const bad = await run({
    vectors: file('bad.json', { cases: [{ ...one, expected: [{ startPeriod: 0, limit: 47 }] }, { id: 'b' }, null] }),
  })
  assert.equal(bad.code, 1)
  assert.match(bad.text, /^a : 0:48 instead of 0:47\n[\s\S]*\n0 passed, 3 failed$/)

  const refused = (wrong: Record<string, string>) => assert.rejects(run(wrong), (error) => isProblem(error) && error.code === 'usage')
  await refused({})
  await refused({ vectors: file('none.json', {}) })
  await refused({ vectors: file('empty.json', []) })
  await refused({ vectors: join(folder, 'absent.json') })
  await refused({ ...options, profiles: file('odd.json', [{ id: 1 }]) })
  await refused({ ...options, ocpp: '3.0' })
  await refused({ ...options, unit: 'V' })
  await refused({ ...options, seconds: '-1' })
})
