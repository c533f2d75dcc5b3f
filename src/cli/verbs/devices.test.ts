import assert from 'node:assert/strict'
import test from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { type DeviceStatus, openControl } from '#community'
import { after, manualClock, SECOND, silentLog } from '#kernel'
import { deviceOrderRoutes } from '#server'
import { BOUNDARY, fakeBroker, machine, memoryJournal, plug } from '../../community/control/plugs.fixture.ts'
import { freshStanding } from '../../community/control/standing.ts'
import { MODE } from '../../community/registry/codes.ts'
import { yard } from '../../server/cariflex/yard.fixture.ts'
import { cariflex } from '../terminal.fixture.ts'

test('a device is switched from the command line, its status read, and exit codes tell how it ended', async (t) => {
  const clock = manualClock(after(BOUNDARY, 5 * SECOND))
  const broker = fakeBroker(clock)
  const journal = memoryJournal(
    new Map([
      [1, freshStanding(MODE.manual)],
      [2, freshStanding(MODE.manual)],
      [3, freshStanding(MODE.disabled)],
    ]),
  )
  const control = await openControl(
    { journal, clock, broker, log: silentLog, tell: () => {} },
    [machine(1), machine(2, { typology: 190 }), machine(3)],
    [plug('A101', 1), plug('A102', 2), plug('A103', 3)],
  )
  t.after(() => control.close())
  const { server, token, ask, nobody } = await yard(t, (rooms, account) =>
    rooms.register(deviceOrderRoutes({ control, account, zone: 'Europe/Paris', rooms }), '/api/cariflex/v1'),
  )
  const { url } = await server.listen()
  const run = (verb: string, ...more: string[]) => cariflex(verb, { env: { CARIFLEX_TOKEN: token }, more: [...more, '--url', url] })

  broker.obeys = true
  const done = await run('devices order', 'A101', 'on', '--json')
  assert.equal(done.code, 0, done.err)
  const { ackMs, ...order } = JSON.parse(done.out) as { ackMs: number }
  assert.equal(ackMs, 0)
  assert.deepEqual(order, { id: 'A101', order: 'on', state: 'acknowledged', tries: 1, reason: null })
  assert.match((await run('devices order', 'A102', 'on')).out, /^A102 on: acknowledged after 1 tries, 0 ms\./)

  broker.obeys = false
  const failing = run('devices order', 'A101', 'off', '--json')
  let isOver = false
  void failing.finally(() => {
    isOver = true
  })
  while (!isOver) {
    await turn()
    if (broker.sent.length > 2) clock.forward(SECOND)
  }
  const failed = await failing
  assert.deepEqual([failed.code, (JSON.parse(failed.out) as { tries: number }).tries], [3, 3], failed.out + failed.err)

  const refused = [
    ['A103', 'on'],
    ['A999', 'on'],
    ['nonsense', 'off'],
  ]
  for (const words of refused) {
    const { code, out } = await run('devices order', ...words, '--json')
    assert.deepEqual([code, (JSON.parse(out) as { state: string }).state], [4, 'refused'], words.join(' '))
  }
  broker.say('A102', { online: false })
  const away = await run('devices order', 'A102', 'off', '--json')
  assert.deepEqual([away.code, /is kept/.test(away.out)], [4, true], away.out)
  assert.equal((await run('devices order', 'A101', 'maybe')).code, 2)
  assert.equal((await run('devices order', 'A101', 'on', '--timeout', 'x')).code, 2)

  broker.say('A101', { relay: true, powerW: 12.5, energyWh: 8103.83, online: true })
  const status = JSON.parse((await run('devices status', '--json')).out) as DeviceStatus[]
  assert.deepEqual(
    status.map(({ lastSeen, lastOrder, ...one }) => [one, typeof lastSeen, lastOrder?.state]),
    [
      [{ id: 'A101', online: true, relay: 'on', powerW: 12.5, energyWh: 8103.83, control: 70, command: 13 }, 'string', 'sent'],
      [{ id: 'A102', online: false, relay: 'on', powerW: null, energyWh: null, control: 60, command: 30 }, 'string', 'refused'],
      [{ id: 'A103', online: null, relay: null, powerW: null, energyWh: null, control: 70, command: 1 }, 'object', 'refused'],
    ],
  )
  assert.match((await run('devices status', 'A103')).out, /A103/)

  assert.equal((await nobody('GET', '/community/devices/status')).status, 200)
  assert.equal((await nobody('POST', '/community/devices/A101/orders', { order: 'on' })).status, 403)
  assert.equal((await ask('POST', '/community/devices/A101/orders', { order: 'toggle' })).status, 422)
  assert.deepEqual((await ask('GET', '/community/devices/status?id=A998')).body.code, 'unknown-device')
})
