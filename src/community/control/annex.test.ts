// ELFE's Annex A, row by row, with the recommended corrections.
import assert from 'node:assert/strict'
import test from 'node:test'
import { after, HOUR, type Instant, instant, MINUTE, SECOND } from '#kernel'
import { COMMAND, CONTROL, type CommandState, type ControlState, MODE } from '../registry/codes.ts'
import { readCommand } from './codes.ts'
import { step } from './machine.ts'
import { type Appliance, type ControlEvent, freshStanding, type Standing, type Step } from './standing.ts'

const NOW = instant(Date.UTC(2026, 10, 25, 10, 0, 5))
const SLOT = instant(Date.UTC(2026, 10, 25, 10))
const DECLARATION = { id: 'd1', deadline: after(NOW, 8 * HOUR) }
const plug = (more: Partial<Appliance> = {}): Appliance => ({ id: 4001, type: 112, typology: 120, plc: false, ...more })
const piloted: Standing = {
  ...freshStanding(MODE.piloted),
  control: CONTROL.off,
  command: COMMAND.waiting,
  declaration: DECLARATION,
  programmedAt: NOW,
}
const on: ControlEvent = { kind: 'decision', on: true, slot: SLOT }
const off: ControlEvent = { kind: 'decision', on: false, slot: SLOT }
const RELAY_ON = { relay: true }
const RELAY_OFF = { relay: false }

const take = (appliance: Appliance, state: Standing, event: ControlEvent, at: Instant = NOW): Step =>
  step(appliance, state, event, { at, order: 'o1' })
const acknowledge = (appliance: Appliance, { state }: Step): Standing => take(appliance, state, { kind: 'acknowledged', order: 'o1' }).state
const fail = (appliance: Appliance, { state }: Step): Step => take(appliance, state, { kind: 'failed', order: 'o1' })
const codes = ({ mode, control, command, wanted }: Standing) => [mode, control, command, wanted]

test('row 1: handed over to the plan, a plug goes off and waits, but only once that is acknowledged', () => {
  const asked = take(plug(), freshStanding(MODE.manual), { kind: 'piloted', declaration: DECLARATION })
  assert.deepEqual(asked.order?.deed, RELAY_OFF)
  assert.equal(asked.state.mode, 20)
  const done = acknowledge(plug(), asked)
  assert.deepEqual(codes(done), [30, 25, 11, false])
  assert.equal(done.programmedAt, NOW)
  assert.deepEqual(codes(fail(plug(), asked).state), [20, 60, 30, false])
  assert.deepEqual(fail(plug(), asked).state.declaration, DECLARATION)
})

test('row 2: taken back by its participant, a plug is on and free', () => {
  const asked = take(plug(), piloted, { kind: 'manual' })
  assert.deepEqual(asked.order?.deed, RELAY_ON)
  assert.deepEqual(codes(acknowledge(plug(), asked)), [20, 15, 13, true])
  assert.deepEqual(codes(fail(plug(), asked).state), [30, 60, 30, false])
})

test('row 3: a machine starts in its slot and is its participant’s again; without an acknowledgement it stays in the plan', () => {
  for (const type of [111, 112, 113, 221, 225, 515]) {
    const asked = take(plug({ type }), piloted, on)
    assert.deepEqual([asked.order?.deed, asked.order?.slot, asked.order?.because], [RELAY_ON, SLOT, 'start'])
    const done = acknowledge(plug({ type }), asked)
    assert.deepEqual([...codes(done), done.startedAt], [20, 15, 13, true, NOW])
    assert.equal(take(plug({ type }), done, on).order, undefined)
    const failed = fail(plug({ type }), asked)
    assert.deepEqual([failed.state.mode, failed.state.declaration, failed.notice], [30, DECLARATION, 'order-failed'])
    assert.equal(take(plug({ type }), failed.state, { kind: 'decision', on: true, slot: after(SLOT, 15 * MINUTE) }).order?.because, 'start')
  }
})

test('row 4: what heats is on in its slots and stays in the plan', () => {
  for (const type of [131, 151, 155]) {
    const done = acknowledge(plug({ type }), take(plug({ type }), piloted, on))
    assert.deepEqual([...codes(done), done.startedAt], [30, 15, 13, true, NOW])
  }
})

