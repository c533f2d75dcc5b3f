import assert from 'node:assert/strict'
import { Duplex } from 'node:stream'
import test from 'node:test'
import { instant, isProblem, manualClock } from '#kernel'
import { openChannel } from './channel.ts'
import { fromPhysical, fromRational, physical, rational } from './numbers.ts'
import { decodeSdpAnswer, decodeSdpRequest, discoverSecc, encodeSdpAnswer, encodeSdpRequest, serveSdp } from './sdp.ts'
import { encodeV2gtp, PAYLOAD, v2gtpReader } from './v2gtp.ts'

test('frames are found in a stream however it is cut, and garbage or a giant is refused at once', () => {
  const stream = Buffer.concat([encodeV2gtp(PAYLOAD.main, Buffer.from('abc')), encodeV2gtp(PAYLOAD.exi, Buffer.alloc(0))])
  assert.equal(stream.subarray(0, 8).toString('hex'), '01fe800200000003')
  for (let cut = 0; cut <= stream.length; cut++) {
    const reader = v2gtpReader()
    const frames = [...reader.push(stream.subarray(0, cut)).frames, ...reader.push(stream.subarray(cut)).frames]
    assert.deepEqual(
      frames.map(({ type, payload }) => [type, payload.toString()]),
      [
        [PAYLOAD.main, 'abc'],
        [PAYLOAD.exi, ''],
      ],
    )
  }
  assert.throws(() => v2gtpReader().push(Buffer.from('GET / HTTP/1.1\r\n')), { code: 'v2gtp-garbage' })
  assert.throws(() => v2gtpReader().push(Buffer.from('01fe800270000000', 'hex')), { code: 'v2gtp-too-long' })
})

test('a car finds the controller of its station, and what is no question has no answer', async (t) => {
  assert.equal(encodeSdpRequest({ tls: true }).toString('hex'), '01fe9000000000020000')
  assert.deepEqual(decodeSdpRequest(encodeSdpRequest({ tls: false })), { tls: false })
  const answer = { address: 'fe80::1:2ff:fe03:4', port: 64109, tls: true }
  assert.deepEqual(decodeSdpAnswer(encodeSdpAnswer(answer)), answer)
  assert.throws(() => encodeSdpAnswer({ ...answer, address: '10.0.0.1' }), { code: 'sdp-garbage' })
  assert.throws(() => decodeSdpRequest(Buffer.from('hello you there')), { code: 'v2gtp-garbage' })

  const server = await serveSdp({ port: 0, answer: ({ tls }) => (tls ? undefined : { address: '::1', port: 4711, tls: false }) })
  t.after(() => server.close())
  assert.deepEqual(await discoverSecc({ tls: false, port: server.port }), { address: '::1', port: 4711, tls: false })
  await assert.rejects(discoverSecc({ tls: true, port: server.port, tries: 0 }), { code: 'sdp-no-answer' })
})

test('numbers keep their digits: as many as sixteen bits hold', () => {
  assert.deepEqual(physical(10_000, 'W'), { Multiplier: 0, Unit: 'W', Value: 10_000 })
  assert.deepEqual(rational(-150_000), { Exponent: 1, Value: -15_000 })
  for (const value of [0, 1, -1, 16.5, 230.1, 32_767, 32_768, 11_040, 1_234_567, -75_000]) {
    assert.ok(Math.abs(fromPhysical(physical(value, 'W')) - value) <= Math.abs(value) / 6000, String(value))
    assert.ok(Math.abs(fromRational(rational(value)) - value) <= Math.abs(value) / 6000, String(value))
  }
  assert.equal(fromPhysical(physical(230.1, 'V')), 230.1)
})

test('silence, a flood and a broken stream each end a session with a reason', async () => {
  const clock = manualClock(instant(0))
  const open = () => {
    const stream = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
    return { stream, channel: openChannel(stream, clock, () => 'sap') }
  }
  const quiet = open()
  const waiting = quiet.channel.receive(2000, 'The answer')
  clock.forward(2000)
  await assert.rejects(waiting, { code: 'v2g-silent', message: 'The answer did not come within 2 s.' })
  const loud = open()
  loud.stream.push(Buffer.concat(Array.from({ length: 9 }, () => encodeV2gtp(PAYLOAD.exi, Buffer.from('80', 'hex')))))
  await new Promise((resolve) => loud.stream.once('close', resolve))
  await assert.rejects(
    async () => {
      for (let i = 0; i < 10; i++)
        await loud.channel
          .receive(10, 'x')
          .catch((error) => (isProblem(error) && error.code.startsWith('exi') ? undefined : Promise.reject(error)))
    },
    { code: 'v2g-flood' },
  )
  const odd = open()
  odd.stream.push(encodeV2gtp(0x8888, Buffer.from('80', 'hex')))
  await assert.rejects(odd.channel.receive(10, 'x'), { code: 'v2g-unknown-payload' })
})
