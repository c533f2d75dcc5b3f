// The operations of the PandasReporter against real pandas: random frames, chains of one to three operations, the nights on which clocks change.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import test from 'node:test'
import type { Frame, Value } from '../../src/ems/reporting/frame.ts'
import { followChain } from '../../src/ems/reporting/transform.ts'

const python = process.env['CARIFLEX_PYTHON']
const SEED = 20_261_125
const COUNT = 600

type Rows = [at: number, value: number | 'inf' | '-inf' | null][]
interface Case {
  zone: string
  step: number
  steps: { method: string; args?: unknown[]; kwargs?: Record<string, unknown> }[]
  a: Rows
  b: Rows
  mask: Rows
  out: Rows
}

const numberOf = (value: Rows[number][1]): number =>
  value === null ? Number.NaN : value === 'inf' ? Number.POSITIVE_INFINITY : value === '-inf' ? Number.NEGATIVE_INFINITY : value

const frameOf = (rows: Rows, { step, zone }: Case): Frame => ({
  kind: 'frame',
  starts: rows.map(([at]) => at),
  levels: {},
  columns: [{ name: 'event_value', values: rows.map(([, value]) => numberOf(value)) }],
  isSeries: false,
  step: step * 60_000,
  zone,
})

test(`${COUNT} random chains give what pandas gives (seed ${SEED})`, {
  skip: python === undefined && 'CARIFLEX_PYTHON names no Python with pandas: npm run interop installs one',
}, (t) => {
  const made = spawnSync(python!, [join(import.meta.dirname, 'pandas_frames.py'), String(SEED), String(COUNT)], {
    encoding: 'utf8',
    maxBuffer: 1e9,
  })
  assert.equal(made.status, 0, made.stderr)
  const { cases, pandas } = JSON.parse(made.stdout) as { pandas: string; cases: Case[] }
  const used = new Set<string>()
  const wrong: string[] = []
  for (const [k, one] of cases.entries()) {
    const frames = new Map<string, Value>((['a', 'b', 'mask'] as const).map((name) => [name, frameOf(one[name], one)]))
    const steps = one.steps.map(({ method, args = [], kwargs = {} }, step) => {
      used.add(method)
      return { ...(step === 0 && { input: 'a' }), output: 'out', method, args, kwargs, skipIfEmpty: false }
    })
    try {
      followChain(frames, steps)
      const out = frames.get('out') as Frame
      const values = out.columns[0]!.values
      assert.deepEqual(
        out.starts,
        one.out.map(([at]) => at),
      )
      for (const [row, [, value]] of one.out.entries()) {
        const [ours, theirs] = [values[row]!, numberOf(value)]
        const same = Object.is(ours, theirs) || ours === theirs || Math.abs(ours - theirs) <= 1e-9 * Math.max(1, Math.abs(theirs))
        assert.ok(same, `row ${row}: ours ${ours}, theirs ${theirs}`)
      }
    } catch (error) {
      wrong.push(
        `case ${k} ${one.zone} ${one.step} min ${JSON.stringify(one.steps)}: ${error instanceof Error ? error.message.slice(0, 400) : error}`,
      )
    }
  }
  t.diagnostic(`pandas ${pandas}: ${cases.length} chains, ${used.size} operations, ${wrong.length} differ`)
  assert.deepEqual(wrong.slice(0, 12), [], `${wrong.length} of ${cases.length} chains differ`)
  assert.ok(used.size >= 35, `only ${used.size} operations were tried`)
})
