/** Tokens and remote starts of the simulated station. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { CallError } from '#protocols/ocpp'
import { charging, newCar, powerOf, profile, rig, spec } from './station.fixture.ts'

test('a remote start waits for the car, brings its profile, and a remote stop ends it', async (t) => {
  const one = await rig(t)
  const { transactionId: _, ...forStart } = profile(6_000, { id: 30, transactionId: 'x' })
  const wrong = await one.ask('RequestStartTransaction', {
    remoteStartId: 6,
    idToken: spec().token,
    chargingProfile: profile(6_000, { transactionId: 'x' }),
  })
  assert.equal(`${wrong.status} ${wrong.statusInfo?.reasonCode}`, 'Rejected UnsupportedParam')
  const start = await one.ask('RequestStartTransaction', { remoteStartId: 7, idToken: spec().token, evseId: 1, chargingProfile: forStart })
  assert.equal(start.status, 'Accepted')
  await one.pass(10)
  const started = one.events()[0]!
  assert.deepEqual(
    [started.eventType, started.triggerReason, started.transactionInfo.remoteStartId, started.idToken?.idToken],
    ['Started', 'RemoteStart', 7, 'FRCFXC00000001'],
  )
  assert.equal(one.of('Authorize').length, 0)
  one.station.plug(newCar())
  await one.pass(20)
  assert.equal(powerOf(one), 6_000)
  const id = started.transactionInfo.transactionId
  assert.deepEqual(await one.ask('GetTransactionStatus', { transactionId: id }), { ongoingIndicator: true, messagesInQueue: false })
  assert.equal((await one.ask('RequestStopTransaction', { transactionId: 'another' })).status, 'Rejected')
  assert.equal((await one.ask('RequestStopTransaction', { transactionId: id })).status, 'Accepted')
  await one.pass(30)
  const ended = one.events().at(-1)!
  assert.deepEqual([ended.eventType, ended.triggerReason, ended.transactionInfo.stoppedReason], ['Ended', 'RemoteStop', 'Remote'])
  assert.equal(powerOf(one), 0)
  assert.equal(one.station.state().connector, 'Occupied')
  // The plugged car may be started again from afar.
  await one.ask('RequestStartTransaction', { remoteStartId: 8, idToken: spec().token })
  await one.pass(20)
  assert.equal(powerOf(one), 11_040)
})

test('a remote start without a car times out; with AuthorizeRemoteStart the token is asked for first', async (t) => {
  const one = await rig(t)
  await one.ask('RequestStartTransaction', { remoteStartId: 1, idToken: spec().token })
  await one.until('the time-out', () => one.events().at(-1)?.eventType === 'Ended', 70)
  const ended = one.events().at(-1)!
  assert.deepEqual([ended.triggerReason, ended.transactionInfo.stoppedReason], ['EVConnectTimeout', 'Timeout'])
  await one.ask('SetVariables', {
    setVariableData: [{ component: { name: 'AuthCtrlr' }, variable: { name: 'AuthorizeRemoteStart' }, attributeValue: 'true' }],
  })
  one.answers.Authorize = () => ({ idTokenInfo: { status: 'Blocked' } })
  const before = one.events().length
  await one.ask('RequestStartTransaction', { remoteStartId: 2, idToken: spec().token })
  await one.pass(5)
  assert.equal(one.of('Authorize').length, 1)
  assert.equal(one.events().length, before)
})

test('a token that is not accepted moves no energy; one that is taken back ends the transaction', async (t) => {
  const invalid = await rig(t, { answers: { Authorize: () => ({ idTokenInfo: { status: 'Invalid' } }) } })
  invalid.station.plug(newCar())
  await invalid.pass(30)
  assert.equal(powerOf(invalid), 0)
  assert.deepEqual([...new Set(invalid.events().map((event) => event.transactionInfo.chargingState))], ['EVConnected'])
  const blocked = await rig(t, { answers: { TransactionEvent: ({ idToken }) => (idToken ? { idTokenInfo: { status: 'Blocked' } } : {}) } })
  blocked.station.plug(newCar())
  await blocked.until('the end', () => blocked.events().at(-1)?.eventType === 'Ended', 30)
  assert.equal(blocked.events().at(-1)!.transactionInfo.stoppedReason, 'DeAuthorized')
  await blocked.pass(5)
  assert.equal(powerOf(blocked), 0)
})

test('a CSMS that cannot judge a token now is asked again', async (t) => {
  let healthy = false
  const one = await rig(t, {
    answers: {
      Authorize: () => {
        if (!healthy) throw new CallError('InternalError')
        return { idTokenInfo: { status: 'Accepted' } }
      },
    },
  })
  one.station.plug(newCar())
  await one.pass(40)
  assert.equal(powerOf(one), 0)
  assert.equal(one.of('Authorize').length, 2)
  healthy = true
  await one.until('charging', () => powerOf(one) === 11_040, 60)
})

test('off line only a token that was accepted before opens the contactor', async (t) => {
  const one = await charging(t)
  one.station.unplug()
  await one.pass(3)
  one.station.disconnect(300)
  await one.pass(5)
  one.station.plug(newCar())
  await one.pass(20)
  assert.equal(powerOf(one), 11_040)
  one.station.unplug()
  one.station.plug(newCar({ token: { idToken: 'STRANGER', type: 'eMAID' } }))
  await one.pass(20)
  assert.equal(powerOf(one), 0)
  await one.until('it asks when it is back', () => powerOf(one) === 11_040, 400)
})
