import assert from 'node:assert/strict'
import test from 'node:test'
import { isProblem, parseInstant } from '#kernel'
import { type Frame, isFrame, type Value } from './frame.ts'
import { applyOffsets } from './offset.ts'
import { OPERATIONS } from './operations.ts'
import { checkChain, followChain, type Transformation } from './transform.ts'

const HOUR = 3_600_000
const NOON = parseInstant('2026-01-15T12:00:00Z')
const frame = (values: number[], more: Partial<Frame> = {}): Frame => ({
  kind: 'frame',
  starts: values.map((_, k) => NOON + k * HOUR),
  levels: {},
  columns: [{ name: 'event_value', values }],
  isSeries: false,
  step: HOUR,
  zone: 'UTC',
  ...more,
})
const step = (
  method: string,
  args: unknown[] = [],
  kwargs: Record<string, unknown> = {},
  more: Partial<Transformation> = {},
): Transformation => ({
  method,
  args,
  kwargs,
  skipIfEmpty: false,
  ...more,
})
const run = (frames: Record<string, Value>, ...steps: Transformation[]): Value => {
  const all = new Map(Object.entries(frames))
  followChain(all, [{ ...steps[0]!, input: steps[0]!.input ?? 'a', output: 'out' }, ...steps.slice(1)])
  return all.get('out')!
}
const values = (value: Value): number[] => {
  assert.ok(isFrame(value))
  return value.columns[0]!.values
}
const refused = (work: () => unknown): { message: string; hint: string } => {
  try {
    work()
  } catch (error) {
    assert.ok(isProblem(error))
    assert.equal(error.status, 422)
    return { message: error.message, hint: error.hint ?? '' }
  }
  assert.fail('nothing was refused')
}

test('an operation that does not exist is refused, naming those that do', () => {
  const { message, hint } = refused(() => run({ a: frame([1]) }, step('cumsums')))
  assert.equal(message, "Transformation 1: There is no operation 'cumsums'.")
  assert.match(hint, /Did you mean 'cumsum'\?/)
  for (const name of ['resample', 'clip', 'groupby', 'rolling', 'fillna', 'between_time', 'droplevel']) assert.ok(hint.includes(name), name)
})

test('every operation of pandas that users chain exists under its name', () => {
  const wanted = `sum mean min max add subtract multiply divide abs clip shift diff cumsum resample first last get_attribute fillna ffill bfill
    dropna round between_time rename groupby rolling droplevel sub mul div xs merge where gt lt copy head resample_events asfreq agg`
  assert.deepEqual(
    wanted.split(/\s+/).filter((name) => !OPERATIONS.includes(name)),
    [],
  )
})

test('arguments that an operation does not know, or has twice, are refused by name', () => {
  const { message, hint } = refused(() => run({ a: frame([1]) }, step('clip', [], { low: 0 })))
  assert.match(message, /'clip' has no argument 'low'/)
  assert.match(hint, /lower, upper/)
  assert.match(refused(() => run({ a: frame([1]) }, step('clip', [0], { lower: 0 }))).message, /twice/)
  assert.match(refused(() => run({ a: frame([1]) }, step('shift', ['x']))).message, /whole number|a number/)
})

test('frames meet by their events, and what only one of them knows is missing', () => {
  const other = frame([10, 20], { starts: [NOON + HOUR, NOON + 2 * HOUR] })
  assert.deepEqual(values(run({ a: frame([1, 2]), b: other }, step('add', ['@b']))), [Number.NaN, 12, Number.NaN])
})

test('an empty frame is passed over when it may be', () => {
  const none = frame([])
  assert.deepEqual(values(run({ a: frame([1, 2]), b: none }, step('add', ['@b'], {}, { skipIfEmpty: true }))), [1, 2])
  assert.deepEqual(values(run({ a: frame([1, 2]), b: none }, step('add', ['@b']))), [Number.NaN, Number.NaN])
})

test('columns are merged with suffixes, added up across, renamed, selected and read as properties', () => {
  const merged = run(
    { a: frame([1, 2]), b: frame([10, 20]) },
    step('merge', ['@b'], { on: 'event_start', suffixes: ['_one', '_two'] }),
    step('rename', [], { columns: { event_value_two: 'two' } }),
  )
  assert.ok(isFrame(merged))
  assert.deepEqual(
    merged.columns.map(({ name }) => name),
    ['event_value_one', 'two'],
  )
  assert.deepEqual(values(run({ a: merged }, step('sum', [], { axis: 1 }))), [11, 22])
  assert.deepEqual(values(run({ a: merged }, step('__getitem__', ['two']))), [10, 20])
  const read: Transformation = { property: 'two', args: [], kwargs: {}, skipIfEmpty: false }
  assert.deepEqual(values(run({ a: merged }, read, step('multiply', [2]))), [20, 40])
  const located: Transformation = { property: 'loc', args: [], kwargs: {}, skipIfEmpty: false }
  assert.deepEqual(values(run({ a: frame([1, 2, 3]) }, located, step('__getitem__', [['2026-01-15T13:00', '2026-01-15']]))), [2, 3])
})

