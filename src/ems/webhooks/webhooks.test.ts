import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { inProcessBus, MINUTE, manualClock, openOutward, parseInstant, silentLog } from '#kernel'
import { openOutbox, openSecrets, scratchStore } from '#store'
import type { News } from '../news.ts'
import { forwardNews } from './hook-events.ts'
import { openWebhooks, signatureOf } from './webhooks.ts'

interface Heard {
  id: string
  timestamp: string
  signature: string
  body: string
}

/** Lets everything else run until it holds; the runner's time limit ends it if it never does. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await setImmediate()
}

/** An address that answers as `status` says and remembers what it was told. */
async function listener(t: TestContext) {
  const heard: Heard[] = []
  const mood = { status: 204 }
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (part) => {
      body += part
    })
    request.on('end', () => {
      const head = (name: string) => String(request.headers[name])
      heard.push({ id: head('webhook-id'), timestamp: head('webhook-timestamp'), signature: head('webhook-signature'), body })
      response.writeHead(mood.status).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => new Promise((resolve) => server.close(resolve)))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, heard, mood }
}

async function hooks(t: TestContext) {
  const store = await scratchStore(t)
  const clock = manualClock(parseInstant('2026-11-24T12:00:00Z'))
  const folder = mkdtempSync(join(tmpdir(), 'cariflex-hooks-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const parts = {
    ...{ store, clock, log: silentLog },
    outbox: openOutbox({ store, clock, log: silentLog }),
    secrets: await openSecrets({ store, clock, folder }),
    outward: openOutward({ allow: ['127.0.0.1'] }),
  }
  const webhooks = await openWebhooks(parts)
  t.after(() => webhooks.close())
  return { clock, webhooks, parts }
}

test('news are told, signed, to those whose pattern fits, and only about what they asked for', async (t) => {
  const { clock, webhooks } = await hooks(t)
  const [all, one] = [await listener(t), await listener(t)]
  const { secret } = await webhooks.create({ url: all.url, events: ['device.*', 'alarm.raised'] })
  await webhooks.create({ url: one.url, events: ['*'], about: 'CP002' })
  const bus = inProcessBus<News>(() => {})
  t.after(forwardNews(bus, clock, webhooks))
  bus.tell({ kind: 'device', device: 'CP001', asset: 7, what: 'plugged' })
  bus.tell({ kind: 'limits', site: 1 })
  bus.tell({ kind: 'readings', site: 1, readings: [] })
  await until(() => all.heard.length > 0)
  const [told] = all.heard
  assert.deepEqual(JSON.parse(told!.body), {
    type: 'device.plugged',
    timestamp: '2026-11-24T12:00:00+00:00',
    data: { device: 'CP001', asset: 7 },
  })
  assert.equal(told!.signature, signatureOf(secret, told!.id, told!.timestamp, told!.body))
  await webhooks.tell({ type: 'device.online', about: 'CP002', at: clock.now(), data: {} })
  await until(() => one.heard.length > 0 && all.heard.length > 1)
  assert.deepEqual([all.heard.length, one.heard.length], [2, 1])
})

test('what an address did not take is tried again under the same id, also after a restart, until it says that it is gone', async (t) => {
  const { clock, webhooks, parts } = await hooks(t)
  const { url, heard, mood } = await listener(t)
  mood.status = 500
  const { webhook } = await webhooks.create({ url, events: ['*'] })
  await webhooks.test(webhook.id)
  await until(() => heard.length === 1)
  // What comes after it waits behind it, and the address is left alone meanwhile.
  await webhooks.tell({ type: 'device.online', at: clock.now(), data: {} })
  await webhooks.settled()
  assert.equal(heard.length, 1)
  await webhooks.close()
  mood.status = 200
  const again = await openWebhooks(parts)
  t.after(() => again.close())
  clock.forward(2 * MINUTE)
  await until(() => heard.length === 3)
  assert.equal(heard[1]!.id, heard[0]!.id)
  assert.equal((JSON.parse(heard[2]!.body) as { type: string }).type, 'device.online')
  mood.status = 410
  await again.test(webhook.id)
  await until(() => heard.length === 4)
  await again.settled()
  const { rows } = await again.deliveries(webhook.id, { limit: 10, offset: 0 })
  assert.deepEqual(
    rows.map(({ sentAt, failedAt }) => [sentAt !== null, failedAt !== null]),
    [
      [false, true],
      [true, false],
      [true, false],
    ],
  )
  await again.remove(webhook.id)
  assert.deepEqual(again.list(), [])
  await assert.rejects(again.test(webhook.id), { code: 'unknown-webhook' })
})

test('an address that failed once is told again seconds later', async (t) => {
  const { clock, webhooks } = await hooks(t)
  const { url, heard, mood } = await listener(t)
  mood.status = 503
  const { webhook } = await webhooks.create({ url, events: ['*'] })
  await webhooks.test(webhook.id)
  await until(() => heard.length === 1)
  await webhooks.settled()
  mood.status = 200
  clock.forward(5000)
  await until(() => heard.length === 2)
})

test('an address inside the network is refused before anything is kept', async (t) => {
  const { webhooks } = await hooks(t)
  await assert.rejects(webhooks.create({ url: 'http://169.254.169.254/latest', events: ['*'] }), { code: 'address-not-allowed' })
  await assert.rejects(webhooks.create({ url: 'file:///etc/passwd', events: ['*'] }), { code: 'address-not-allowed' })
  assert.deepEqual(webhooks.list(), [])
})
