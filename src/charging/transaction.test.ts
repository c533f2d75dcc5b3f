import assert from 'node:assert/strict'
import test from 'node:test'
import { type Instant, instant } from '#kernel'
import type { TransactionEventRequest } from '#protocols/ocpp'
import { type EventFacts, energyOf, foldEvent, newTransaction, type Transaction } from './transaction.ts'

const START = Date.parse('2026-11-24T12:00:00Z')

interface Told {
  event: TransactionEventRequest
  facts: EventFacts
}

const told = (
  seqNo: number,
  eventType: 'Started' | 'Updated' | 'Ended',
  more: Partial<TransactionEventRequest>,
  facts: Partial<EventFacts>,
): Told => {
  const at = instant(START + seqNo * 60_000)
  return {
    event: {
      eventType,
      seqNo,
      timestamp: new Date(at).toISOString(),
      triggerReason: 'Trigger',
      transactionInfo: { transactionId: 'T', ...more.transactionInfo },
      ...more,
    } as TransactionEventRequest,
    facts: { at, samples: [], ...facts },
  }
}
const register = (at: Instant, imported: number) => ({ at, imported, context: 'Sample.Periodic' })

/** A session of fifteen minutes whose token, EVSE and remote start id come in the middle. */
const story = (): Told[] =>
  Array.from({ length: 16 }, (_, seqNo) => {
    const at = instant(START + seqNo * 60_000)
    const facts: Partial<EventFacts> = { samples: [register(at, 1000 + seqNo * 100)] }
    if (seqNo === 0) return told(0, 'Started', { transactionInfo: { transactionId: 'T', chargingState: 'EVConnected' } }, facts)
    if (seqNo === 15)
      return told(15, 'Ended', { transactionInfo: { transactionId: 'T', stoppedReason: 'Remote', chargingState: 'Idle' } }, facts)
    if (seqNo === 3)
      return told(
        3,
        'Updated',
        { idToken: { idToken: 'BAD', type: 'Local' } },
        { ...facts, verdict: { status: 'Unknown', vehicle: undefined } },
      )
    if (seqNo === 6)
      return told(
        6,
        'Updated',
        { evse: { id: 2, connectorId: 1 }, idToken: { idToken: 'GOOD', type: 'Local' }, numberOfPhasesUsed: 1 },
        { ...facts, verdict: { status: 'Accepted', vehicle: 201 } },
      )
    if (seqNo === 8)
      return told(8, 'Updated', { transactionInfo: { transactionId: 'T', remoteStartId: 7, chargingState: 'Charging' } }, facts)
    return told(seqNo, 'Updated', {}, facts)
  })

const fold = (events: Told[]): Transaction =>
  events.reduce((session, { event, facts }) => foldEvent(session, event, facts), newTransaction('CP', 'T', events[0]!.facts.at))

/** mulberry32 */
const random = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
}

test('the order in which events come, and how often, does not change what a session was', () => {
  const straight = fold(story())
  assert.equal(energyOf(straight.imported), 1500)
  assert.equal(straight.token, 'GOOD')
  assert.equal(straight.evse, 2)
  assert.equal(straight.endedAt, START + 15 * 60_000)
  for (let seed = 1; seed <= 200; seed++) {
    const next = random(seed)
    const events = story()
    const doubled = [...events, ...events.filter(() => next() < 0.3)]
    const shuffled = doubled.map((one) => [next(), one] as const).sort((a, b) => a[0] - b[0])
    assert.deepEqual(fold(shuffled.map(([, one]) => one)), straight, `seed ${seed}`)
  }
})

test('a register that starts anew loses nothing of what was counted', () => {
  const events = [10_000, 10_500, 11_000, 0, 400].map((value, seqNo) =>
    told(seqNo, seqNo === 0 ? 'Started' : 'Updated', {}, { samples: [register(instant(START + seqNo * 60_000), value)] }),
  )
  const session = fold(events)
  assert.equal(energyOf(session.imported), 1400)
  assert.deepEqual(session.flags, ['meter-went-back'])
})

test('a token of the same group that only stops the session does not become its token', () => {
  const session = fold([
    told(0, 'Started', { idToken: { idToken: 'ANNE', type: 'Local' } }, { verdict: { status: 'Accepted', vehicle: 201 } }),
    told(
      1,
      'Ended',
      { idToken: { idToken: 'PAUL', type: 'Local' }, triggerReason: 'StopAuthorized' },
      { verdict: { status: 'Accepted', vehicle: 202 } },
    ),
  ])
  assert.equal(session.token, 'ANNE')
  assert.equal(session.vehicle, 201)
})
