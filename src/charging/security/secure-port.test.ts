// The encrypted port stops when it is told to, whoever is still connected.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectPlain } from 'node:net'
import test from 'node:test'
import { connect } from 'node:tls'
import { after, DAY, silentLog, systemClock } from '#kernel'
import { type Holder, issueCertificate, keyToPem, makeKey } from '#protocols/pki'
import { openSecurePort } from './secure-port.ts'

test('neither an idle TLS client, nor one that never greets, nor a WebSocket holds up the stop of the port', {
  timeout: 10_000,
}, async () => {
  const now = systemClock.now()
  const holder: Holder = { key: await makeKey(), certificate: '' }
  const subject = { commonName: 'localhost' }
  holder.certificate = issueCertificate({ from: now, until: after(now, DAY), subject, key: holder.key, names: ['localhost'] })
  let upgraded = () => {}
  const isUpgraded = new Promise<void>((resolve) => {
    upgraded = resolve
  })
  const port = await openSecurePort({
    where: { host: '127.0.0.1', port: 0, names: [], certificates: [] },
    certificates: { pairs: async () => [{ cert: holder.certificate, key: keyToPem(holder.key) }], watch: () => () => undefined },
    roots: async () => [],
    upgrade: () => upgraded(),
    log: silentLog,
  })
  const where = { host: '127.0.0.1', port: port.port }
  const secure = { ...where, servername: 'localhost', ca: holder.certificate }
  const [idle, socket, silent] = [connect(secure), connect(secure), connectPlain(where)]
  const ends = [idle, socket, silent].map((one) => {
    one.on('error', () => undefined)
    one.resume()
    return once(one, 'close')
  })
  await Promise.all([once(idle, 'secureConnect'), once(socket, 'secureConnect'), once(silent, 'connect')])
  socket.write('GET /ocpp/CP001 HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  await isUpgraded

  const began = performance.now()
  await port.close()
  await Promise.all(ends)
  assert.ok(performance.now() - began < 2000, `the port was closed after ${Math.round(performance.now() - began)} ms`)
})