test('row 5: what heats is off in the other slots, waiting (11), and the 12 of ELFE’s program is read as that', () => {
  for (const type of [131, 151, 155]) {
    const running = acknowledge(plug({ type }), take(plug({ type }), piloted, on))
    const asked = take(plug({ type }), running, off)
    assert.deepEqual(asked.order?.deed, RELAY_OFF)
    assert.deepEqual(codes(acknowledge(plug({ type }), asked)), [30, 25, 11, false])
  }
  const read: [CommandState, ControlState, CommandState][] = [
    [COMMAND.pilotedOn, CONTROL.off, COMMAND.waiting],
    [COMMAND.pilotedOn, CONTROL.on, COMMAND.pilotedOn],
    [COMMAND.running, CONTROL.off, COMMAND.running],
  ]
  for (const [command, control, meant] of read) assert.equal(readCommand(command, control), meant)
})

test('row 6: at an inverted relay the order is the reverse, and the states tell of the appliance', () => {
  for (const type of [112, 131]) {
    const inverted = plug({ typology: 190, type })
    const waiting = take(inverted, freshStanding(MODE.manual), { kind: 'piloted' })
    assert.deepEqual(waiting.order?.deed, RELAY_ON)
    assert.deepEqual(codes(acknowledge(inverted, waiting)), [30, 25, 11, false])
    const running = take(inverted, piloted, on)
    assert.deepEqual(running.order?.deed, RELAY_OFF)
    assert.equal(acknowledge(inverted, running).control, 15)
    assert.equal(take(inverted, { ...freshStanding(MODE.manual) }, { kind: 'relay', on: true }).state.control, 25)
  }
})

test('row 7: where a finger presses, handing over changes only who drives: the participant has armed the machine', () => {
  for (const typology of [130, 150, 160]) {
    const { state, order } = take(plug({ typology }), freshStanding(MODE.manual), { kind: 'piloted', declaration: DECLARATION })
    assert.equal(order, undefined)
    assert.deepEqual([...codes(state), state.programmedAt], [30, 70, 1, false, NOW])
  }
})

test('row 8: a finger presses its sequence once, and the machine counts as started when its power is seen', () => {
  for (const [typology, presses] of [
    [130, [32]],
    [150, [31, 32]],
    [160, [32, 32]],
  ] as const) {
    const machine = plug({ typology })
    const asked = take(machine, piloted, on)
    assert.deepEqual(asked.order?.deed, { presses })
    assert.equal(asked.state.command, 21)
    const pressed = acknowledge(machine, asked)
    assert.deepEqual([pressed.mode, pressed.command], [30, 21])
    assert.equal(take(machine, pressed, on).order, undefined)
    assert.equal(take(machine, pressed, { kind: 'power', watts: 2 }).state.mode, 30)
    const running = take(machine, pressed, { kind: 'power', watts: 60 }, after(NOW, MINUTE)).state
    assert.deepEqual([...codes(running), running.startedAt], [20, 15, 13, true, after(NOW, MINUTE)])
    const unsure = fail(machine, asked).state
    assert.equal(take(machine, unsure, on).order, undefined, 'no blind second press')
    assert.equal(take(machine, unsure, { kind: 'power', watts: 60 }).state.command, 13)
    const late = take(machine, pressed, { kind: 'decision', on: false, slot: SLOT }, after(NOW, 15 * MINUTE))
    assert.deepEqual([late.state.command, late.notice], [30, 'start-not-seen'])
  }
})

test('row 9: a finger cannot stop', () => {
  for (const typology of [130, 150, 160]) assert.deepEqual(take(plug({ typology }), piloted, off), { state: piloted })
})

test('row 10: a relay beside a temperature sensor or a general meter goes off and waits (11)', () => {
  for (const typology of [140, 180]) {
    const asked = take(plug({ typology, type: 131 }), freshStanding(MODE.manual), { kind: 'piloted' })
    assert.deepEqual(asked.order?.deed, RELAY_OFF)
    assert.deepEqual(codes(acknowledge(plug({ typology, type: 131 }), asked)), [30, 25, 11, false])
  }
})

test('row 11: a failed start of a relay beside a sensor does not lose the demand', () => {
  for (const typology of [140, 180]) {
    const { state, notice } = fail(plug({ typology }), take(plug({ typology }), piloted, on))
    assert.deepEqual([state.mode, state.declaration, notice], [30, DECLARATION, 'order-failed'])
  }
})

test('row 12: the PLC forced to manual is not driven, and the demand that waits there is said', () => {
  const { state, order, notice } = take(plug({ plc: true }), piloted, { kind: 'plc', manual: true })
  assert.equal(order, undefined)
  assert.deepEqual([...codes(state), state.declaration, notice], [70, 25, 11, false, DECLARATION, 'plc-manual'])
  assert.equal(take(plug(), piloted, { kind: 'plc', manual: true }).state.mode, 30, 'not what hangs on no PLC')
})

