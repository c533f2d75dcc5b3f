import assert from 'node:assert/strict'
import test from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { after, MINUTE, manualClock, millis, SECOND, silentLog } from '#kernel'
import { COMMAND, CONTROL, MODE } from '../registry/codes.ts'
import { type Control, type Notice, openControl } from './control.ts'
import { BOUNDARY, fakeBroker, machine, memoryJournal, plug } from './plugs.fixture.ts'
import { freshStanding, type Standing } from './standing.ts'

const PILOTED: Standing = {
  ...freshStanding(MODE.piloted),
  control: CONTROL.off,
  command: COMMAND.waiting,
  declaration: { id: 'd1', deadline: after(BOUNDARY, 600 * MINUTE) },
}
const DECISION = { kind: 'decision', on: true, slot: BOUNDARY } as const

async function house({ standing = PILOTED, appliances = [machine(1)], devices = [plug('A101', 1)] } = {}) {
  const clock = manualClock(after(BOUNDARY, 5 * SECOND))
  const broker = fakeBroker(clock)
  const journal = memoryJournal(new Map(appliances.map(({ id }) => [id, standing])))
  const notices: Notice[] = []
  const open = (): Promise<Control> =>
    openControl({ journal, clock, broker, log: silentLog, tell: (notice) => notices.push(notice) }, appliances, devices)
  const control = await open()
  /** Time goes on second by second, and everybody does what is due. */
  const live = async (seconds: number) => {
    for (let second = 0; second < seconds; second++) {
      await turn()
      clock.forward(SECOND)
    }
    await turn()
  }
  const times = () => broker.sent.map(({ at }) => (at - broker.sent[0]!.at) / SECOND)
  return { clock, broker, journal, notices, control, open, live, times }
}

test('an order is told three times, at 0, 5 and 20 s, then it has failed, and somebody hears of it', async () => {
  const { control, live, times, notices, journal } = await house()
  control.apply(1, DECISION)
  await live(24)
  assert.deepEqual(times(), [0, 5, 20])
  assert.equal(control.standing(1)?.control, 25)
  await live(2)
  const { control: found, command, mode } = control.standing(1)!
  assert.deepEqual([mode, found, command], [30, 60, 30])
  assert.deepEqual(
    notices.map(({ code }) => code),
    ['order-failed'],
  )
  const [record] = [...journal.kept.values()]
  assert.deepEqual([record?.state, record?.tries, record?.slot], ['failed', 3, BOUNDARY])
  assert.equal(control.status('A101')[0]?.lastOrder?.state, 'failed')
})

test('only what the device says after it was told acknowledges, and only the ordered state does', async () => {
  const { control, broker, live, journal } = await house()
  broker.say('A101', { relay: true })
  control.apply(1, DECISION)
  broker.say('A101', { relay: true })
  await live(1)
  assert.equal(control.standing(1)?.mode, 30)
  broker.say('A101', { relay: false })
  broker.say('A101', { relay: true }, true)
  broker.say('A101', { acknowledges: 'another' })
  assert.equal(control.standing(1)?.mode, 30)
  await live(1)
  broker.say('A101', { relay: true })
  await live(30)
  assert.deepEqual([control.standing(1)?.mode, control.standing(1)?.command], [20, 13])
  assert.equal(broker.sent.length, 1)
  assert.deepEqual(
    [...journal.kept.values()].map(({ state, ackMs }) => [state, ackMs]),
    [['acknowledged', 2000]],
  )
})

test('a reply by the id of the order acknowledges too', async () => {
  const { control, broker, live } = await house()
  control.apply(1, DECISION)
  await live(1)
  broker.say('A101', { acknowledges: broker.sent[0]!.order })
  assert.equal(control.standing(1)?.mode, 20)
})

test('a device that is away gets nothing, and what is wished within 10 s of its return', async () => {
  const { control, broker, live } = await house()
  broker.say('A101', { online: false }, true)
  control.apply(1, DECISION)
  const refused = control.order('A101', true, 'Ada')
  assert.equal(refused.state, 'refused')
  await live(120)
  assert.equal(broker.sent.length, 0)
  broker.obeys = true
  broker.say('A101', { online: true })
  await live(9)
  assert.deepEqual(
    broker.sent.map(({ word }) => word),
    ['on'],
  )
  assert.equal(control.standing(1)?.control, 15)
})

test('a device that goes away in the middle of its tries gets no more of them', async () => {
  const { control, broker, live, journal } = await house()
  control.apply(1, DECISION)
  await live(2)
  broker.say('A101', { online: false })
  await live(60)
  assert.equal(broker.sent.length, 1)
  assert.deepEqual(
    [...journal.kept.values()].map(({ state }) => state),
    ['failed'],
  )
})

test('the plan switches a device at most once in 30 s, and the least times on and off hold; a person need not wait', async () => {
  const standing = { ...PILOTED, declaration: null }
  const devices = [{ ...plug('A101', 1), leastOn: millis(2 * MINUTE) }]
  const { control, broker, live, times } = await house({ standing, appliances: [machine(1, { type: 131 })], devices })
  broker.obeys = true
  control.apply(1, DECISION)
  await live(1)
  control.apply(1, { ...DECISION, on: false })
  await live(118)
  assert.equal(broker.sent.length, 1)
  await live(2)
  control.apply(1, DECISION)
  await live(40)
  assert.deepEqual(times(), [0, 120, 150])
  assert.equal(control.order('A101', false, 'Ada').state, 'sent')
  await live(1)
  assert.equal(broker.sent.at(-1)?.word, 'off')
})

