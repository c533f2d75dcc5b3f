import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import test, { type TestContext } from 'node:test'
import { systemClock } from '#kernel'
import { type ChainHolder, keyToPem, openTrialPki, readCertificates, type TrialPki, toDer, validateChain } from '#protocols/pki'
import type { Contract, ContractVerdict } from './contract.ts'
import { answerContractRequest } from './contract-desk.ts'
import { type EvccOptions, openSecc, runEvcc, type SeccOptions } from './listen.ts'
import { testSupply, testVehicle } from './parties.fixture.ts'
import type { Outcome, Supply, Vehicle } from './parties.ts'

const EMAID = 'FRCARC000000013'

const contractOf = (emaid: string, { chain, key }: ChainHolder): Contract => ({
  emaid,
  chain: chain.map((pem) => Buffer.from(toDer(pem)).toString('base64')),
  key,
})

const judgeBy =
  (pki: TrialPki) =>
  async (chain: readonly string[]): Promise<ContractVerdict> => {
    const pems = chain.map((der) => new X509Certificate(Buffer.from(der, 'base64')).toString())
    const facts = pems.flatMap((pem) => readCertificates(pem))
    const verdict = validateChain(facts, { roots: readCertificates(pki.roots.mo), now: systemClock.now() })
    return verdict.ok ? { emaid: facts[0]!.subject.commonName, key: facts[0]!.x509.publicKey } : { fault: verdict.fault }
  }

const filesOf = (holder: ChainHolder, root: string) => ({ cert: holder.chain.join(''), key: keyToPem(holder.key), ca: [root] })

async function meet(t: TestContext, vehicle: Vehicle, supply: Supply, car?: Partial<EvccOptions>, station?: Partial<SeccOptions>) {
  const ends: Outcome[] = []
  const secc = await openSecc({ supply, onEnd: (outcome) => ends.push(outcome), ...station })
  t.after(() => secc.close())
  const outcome = await runEvcc({ vehicle, port: secc.port, every: 1, ...car })
  await secc.close()
  return { car: outcome, station: ends[0] }
}

test('a car pays by its contract: over TLS, with signed authorization and a signed receipt for each reading of the meter', async (t) => {
  const pki = await openTrialPki(systemClock)
  const contract = contractOf(EMAID, await pki.contract(EMAID))
  const vehicle = testVehicle({ protocols: ['iso2'], contract })
  const supply = testSupply({ judge: judgeBy(pki), receipts: true })
  const tls = filesOf(await pki.seccLeaf('SECC-1'), pki.roots.v2g)
  const { car } = await meet(t, vehicle, supply, { tls: { ca: [pki.roots.v2g], newest: 'TLSv1.2' } }, { tls })
  assert.deepEqual([car.end, car.protocol, car.turns], ['terminated', 'iso2', 3], car.reason)
  assert.equal(supply.log[0], `authorize ${EMAID}`)
})

test('ISO 15118-20 needs TLS 1.3 and the certificate of the car; a car without one gets -2', async (t) => {
  const pki = await openTrialPki(systemClock, { kind: 'p521' })
  const contract = contractOf(EMAID, await pki.contract(EMAID))
  const tls = { ...filesOf(await pki.seccLeaf('SECC-1'), pki.roots.v2g), ca: [pki.roots.oem] }
  const own = filesOf(await pki.car('WP0ZZZ99ZTS392124', {}), pki.roots.v2g)
  const protocols = ['iso20-ac', 'iso2'] as const
  const supply = () => testSupply({ judge: judgeBy(pki) })
  const mutual = await meet(t, testVehicle({ protocols, contract }), supply(), { tls: own }, { tls })
  assert.deepEqual([mutual.car.end, mutual.car.protocol], ['terminated', 'iso20-ac'], mutual.car.reason)
  const bare = await meet(t, testVehicle({ protocols }), supply(), { tls: { ca: own.ca } }, { tls })
  assert.deepEqual([bare.car.end, bare.car.protocol], ['terminated', 'iso2'], bare.car.reason)
  const stranger = await openTrialPki(systemClock)
  const wrong = await meet(t, testVehicle({ protocols }), supply(), { tls: { ca: [stranger.roots.v2g] } }, { tls })
  assert.equal(wrong.car.end, 'failed')
})

