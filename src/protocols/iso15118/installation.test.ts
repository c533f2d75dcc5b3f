import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import test, { type TestContext } from 'node:test'
import { systemClock } from '#kernel'
import { type ChainHolder, openTrialPki, readCertificates, type TrialPki, toDer } from '#protocols/pki'
import type { Applicant, Contract, ContractQuestion, NoContract } from './contract.ts'
import { answerContractRequest } from './contract-desk.ts'
import { decodeExi } from './exi/codec.ts'
import { schema } from './exi/schemas.ts'
import { openSecc, runEvcc } from './listen.ts'
import type { Iso20Messages } from './messages.gen.ts'
import { testSupply, testVehicle } from './parties.fixture.ts'
import type { InstallationSeeker, Protocol } from './parties.ts'
import { openKey, sealKey } from './sealing.ts'

const EMAID = 'FRCARC000000013'
const PCID = 'WP0ZZZTRIAL0000001'

const ders = ({ chain }: ChainHolder) => chain.map((pem) => toDer(pem).toString('base64'))
const contractOf = (holder: ChainHolder): Contract => ({ emaid: EMAID, chain: ders(holder), key: holder.key })

interface Desk {
  passed: Buffer[]
  applicants: Applicant[]
  questions: ContractQuestion[]
  grants: Contract | NoContract
}

/** One session of a car at a station whose pool grants what the desk holds. */
async function visit(
  t: TestContext,
  pki: TrialPki,
  desk: Desk,
  protocol: Protocol,
  car: { contract?: Contract; install: InstallationSeeker },
) {
  const cps = pki.authority('cps')
  const supply = testSupply({
    judge: async ([leaf = '']) => {
      const { subject, publicKey } = new X509Certificate(Buffer.from(leaf, 'base64'))
      return { emaid: /CN=(\w+)/.exec(subject)![1]!, key: publicKey }
    },
    async install(question) {
      desk.questions.push(question)
      const { exi } = await answerContractRequest(question, {
        provider: { chain: ders(cps), key: cps.key },
        async contractFor(applicant) {
          desk.applicants.push(applicant)
          return desk.grants
        },
      })
      desk.passed.push(exi)
      return exi
    },
  })
  const secc = await openSecc({ supply })
  t.after(() => secc.close())
  return runEvcc({ vehicle: testVehicle({ protocols: [protocol], ...car }), port: secc.port, every: 1 })
}

const seekerOf = (holder: ChainHolder, installed: (contract: Contract) => void): InstallationSeeker => {
  const [certificate = '', ...issuers] = ders(holder)
  return {
    provisioning: { certificate, issuers, key: holder.key, roots: [{ issuer: 'CN=MO', serial: '01' }] },
    isTrusted: () => true,
    installed,
  }
}

test('ISO 15118-20 installs a contract on P-521, sealed for the car by its PCID, and the car pays with it in the same session', async (t) => {
  const pki = await openTrialPki(systemClock, { kind: 'p521' })
  const holder = await pki.car(PCID)
  const desk: Desk = { passed: [], applicants: [], questions: [], grants: contractOf(await pki.contract(EMAID)) }
  let contract: Contract | undefined
  const install = seekerOf(holder, (given) => {
    contract = given
  })
  const outcome = await visit(t, pki, desk, 'iso20-ac', { install })
  assert.equal(outcome.end, 'terminated', outcome.reason)
  const [applicant] = desk.applicants as [Applicant]
  assert.deepEqual([applicant.name, applicant.version, applicant.chain.length], [PCID, 'iso20', 2])
  assert.equal(desk.questions[0]!.namespace, 'urn:iso:std:iso:15118:-20:CommonMessages')
  assert.equal(contract!.emaid, EMAID)
  const { SignedInstallationData: data } = (decodeExi(schema('iso20'), desk.passed[0]!) as unknown as Iso20Messages)
    .CertificateInstallationRes
  const sizes = [data.DHPublicKey, data.SECP521_EncryptedPrivateKey!].map((text) => Buffer.from(text, 'base64').length)
  assert.deepEqual([data.ECDHCurve, ...sizes], ['SECP521', 133, 94])
  const secret = Buffer.from(contract!.key.export({ format: 'jwk' }).d!, 'base64url')
  assert.ok(!desk.passed[0]!.includes(secret), 'the key travels sealed')

  const none = { ...desk, grants: 'NoCertificateAvailable' as const }
  assert.match((await visit(t, pki, none, 'iso20-ac', { install })).reason!, /WARNING_NoContractMatchingPCIDFound/)
  const liar = { ...install, provisioning: { ...install.provisioning, key: (await pki.car('OTHER')).key } }
  assert.match((await visit(t, pki, desk, 'iso20-ac', { install: liar })).reason!, /FAILED_SignatureError/)
  const old = seekerOf(await pki.car(PCID, { kind: 'p256' }), () => assert.fail('installed'))
  assert.match((await visit(t, pki, desk, 'iso20-ac', { install: old })).reason!, /CertificateValidationError/)
})

