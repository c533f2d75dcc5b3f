import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import test, { type TestContext } from 'node:test'
import { isPrivateAddress, openOutward } from './outward.ts'
import { isProblem } from './problem.ts'

const refused = (code: string) => (error: unknown) => isProblem(error) && error.code === code

async function listening(t: TestContext, answer: (path: string) => string | undefined): Promise<number> {
  const server = createServer((request, response) => {
    const text = answer(request.url ?? '')
    if (request.url === '/moved') response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()
    else if (text !== undefined) response.end(text)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

test('addresses of this machine, of private networks and of nobody are told from public ones', () => {
  for (const own of [
    '127.0.0.1',
    '10.1.2.3',
    '172.31.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '::1',
    '::',
    'fe80::1',
    'fd00::1',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '::7f00:1',
    'nonsense',
    '',
  ])
    assert.ok(isPrivateAddress(own), own)
  for (const open of ['1.1.1.1', '172.32.0.1', '193.0.0.1', '2606:4700::1111']) assert.ok(!isPrivateAddress(open), open)
})

test('nobody can make us call our own network, by number, by name or by a name that has both kinds of address', async (t) => {
  let asked = 0
  const port = await listening(t, () => {
    asked++
    return 'secret'
  })
  const names: Record<string, string[]> = {
    'inside.example': ['127.0.0.1'],
    'both.example': ['1.1.1.1', '10.0.0.1'],
    'six.example': ['::ffff:127.0.0.1'],
  }
  const outward = openOutward({
    resolve: async (host) => (names[host] ?? []).map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
  })
  for (const url of [
    `http://127.0.0.1:${port}/`,
    `http://2130706433:${port}/`,
    `http://0x7f.1:${port}/`,
    `http://[::1]:${port}/`,
    `http://[::ffff:127.0.0.1]:${port}/`,
    `http://inside.example:${port}/`,
    `http://both.example:${port}/`,
    `http://six.example:${port}/`,
    'file:///etc/passwd',
    'ftp://1.1.1.1/',
    'http://user:word@1.1.1.1/',
    'nonsense',
    '',
  ])
    await assert.rejects(outward.call(url), refused('address-not-allowed'), url)
  assert.equal(asked, 0)
  await assert.rejects(outward.call('http://nowhere.example/'), refused('address-unreachable'))
})

test('a WebSocket leads only to the address that was judged, however its name is resolved later', async () => {
  let answers = 0
  const outward = openOutward({
    allow: ['10.1.0.0/16'],
    resolve: async () => [{ address: answers++ === 0 ? '10.1.2.3' : '127.0.0.1', family: 4 }],
  })
  const lookup = await outward.pin('wss://csms.example/ocpp')
  for (let times = 0; times < 2; times++) {
    assert.equal(await new Promise((done) => lookup('csms.example', {}, (_, address) => done(address))), '10.1.2.3')
    const all = await new Promise((done) => lookup('csms.example', { all: true }, (_, addresses) => done(addresses)))
    assert.deepEqual(all, [{ address: '10.1.2.3', family: 4 }])
  }
  assert.equal(answers, 1)
  for (const url of [
    'ws://127.0.0.1/',
    'ws://[::ffff:a9fe:a9fe]/',
    'ws://169.254.169.254/latest/',
    'http://10.1.2.3/',
    'wss://a:b@10.1.2.3/',
  ])
    await assert.rejects(outward.pin(url), refused('address-not-allowed'), url)
  await assert.rejects(outward.check('ws://10.1.2.3/'), refused('address-not-allowed'), 'a webhook is no WebSocket')
})

test('what the operator allows is called, at the address that was checked; redirects, slowness and size are held', async (t) => {
  const port = await listening(t, (path) => (path === '/slow' ? undefined : path === '/large' ? 'x'.repeat(5000) : `told ${path}`))
  let answers = 0
  const outward = openOutward({
    allow: ['127.0.0.0/8', 'named.example'],
    timeout: 300,
    most: 1000,
    // A name that changes its mind between the check and the call (DNS rebinding) is asked once only.
    resolve: async () => [{ address: answers++ === 0 ? '127.0.0.1' : '10.9.9.9', family: 4 }],
  })
  assert.equal((await outward.call(`http://named.example:${port}/a`)).body.toString(), 'told /a')
  assert.equal(answers, 1)
  assert.equal((await outward.call(`http://127.0.0.1:${port}/b`, { method: 'POST', body: 'x' })).status, 200)
  assert.equal((await outward.call(`http://127.0.0.1:${port}/moved`)).status, 302)
  await assert.rejects(outward.call(`http://127.0.0.1:${port}/large`), refused('answer-too-large'))
  await assert.rejects(outward.call(`http://127.0.0.1:${port}/slow`), refused('address-unreachable'))
  await assert.rejects(outward.call('http://127.0.0.1:1/'), refused('address-unreachable'))
})
