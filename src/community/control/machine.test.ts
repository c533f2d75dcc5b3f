// What holds whatever happens, over random histories.
import assert from 'node:assert/strict'
import test from 'node:test'
import { after, HOUR, type Instant, instant, MINUTE, SECOND } from '#kernel'
import { MODE } from '../registry/codes.ts'
import { step } from './machine.ts'
import { type Appliance, type ControlEvent, freshStanding, isOfPlan, type Standing, type Step } from './standing.ts'

const START = instant(Date.UTC(2026, 10, 25))
const TYPES = [112, 131, 155, 221]
const TYPOLOGIES = [110, 120, 130, 140, 150, 160, 180, 190, 200]
const MODES = Object.values(MODE)

interface Moment {
  readonly appliance: Appliance
  readonly before: Standing
  readonly event: ControlEvent
  readonly at: Instant
  readonly taken: Step
}

/** Random histories from a seed, which the message of a failing check names. */
function* histories(seed: number, count: number, length: number): Generator<Moment[]> {
  let word = seed
  const random = (below: number): number => {
    word = (Math.imul(word, 1664525) + 1013904223) >>> 0
    return Math.floor((word / 2 ** 32) * below)
  }
  const pick = <T>(list: readonly T[]): T => list[random(list.length)]!
  for (let run = 0; run < count; run++) {
    const appliance = { id: run, type: pick(TYPES), typology: pick(TYPOLOGIES), plc: random(2) === 0 }
    let state = freshStanding(pick([...MODES, MODE.manual, MODE.manual, MODE.piloted, MODE.piloted]))
    let at = START
    let last = 'none'
    const moments: Moment[] = []
    for (let index = 0; index < length; index++) {
      at = after(at, random(4) === 0 ? random(20) * MINUTE : random(40) * SECOND)
      const flag = random(2) === 0
      const slot = instant(Math.floor(at / (15 * MINUTE)) * 15 * MINUTE)
      const event = pick<ControlEvent>([
        { kind: 'piloted', declaration: { id: `${run}-${index}`, deadline: after(at, 6 * HOUR) } },
        { kind: pick(['manual', 'start-now', 'cancel']) },
        { kind: 'switch', on: flag },
        { kind: 'decision', on: flag, slot: after(slot, -random(2) * 15 * MINUTE) },
        { kind: 'decision', on: true, slot },
        { kind: 'acknowledged', order: last },
        { kind: 'acknowledged', order: last },
        { kind: 'failed', order: last },
        { kind: 'online', online: flag },
        { kind: 'relay', on: flag },
        { kind: 'power', watts: random(100) },
        { kind: 'plc', manual: flag },
      ])
      const taken = step(appliance, state, event, { at, order: `${run}-${index}` })
      moments.push({ appliance, before: state, event, at, taken })
      state = taken.state
      last = taken.order?.id ?? last
    }
    yield moments
  }
}

const SEED = 20261125
const every = (check: (moment: Moment, where: string) => void) => {
  let seen = 0
  for (const moments of histories(SEED, 400, 60))
    for (const moment of moments) {
      seen++
      check(moment, `seed ${SEED}: ${JSON.stringify(moment)}`)
    }
  assert.equal(seen, 24_000)
}

test('an appliance in manual, disabled or removed never gets an order of the plan, nor any order unless it may be driven', () => {
  every(({ before, taken: { order, state } }, where) => {
    if (!order) return
    if (isOfPlan(order.because)) assert.equal(before.mode, MODE.piloted, where)
    assert.ok(state.mode === MODE.manual || state.mode === MODE.piloted, where)
  })
})

test('every ON of the plan has one slot and is younger than 15 min; every ON ends', () => {
  every(({ at, taken: { order } }, where) => {
    if (!order?.on) return
    if (isOfPlan(order.because)) assert.ok(order.slot !== null && at - order.slot < 15 * MINUTE, where)
    assert.ok(order.expiresAt !== null && order.expiresAt > at, where)
  })
})

test('a device that is away gets no order', () => {
  every(({ before, event, taken: { order } }, where) => {
    if (before.online === false && event.kind !== 'online') assert.equal(order, undefined, where)
  })
})

test('a machine starts at most once per declaration, and no finger presses twice for one', () => {
  let started = 0
  for (const moments of histories(SEED, 400, 60)) {
    const starts = new Map<string, number>()
    const presses = new Map<string, number>()
    for (const { appliance, before, event, taken } of moments) {
      const id = before.declaration?.id
      if (id === undefined || event.kind === 'piloted' || [131, 155].includes(appliance.type)) continue
      if (taken.state.startedAt !== before.startedAt) starts.set(id, (starts.get(id) ?? 0) + 1)
      if (taken.order && 'presses' in taken.order.deed) presses.set(id, (presses.get(id) ?? 0) + 1)
    }
    for (const count of [...starts.values(), ...presses.values()]) assert.equal(count, 1, `seed ${SEED}: ${JSON.stringify(moments)}`)
    started += starts.size
  }
  assert.ok(started > 20, `${started} starts were seen`)
})

test('a declaration goes only by its start, by the participant, or with a notice', () => {
  const BY_HAND = ['piloted', 'manual', 'cancel', 'start-now', 'switch']
  let ended = 0
  every(({ before, event, taken: { state, notice } }, where) => {
    if (before.declaration === null || state.declaration?.id === before.declaration.id) return
    ended++
    const isTakenBack = before.wish?.because === 'manual'
    const isStart = state.startedAt !== before.startedAt || (state.control === 15 && state.mode === MODE.manual)
    assert.ok(BY_HAND.includes(event.kind) || isTakenBack || isStart || notice !== undefined, where)
  })
  assert.ok(ended > 100, `${ended} ends were seen`)
})

test('at an inverted relay the order and what is seen are the reverse of the appliance', () => {
  let seen = 0
  every(({ appliance, before, event, taken: { order, state } }, where) => {
    if (order && 'relay' in order.deed) assert.equal(order.deed.relay, order.on !== (appliance.typology === 190), where)
    if (event.kind !== 'relay' || before.wish || appliance.typology !== 190) return
    seen++
    assert.equal(state.control, event.on ? 25 : 15, where)
  })
  assert.ok(seen > 50, `${seen} relays were seen`)
})
