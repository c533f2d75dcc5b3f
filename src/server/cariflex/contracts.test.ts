import assert from 'node:assert/strict'
import test from 'node:test'
import { type Contract, decodeExi, encodeExi, installationRequest, openInstallation, schema, updateRequest } from '#protocols/iso15118'
import { keyFromPem, readCertificates, toDer } from '#protocols/pki'
import { ocppHouse } from '../../../test/ocpp/house.ts'

interface Shown {
  emaid: string
  car: string
  state: string
  certificates: { fingerprint: string; revokedAt: string | null }[]
}

test('a contract is made, fetched by its car, renewed, ended: every step is told and each fault has its code', async (t) => {
  const house = await ocppHouse(t)
  const ask = async <T = Shown>(method: 'GET' | 'POST', path: string, body?: unknown) => {
    const { status, body: answer } = await house.api<{ data: T; code?: string }>(method, `/charging/contracts${path}`, body)
    return { status, code: answer?.code, data: answer?.data }
  }
  assert.deepEqual((await ask('GET', '')).data, { pool: null, contracts: [] })
  const wish = { emaid: 'FR-CAR-C00000001', car: 'WP0ZZZTRIAL000001' }
  assert.equal((await ask('POST', '', wish)).code, 'no-contract-authority')
  const { roots } = (await ask<{ roots: string[] }>('POST', '/trial', {})).data
  assert.deepEqual((await ask<{ roots: string[] }>('POST', '/trial', {})).data.roots, roots, 'it is made once')
  assert.equal(roots.length, 2)

  const made = await ask('POST', '', wish)
  assert.deepEqual([made.status, made.data.emaid, made.data.state], [201, 'FRCARC000000013', 'waiting'])
  assert.equal((await ask('POST', '', wish)).code, 'contract-exists')
  assert.equal((await ask('POST', '', { ...wish, emaid: 'FR-CAR-C00000001-4' })).code, 'bad-emaid')
  assert.equal((await ask('POST', '', { ...wish, emaid: 'FRCARC00000002', until: '2020-01-01T00:00:00Z' })).code, 'invalid-contract')
  assert.equal((await ask('POST', '', { ...wish, car: 'a car' })).status, 422)
  assert.equal((await ask('GET', '/FRCARC00000009')).code, 'unknown-contract')

  const [car] = (await ask<{ certificate: string; key: string }[]>('POST', '/trial/cars', { car: wish.car })).data
  const [leaf] = readCertificates(car!.certificate)
  const key = keyFromPem(car!.key)
  const provisioning = { certificate: toDer(leaf!.pem).toString('base64'), key, roots: [] }
  const namespace = 'urn:iso:15118:2:2013:MsgDef'
  const pool = async (exi: Buffer) => {
    const body = { certificateInstallationReq: exi.toString('base64'), xsdMsgDefNamespace: namespace }
    const { status, body: told } = await house.api<{
      CCPResponse: { emaidContent: { messageDef: { certificateInstallationRes: string } }[] }
    }>('POST', '/charging/contracts/v1/ccp/signedContractData', body)
    return { status, answer: told.CCPResponse?.emaidContent[0]?.messageDef.certificateInstallationRes }
  }
  const roots64 = [{ issuer: 'CN=Cariflex', serial: '01' }]
  const request = encodeExi(schema('iso2'), installationRequest({ ...provisioning, roots: roots64 }, '0011223344556677'))
  const { answer } = await pool(request)
  const contract = await openInstallation(decodeExi(schema('iso2'), Buffer.from(answer!, 'base64')), key, () => true)
  assert.equal(contract.emaid, 'FRCARC000000013')
  const whole = (await ask('GET', '/FRCARC00000001')).data
  assert.deepEqual([whole.state, whole.certificates.length], ['installed', 1])
  assert.equal((await pool(Buffer.from('nonsense'))).status, 400)

  const { own } = house.charging.security.contracts
  const renew = async (old: Contract) => {
    const exi = encodeExi(schema('iso2'), updateRequest(old, roots64, '0011223344556677'))
    const { ok, exi: told } = await own.answer({ namespace, action: 'Update', exi })
    return ok ? openInstallation(decodeExi(schema('iso2'), told), old.key, () => true) : undefined
  }
  const fresh = await renew(contract)
  assert.notEqual(fresh!.chain[0], contract.chain[0])
  const check = house.charging.security.contractCheck
  const pem = (one: Contract) => one.chain.map((der) => `-----BEGIN CERTIFICATE-----\n${der}\n-----END CERTIFICATE-----\n`).join('')
  const status = () => check({ emaid: contract.emaid, certificate: pem(fresh!) })
  assert.equal(await status(), 'Accepted')

  assert.equal((await ask('POST', '/FRCARC000000013/revocation', {})).status, 422)
  const ended = await ask('POST', '/FRCARC000000013/revocation', { because: 'sold' })
  assert.equal(ended.data.state, 'revoked')
  assert.equal(await status(), 'CertificateRevoked')
  assert.equal(await renew(fresh!), undefined)
  assert.equal((await pool(request)).status, 404)
  assert.ok(
    (await ask('GET', '/FRCARC000000013')).data.certificates.every(({ revokedAt }) => revokedAt !== null),
    'all certificates ended',
  )
  assert.equal((await ask('POST', '', wish)).status, 201, 'an ended contract may be made anew')
})
