import assert from 'node:assert/strict'
import test from 'node:test'
import { cronOf, whenOf } from './automation.ts'

test('a rhythm and its cron string are each other', () => {
  for (const [cron, rhythm] of [
    ['0 5 * * *', 'day'],
    ['30 18 * * 1-5', 'workdays'],
    ['5 23 * * 0', 'week'],
    ['0 * * * *', 'hour'],
    ['*/15 * * * *', 'quarter'],
    ['0 5 1 * *', 'cron'],
    ['0 5 * * 1,3', 'cron'],
    ['@daily', 'cron'],
  ] as const) {
    assert.equal(whenOf(cron).rhythm, rhythm, cron)
    assert.equal(cronOf(whenOf(cron)), cron)
  }
  assert.deepEqual([whenOf('5 23 * * 0').time, whenOf('5 23 * * 0').weekday], ['23:05', '0'])
})

test('a time that is not whole is no cron string', () => {
  assert.equal(cronOf({ rhythm: 'day', time: '', weekday: '1', cron: '' }), '')
  assert.equal(cronOf({ rhythm: 'cron', time: '', weekday: '1', cron: ' 0 4 * * * ' }), '0 4 * * *')
})
