import assert from 'node:assert/strict'
import test from 'node:test'
import { inProcessBus } from './bus.ts'
import { manualClock, pause } from './clock.ts'
import { createLog } from './log.ts'
import { addMoney, amountOf, formatMoney, money } from './money.ts'
import { describeError, isProblem, Problem } from './problem.ts'
import { floorTo, instant } from './quantity.ts'

test('a clock moved by hand runs its timers in order and only when due', async () => {
  const clock = manualClock(instant(0))
  const heard: string[] = []
  clock.in(50, () => heard.push(`once at ${clock.now()}`))
  const beat = clock.every(20, () => heard.push(`beat at ${clock.now()}`))
  clock.forward(45)
  assert.deepEqual(heard, ['beat at 20', 'beat at 40'])
  beat.cancel()
  clock.forward(100)
  assert.deepEqual(heard.slice(2), ['once at 50'])
  const waited = pause(clock, 10)
  clock.forward(10)
  await waited
})

test('a listener that throws never silences the others', () => {
  const errors: unknown[] = []
  const bus = inProcessBus<{ kind: 'a'; value: number } | { kind: 'b' }>((error) => errors.push(error))
  const heard: number[] = []
  bus.on('a', () => {
    throw new Error('broken listener')
  })
  const stop = bus.on('a', (news) => heard.push(news.value))
  bus.any((news) => news.kind === 'b' && heard.push(-1))
  bus.tell({ kind: 'a', value: 1 })
  bus.tell({ kind: 'b' })
  stop()
  bus.tell({ kind: 'a', value: 2 })
  assert.deepEqual([heard, errors.length], [[1, -1], 2])
})

test('secrets never reach the log', () => {
  const lines: string[] = []
  const log = createLog('info', (line) => lines.push(line))
  log
    .child({ room: 'store' })
    .info({ url: 'postgres://ana:hunter2@db/x', password: 'hunter2', nested: { Authorization: 'Bearer hunter2' } }, 'connected')
  assert.equal(lines.length, 1)
  assert.doesNotMatch(lines[0]!, /hunter2/)
  assert.match(lines[0]!, /"room":"store".*"msg":"connected"/)
})

test('money adds exactly in one currency and refuses two', () => {
  assert.equal(amountOf(addMoney(money(0.1, 'EUR'), money(0.2, 'EUR'))), 0.3)
  assert.equal(formatMoney(money(12.345, 'EUR')), '12.35 EUR')
  assert.throws(() => addMoney(money(1, 'EUR'), money(1, 'USD')), { code: 'mixed-currencies' })
})

test('a problem says what, why and what to do in one line', () => {
  const problem = new Problem('port-taken', 'Port 5000 is taken by another program.', { hint: 'Set CARIFLEX_PORT.' })
  assert.equal(describeError(problem), 'Port 5000 is taken by another program. Set CARIFLEX_PORT.')
  assert.equal(isProblem(problem) && problem.status, 400)
})

test('slots start on multiples of their length', () => {
  assert.equal(floorTo(instant(1_000_123), 1000), 1_000_000)
  assert.equal(floorTo(instant(7), 0), 7)
})
