import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import test from 'node:test'
import { isProblem, manualClock, wattHours } from '#kernel'
import { acceptStations, type Payload } from '#protocols/ocpp'
import { type CarPark, openCarPark } from './car-park.ts'
import { START } from './station.fixture.ts'

test('a guest station connects over a socket of its own, is swiped at, outlives a restart of the world, and leaves', async (t) => {
  const clock = manualClock(START)
  const said: { identity: string; action: string; payload: Payload }[] = []
  const versions: string[] = []
  const acceptor = acceptStations({
    authenticate: async () => ({ ok: true }),
    handlerFor: (identity) => async (action, payload) => {
      said.push({ identity, action, payload })
      if (action === 'BootNotification') return { currentTime: new Date(clock.now()).toISOString(), interval: 300, status: 'Accepted' }
      if (action === 'Authorize') return { idTagInfo: { status: 'Accepted' } }
      return {}
    },
    onSession: ({ version }) => void versions.push(version),
    clock,
    ping: 0,
  })
  const server = createServer()
  server.on('upgrade', (request, socket, head) => void acceptor.upgrade(request, socket, head))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ocpp`
  const opened: CarPark[] = []
  const open = (memory?: ReturnType<CarPark['memory']>) => {
    const park = openCarPark({ clock, url, cars: [], stations: [], soc: () => wattHours(0), ...(memory && { memory }) })
    opened.push(park)
    return park
  }
  /** Lets time pass until it is so. */
  const until = async (what: string, condition: () => boolean) => {
    for (let turns = 0; turns < 20_000; turns++) {
      if (condition()) return
      if (turns % 10 === 0) clock.forward(1000)
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
    throw new Error(`never happened: ${what}`)
  }
  t.after(async () => {
    const ticking = setInterval(() => clock.forward(1000), 1)
    await Promise.all(opened.map((park) => park.stop()))
    await acceptor.close()
    clearInterval(ticking)
    server.close()
    server.closeAllConnections()
  })
  const heard = (action: string) => said.filter((one) => one.action === action)

  const park = open()
  const guest = { identity: 'GUEST-1', nominalKw: 7.4, phases: 1, version: '1.6' } as const
  park.add(guest)
  assert.throws(
    () => park.add(guest),
    (error) => isProblem(error) && error.code === 'station-exists',
  )
  await until('its boot', () => heard('BootNotification').length === 1)
  assert.deepEqual([heard('BootNotification')[0]?.identity, versions[0]], ['GUEST-1', 'ocpp1.6'])
  await until('its acceptance', () => park.stations()[0]?.registration === 'Accepted')
  park.swipe('GUEST-1', '04AABBCC')
  await until('its question', () => heard('Authorize').length === 1)
  assert.equal(heard('Authorize')[0]?.payload['idTag'], '04AABBCC')
  const [shown] = park.shown()
  assert.deepEqual([shown?.version, shown?.phases, shown?.nominalKw, shown?.guest], ['1.6', 1, 7.4, true])

  const again = open(JSON.parse(JSON.stringify(park.memory())) as ReturnType<CarPark['memory']>)
  await until('its second connection', () => again.shown()[0]?.connected === true)
  again.remove('GUEST-1')
  assert.deepEqual(again.shown(), [])
  assert.throws(
    () => again.remove('GUEST-1'),
    (error) => isProblem(error) && error.code === 'unknown-station',
  )
  assert.deepEqual(again.memory().guests, [])
})
