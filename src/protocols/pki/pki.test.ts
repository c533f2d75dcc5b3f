import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { after, DAY, type Instant, isProblem, manualClock, millis, parseInstant } from '#kernel'
import {
  emaidCheckDigit,
  hashOf,
  isEmaid,
  isListOf,
  issueCertificate,
  keyFault,
  makeKey,
  openTrialPki,
  peekOcspResponse,
  readCertificates,
  readOcspRequest,
  readOcspResponse,
  readRequest,
  readRevocationList,
  toDer,
  validateChain,
  writeOcspRequest,
  writeOcspResponse,
  writeRequest,
  writeRevocationList,
} from './index.ts'

const NOW = parseInstant('2026-11-24T12:00:00Z')
const days = (count: number) => after(NOW, millis(count * DAY))
const refused = (code: string) => (error: unknown) => isProblem(error) && error.code === code

const openssl = (() => {
  try {
    return execFileSync('openssl', ['version'], { encoding: 'utf8' })
  } catch {
    return undefined
  }
})()
const withFiles = (files: Record<string, string | Uint8Array>, run: (path: (name: string) => string) => string): string => {
  const folder = mkdtempSync(join(tmpdir(), 'pki-'))
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    return run((name) => join(folder, name))
  } finally {
    rmSync(folder, { recursive: true })
  }
}
const ssl = (...args: string[]) => execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

test('an authority issues to a request, and openssl agrees with every part of it', {
  skip: openssl ? false : 'no openssl here',
}, async () => {
  const key = await makeKey()
  const subject = { commonName: 'Cariflex root', organization: 'Cariflex' }
  const root = { certificate: issueCertificate({ subject, key, from: days(-1), until: days(3650), authority: true }), key }
  for (const kind of ['p256', 'rsa2048', 'p521'] as const) {
    const own = await makeKey(kind)
    const pem = writeRequest({ commonName: 'CP001', organization: 'Cariflex' }, own)
    withFiles({ 'r.pem': pem }, (path) => ssl('req', '-in', path('r.pem'), '-verify', '-noout'))
    const request = readRequest(pem)
    assert.deepEqual(request.subject, { commonName: 'CP001', organization: 'Cariflex' })
    assert.equal(keyFault(request.key), undefined)
    const certificate = issueCertificate({
      subject: request.subject,
      key: request.key,
      issuer: root,
      from: days(-1),
      until: days(365),
      purposes: ['client'],
    })
    const said = withFiles({ 'root.pem': root.certificate, 'leaf.pem': certificate }, (path) =>
      ssl('verify', '-x509_strict', '-purpose', 'sslclient', '-attime', String(NOW / 1000), '-CAfile', path('root.pem'), path('leaf.pem')),
    )
    assert.match(said, /OK/)
    assert.ok(new X509Certificate(certificate).checkPrivateKey(own))
  }
})

test('the hash data of a certificate is what openssl computes for OCSP, in all three hashes', {
  skip: openssl ? false : 'no openssl here',
}, async () => {
  const pki = await openTrialPki(manualClock(NOW))
  const { certificate } = await pki.contract('FRCARC000000013')
  const issuer = pki.authority('mo')
  for (const [name, digest] of [
    ['SHA256', '-sha256'],
    ['SHA384', '-sha384'],
    ['SHA512', '-sha512'],
  ] as const) {
    const hash = hashOf(certificate, issuer.certificate, name)
    const theirs = withFiles({ 'i.pem': issuer.certificate, 'c.pem': certificate, 'ours.der': writeOcspRequest(hash) }, (path) => {
      ssl('ocsp', '-no_nonce', digest, '-issuer', path('i.pem'), '-cert', path('c.pem'), '-reqout', path('theirs.der'))
      assert.match(ssl('ocsp', '-reqin', path('ours.der'), '-req_text'), /Issuer Key Hash/)
      return readFileSync(path('theirs.der'), 'base64')
    })
    assert.deepEqual(readOcspRequest(Buffer.from(theirs, 'base64')), [hash], name)
    assert.deepEqual(readOcspRequest(writeOcspRequest(hash)), [hash])
  }
})

