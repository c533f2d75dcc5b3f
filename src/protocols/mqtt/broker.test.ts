// Two homes at one broker: what neither may do to the other, and what survives a broker that goes and comes back.
import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { after, HOUR, manualClock, parseInstant, silentLog, systemClock } from '#kernel'
import { issueCertificate, keyToPem, makeKey, publicOf } from '#protocols/pki'
import {
  type MqttAccounts,
  type MqttBrokerOptions,
  type MqttClient,
  type MqttClientOptions,
  openMqttBroker,
  openMqttClient,
  rightsFor,
  type TopicRights,
} from './index.ts'

const NOW = parseInstant('2026-11-25T12:00:00Z')
const SERVICE: TopicRights = { send: ['#'], receive: ['#'] }

/** Resolves when the condition holds; the test's own time limit ends it otherwise. */
async function settled(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2))
}

async function village(t: TestContext, port = 0, tls?: MqttBrokerOptions['tls']) {
  const clock = manualClock(NOW)
  const rights = new Map<string, TopicRights>([
    ['service', SERVICE],
    ['R004', rightsFor([{ family: 411, id: 'D003', hardwareId: 'shellyplus1pm-a8032ab1fe78' }])],
    ['R005', rightsFor([{ family: 111, id: 'A101', hardwareId: 'shellyplug-s-890CA6' }])],
  ])
  const accounts: MqttAccounts = {
    login: async (name, password) => (password === `secret of ${name}` ? rights.get(name) : undefined),
    rightsOf: async (name) => rights.get(name),
  }
  const broker = await openMqttBroker({ accounts, clock, log: silentLog, port, ...(tls && { tls }) })
  t.after(() => broker.close())
  const join = (username: string, more: Partial<MqttClientOptions> = {}): MqttClient => {
    const client = openMqttClient({
      url: broker.url,
      clock,
      username,
      password: `secret of ${username}`,
      firstRetry: 20,
      slowestRetry: 100,
      ...more,
    })
    t.after(() => client.close())
    return client
  }
  const joined = async (username: string, more?: Partial<MqttClientOptions>): Promise<MqttClient> => {
    const client = join(username, more)
    await settled(() => client.isConnected())
    return client
  }
  return { clock, rights, broker, join, joined }
}

test('a home reaches its own topics; what it sends to those of another is dropped, its connection stays, and it hears nothing of them', async (t) => {
  const { broker, joined } = await village(t)
  const [home, service] = [await joined('R004'), await joined('service')]
  const heard: string[] = []
  await service.subscribe('#', ({ topic, payload }) => void heard.push(`${topic} ${payload}`))
  await home.publish('shellies/shellyplug-s-890CA6/relay/0/command', 'on')
  await home.publish('D003/rpc', '{}')
  await home.publish('controle/D003/rpc', 'own')
  await settled(() => heard.length > 0)
  assert.deepEqual(heard, ['controle/D003/rpc own'])
  assert.equal(broker.denied(), 2)
  for (const filter of ['#', 'D003/#', '+/rpc', 'shellies/shellyplug-s-890CA6/relay/0/command', '$SYS/#'])
    await assert.rejects(
      home.subscribe(filter, () => assert.fail(filter)),
      { code: 'mqtt-refused' },
    )
  const orders: string[] = []
  await home.subscribe('D003/rpc', ({ payload }) => void orders.push(String(payload)))
  await service.publish('D003/rpc', 'order', { qos: 2 })
  await settled(() => orders.length > 0)
  assert.deepEqual(orders, ['order'])
})

test('a wrong password stays outside, and so does the client id of another account, connected or with a session waiting', async (t) => {
  const { broker, join, joined } = await village(t)
  const stranger = join('R004', { password: 'guess' })
  const owner = await joined('R004', { clientId: 'plug' })
  const thief = join('R005', { clientId: 'plug' })
  await settled(() => stranger.error() !== null && thief.error() !== null)
  assert.match(stranger.error() ?? '', /Bad username or password/)
  assert.match(thief.error() ?? '', /Identifier rejected/)
  await owner.close()
  await settled(() => broker.connected().size === 0)
  const late = join('R005', { clientId: 'plug' })
  await settled(() => late.error() !== null)
  assert.match(late.error() ?? '', /Identifier rejected/)
})

test('a revoked account is out within five seconds, its will is told, and fewer rights hold at once', async (t) => {
  const { broker, clock, rights, joined } = await village(t)
  const service = await joined('service')
  const heard: string[] = []
  await service.subscribe('D003/online', ({ payload }) => void heard.push(String(payload)))
  const home = await joined('R004', { will: { topic: 'D003/online', payload: 'false', retain: true } })
  rights.set('R004', { send: ['D003/online'], receive: [] })
  clock.forward(5000)
  await home.publish('controle/D003/rpc', 'too late')
  // The look at the accounts is asynchronous: tried until it holds.
  while (broker.denied() === 0) await home.publish('controle/D003/rpc', 'too late')
  rights.delete('R004')
  clock.forward(5000)
  await settled(() => heard.length > 0 && !home.isConnected())
  assert.deepEqual(heard, ['false'])
  assert.deepEqual([...broker.connected().keys()], ['service'])
})

test('subscriptions come back with the broker; an order given without it fails instead of arriving late', async (t) => {
  const first = await village(t)
  const states: boolean[] = []
  const service = await first.joined('service', { connection: (connected) => void states.push(connected) })
  const heard: string[] = []
  const leave = await service.subscribe('tele/+/LWT', ({ topic, payload }) => void heard.push(`${topic} ${payload}`))
  await first.broker.close()
  await settled(() => !service.isConnected())
  await assert.rejects(service.publish('cmnd/A1/POWER', 'ON'), { code: 'mqtt-away' })
  const second = await village(t, first.broker.port)
  const plug = await second.joined('service')
  await plug.retain('tele/A1/LWT', 'Online')
  await settled(() => heard.length > 0)
  assert.deepEqual(heard, ['tele/A1/LWT Online'])
  // Who comes later is told what was kept, and that it was.
  const late: boolean[] = []
  await plug.subscribe('tele/A1/LWT', ({ retained }) => void late.push(retained))
  await settled(() => late.length > 0)
  assert.deepEqual(late, [true])
  assert.deepEqual(states, [true, false, true])
  leave()
  await service.subscribe('done', () => void heard.push('done'))
  await plug.publish('tele/A1/LWT', 'Offline')
  await plug.publish('done', '')
  await settled(() => heard.length > 1)
  assert.deepEqual(heard.slice(1), ['done'])
})

test('a port that is taken is said', async (t) => {
  const { broker } = await village(t)
  await assert.rejects(village(t, broker.port), { code: 'mqtt-port' })
})

test('with a certificate the port speaks TLS only, to those who trust its authority', async (t) => {
  const [from, until] = [after(systemClock.now(), -HOUR), after(systemClock.now(), HOUR)]
  const [root, key] = [await makeKey(), await makeKey()]
  const authority = issueCertificate({ subject: { commonName: 'Village' }, key: root, from, until, authority: 0 })
  const certificate = issueCertificate({
    ...{ subject: { commonName: 'Broker' }, key: publicOf(key), issuer: { certificate: authority, key: root }, from, until },
    ...{ purposes: ['server'], names: ['127.0.0.1'] },
  })
  const { broker, joined, join } = await village(t, 0, { certificate, key: keyToPem(key) })
  assert.match(broker.url, /^mqtts:/)
  const stranger = join('service')
  const service = await joined('service', { authority })
  assert.equal(service.isConnected(), true)
  await settled(() => stranger.error() !== null)
  assert.equal(stranger.isConnected(), false)
})