test('a sealed key opens for its reader alone, and on P-521 only in the name it was bound to', async () => {
  for (const [version, kind] of [
    ['iso2', 'p256'],
    ['iso20', 'p521'],
  ] as const) {
    const pki = await openTrialPki(systemClock, { kind })
    const [car, other, contract] = [await pki.car(PCID), await pki.car('OTHER'), await pki.contract(EMAID)]
    const { publicKey } = readCertificates(contract.certificate)[0]!.x509
    const sealed = sealKey(version, contract.key, readCertificates(car.certificate)[0]!.x509.publicKey, 'PCIDA')
    assert.deepEqual(
      openKey(version, sealed, car.key, publicKey, 'PCIDA').export({ format: 'jwk' }),
      contract.key.export({ format: 'jwk' }),
    )
    const broken = { code: 'v2g-contract-broken' }
    assert.throws(() => openKey(version, sealed, other.key, publicKey, 'PCIDA'), broken)
    const stranger = readCertificates((await pki.contract('FRCARC000000024')).certificate)[0]!.x509.publicKey
    assert.throws(() => openKey(version, sealed, car.key, stranger, 'PCIDA'), broken)
    if (version === 'iso20') assert.throws(() => openKey(version, sealed, car.key, publicKey, 'PCIDB'), broken)
  }
})

test('an old contract of ISO 15118-2 is exchanged for a newer one, asked for with the key of the old', async (t) => {
  const pki = await openTrialPki(systemClock)
  const [old, fresh] = [contractOf(await pki.contract(EMAID)), contractOf(await pki.contract(EMAID))]
  const desk: Desk = { passed: [], applicants: [], questions: [], grants: fresh }
  let given: Contract | undefined
  const seeker = seekerOf(await pki.car(PCID), (contract) => {
    given = contract
  })
  const install = { ...seeker, isOld: (contract: Contract) => contract === old }
  const outcome = await visit(t, pki, desk, 'iso2', { contract: old, install })
  assert.equal(outcome.end, 'terminated', outcome.reason)
  assert.deepEqual([desk.applicants[0]!.action, desk.applicants[0]!.name, given!.chain], ['Update', EMAID, fresh.chain])
  assert.equal((await visit(t, pki, desk, 'iso2', { contract: fresh, install })).end, 'terminated')
  assert.equal(desk.questions.length, 1, 'a contract that is not old is not exchanged')
  assert.match(
    (await visit(t, pki, { ...desk, grants: 'ContractCanceled' }, 'iso2', { contract: old, install })).reason!,
    /FAILED_ContractCanceled/,
  )
  const thief = { ...old, key: fresh.key }
  const stolen = await visit(t, pki, desk, 'iso2', { contract: thief, install: { ...install, isOld: () => true } })
  assert.match(stolen.reason!, /FAILED_SignatureError/)
})

test('a pool refuses what is no request, and versions it does not know', async () => {
  const desk = {
    provider: { chain: [], key: (await openTrialPki(systemClock)).authority('cps').key },
    contractFor: () => assert.fail('asked'),
  }
  const ask = (namespace: string, action: 'Install' | 'Update') =>
    answerContractRequest({ namespace, action, exi: Buffer.from('809a', 'hex') }, desk)
  await assert.rejects(ask('urn:din:70121:2012:MsgDef', 'Install'), { code: 'v2g-unknown-protocol', status: 422 })
  await assert.rejects(ask('urn:iso:15118:2:2013:MsgDef', 'Install'), { code: /^exi-/ })
  await assert.rejects(ask('urn:iso:std:iso:15118:-20:CommonMessages', 'Update'), { code: /^exi-/ })
})