test('an OCSP answer is believed from the issuer and from nobody else', async () => {
  const pki = await openTrialPki(manualClock(NOW))
  const { certificate, chain } = await pki.contract('FRCARC000000013')
  const hash = hashOf(certificate, chain[1]!)
  const issuers = readCertificates(chain.join(''))
  const good = pki.ocsp(writeOcspRequest(hash))
  assert.equal(readOcspResponse(good, hash, issuers, NOW).status, 'good')
  assert.equal(readOcspResponse(good, hash, issuers, NOW).until, days(1))
  pki.tell(certificate, 'revoked')
  assert.equal(readOcspResponse(pki.ocsp(writeOcspRequest(hash)), hash, issuers, NOW).status, 'revoked')

  const stranger = await openTrialPki(manualClock(NOW))
  const forged = writeOcspResponse(hash, 'good', stranger.authority('mo'), { from: NOW })
  assert.equal(peekOcspResponse(forged, hash).status, 'good')
  assert.throws(() => readOcspResponse(forged, hash, issuers, NOW), refused('bad-ocsp'))
  assert.throws(() => readOcspResponse(good, { ...hash, serialNumber: '77' }, issuers, NOW), refused('bad-ocsp'))
  assert.throws(() => readOcspResponse(Buffer.from('nonsense'), hash, issuers, NOW), refused('bad-ocsp'))
  assert.throws(() => readOcspRequest(Buffer.alloc(3)), refused('bad-ocsp'))

  // A responder that the issuer appointed may answer; one that it only issued a certificate to may not.
  const key = await makeKey()
  const times = { from: days(-1), until: days(10), key, issuer: pki.authority('mo') }
  const appointed = { key, certificate: issueCertificate({ ...times, subject: { commonName: 'Responder' }, purposes: ['ocsp'] }) }
  const plain = { key, certificate: issueCertificate({ ...times, subject: { commonName: 'Responder' }, purposes: ['client'] }) }
  assert.equal(readOcspResponse(writeOcspResponse(hash, 'unknown', appointed, { from: NOW }), hash, issuers, NOW).status, 'unknown')
  assert.throws(() => readOcspResponse(writeOcspResponse(hash, 'good', plain, { from: NOW }), hash, issuers, NOW), refused('bad-ocsp'))
})

test('a chain is followed to a root we trust, and each fault has its own name', async () => {
  const clock = manualClock(NOW)
  const pki = await openTrialPki(clock)
  const stranger = await openTrialPki(clock)
  const roots = readCertificates(pki.roots.mo)
  const judge = (pems: string[], now: Instant = NOW, revoked?: string) => {
    const verdict = validateChain(pems.length === 0 ? [] : readCertificates(pems.join('')), {
      roots,
      now,
      isRevoked: ({ subject }) => subject.commonName === revoked,
    })
    return verdict.ok ? 'Accepted' : verdict.fault
  }
  const contract = await pki.contract('FRCARC000000013')
  const old = await pki.contract('FRCARC000000013', { before: 20 * DAY, lasts: -DAY })
  assert.equal(judge(contract.chain), 'Accepted')
  assert.equal(judge([contract.chain[0]!, ...stranger.authority('mo').chain, ...contract.chain.slice(1)]), 'Accepted', 'in any order')
  assert.equal(judge([]), 'NoCertificateAvailable')
  assert.equal(judge(contract.chain.slice(0, 1)), 'CertChainError', 'the authority between is missing')
  assert.equal(judge((await stranger.contract('FRCARC000000013')).chain), 'CertChainError')
  assert.equal(judge(old.chain), 'CertificateExpired')
  assert.equal(judge(contract.chain, days(-2)), 'CertificateExpired', 'not valid yet')
  assert.equal(judge(contract.chain, NOW, 'FRCARC000000013'), 'CertificateRevoked')
  assert.equal(judge(contract.chain, NOW, 'Trial MO authority'), 'CertificateRevoked')

  // Signed by somebody who only has the name of the authority.
  const forger = { certificate: contract.chain[1]!, key: await makeKey() }
  const forged = issueCertificate({
    subject: { commonName: 'FRCARC000000013' },
    key: await makeKey(),
    issuer: forger,
    from: days(-1),
    until: days(9),
  })
  assert.match(judge([forged, contract.chain[1]!]), /SignatureError|CertChainError/)
  // Signed by a contract, which is no authority.
  const below = issueCertificate({ subject: { commonName: 'X' }, key: await makeKey(), issuer: contract, from: days(-1), until: days(9) })
  assert.equal(judge([below, ...contract.chain]), 'CertChainError')
})

