import assert from 'node:assert/strict'
import test from 'node:test'
import { HOUR, type Instant, instant, MINUTE, parseInstant } from '#kernel'
import { scratchStore } from '#store'
import { type KnowledgeRule, knowledgeOffset, knowledgeSql, knowledgeTime } from './knowledge.ts'

const rule = (fnc: string, par: Record<string, unknown> = {}): KnowledgeRule => ({ fnc, par })
const at = (text: string): Instant => parseInstant(text)

test('an event is known when it ends, before it, on a date, or at an hour some days or years ago', () => {
  const start = at('2026-06-10T15:00:00Z')
  const known = (given: KnowledgeRule, zone = 'UTC', event = start) => new Date(knowledgeTime(given, HOUR, zone)(event)).toISOString()
  assert.equal(known(rule('ex_post', { ex_post_horizon: 'P0D' })), '2026-06-10T16:00:00.000Z')
  assert.equal(known(rule('ex_post', { ex_post_horizon: 'PT30M' })), '2026-06-10T16:30:00.000Z')
  assert.equal(known(rule('ex_post', { ex_post_horizon: 1800 })), '2026-06-10T16:30:00.000Z')
  assert.equal(known(rule('ex_ante', { ex_ante_horizon: 'P1D' })), '2026-06-09T15:00:00.000Z')
  assert.equal(known(rule('at_date', { knowledge_time: '2026-01-01T00:00:00+01:00' })), '2025-12-31T23:00:00.000Z')
  assert.equal(known(rule('x_days_ago_at_y_oclock', { x: 1, y: 12, z: 'Europe/Paris' })), '2026-06-09T10:00:00.000Z')
  assert.equal(known(rule('x_days_ago_at_y_o_clock', { x: 2, y: 9.51, z: 'Europe/Paris' })), '2026-06-08T07:30:36.000Z')
  assert.equal(
    known(rule('x_days_ago_at_y_oclock', { x: 1, y: 12 }), 'America/Martinique', at('2026-06-10T03:00:00Z')),
    '2026-06-08T16:00:00.000Z',
  )
  assert.equal(known(rule('x_years_ago_at_date', { x: 1, month: 12, day: 1, z: 'Europe/Paris' })), '2025-11-30T23:00:00.000Z')
  assert.equal(known(rule('no_such_rule')), '2026-06-10T16:00:00.000Z')
  assert.equal(knowledgeOffset(rule('ex_ante', { ex_ante_horizon: 'PT2H' }), HOUR), -2 * HOUR)
  assert.equal(knowledgeOffset(rule('at_date', { knowledge_time: '2026-01-01T00:00:00Z' }), HOUR), undefined)
})

test('the database computes the same knowledge times, on the nights the clocks change too', async (t) => {
  const store = await scratchStore(t)
  const rules = [
    rule('ex_post', { ex_post_horizon: 'PT5M' }),
    rule('ex_ante', { ex_ante_horizon: 'P1D' }),
    rule('at_date', { knowledge_time: '2026-01-01T00:00:00+01:00' }),
    ...[2.5, 12, 2.0005].map((y) => rule('x_days_ago_at_y_oclock', { x: 1, y, z: 'Europe/Paris' })),
    rule('x_days_ago_at_y_oclock', { x: 0, y: 1.5, z: 'America/New_York' }),
    rule('x_days_ago_at_y_oclock', { x: 3, y: 9, z: 'No/Where' }),
    rule('x_years_ago_at_date', { x: 1, month: 2, day: 29, z: 'Europe/Paris' }),
    rule('x_years_ago_at_date', { x: 2, month: 3, day: 29, z: 'Pacific/Auckland' }),
  ]
  const events = ['2026-03-28', '2026-03-29', '2026-03-30', '2026-10-25', '2026-10-26', '2026-11-01', '2025-01-01', '2028-12-31'].flatMap(
    (day) => [0, 90, 23 * 60 + 45].map((minute) => instant(at(`${day}T00:00:00Z`) + minute * MINUTE)),
  )
  for (const given of rules) {
    const params: unknown[] = [events.map((event) => event / 1000)]
    const text = knowledgeSql(given, 15 * MINUTE, 'America/Martinique', 'e.start', (value) => `$${params.push(value)}`)
    const rows = await store.query<{ known: Instant }>(
      `select ${text} as known from (select to_timestamp(s) as start, n from unnest($1::float8[]) with ordinality as u(s, n)) e order by e.n`,
      params,
    )
    const known = knowledgeTime(given, 15 * MINUTE, 'America/Martinique')
    rows.forEach((row, i) => {
      assert.equal(row.known, known(events[i]!), `${JSON.stringify(given)} for ${new Date(events[i]!).toISOString()}`)
    })
  }
})