test('an OFF of what heats is said again in every slot, for its safety timer', async () => {
  const { control, broker, clock, live } = await house({
    standing: { ...PILOTED, declaration: null },
    appliances: [machine(1, { type: 131 })],
  })
  broker.obeys = true
  for (let slot = 0; slot < 4; slot++) {
    clock.set(after(BOUNDARY, 5 * SECOND + slot * 15 * MINUTE))
    control.apply(1, { kind: 'decision', on: false, slot: after(BOUNDARY, slot * 15 * MINUTE) })
    await live(2)
  }
  assert.deepEqual(
    broker.sent.map(({ word }) => word),
    ['off', 'off', 'off', 'off'],
  )
  for (const [index, { at }] of broker.sent.entries()) if (index > 0) assert.ok(at - broker.sent[index - 1]!.at <= 900 * SECOND, `${at}`)
})

test('a finger presses its buttons 5 s apart and never a second time', async () => {
  const devices = [plug('C001', 1, 31), plug('C002', 1, 32), plug('A101', 1, 21)]
  const { control, broker, live, times } = await house({ appliances: [machine(1, { typology: 150 })], devices })
  control.apply(1, DECISION)
  await live(3)
  broker.say('C002', { pressed: true })
  assert.equal(control.standing(1)?.pressedAt, null, 'Start was not pressed yet')
  await live(57)
  assert.deepEqual(
    broker.sent.map(({ device, word }) => [device, word]),
    [
      ['C001', 'press'],
      ['C002', 'press'],
    ],
  )
  assert.deepEqual(times(), [0, 5])
  broker.say('A101', { powerW: 80 })
  assert.deepEqual([control.standing(1)?.mode, control.standing(1)?.command], [20, 13])
})

test('what cannot be ordered by hand is refused with its reason, and an inverted relay is told what was said', async () => {
  const { control, broker } = await house({ standing: freshStanding(MODE.disabled) })
  assert.deepEqual([control.order('A101', true, null).state, broker.sent.length], ['refused', 0])
  assert.throws(() => control.order('A999', true, null), { code: 'unknown-device' })
  const inverted = await house({ standing: freshStanding(MODE.manual), appliances: [machine(1, { typology: 190 })] })
  inverted.broker.obeys = true
  inverted.control.order('A101', true, 'Ada')
  await inverted.live(1)
  const [status] = inverted.control.status('A101')
  assert.deepEqual([status?.relay, status?.control, status?.lastOrder?.state, status?.lastOrder?.order], ['on', 25, 'acknowledged', 'on'])
})

test('everything manual: all is given back and told, and the plan orders nothing until it is lifted, also after a restart', async () => {
  const { control, broker, live, notices, open } = await house()
  broker.obeys = true
  await control.setEverythingManual(true, 'Ada')
  await live(1)
  assert.deepEqual([control.standing(1)?.mode, notices.map(({ code }) => code)], [20, ['declaration-ended']])
  await control.close()
  const again = await open()
  assert.equal(again.isEverythingManual(), true)
  assert.throws(() => again.apply(1, { kind: 'piloted' }), { code: 'everything-manual' })
  await again.setEverythingManual(false, 'Ada')
  again.apply(1, { kind: 'piloted' })
  await live(1)
  assert.equal(again.standing(1)?.mode, 30)
})

test('a restart in the middle of the tries goes on with those that are left, or ends them as failed', async () => {
  const { control, clock, open, live, times, broker } = await house()
  control.apply(1, DECISION)
  await live(7)
  await control.close()
  clock.set(after(BOUNDARY, 17 * SECOND))
  const again = await open()
  await live(20)
  assert.deepEqual(times(), [0, 5, 20])
  assert.equal(again.standing(1)?.command, 30)

  const late = await house()
  late.control.apply(1, DECISION)
  await late.live(1)
  await late.control.close()
  late.clock.set(after(BOUNDARY, 60 * MINUTE))
  const reopened = await late.open()
  await late.live(1)
  assert.deepEqual([late.broker.sent.length, reopened.standing(1)?.command, late.notices.at(-1)?.code], [1, 30, 'order-failed'])
  assert.equal(broker.sent.length, 3)
})

test('500 orders of one slot are out within 60 s of its boundary, though half the devices are silent', async () => {
  const numbers = Array.from({ length: 500 }, (_, index) => index + 1)
  const { control, broker, live } = await house({
    appliances: numbers.map((id) => machine(id)),
    devices: numbers.map((id) => plug(`A${id}`, id)),
  })
  for (const id of numbers) control.apply(id, DECISION)
  await live(2)
  for (const { device } of [...broker.sent]) if (Number(device.slice(1)) % 2 === 0) broker.say(device, { relay: true })
  await live(30)
  assert.equal(new Set(broker.sent.map(({ device }) => device)).size, 500)
  assert.ok(
    broker.sent.every(({ at }) => at - BOUNDARY < 60 * SECOND),
    'one was late',
  )
  assert.equal(numbers.filter((id) => control.standing(id)?.command === 13).length, 250)
  assert.equal(numbers.filter((id) => control.standing(id)?.control === 60).length, 250)
})
