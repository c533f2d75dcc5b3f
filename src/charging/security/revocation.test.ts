// Revocation lists of other authorities: who may sign them, what they stop, how they are renewed and missed.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import test, { type TestContext } from 'node:test'
import { after, DAY, HOUR, isProblem, manualClock, millis, openOutward, parseInstant, silentLog } from '#kernel'
import { emaidCheckDigit, openTrialPki, readCertificates, toDer, writeRevocationList } from '#protocols/pki'
import { scratchStore } from '#store'
import { contractCheck } from './contract.ts'
import { openRevocationLists } from './revocation.ts'
import { keepCertificate, revokedAmong } from './shelf.ts'

const NOW = parseInstant('2026-11-24T12:00:00Z')
const EMAIDS = ['DE8AACA2B3C4D5', 'FRHTBCA1B2C3D4'].map((plain) => plain + emaidCheckDigit(plain)) as [string, string]
const days = (count: number) => after(NOW, millis(count * DAY))
const refused = (code: string) => (error: unknown) => isProblem(error) && error.code === code

async function desk(t: TestContext) {
  const clock = manualClock(NOW)
  const store = await scratchStore(t)
  const pki = await openTrialPki(clock)
  const troubles: { cause: string; message: string }[][] = []
  const outward = openOutward({ allow: ['127.0.0.1'] })
  const parts = { store, clock, log: silentLog, outward, zone: 'UTC' }
  const lists = openRevocationLists({ ...parts, ended: async (found) => void troubles.push(found) })
  await keepCertificate(store, pki.roots.mo, { kind: 'root', uses: ['MO'], now: NOW })
  const { certificate, chain, key } = pki.authority('mo')
  const write = (serials: string[], times: { from?: number; until?: number; number?: number } = {}) =>
    writeRevocationList(
      { certificate, key },
      serials.map((serial) => ({ serial, at: NOW })),
      { from: days(times.from ?? 0), until: days(times.until ?? 7), ...(times.number !== undefined && { number: times.number }) },
    )
  return { clock, store, pki, lists, troubles, issuer: chain.join(''), write }
}

test('a contract that its authority took back is refused as soon as the list is here, and another one is not', async (t) => {
  const { clock, store, pki, lists, issuer, write } = await desk(t)
  const [bad, good] = [await pki.contract(EMAIDS[0]), await pki.contract(EMAIDS[1])]
  const facts = [bad, good].map(({ certificate }) => readCertificates(certificate)[0]!)
  const ocsp = { fetch: () => assert.fail('no responder is asked'), state: async () => 'good' as const }
  const check = contractCheck({ store, clock, log: silentLog, ocsp })
  const ask = (which: typeof bad) =>
    check({ emaid: readCertificates(which.certificate)[0]!.subject.commonName, certificate: which.chain.join('') })
  assert.deepEqual([await ask(bad), await ask(good)], ['Accepted', 'Accepted'])

  const kept = await lists.add({ pem: write([facts[0]!.serial], { number: 1 }), issuer })
  assert.deepEqual([kept.revoked, kept.number, kept.from, kept.until], [1, '1', NOW, days(7)])
  assert.deepEqual([await ask(bad), await ask(good)], ['CertificateRevoked', 'Accepted'])

  // The same number of a namesake means another certificate.
  const stranger = await openTrialPki(clock)
  const other = await stranger.contract(EMAIDS[0])
  const twin = { ...readCertificates(other.certificate)[0]!, serial: facts[0]!.serial }
  assert.deepEqual([...(await revokedAmong(store, [twin]))], [])

  await lists.remove(kept.signer.toUpperCase())
  assert.equal(await ask(bad), 'Accepted')
  await assert.rejects(lists.remove(kept.signer), refused('unknown-revocation-list'))
})

test('only lists of trusted authorities are taken in, those that count now, and never an older one', async (t) => {
  const { clock, lists, issuer, write } = await desk(t)
  await assert.rejects(lists.add({ pem: write(['5']) }), refused('untrusted-revocation-list'), 'its signer is not there')
  const stranger = (await openTrialPki(clock)).authority('mo')
  const foreign = { certificate: stranger.certificate, key: stranger.key }
  const forged = writeRevocationList(foreign, [], { from: NOW, until: days(7) })
  await assert.rejects(lists.add({ pem: forged, issuer }), refused('untrusted-revocation-list'), 'signed by a namesake')
  await assert.rejects(
    lists.add({ pem: forged, issuer: stranger.chain.join('') }),
    refused('untrusted-revocation-list'),
    'its root is not trusted',
  )
  await assert.rejects(lists.add({ pem: write([], { from: -8, until: -1 }), issuer }), refused('bad-revocation-list'), 'ended')
  await assert.rejects(lists.add({ pem: write([], { from: 1 }), issuer }), refused('bad-revocation-list'), 'not begun')
  assert.deepEqual(await lists.list(), [])

  await lists.add({ pem: write(['5', '6'], { number: 10 }), issuer })
  await assert.rejects(lists.add({ pem: write(['5'], { number: 9 }), issuer }), refused('old-revocation-list'))
  assert.deepEqual(
    (await lists.list()).map(({ number, revoked }) => [number, revoked]),
    [['10', 2]],
  )
})

test('a list with an address is renewed from there; when it cannot be, the reason is kept, and its end is told', async (t) => {
  const { clock, lists, troubles, issuer, write } = await desk(t)
  let answer: Buffer | undefined = toDer(write(['5'], { number: 1, until: 2 }))
  const server = createServer((_, response) => void response.writeHead(answer ? 200 : 503).end(answer))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mo.crl`
  await lists.add({ url, issuer })

  answer = toDer(write(['5', '6'], { number: 2, until: 2 }))
  clock.set(after(NOW, HOUR))
  await lists.look()
  assert.equal((await lists.list())[0]!.number, '1', 'it is not due yet')
  clock.set(days(1))
  await lists.look()
  assert.deepEqual([(await lists.list())[0]!.number, (await lists.list())[0]!.revoked], ['2', 2])

  answer = undefined
  clock.set(days(3))
  await lists.look()
  const [stale] = await lists.list()
  assert.match(stale!.fault ?? '', /answered 503/)
  assert.equal(stale!.revoked, 2, 'what it took back stays so')
  assert.match(troubles.at(-1)?.[0]?.message ?? '', /ended 2026-11-26/)

  answer = toDer(write(['6'], { number: 3, from: 3, until: 9 }))
  await lists.look()
  assert.deepEqual([(await lists.list())[0]!.number, (await lists.list())[0]!.fault, troubles.at(-1)], ['3', null, []])
})