test('weak keys, foreign signatures and nonsense are no request for a certificate', async () => {
  const key = await makeKey()
  const pem = writeRequest({ commonName: 'CP001', organization: 'Cariflex' }, key)
  const bytes = Buffer.from(pem.replace(/-----[^-]*-----/g, ''), 'base64')
  bytes[bytes.length - 3]! ^= 1
  assert.throws(() => readRequest(bytes.toString('base64')), refused('bad-request-for-certificate'))
  assert.throws(
    () => readRequest('-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----'),
    refused('bad-request-for-certificate'),
  )
  assert.throws(() => readRequest(''), refused('bad-request-for-certificate'))
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 })
  assert.match(keyFault(weak.publicKey) ?? '', /1024/)
  assert.match(keyFault(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey) ?? '', /secp256k1/)
  assert.throws(() => readCertificates('x'), refused('bad-certificate'))
})

test('a revocation list holds what was taken back, and openssl reads it', async () => {
  const key = await makeKey()
  const authority = {
    key,
    certificate: issueCertificate({ subject: { commonName: 'Root' }, key, from: days(-1), until: days(99), authority: true }),
  }
  const pem = writeRevocationList(
    authority,
    [
      { serial: 'abc1', at: NOW },
      { serial: '5', at: NOW },
    ],
    { from: NOW, until: days(7), number: 300 },
  )
  const list = readRevocationList(pem)
  assert.deepEqual(list.serials, ['abc1', '5'])
  assert.deepEqual([list.issuer, list.number, list.from, list.until], [{ commonName: 'Root' }, 300n, NOW, days(7)])
  assert.deepEqual(readRevocationList(toDer(pem)), list, 'DER is read as well')
  const plain = readRevocationList(writeRevocationList(authority, [], { from: NOW, until: days(7) }))
  assert.deepEqual([plain.serials, plain.number], [[], undefined])
  const namesake = { ...authority, key: await makeKey() }
  const forged = readRevocationList(writeRevocationList(namesake, [], { from: NOW, until: days(7) }))
  const [root] = readCertificates(authority.certificate)
  assert.deepEqual([isListOf(list, root!), isListOf(forged, root!)], [true, false])
  assert.throws(() => readRevocationList('x'), refused('bad-revocation-list'))
  if (openssl)
    withFiles({ 'r.pem': authority.certificate, 'l.pem': pem }, (path) =>
      ssl('crl', '-in', path('l.pem'), '-CAfile', path('r.pem'), '-noout'),
    )
})

test('the check character of an eMAID is the published one', () => {
  const published = {
    NN123ABCDEFGHI: 'T',
    FRXYZ123456789: '2',
    ITA1B2C3E4F5G6: '4',
    ESZU8WOX834H1D: 'R',
    PT73902837ABCZ: 'Z',
    DE83DUIEN83QGZ: 'D',
    DE83DUIEN83ZGQ: 'M',
    DE8AA001234567: '0',
  }
  for (const [text, digit] of Object.entries(published)) assert.equal(emaidCheckDigit(text), digit, text)
  assert.equal(emaidCheckDigit('FR-CAR-C00000001'), '3')
  assert.ok(isEmaid('fr-car-c00000001-3') && isEmaid('FRCARC00000001'))
  assert.ok(!isEmaid('FRCARC000000014') && !isEmaid('FRCAR') && !isEmaid('12CARC00000001') && !isEmaid(''))
})
