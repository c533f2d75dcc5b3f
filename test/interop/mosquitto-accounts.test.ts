/** Accounts of participants in a real Mosquitto with dynamic security: two homes that cannot touch each other's topics, and one that is revoked. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { systemClock as clock } from '#kernel'
import {
  createAccount,
  DYNAMIC_SECURITY_TOPIC,
  type DynamicSecurityCommand,
  denyByDefault,
  dynamicSecurityPayload,
  openMqttClient,
  removeAccount,
  rightsFor,
} from '#protocols/mqtt'
import { freePort } from '../journeys/territory.ts'
import { hasDynamicSecurity, mosquitto } from './mosquitto.ts'

const WASHER = { family: 111, id: 'A101', hardwareId: 'shellyplug-s-890CA6' }
const BOILER = { family: 411, id: 'D003', hardwareId: 'shellyplus1pm-a8032abe54dc' }

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    assert.ok(tries < 400, `${what} within 20 s`)
    await setTimeout(50)
  }
}

test('accounts that the platform makes in Mosquitto reach their own topics only, and are out at once when they are revoked', {
  skip: hasDynamicSecurity() ? false : 'Mosquitto with its dynamic security plugin is not installed',
  timeout: 60_000,
}, async (t) => {
  const broker = mosquitto(t, await freePort(), { dynamicSecurity: true })
  await broker.start()
  const join = async (username: string, password: string) => {
    const client = openMqttClient({
      url: broker.url,
      authority: broker.authority,
      clock,
      username,
      password,
      firstRetry: 200,
      slowestRetry: 400,
    })
    t.after(() => client.cut())
    await until(`${username} is connected`, () => client.isConnected())
    return client
  }
  const admin = await join('ems', 'secret')
  const replies: { command: string; error?: string }[] = []
  await admin.subscribe(`${DYNAMIC_SECURITY_TOPIC}/response`, ({ payload }) => {
    replies.push(...(JSON.parse(String(payload)) as { responses: typeof replies }).responses)
  })
  /** Does it, and wants no error. */
  const command = async (commands: DynamicSecurityCommand[]) => {
    const from = replies.length
    await admin.publish(DYNAMIC_SECURITY_TOPIC, dynamicSecurityPayload(commands))
    await until('the plugin answers', () => replies.length >= from + commands.length)
    assert.deepEqual(
      replies.slice(from),
      commands.map(({ command: name }) => ({ command: name })),
    )
  }
  await command([
    denyByDefault(),
    ...createAccount('R004', 'washing', rightsFor([WASHER])),
    ...createAccount('R005', 'boiling', rightsFor([BOILER])),
    ...createAccount('house', 'all', { send: ['#'], receive: ['#'] }),
  ])
  const [washer, boiler, house] = [await join('R004', 'washing'), await join('R005', 'boiling'), await join('house', 'all')]
  const heard: string[] = []
  await house.subscribe('#', ({ topic, payload }) => void heard.push(`${topic} ${payload}`))

  for (const filter of ['#', 'D003/rpc', '+/rpc'])
    await assert.rejects(
      washer.subscribe(filter, () => assert.fail(filter)),
      { code: 'mqtt-refused' },
    )
  await washer.publish('D003/rpc', 'spoofed')
  await washer.publish('controle/D003/rpc', 'spoofed')
  await washer.publish('shellies/shellyplug-s-890CA6/relay/0', 'on')
  await until('its own state arrives', () => heard.length > 0)
  assert.deepEqual(heard, ['shellies/shellyplug-s-890CA6/relay/0 on'])

  const orders: string[] = []
  await boiler.subscribe('D003/rpc', ({ payload }) => void orders.push(String(payload)))
  await house.publish('D003/rpc', 'order', { qos: 2 })
  await until('the order arrives', () => orders.length > 0)
  assert.deepEqual(orders, ['order'])

  await command(removeAccount('R005'))
  await until('the revoked account is out', () => !boiler.isConnected())
  await until('and stays out', () => boiler.error() !== null)
  assert.equal(washer.isConnected(), true)
})
