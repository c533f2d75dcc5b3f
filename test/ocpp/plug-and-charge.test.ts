// Plug & Charge as the platform sees it: contract certificates and what is wrong with them, OCSP, and the pool of contracts.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import test, { type TestContext } from 'node:test'
import { after, DAY, HOUR, millis } from '#kernel'
import { connectStation, type Payload } from '#protocols/ocpp'
import { hashOf, openTrialPki } from '#protocols/pki'
import { open } from './secure-house.ts'

/** A server of a test; resolves with its address. */
async function listening(t: TestContext, answer: (request: IncomingMessage, body: Buffer) => { status: number; body: string | Buffer }) {
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const { status, body } = answer(request, Buffer.concat(parts))
      response.writeHead(status).end(body)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('Plug & Charge: contracts, OCSP and the pool', { timeout: 120_000 }, async (t) => {
  const market: { url: string | undefined; authorization: string | undefined; body: unknown }[] = []
  const contract64 = Buffer.from('contract').toString('base64')
  let says = { status: 200, body: `{"CCPResponse":{"emaidContent":[{"messageDef":{"certificateInstallationRes":"${contract64}"}}]}}` }
  const pool = await listening(t, (request, body) => {
    market.push({ url: request.url, authorization: request.headers.authorization, body: JSON.parse(String(body)) })
    return says
  })
  const house = await open(t, { isEncrypted: false, config: { contracts: { url: `${pool}/opcp`, token: 'key-of-the-pool' } } })
  const { charging, store, clock } = house
  const { security } = charging
  let calls = 0
  let isAway = false
  const responderURL = `${await listening(t, (_, body) => {
    calls++
    return isAway ? { status: 503, body: '' } : { status: 200, body: pki.ocsp(body) }
  })}/ocsp`
  const pki = await openTrialPki(clock, { ocsp: responderURL })
  await house.register('PNC')
  const session = await connectStation(house.plain, { identity: 'PNC', clock, handler: async () => ({ status: 'Accepted' }) })
  t.after(() => session.close())
  await charging.orderBoot('PNC', 'Accepted')
  await session.call('BootNotification', { reason: 'PowerUp', chargingStation: { model: 'X', vendorName: 'Y' } })
  await charging.registerToken({ token: 'FR-CAR-C00000001-3', type: 'eMAID' } as never)
  const ask = (emaid: string, more: Payload) => session.call('Authorize', { idToken: { idToken: emaid, type: 'eMAID' }, ...more })
  const status = async (emaid: string, more: Payload) => (await ask(emaid, more))['certificateStatus']
  const contract = await pki.contract('FRCARC000000013')
  const certificate = contract.chain.join('')

  await t.test('a contract whose chain, dates, name and state are right is accepted; each fault has its status', async () => {
    assert.equal(await status('FRCARC000000013', { certificate }), 'CertChainError', 'no root is trusted yet')
    await security.trust(pki.roots.mo, ['MO'])
    const good = await ask('FRCARC000000013', { certificate })
    assert.deepEqual([good['certificateStatus'], (good['idTokenInfo'] as Payload)['status']], ['Accepted', 'Accepted'])
    assert.equal(await status('FRCARC00000001', { certificate }), 'Accepted', 'the check character may be left out')
    assert.equal(await status('FRCARC00000002', { certificate }), 'CertChainError', 'of another contract')
    assert.equal(
      await status('FRCARC000000014', { certificate: (await pki.contract('FRCARC000000014')).chain.join('') }),
      'CertChainError',
      'wrong check character',
    )
    assert.equal(await status('FRCARC000000013', { certificate: 'nonsense' }), 'CertChainError')
    const late = await pki.contract('FRCARC000000013', { before: 20 * DAY, lasts: -DAY })
    assert.equal(await status('FRCARC000000013', { certificate: late.chain.join('') }), 'CertificateExpired')
    assert.equal(
      await status('FRCARC000000021', { certificate: (await pki.contract('FRCARC00000002')).chain.join('') }),
      'ContractCancelled',
      'good, and not in our table',
    )
    const taken = await pki.contract('FRCARC000000013')
    pki.tell(taken.certificate, 'revoked')
    assert.equal(await status('FRCARC000000013', { certificate: taken.chain.join('') }), 'CertificateRevoked')
  })

  await t.test('hash data alone is asked for at the responder, whose word must be signed by an issuer we know', async () => {
    const other = await pki.contract('FRCARC000000013')
    const hash = { ...hashOf(other.certificate, other.chain[1]!), responderURL }
    assert.equal(
      await status('FRCARC000000013', { iso15118CertificateHashData: [hash] }),
      'CertChainError',
      'the authority of the contract is not known here',
    )
    await security.trust(other.chain[1]!, ['MO'])
    assert.equal(await status('FRCARC000000013', { iso15118CertificateHashData: [hash] }), 'Accepted')
    const revoked = await pki.contract('FRCARC000000013')
    pki.tell(revoked.certificate, 'revoked')
    assert.equal(
      await status('FRCARC000000013', {
        iso15118CertificateHashData: [{ ...hashOf(revoked.certificate, revoked.chain[1]!), responderURL }],
      }),
      'CertificateRevoked',
    )
    const inside = { ...hashOf(revoked.certificate, revoked.chain[1]!), responderURL: 'http://169.254.169.254/latest' }
    assert.equal(
      await status('FRCARC000000013', { iso15118CertificateHashData: [inside] }),
      'NoCertificateAvailable',
      'our own network is not asked',
    )
  })

  await t.test('OCSP answers are handed to stations and kept until their next update', async () => {
    const fresh = await pki.contract('FRCARC000000013')
    const ocspRequestData = { ...hashOf(fresh.certificate, fresh.chain[1]!, 'SHA384'), responderURL }
    const before = calls
    const first = await session.call('GetCertificateStatus', { ocspRequestData })
    assert.equal(first['status'], 'Accepted')
    assert.deepEqual(await session.call('GetCertificateStatus', { ocspRequestData }), first)
    assert.equal(calls, before + 1)
    isAway = true
    assert.deepEqual(await session.call('GetCertificateStatus', { ocspRequestData }), first, 'the responder may be away')
    clock.set(after(clock.now(), millis(25 * HOUR)))
    assert.equal((await session.call('GetCertificateStatus', { ocspRequestData }))['status'], 'Failed')
    assert.equal(
      await status('FRCARC000000013', { certificate: fresh.chain.join('') }),
      'Accepted',
      'a right chain charges while the responder is away',
    )
    isAway = false
    for (const url of ['http://10.0.0.1/', 'file:///etc/passwd', 'x'])
      assert.equal(
        (await session.call('GetCertificateStatus', { ocspRequestData: { ...ocspRequestData, responderURL: url } }))['status'],
        'Failed',
      )
    await security.watch.look()
    assert.deepEqual(await store.query('select from cariflex.ocsp_answer where until < $1', [new Date(clock.now())]), [])
  })

  await t.test(
    'a pool of the market is asked over HTTP, its bytes reach the car as they are, and what it does not have is told',
    async () => {
      const wish = {
        iso15118SchemaVersion: 'urn:iso:15118:2:2013:MsgDef',
        action: 'Install',
        exiRequest: Buffer.from([0x80, 0x9a]).toString('base64'),
      }
      const ask = (more: Payload = {}) => session.call('Get15118EVCertificate', { ...wish, ...more })
      assert.deepEqual(await ask(), { status: 'Accepted', exiResponse: Buffer.from('contract').toString('base64') })
      assert.deepEqual(market.at(-1), {
        url: '/opcp/v1/ccp/signedContractData',
        authorization: 'Bearer key-of-the-pool',
        body: { certificateInstallationReq: wish.exiRequest, xsdMsgDefNamespace: wish.iso15118SchemaVersion },
      })
      const before = market.length
      assert.deepEqual([(await ask({ action: 'Update' }))['status'], market.length], ['Failed', before], 'it renews none')
      for (const [status, body] of [
        [404, ''],
        [500, ''],
        [200, 'no JSON'],
        [200, '{"CCPResponse":{"emaidContent":[]}}'],
        [200, '{"CCPResponse":{"emaidContent":[{"messageDef":{"certificateInstallationRes":"<html>"}}]}}'],
        [302, ''],
      ] as const) {
        says = { status, body }
        const answer = await ask()
        assert.deepEqual([answer['status'], answer['exiResponse']], ['Failed', ''], `${status} ${body}`)
      }
    },
  )
})
