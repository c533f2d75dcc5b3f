// The certificates of the encrypted port change while it is open: an ACME client writes its files anew, and nobody starts anything again.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { after, DAY, isProblem, manualClock, silentLog, systemClock } from '#kernel'
import { type Holder, issueCertificate, keyToPem, makeKey, readCertificates } from '#protocols/pki'
import { openSecurePort } from './secure-port.ts'
import { certificatesInFiles } from './server-certificate.ts'

test('new certificate files count for new connections within a minute, and open ones stay', { timeout: 30_000 }, async (t) => {
  const clock = manualClock(systemClock.now())
  const folder = mkdtempSync(join(tmpdir(), 'cariflex-port-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const life = { from: clock.now(), until: after(clock.now(), DAY) }
  const root: Holder = { key: await makeKey(), certificate: '' }
  root.certificate = issueCertificate({ ...life, subject: { commonName: 'Public authority' }, key: root.key, authority: 0 })
  const files = { certificate: join(folder, 'fullchain.pem'), key: join(folder, 'privkey.pem') }
  const write = async (): Promise<string> => {
    const key = await makeKey()
    const wish = { ...life, subject: { commonName: 'csms.example.org' }, key, issuer: root, names: ['localhost'] }
    const certificate = issueCertificate({ ...wish, purposes: ['server'] })
    writeFileSync(files.certificate, certificate)
    writeFileSync(files.key, keyToPem(key))
    return readCertificates(certificate)[0]!.fingerprint
  }
  const first = await write()
  const port = await openSecurePort({
    where: { host: '127.0.0.1', port: 0, names: [], certificates: [files] },
    certificates: certificatesInFiles([files], { clock, log: silentLog }),
    roots: async () => [],
    upgrade: () => undefined,
    log: silentLog,
  })
  const sockets: TLSSocket[] = []
  t.after(async () => {
    for (const socket of sockets) socket.destroy()
    await port.close()
  })
  const meet = async (): Promise<{ socket: TLSSocket; fingerprint: string }> => {
    const socket = connect({ host: '127.0.0.1', port: port.port, servername: 'localhost', ca: root.certificate })
    sockets.push(socket)
    await once(socket, 'secureConnect')
    return { socket, fingerprint: readCertificates(socket.getPeerX509Certificate()!.toString())[0]!.fingerprint }
  }
  const before = await meet()
  assert.equal(before.fingerprint, first)

  const second = await write()
  for (let turns = 0; (await meet()).fingerprint !== second; turns++) {
    assert.ok(turns < 200, 'the new certificate is shown')
    clock.forward(60_000)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  assert.equal(before.socket.readyState, 'open', 'who was here stays')

  // Half a renewal: the certificate is there, its key is not. The port goes on with what it has.
  const other = await makeKey()
  writeFileSync(files.key, keyToPem(other))
  await assert.rejects(port.reload(), (error: unknown) => isProblem(error) && error.code === 'bad-certificate')
  assert.equal((await meet()).fingerprint, second)
})
