/** Events at a real Mosquitto: over TLS, with a password, in order, none lost while it is killed, states retained. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { setTimeout } from 'node:timers/promises'
import mqtt from 'mqtt'
import { openMqttEvents } from '#ems'
import { systemClock as clock, silentLog } from '#kernel'
import { openOutbox, scratchStore } from '#store'
import { freePort } from '../journeys/territory.ts'
import { hasMosquitto, mosquitto } from './mosquitto.ts'

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    assert.ok(tries < 1200, `${what} within a minute`)
    await setTimeout(50)
  }
}

test('a real Mosquitto gets every event in order, also those of the time in which it was killed, and keeps the states', {
  skip: hasMosquitto() ? false : 'Mosquitto is not installed',
  timeout: 90_000,
}, async (t) => {
  const broker = mosquitto(t, await freePort())
  await broker.start()
  const login = { username: 'ems', password: 'secret', ca: broker.authority }
  const store = await scratchStore(t)
  const events = openMqttEvents({
    ...{ outbox: openOutbox({ store, clock, log: silentLog }), clock, log: silentLog },
    settings: {
      ...{ url: broker.url, authority: broker.authority, prefix: 'island', events: ['*'] },
      ...{ username: login.username, password: login.password },
    },
  })
  t.after(() => events.close())
  const listen = async (topic: string, clientId: string) => {
    const heard: { topic: string; payload: string; retained: boolean }[] = []
    const client = mqtt.connect(broker.url, { ...login, clientId, clean: false, reconnectPeriod: 200 })
    client.on('message', (at, payload, { retain }) => void heard.push({ topic: at, payload: String(payload), retained: retain }))
    client.on('error', () => undefined)
    await client.subscribeAsync(topic, { qos: 1 })
    t.after(() => client.endAsync(true))
    return heard
  }
  const heard = await listen('island/events/#', 'listener')
  const tell = async (from: number, to: number) => {
    for (let nth = from; nth <= to; nth++) await events.tell({ type: 'device.plugged', about: 'CP001', at: clock.now(), data: { nth } })
  }
  /** At least once: what came twice counts once. */
  const numbers = () => [...new Set(heard.map(({ payload }) => (JSON.parse(payload) as { data: { nth: number } }).data.nth))]
  await tell(1, 50)
  await until('fifty events', () => numbers().length >= 50)
  await broker.kill()
  await tell(51, 100)
  await broker.start()
  await until('the events of the time without a broker', () => numbers().length >= 100)
  assert.deepEqual(
    numbers(),
    Array.from({ length: 100 }, (_, index) => index + 1),
  )
  // Whoever comes later reads the state at once.
  const later = await listen('island/#', 'later')
  await until('the states', () => later.filter(({ retained }) => retained).length >= 2)
  const states = Object.fromEntries(later.filter(({ retained }) => retained).map(({ topic, payload }) => [topic, payload]))
  assert.equal(states['island/status'], 'online')
  assert.equal((JSON.parse(states['island/devices/CP001/status']!) as { status: string }).status, 'plugged')
  await assert.rejects(
    mqtt.connectAsync(broker.url, { ...login, password: 'wrong', reconnectPeriod: 0 }),
    /Not authorized|Connection refused/,
  )
})
