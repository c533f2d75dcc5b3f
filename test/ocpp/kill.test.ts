// A charging room is killed (SIGKILL) while all its stations send: nothing that it acknowledged is lost, nothing counts twice, and all stations
// come back at once. CARIFLEX_OCPP_STATIONS says how many, 500 unless said.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import test from 'node:test'
import { formatInstant, systemClock } from '#kernel'
import { connectStation, type Session } from '#protocols/ocpp'
import { scratchStore } from '#store'

const STATIONS = Number(process.env['CARIFLEX_OCPP_STATIONS'] ?? 500)
const BOOT = { reason: 'PowerUp', chargingStation: { model: 'Kill', vendorName: 'Cariflex' } }

async function openRoom(url: string): Promise<{ child: ChildProcess; address: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'room.ts'), url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  child.stdout!.setEncoding('utf8')
  const [port] = (await once(child.stdout!, 'data')) as [string]
  return { child, address: `ws://127.0.0.1:${port.trim()}/ocpp` }
}

interface Sender {
  identity: string
  /** Highest number that was acknowledged, and the one that goes next. */
  acknowledged: number
  session?: Session
}

const event = (transactionId: string, seqNo: number) => ({
  ...{ eventType: seqNo === 0 ? 'Started' : 'Updated', seqNo, timestamp: formatInstant(systemClock.now()) },
  triggerReason: seqNo === 0 ? 'CablePluggedIn' : 'MeterValuePeriodic',
  transactionInfo: { transactionId },
  evse: { id: 1, connectorId: 1 },
  meterValue: [{ timestamp: formatInstant(systemClock.now()), sampledValue: [{ value: 1000 + 10 * seqNo }] }],
})

/** Connects, and boots until it is accepted. */
async function come(sender: Sender, address: string): Promise<void> {
  let again: (() => void) | undefined
  const session = await connectStation(address, {
    identity: sender.identity,
    clock: systemClock,
    timeout: 60_000,
    handler: async (action, payload) => {
      if (action === 'TriggerMessage' && payload['requestedMessage'] === 'BootNotification') setImmediate(() => again?.())
      if (action === 'GetBaseReport') return { status: 'NotSupported' }
      if (action === 'GetTransactionStatus') return { ongoingIndicator: true, messagesInQueue: false }
      if (action === 'GetCompositeSchedule') return { status: 'Rejected' }
      if (action !== 'SetVariables') return { status: 'Accepted' }
      const asked = payload['setVariableData'] as { component: object; variable: object }[]
      return { setVariableResult: asked.map(({ component, variable }) => ({ component, variable, attributeStatus: 'Accepted' })) }
    },
  })
  sender.session = session
  const first = await session.call('BootNotification', BOOT)
  if (first['status'] === 'Accepted') return
  await new Promise<void>((resolve) => {
    again = resolve
  })
  assert.equal((await session.call('BootNotification', BOOT))['status'], 'Accepted')
}

/** Sends until the connection breaks or so many were acknowledged; what was not acknowledged goes again, as stations do. */
async function send(sender: Sender, until: number): Promise<void> {
  while (sender.acknowledged < until - 1) {
    try {
      await sender.session!.call('TransactionEvent', event(`T-${sender.identity}`, sender.acknowledged + 1))
      sender.acknowledged++
    } catch {
      return
    }
  }
}

test(`killed with ${STATIONS} active transactions: nothing acknowledged is lost, nothing counts twice`, { timeout: 300_000 }, async (t) => {
  const store = await scratchStore(t)
  const senders: Sender[] = Array.from({ length: STATIONS }, (_, index) => ({ identity: `KILL-${index}`, acknowledged: -1 }))
  const children: ChildProcess[] = []
  t.after(() => {
    for (const child of children) child.kill('SIGKILL')
    for (const { session } of senders) session?.close()
  })
  const first = await openRoom(store.url)
  children.push(first.child)
  await Promise.all(senders.map((sender) => come(sender, first.address)))
  await Promise.all(senders.map((sender) => send(sender, 3)))
  const sending = Promise.all(senders.map((sender) => send(sender, 1_000_000)))
  const before = senders.reduce((sum, { acknowledged }) => sum + acknowledged, 0)
  while (senders.reduce((sum, { acknowledged }) => sum + acknowledged, 0) < before + STATIONS)
    await new Promise((resolve) => setTimeout(resolve, 5))
  first.child.kill('SIGKILL')
  await sending
  const acknowledged = senders.map((sender) => sender.acknowledged)

  const rows = await store.query<{ station: string; count: number; last: number; events: number }>(
    `select t.station, count(*)::int as count, max(e.seq_no) as last, t.events from cariflex.charging_transaction t
     join cariflex.transaction_event e on e.station = t.station and e.transaction_id = t.transaction_id group by t.station, t.events`,
  )
  const kept = new Map(rows.map((row) => [row.station, row]))
  for (const [index, { identity }] of senders.entries()) {
    const row = kept.get(identity)!
    assert.ok(row.last >= acknowledged[index]!, `${identity} lost what was acknowledged: ${row.last} of ${acknowledged[index]}`)
    assert.deepEqual([row.count, row.events], [row.last + 1, row.last + 1], identity)
  }

  const second = await openRoom(store.url)
  children.push(second.child)
  // All at once.
  await Promise.all(senders.map((sender) => come(sender, second.address)))
  const goals = acknowledged.map((last) => last + 4)
  await Promise.all(senders.map((sender, index) => send(sender, goals[index]!)))
  const after = await store.query<{ station: string; events: number; max_seq: number; wh: number }>(
    'select station, events, max_seq, import_last - import_begin as wh from cariflex.charging_transaction',
  )
  assert.equal(after.length, STATIONS)
  for (const { station, events, max_seq, wh } of after) {
    const index = senders.findIndex(({ identity }) => identity === station)
    assert.ok(max_seq >= goals[index]! - 1)
    assert.deepEqual([events, wh], [max_seq + 1, 10 * max_seq], station)
  }
  t.diagnostic(
    `${acknowledged.reduce((sum, last) => sum + last + 1, 0)} events acknowledged before the kill, ${STATIONS} stations back after it`,
  )
})