test('one source is taken of several, and levels that tell beliefs apart are dropped', () => {
  const two = frame([1, 2, 3, 4], {
    starts: [NOON, NOON, NOON + HOUR, NOON + HOUR],
    levels: { belief_time: [0, 0, 0, 0], source: [7, 8, 7, 8], cumulative_probability: [0.5, 0.5, 0.5, 0.5] },
  })
  assert.match(refused(() => run({ a: two }, step('resample', ['1D']), step('sum'))).message, /several beliefs/)
  const one = run({ a: two, source_8: 8 }, step('xs', ['@source_8'], { level: 'source' }), step('droplevel', [[1, 2]]))
  assert.deepEqual(values(one), [2, 4])
  assert.deepEqual(isFrame(one) && one.levels, {})
  assert.deepEqual(values(run({ a: two }, step('groupby', ['event_start']), step('mean'))), [1.5, 3.5])
})

test('days are those of the zone, on the nights on which clocks change too', () => {
  const start = parseInstant('2026-10-24T22:00:00Z')
  const hours = frame(new Array<number>(49).fill(1), {
    zone: 'Europe/Amsterdam',
    starts: Array.from({ length: 49 }, (_, k) => start + k * HOUR),
  })
  assert.deepEqual(values(run({ a: hours }, step('resample', ['1D']), step('sum'))), [25, 24])
  assert.deepEqual(values(run({ a: hours }, step('groupby', ['day']), step('count'))), [25, 24])
})

test('an attribute of the sensor is reckoned with like a number', () => {
  const a = frame([1, 2], { sensor: { kind: 'sensor', id: 1, attributes: { capacity: 5 } } })
  const frames = new Map<string, Value>([['a', a]])
  followChain(frames, [
    { input: 'a', output: 's', property: 'sensor', args: [], kwargs: {}, skipIfEmpty: false },
    step('get_attribute', ['capacity'], {}, { output: 'c' }),
    step('multiply', ['@c'], {}, { input: 'a', output: 'out' }),
  ])
  assert.deepEqual(values(frames.get('out')!), [5, 10])
  assert.match(refused(() => run({ a }, step('get_attribute', ['size_of_roof']))).message, /no attribute 'size_of_roof'/)
})

test('a chain that cannot be followed is refused before anything is read', () => {
  assert.match(refused(() => checkChain(['a'], ['b'], [step('abs', [], {}, { input: 'x' })])).message, /no frame 'x'/)
  assert.match(refused(() => checkChain(['a'], ['b'], [step('abs', [], {}, { input: 'a' })])).message, /makes the output 'b'/)
  assert.match(refused(() => checkChain(['a'], ['a'], [step('resample', ['1h'], {}, { input: 'a' })])).message, /ends with resample/)
  assert.match(refused(() => checkChain(['a'], ['a'], [step('add', ['@c'], {}, { input: 'a' })])).message, /no frame 'c'/)
  assert.match(refused(() => checkChain(['a'], ['a'], [step('abs')])).message, /'df_input' is missing/)
})

test('offsets lead to the begin of days and hours and along the calendar of the zone', () => {
  const now = parseInstant('2026-03-29T10:37:12Z')
  const at = (chain: string, zone = 'Europe/Amsterdam') => new Date(applyOffsets(now, chain, zone)).toISOString()
  assert.equal(at('DB'), '2026-03-28T23:00:00.000Z')
  // The day before had 24 hours, this one has 23: calendar days lead to midnight all the same.
  assert.equal(at('DB,1D'), '2026-03-29T22:00:00.000Z')
  assert.equal(at('-1D,DB'), '2026-03-27T23:00:00.000Z')
  assert.equal(at('HB,-15min'), '2026-03-29T09:45:00.000Z')
  assert.equal(at('DB,MS'), '2026-03-31T22:00:00.000Z')
  assert.equal(at('DB,-1MS'), '2026-02-28T23:00:00.000Z')
  assert.equal(at('DB,1W'), '2026-04-04T22:00:00.000Z')
  assert.match(refused(() => at('DB,5 fortnights')).message, /'5 fortnights' is not an offset/)
})
