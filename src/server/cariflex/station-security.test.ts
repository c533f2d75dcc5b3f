import assert from 'node:assert/strict'
import test from 'node:test'
import { after, DAY, manualClock } from '#kernel'
import { openTrialPki, writeRevocationList } from '#protocols/pki'
import { NOW, ocppHouse } from '../../../test/ocpp/house.ts'

test('certificates, passwords and profiles of stations by hand: who may, what comes back, what is refused', async (t) => {
  const house = await ocppHouse(t)
  const { charging } = house
  const pki = await openTrialPki(manualClock(NOW))
  const ask = async (method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown) => {
    const answer = await house.api<{ data: never; code?: string }>(method, path, body)
    return { status: answer.status, code: answer.body?.code, data: answer.body?.data as unknown as Record<string, unknown> & unknown[] }
  }
  const subject = await house.come('CP001', { password: 'correct-horse-battery' })
  await charging.settled()

  const trusted = await ask('POST', '/charging/certificates', { pem: pki.roots.mo, uses: ['MO'] })
  assert.equal(trusted.status, 201)
  assert.match(String(trusted.data['subject']), /Trial MO root/)
  assert.equal((await ask('POST', '/charging/certificates', { pem: 'nonsense', uses: ['MO'] })).code, 'bad-certificate')
  assert.equal((await ask('POST', '/charging/certificates', { pem: pki.roots.mo, uses: [] })).status, 422)
  assert.equal((await ask('GET', '/charging/certificates?kind=root')).data.length, 1)
  assert.match(String((await ask('GET', '/charging/certificates/authority')).data['pem']), /BEGIN CERTIFICATE/)
  assert.match(String((await ask('GET', '/charging/certificates/revoked')).data['pem']), /BEGIN X509 CRL/)

  // A list of contracts that the authority of the market took back.
  const { certificate, chain, key } = pki.authority('mo')
  const pem = writeRevocationList({ certificate, key }, [{ serial: 'abc1', at: NOW }], {
    from: NOW,
    until: after(NOW, DAY),
  })
  const lists = '/charging/certificates/revocation-lists'
  assert.equal((await ask('POST', lists, { pem })).code, 'untrusted-revocation-list')
  const added = await ask('POST', lists, { pem, issuer: chain.join('') })
  assert.deepEqual([added.status, added.data['revoked'], added.data['until']], [201, 1, '2026-11-25T08:00:00-04:00'])
  assert.equal((await ask('POST', lists, { url: 'http://127.0.0.1:1/mo.crl' })).code, 'address-not-allowed')
  assert.equal((await ask('POST', lists, { url: 'http://127.0.0.1:1/mo.crl', pem })).status, 422)
  assert.equal((await ask('POST', lists, { pem: 'nonsense' })).code, 'bad-revocation-list')
  assert.equal((await ask('GET', lists)).data.length, 1)
  assert.equal((await ask('DELETE', `${lists}/${added.data['signer']}`)).status, 200)
  assert.equal((await ask('DELETE', `${lists}/${added.data['signer']}`)).code, 'unknown-revocation-list')

  assert.deepEqual((await ask('POST', '/stations/CP001/certificates', { use: 'CSMSRootCertificate' })).data, { status: 'Accepted' })
  assert.equal((await ask('POST', '/stations/CP001/certificates/inventory')).data.length, 1)
  assert.deepEqual((await ask('POST', '/stations/CP001/certificates/signing', {})).data, { status: 'Accepted' })
  await house.until('its certificate', async () => (await charging.security.certificates({ station: 'CP001' }))[0]?.state === 'current')
  const { issued, installed } = (await ask('GET', '/stations/CP001/certificates')).data as never as {
    issued: { fingerprint: string }[]
    installed: unknown[]
  }
  assert.deepEqual([issued.length, installed.length], [1, 1])
  assert.deepEqual((await ask('DELETE', '/stations/CP001/certificates/1')).data, { status: 'Accepted' })
  assert.equal((await ask('DELETE', '/stations/CP001/certificates/1')).code, 'unknown-certificate')

  const changed = await ask('POST', '/stations/CP001/password', {})
  assert.deepEqual([changed.data['status'], String(changed.data['password']).length], ['Accepted', 20])
  assert.equal((await ask('POST', '/stations/CP001/password', { password: 'short' })).code, 'bad-password')
  assert.equal((await ask('POST', '/stations/CP001/security-profile', { profile: 2 })).code, 'profile-needs')
  assert.equal((await ask('POST', '/stations/CP001/security-profile', { profile: 4 })).status, 422)
  assert.equal((await ask('POST', '/stations/CP009/password', {})).code, 'unknown-station')
  const raised = await ask('POST', '/stations/CP001/security-profile', { profile: 1, url: 'ws://127.0.0.1:1/ocpp' })
  assert.equal(raised.data['status'], 'Accepted')
  assert.equal(subject.heard('SetNetworkProfile').length, 1)

  assert.equal((await ask('GET', '/stations/CP001/upstream')).data, null)
  assert.equal((await ask('PUT', '/stations/CP009/upstream', { url: 'ws://127.0.0.1:1/other' })).code, 'unknown-station')
  assert.equal((await ask('PUT', '/stations/CP001/upstream', { url: 'http://127.0.0.1:1/other' })).code, 'invalid-upstream')
  assert.equal((await ask('PUT', '/stations/CP001/upstream', { url: 'ws://127.0.0.1:1', passwort: 'x' })).status, 422)
  const upstream = { url: 'ws://127.0.0.1:1/other', connected: false, waiting: 0, orders: true, badges: 'theirs' }
  assert.deepEqual((await ask('PUT', '/stations/CP001/upstream', { url: upstream.url, password: 'there' })).data, upstream)
  assert.deepEqual((await ask('GET', '/stations/CP001/upstream')).data, upstream)
  assert.equal((await ask('DELETE', '/stations/CP001/upstream')).data, null)

  const { fingerprint } = issued[0]!
  assert.equal(
    (await ask('POST', `/charging/certificates/${fingerprint}/revocation`, { because: 'stolen' })).data['revokedBecause'],
    'stolen',
  )
  assert.equal((await ask('POST', `/charging/certificates/${'0'.repeat(64)}/revocation`, { because: 'x' })).code, 'unknown-certificate')
  assert.equal((await ask('POST', '/charging/certificates/zz/revocation', { because: 'x' })).status, 422)
})