test('a contract that is expired, of another operator, or signed with another key gives no energy', async (t) => {
  const pki = await openTrialPki(systemClock)
  const stranger = await openTrialPki(systemClock)
  const right = await pki.contract(EMAID)
  const cases: [Contract, RegExp][] = [
    [contractOf(EMAID, await pki.contract(EMAID, { before: 10_000, lasts: -1000 })), /CertificateExpired/],
    [contractOf(EMAID, await stranger.contract(EMAID)), /CertChainError|CertificateValidationError/],
    [{ ...contractOf(EMAID, right), key: (await pki.contract(EMAID)).key }, /SignatureError/],
    [contractOf('DEABCC000000018', right), /CertChainError/],
  ]
  for (const protocol of ['iso2', 'iso20-ac'] as const)
    for (const [contract, reason] of protocol === 'iso2' ? cases : cases.slice(0, 3)) {
      const supply = testSupply({ judge: judgeBy(pki) })
      const { car } = await meet(t, testVehicle({ protocols: [protocol], contract }), supply)
      assert.match(car.reason ?? '', reason, protocol)
      assert.ok(!supply.log.includes('closed'))
    }
})

test('a car without a contract fetches one over the station: nobody between the pool and the car can read its key', async (t) => {
  const pki = await openTrialPki(systemClock)
  const pcid = 'WP0ZZZTRIAL00001'
  const car = await pki.car(pcid)
  const ders = ({ chain }: ChainHolder) => chain.map((pem) => Buffer.from(toDer(pem)).toString('base64'))
  const cps = pki.authority('cps')
  const passed: Buffer[] = []
  const asked: string[] = []
  const supply = testSupply({
    judge: judgeBy(pki),
    async install(request) {
      const answer = await answerContractRequest(request, {
        provider: { chain: ders(cps), key: cps.key },
        async contractFor({ name }) {
          asked.push(name)
          return name === pcid ? contractOf(EMAID, await pki.contract(EMAID)) : 'NoCertificateAvailable'
        },
      })
      passed.push(answer.exi)
      return answer.exi
    },
  })
  const roots = readCertificates(pki.roots.mo).map(({ subject, serial }) => ({ issuer: subject.commonName, serial }))
  const seeker = (holder: ChainHolder, installed: (contract: Contract) => void, isTrusted = true) => ({
    provisioning: { certificate: ders(holder)[0]!, key: holder.key, roots },
    isTrusted: () => isTrusted,
    installed,
  })
  let contract: Contract | undefined
  const install = seeker(car, (given) => {
    contract = given
  })
  const first = await meet(t, testVehicle({ protocols: ['iso2'], install }), supply)
  assert.equal(first.car.end, 'terminated', first.car.reason)
  assert.deepEqual([asked, supply.log[0], contract!.emaid], [[pcid], `authorize ${EMAID}`, EMAID])
  const plain = contract!.key.export({ format: 'jwk' }).d!
  assert.ok(!passed[0]!.includes(Buffer.from(plain, 'base64url')))
  // With the contract in hand it needs no pool.
  const again = await meet(t, testVehicle({ protocols: ['iso2'], contract }), supply)
  assert.deepEqual([again.car.end, asked.length], ['terminated', 1])

  const stranger = await pki.car('WP0ZZZSTRANGER001')
  const refused = await meet(t, testVehicle({ protocols: ['iso2'], install: seeker(stranger, () => undefined) }), supply)
  assert.match(refused.car.reason!, /NoCertificateAvailable/)
  const liar = { ...seeker(car, () => undefined), provisioning: { ...seeker(car, () => undefined).provisioning, key: stranger.key } }
  assert.match((await meet(t, testVehicle({ protocols: ['iso2'], install: liar }), supply)).car.reason!, /SignatureError/)
  const wary = seeker(car, () => assert.fail('installed'), false)
  assert.match((await meet(t, testVehicle({ protocols: ['iso2'], install: wary }), supply)).car.reason!, /Nobody trusted/)
})