test('row 13: the PLC given back, its channels are on and their participant’s', () => {
  const asked = take(plug({ plc: true }), { ...piloted, mode: MODE.disabled }, { kind: 'plc', manual: false })
  assert.deepEqual([asked.order?.deed, asked.state.mode, asked.notice], [RELAY_ON, 20, 'declaration-ended'])
  assert.deepEqual(codes(acknowledge(plug({ plc: true }), asked)), [20, 15, 13, true])
  assert.equal(take(plug({ plc: true }), piloted, { kind: 'plc', manual: false }).order, undefined)
})

test('row 14: a device that is away is a fault without orders; what is wished meanwhile is ordered when it is back', () => {
  const away = take(plug(), piloted, { kind: 'online', online: false })
  assert.equal(away.order, undefined)
  assert.deepEqual(codes(away.state), [30, 60, 30, false])
  const wished = take(plug(), away.state, on)
  assert.equal(wished.order, undefined)
  const back = take(plug(), wished.state, { kind: 'online', online: true }, after(NOW, 14 * MINUTE))
  assert.deepEqual([back.order?.deed, back.order?.slot], [RELAY_ON, SLOT])
  const tooLate = take(plug(), wished.state, { kind: 'online', online: true }, after(NOW, 15 * MINUTE))
  assert.deepEqual([tooLate.order, tooLate.notice, tooLate.state.declaration], [undefined, 'order-expired', DECLARATION])
})

test('row 15: what is measured, being installed, disabled or removed is never driven', () => {
  const asking: ControlEvent[] = [
    { kind: 'piloted' },
    { kind: 'manual' },
    { kind: 'start-now' },
    { kind: 'cancel' },
    { kind: 'switch', on: true },
    on,
    off,
  ]
  for (const mode of [MODE.measured, MODE.installing, MODE.disabled, MODE.removed])
    for (const event of asking) assert.deepEqual(take(plug(), freshStanding(mode), event), { state: freshStanding(mode) })
})

test('row 16: a wiring that nothing drives is left as it is, and said', () => {
  for (const typology of [110, 170, 200, 999])
    assert.deepEqual(take(plug({ typology }), piloted, on), { state: piloted, notice: 'undrivable' })
})

test('a relay found in another state is told as it is, and put right at most once in 30 s where it heats', () => {
  const heater = plug({ type: 131 })
  const running = acknowledge(heater, take(heater, piloted, on))
  const found = take(heater, running, { kind: 'relay', on: false }, after(NOW, MINUTE))
  assert.deepEqual([found.state.control, found.order?.because, found.order?.slot], [25, 'restore', SLOT])
  const right = take(heater, found.state, { kind: 'acknowledged', order: 'o1' }).state
  const again = take(heater, right, { kind: 'relay', on: false }, after(NOW, MINUTE + 29 * SECOND))
  assert.deepEqual([again.state.control, again.order], [25, undefined])
  assert.equal(take(heater, again.state, { kind: 'relay', on: false }, after(NOW, MINUTE + 30 * SECOND)).order?.because, 'restore')
  assert.equal(take(heater, right, { kind: 'relay', on: false }, after(SLOT, 15 * MINUTE)).order, undefined, 'an ON of long ago')
  const machine = take(plug(), piloted, { kind: 'relay', on: true })
  assert.deepEqual([machine.state.control, machine.order], [15, undefined])
})

test('a message that says the wished state after the tries had failed is believed; one that says another is not', () => {
  const failed = fail(plug(), take(plug(), piloted, on)).state
  assert.deepEqual(codes(take(plug(), failed, { kind: 'relay', on: false }).state), [30, 60, 30, false])
  assert.deepEqual(codes(take(plug(), failed, { kind: 'relay', on: true }).state), [20, 15, 13, true])
})

test('cancelled, a machine that waits stays off and free; one that is being started is put off; a water heater gets its power back', () => {
  const waiting = take(plug(), piloted, { kind: 'cancel' })
  assert.deepEqual([...codes(waiting.state), waiting.state.declaration, waiting.order], [20, 25, 1, false, null, undefined])
  assert.deepEqual(take(plug(), take(plug(), piloted, on).state, { kind: 'cancel' }).order?.deed, RELAY_OFF)
  assert.deepEqual(take(plug({ type: 131 }), piloted, { kind: 'cancel' }).order?.because, 'manual')
})

test('started now, a machine needs no slot, and what a person asked for is not undone by the plan', () => {
  const asked = take(plug(), piloted, { kind: 'start-now' })
  assert.deepEqual([asked.order?.deed, asked.order?.slot], [RELAY_ON, null])
  assert.equal(take(plug(), asked.state, on).order, undefined)
  assert.equal(acknowledge(plug(), asked).mode, 20)
})
