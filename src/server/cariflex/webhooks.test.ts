import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { openWebhooks } from '#ems'
import { manualClock, openOutward, parseInstant, silentLog } from '#kernel'
import { openOutbox, openSecrets, scratchStore } from '#store'
import { webhookRoutes } from './webhooks.ts'
import { yard } from './yard.fixture.ts'

test('a webhook is made with a secret that is shown once, listed, tried and removed, by those who may change the site', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cariflex-hook-routes-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const store = await scratchStore(t)
  const clock = manualClock(parseInstant('2026-11-24T12:00:00Z'))
  const webhooks = await openWebhooks({
    ...{ store, clock, log: silentLog },
    outbox: openOutbox({ store, clock, log: silentLog }),
    secrets: await openSecrets({ store, clock, folder }),
    outward: openOutward({ allow: ['127.0.0.1:9'] }),
  })
  t.after(() => webhooks.close())
  const { ask, nobody } = await yard(t, (server, account) =>
    server.register(webhookRoutes({ webhooks, account, zone: 'UTC', rooms: server }), '/api/cariflex/v1'),
  )
  assert.deepEqual((await ask('GET', '/mqtt')).body, { data: null })
  assert.equal((await nobody('GET', '/mqtt')).status, 403)
  const path = '/webhooks'
  const order = { url: 'http://127.0.0.1:9/hook', events: ['device.*'], description: 'the shop' }
  assert.equal((await nobody('POST', path, order)).status, 403)
  const inside = await ask('POST', path, { ...order, url: 'http://10.0.0.1/' })
  assert.deepEqual([inside.status, inside.body.code], [403, 'address-not-allowed'])
  assert.equal((await ask('POST', path, { ...order, events: ['Device; drop'] })).status, 422)
  const made = await ask<{ id: string; secret: string }>('POST', path, order)
  const { id, secret } = made.body.data
  assert.equal(made.status, 201)
  assert.match(secret, /^whsec_/)
  const { body } = await ask<object[]>('GET', path)
  assert.deepEqual(
    body.data.map((each) => ({ ...each, id: '', createdAt: '' })),
    [{ ...order, id: '', about: null, createdAt: '' }],
  )
  assert.equal((await ask('POST', `${path}/${id}/test`)).status, 202)
  await webhooks.settled()
  const told = await ask<{ type: string; sentAt: null; error: string }[]>('GET', `${path}/${id}/deliveries`)
  const [first] = told.body.data
  assert.deepEqual([told.body.data.length, first!.type, first!.sentAt], [1, 'webhook.test', null])
  assert.match(first!.error, /did not answer/)
  assert.equal((await ask('DELETE', `${path}/${id}`)).status, 204)
  assert.equal((await ask('DELETE', `${path}/${id}`)).status, 404)
})
