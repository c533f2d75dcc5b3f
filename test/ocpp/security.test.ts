// Blocks A and M of the CSMS test cases of OCPP 2.0.1 (Part 6), over real TLS, with our own strict station at the other end.
import assert from 'node:assert/strict'
import test from 'node:test'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { WebSocket } from 'ws'
import { after, DAY, millis, watts } from '#kernel'
import { connectStation, type Payload } from '#protocols/ocpp'
import {
  hashOf,
  issueCertificate,
  keyToPem,
  makeKey,
  openTrialPki,
  readCertificates,
  type TrialPki,
  writeRevocationList,
} from '#protocols/pki'
import { answered, type House, ORGANIZATION, open, PASSWORD, refused } from './secure-house.ts'

/** One connection as a station would make it, closed at once. */
async function come(
  { clock }: House,
  url: string,
  identity: string,
  more: { password?: string | Buffer; tls?: ConnectionOptions; versions?: ['ocpp1.6'] } = {},
) {
  const session = await connectStation(url, { identity, clock, handler: async () => ({}), ...more } as Parameters<typeof connectStation>[1])
  session.close()
  await session.closed
}
const holder = async (pki: TrialPki, identity: string, organization = ORGANIZATION) => {
  const { chain, key } = await pki.station(identity, organization)
  return { chain: chain.join(''), key: keyToPem(key) }
}
const handshake = (port: number, options: ConnectionOptions) =>
  new Promise<{ protocol: string | null; cipher: string; kind: string }>((resolve, reject) => {
    const socket = connectTls({ host: '127.0.0.1', port, servername: 'localhost', ...options }, () => {
      const kind = socket.getPeerX509Certificate()!.publicKey.asymmetricKeyType!
      resolve({ protocol: socket.getProtocol(), cipher: socket.getCipher().standardName, kind })
      socket.destroy()
    })
    socket.on('error', reject)
  })

test('blocks A and M', { timeout: 240_000 }, async (t) => {
  const house = await open(t, { isEncrypted: true })
  const { charging, register, plain, secure, root, pki, store } = house
  const { security } = charging
  const trust = { ca: root }

  await t.test('TC_A_01_CSMS basic authentication with the right password lets the station in', async () => {
    await register('A01', { password: PASSWORD })
    await house.station('A01', { password: PASSWORD })
    assert.ok(house.isOnline('A01'))
  })

  await t.test('TC_A_02_CSMS a user name that is not the identity is refused, and it is a security event', async () => {
    await register('A02', { password: PASSWORD })
    const status = await new Promise<number>((resolve) => {
      const socket = new WebSocket(`${plain}/A02`, ['ocpp2.0.1'], {
        headers: { authorization: `Basic ${Buffer.from(`A01:${PASSWORD}`).toString('base64')}` },
      })
      socket.on('unexpected-response', (_, response) => resolve(response.statusCode ?? 0))
      socket.on('error', () => undefined)
    })
    assert.equal(status, 401)
    await house.until('it is noted', async () => (await house.events('A02')).length === 1)
  })

  await t.test('TC_A_03_CSMS a wrong password is refused, and it is a security event', async () => {
    await register('A03', { password: PASSWORD })
    await assert.rejects(come(house, plain, 'A03', { password: 'wrong-password-here' }), answered(401))
    await assert.rejects(come(house, plain, 'A03'), answered(401))
    await house.until('it is noted', async () => (await house.events('A03')).length === 2)
    await come(house, plain, 'A03', { password: PASSWORD })
  })

  await t.test('TC_A_04_CSMS the server shows a certificate that leads to the root the station trusts', async () => {
    await register('A04', { password: PASSWORD, securityProfile: 2 })
    await house.station('A04', { url: secure, password: PASSWORD, vault: { roots: [{ use: 'CSMSRootCertificate', pem: root }] } })
    await assert.rejects(come(house, secure, 'A04', { password: PASSWORD, tls: { ca: pki.roots.v2g } }), refused('connection-refused'))
    await assert.rejects(
      come(house, secure.replace('localhost', '127.0.0.2'), 'A04', { password: PASSWORD, tls: trust }),
      refused('connection-refused'),
    )
    await assert.rejects(come(house, plain, 'A04', { password: PASSWORD }), answered(401), 'the same password in the clear')
  })

  await t.test('TC_A_06_CSMS TLS older than 1.2 is refused; RSA and ECDSA stand side by side, TLS_RSA too', async () => {
    const old = { ciphers: 'DEFAULT@SECLEVEL=0', minVersion: 'TLSv1', ca: root } as const
    await assert.rejects(handshake(house.port, { ...old, maxVersion: 'TLSv1.1' }))
    await assert.rejects(handshake(house.port, { ...old, maxVersion: 'TLSv1' }))
    const at12 = (ciphers: string) => handshake(house.port, { ca: root, maxVersion: 'TLSv1.2', ciphers })
    assert.deepEqual(await at12('ECDHE-ECDSA-AES128-GCM-SHA256'), {
      protocol: 'TLSv1.2',
      cipher: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
      kind: 'ec',
    })
    assert.equal((await at12('ECDHE-ECDSA-AES256-GCM-SHA384')).kind, 'ec')
    assert.deepEqual(await at12('AES128-GCM-SHA256'), { protocol: 'TLSv1.2', cipher: 'TLS_RSA_WITH_AES_128_GCM_SHA256', kind: 'rsa' })
    assert.equal((await at12('AES256-GCM-SHA384')).kind, 'rsa')
    assert.equal((await handshake(house.port, { ca: root })).protocol, 'TLSv1.3')
    await assert.rejects(at12('ECDHE-RSA-AES128-SHA'))
  })

  await t.test('TC_A_07_CSMS a station with a certificate of its own is let in with security profile 3', async () => {
    await security.trust(pki.roots.maker, ['Manufacturer'])
    await register('A07', { securityProfile: 3 })
    const own = await holder(pki, 'A07')
    await house.station('A07', { url: secure, vault: { roots: [{ use: 'CSMSRootCertificate', pem: root }], own } })
    assert.ok(house.isOnline('A07'))
  })

  await t.test('TC_A_08_CSMS certificates of others, for others, expired and revoked ones are refused', async () => {
    await register('A08', { securityProfile: 3, password: PASSWORD })
    const tls = ({ chain, key }: { chain: string; key: string }) => ({ ca: root, cert: chain, key })
    await assert.rejects(
      come(house, secure, 'A08', { tls: tls(await holder(await openTrialPki(house.clock), 'A08')) }),
      answered(401),
      'an authority nobody trusts',
    )
    await assert.rejects(come(house, secure, 'A08', { tls: tls(await holder(pki, 'A07')) }), answered(401), 'of another station')
    await assert.rejects(
      come(house, secure, 'A08', { tls: tls(await holder(pki, 'A08', 'Somebody')) }),
      answered(401),
      'of another operator',
    )
    const late = await pki.station('A08', ORGANIZATION, { before: 20 * DAY, lasts: -DAY })
    await assert.rejects(
      come(house, secure, 'A08', { tls: { ca: root, cert: late.chain.join(''), key: keyToPem(late.key) } }),
      answered(401),
      'expired',
    )
    house.clock.set(after(house.clock.now(), millis(2 * 60_000)))
    await assert.rejects(
      come(house, secure, 'A08', { password: PASSWORD, tls: trust }),
      answered(401),
      'none at all, although the password is right',
    )
    const own = await holder(pki, 'A08')
    await come(house, secure, 'A08', { tls: tls(own) })
    const [facts] = readCertificates(own.chain)
    // We take back what we keep.
    await store.query(
      `insert into cariflex.certificate (fingerprint, kind, station, serial, subject, issuer, pem, valid_from, valid_until, created_at)
       values ($1, 'station', 'A08', $2, '', '', $3, now(), now(), now())`,
      [facts!.fingerprint, facts!.serial, facts!.pem],
    )
    await security.revoke(facts!.fingerprint, 'the station was stolen')
    await assert.rejects(come(house, secure, 'A08', { tls: tls(own) }), answered(401), 'revoked')
    // What the maker took back is on its list.
    const other = await holder(pki, 'A08')
    await come(house, secure, 'A08', { tls: tls(other) })
    const now = house.clock.now()
    const { serial } = readCertificates(other.chain)[0]!
    const list = writeRevocationList(pki.authority('maker'), [{ serial, at: now }], {
      from: after(now, millis(-DAY)),
      until: after(now, millis(DAY)),
    })
    await security.revocation.add({ pem: list })
    await assert.rejects(come(house, secure, 'A08', { tls: tls(other) }), answered(401), 'revoked by its maker')
    for (const why of [/nobody we trust/, /'A07'/, /'Somebody'/, /expired/, /profile 3 is asked/, /revoked/])
      await house.until(`${why} is noted`, async () => (await house.events('A08')).some((info) => why.test(info)))
  })

  await t.test('TC_A_09_CSMS after a new password was accepted only the new one opens', async () => {
    await register('A09', { password: PASSWORD })
    const station = await house.station('A09', { password: PASSWORD })
    const { status, password } = await security.passwords.change(charging.station('A09'))
    assert.equal(status, 'Accepted')
    assert.match(password!, /^[A-Za-z0-9]{20}$/)
    station.disconnect(1)
    await house.until('it is gone', () => !house.isOnline('A09'))
    await house.pass(10)
    await house.until('it is back with its new password', () => house.isOnline('A09'))
    await assert.rejects(come(house, plain, 'A09', { password: PASSWORD }), answered(401))
    const [kept] = await store.query<{ text: string }>(
      `select row_to_json(s)::text as text from cariflex.charging_station s where identity = 'A09'`,
    )
    assert.ok(!kept!.text.includes(password!), 'only a hash of it is kept')
    // The registration of the territory is repeated at each start.
    await register('A09', { password: PASSWORD })
    await come(house, plain, 'A09', { password: password! })
    await register('A09', { password: 'third-password-of-it' })
    await come(house, plain, 'A09', { password: 'third-password-of-it' })
  })

  await t.test('TC_A_10_CSMS after a new password was refused the old one goes on', async () => {
    await register('A10', { password: PASSWORD })
    const session = await connectStation(plain, {
      ...{ identity: 'A10', password: PASSWORD, clock: house.clock },
      handler: async (action, payload) => {
        if (action !== 'SetVariables') return { status: 'Accepted' }
        // Both open while the new one is on its way.
        const [{ attributeValue, component, variable }] = payload['setVariableData'] as [
          { attributeValue: string; component: Payload; variable: Payload },
        ]
        await assert.doesNotReject(charging.security.isChanging('A10') ? Promise.resolve() : Promise.reject(new Error('not under way')))
        assert.ok(attributeValue.length >= 16)
        return { setVariableResult: [{ attributeStatus: 'Rejected', component, variable }] }
      },
    })
    assert.deepEqual(await security.passwords.change(charging.station('A10'), 'another-password-1'), { status: 'Rejected' })
    await assert.rejects(security.passwords.change(charging.station('A10'), 'short'), refused('bad-password'))
    session.close()
    await session.closed
    await assert.rejects(come(house, plain, 'A10', { password: 'another-password-1' }), answered(401))
    await come(house, plain, 'A10', { password: PASSWORD })
    await assert.rejects(security.passwords.change(charging.station('A10')), refused('station-offline'))
  })

  await t.test('a password whose answer never came opens beside the old one until one of them is used', async () => {
    for (const [identity, used, over] of [
      ['A10-NEW', 'another-password-1', PASSWORD],
      ['A10-OLD', PASSWORD, 'another-password-1'],
    ] as const) {
      await register(identity, { password: PASSWORD })
      const session = await connectStation(plain, {
        ...{ identity, password: PASSWORD, clock: house.clock },
        handler: async (action) => {
          if (action === 'SetVariables') session.close()
          return { status: 'Accepted' }
        },
      })
      const { status } = await security.passwords.change(charging.station(identity), 'another-password-1')
      assert.equal(status, 'NoAnswer')
      await come(house, plain, identity, { password: used })
      await assert.rejects(come(house, plain, identity, { password: over }), answered(401))
      await come(house, plain, identity, { password: used })
    }
  })

  await t.test('TC_A_11_CSMS a station makes a new key, its request is signed, and it comes with its new certificate', async () => {
    await register('A11', { securityProfile: 2, password: PASSWORD })
    const station = await house.station('A11', {
      url: secure,
      password: PASSWORD,
      vault: { roots: [{ use: 'CSMSRootCertificate', pem: root }] },
    })
    for (const round of [1, 2]) {
      assert.equal(await security.signing.ask(charging.station('A11'), 'ChargingStationCertificate'), 'Accepted')
      const mine = () => security.certificates({ kind: 'station', station: 'A11' })
      await house.until('it is signed and taken', async () => {
        const all = await mine()
        return all.length === round && all[0]!.state === 'current'
      })
      if (round === 2)
        assert.deepEqual(
          (await mine()).map(({ state }) => state),
          ['current', 'replaced'],
        )
    }
    const { own } = station.memory().vault!
    const [, { chain, key }] = own[0]!
    await come(house, secure, 'A11', { tls: { ca: root, cert: chain, key } })
    const [leaf] = readCertificates(chain)
    assert.deepEqual([leaf!.subject.commonName, leaf!.subject.organization], ['A11', ORGANIZATION])
    await security.revoke(leaf!.fingerprint, 'for the test')
    assert.match(await security.revocationList(), /BEGIN X509 CRL/)
    await assert.rejects(come(house, secure, 'A11', { tls: { ca: root, cert: chain, key } }), answered(401))
  })

  await t.test('TC_A_14_CSMS a certificate that the station refuses is marked so, and requests that do not fit are refused', async () => {
    await register('A14')
    const station = await house.station('A14')
    const session = charging.station('A14').session!
    // Another key than the station asked for: as when an authority mixes up two requests.
    const real = session.call.bind(session)
    const forged = issueCertificate({
      subject: { commonName: 'A14' },
      key: await makeKey(),
      issuer: pki.authority('maker'),
      from: after(house.clock.now(), millis(-DAY)),
      until: after(house.clock.now(), millis(DAY)),
    })
    Object.assign(session, {
      call: (action: string, payload: Payload, more: object) =>
        real(action, action === 'CertificateSigned' ? { ...payload, certificateChain: forged } : payload, more),
    })
    await security.signing.ask(charging.station('A14'), 'ChargingStationCertificate')
    await house.until('it is refused', async () => (await security.certificates({ station: 'A14' }))[0]?.state === 'refused')
    await house.until(
      'the station tells of it',
      async () =>
        (await store.query(`select from cariflex.security_event where station = 'A14' and type = 'InvalidChargingStationCertificate'`))
          .length === 1,
    )
    assert.deepEqual(station.memory().vault!.own, [])
    await house.until('people are told', async () => {
      const alarms = await store.query<{ message: string }>(
        `select message from cariflex.alarm where code = 'security-InvalidChargingStationCertificate'`,
      )
      return alarms.some(({ message }) => /A14/.test(message))
    })
  })

  await t.test('TC_A_19_CSMS a station goes up to profile 2 and then 3, and its lower profiles are over', async () => {
    await register('A19', { password: PASSWORD })
    const station = await house.station('A19', { password: PASSWORD })
    const { profiles, signing } = security
    const up = async (profile: 2 | 3) => {
      await profiles.raise(charging.station('A19'), { profile, url: secure })
      await house.until('it restarts', () => charging.station('A19').session === undefined)
      await house.pass(10)
      await house.until('it is back', () => house.isOnline('A19'))
      assert.equal(charging.station('A19').record.securityProfile, profile)
    }
    await assert.rejects(profiles.raise(charging.station('A19'), { profile: 3 }), refused('profile-needs'))
    await up(2)
    await assert.rejects(come(house, plain, 'A19', { password: PASSWORD }), answered(401))
    await assert.rejects(profiles.raise(charging.station('A19'), { profile: 2 }), refused('already-there'))
    await signing.ask(charging.station('A19'), 'ChargingStationCertificate')
    await house.until('it has a certificate', async () => (await security.certificates({ station: 'A19' }))[0]?.state === 'current')
    await up(3)
    await assert.rejects(come(house, secure, 'A19', { password: PASSWORD, tls: trust }), answered(401))
    await assert.rejects(come(house, plain, 'A19', { password: PASSWORD }), answered(401))
    assert.deepEqual(
      station.memory().vault!.slots.map(([slot]) => slot),
      [1],
    )
  })

  await t.test('guesses are slowed down by identity and by address, whether the station exists or not', async () => {
    await register('B01', { password: PASSWORD })
    for (let tries = 0; tries < 5; tries++)
      await assert.rejects(come(house, plain, 'B01', { password: 'wrong-password-here' }), answered(401))
    await assert.rejects(come(house, plain, 'B01', { password: PASSWORD }), answered(403))
    for (let tries = 0; tries < 30; tries++)
      await assert.rejects(come(house, plain, `NOBODY-${tries}`, {}), (error) => answered(404)(error) || answered(403)(error))
    await register('B02', { password: PASSWORD })
    await assert.rejects(come(house, plain, 'B02', { password: PASSWORD }), answered(403), 'nobody new from that address for a minute')
    await come(house, plain, 'A03', { password: PASSWORD })
    house.clock.set(after(house.clock.now(), millis(61_000)))
    await come(house, plain, 'B02', { password: PASSWORD })
  })

  await t.test('an OCPP 1.6 station may send its hex key as bytes or as text, whichever of them was noted', async () => {
    const text = 'Sixteen-bytes-ok'
    const hex = Buffer.from(text).toString('hex')
    await register('C16-TEXT', { password: text })
    await register('C16-HEX', { password: hex.toUpperCase() })
    for (const identity of ['C16-TEXT', 'C16-HEX'])
      for (const password of [text, hex]) await come(house, plain, identity, { password, versions: ['ocpp1.6'] })
    await assert.rejects(come(house, plain, 'C16-TEXT', { password: hex }), answered(401), 'OCPP 2.0.1 has one form only')
    await assert.rejects(
      come(house, plain, 'C16-TEXT', { password: Buffer.from([0xff, 0xfe, 0, 1]), versions: ['ocpp1.6'] }),
      answered(401),
    )
  })

  await t.test('an OCPP 1.6 station takes a new password as hex, and comes with it', async () => {
    await register('C16', { password: PASSWORD })
    const spec = { identity: 'C16', nominal: watts(22_000), v2x: false, version: '1.6' } as const
    const station = await house.station('C16', { spec, password: PASSWORD })
    const { status, password } = await security.passwords.change(charging.station('C16'))
    assert.equal(status, 'Accepted')
    await assert.rejects(security.passwords.change(charging.station('C16'), 'x'.repeat(21)), refused('bad-password'))
    station.disconnect(1)
    await house.until('it is gone', () => !house.isOnline('C16'))
    await house.pass(10)
    await house.until('it is back', () => house.isOnline('C16'))
    await assert.rejects(come(house, plain, 'C16', { password: PASSWORD, versions: ['ocpp1.6'] }), answered(401))
    await come(house, plain, 'C16', { password: password!, versions: ['ocpp1.6'] })
  })

  await register('M')
  const stationM = await house.station('M')
  const m = () => charging.station('M')
  const { installed } = security

  await t.test('TC_M_01_CSMS a CSMS root is installed', async () => {
    assert.equal(await installed.install(m(), 'CSMSRootCertificate', root), 'Accepted')
  })
  await t.test('TC_M_02_CSMS a manufacturer root is installed', async () => {
    assert.equal(await installed.install(m(), 'ManufacturerRootCertificate', pki.roots.maker), 'Accepted')
  })
  await t.test('TC_M_05_CSMS an installation that the station refuses is told, and nonsense is not sent', async () => {
    const leaf = (await pki.contract('FRCARC000000013')).certificate
    assert.equal(await installed.install(m(), 'V2GRootCertificate', leaf), 'Rejected')
    await assert.rejects(installed.install(m(), 'V2GRootCertificate', 'nonsense'), refused('bad-certificate'))
  })
  await t.test('TC_M_13_CSMS the roots of one use are listed, by their names where we know them', async () => {
    const [one, ...others] = await installed.ask(m(), ['ManufacturerRootCertificate'])
    assert.equal(others.length, 0)
    assert.equal(one!.type, 'ManufacturerRootCertificate')
    assert.match(one!.subject ?? '', /Trial maker of stations/)
  })
  await t.test('TC_M_18_CSMS all of them are listed, and kept for when the station is away', async () => {
    const all = await installed.ask(m())
    assert.deepEqual(
      all.map(({ type }) => type),
      ['CSMSRootCertificate', 'ManufacturerRootCertificate'],
    )
    assert.deepEqual(await installed.last('M'), all)
  })
  await t.test('TC_M_19_CSMS a station without any of that use has an empty list', async () => {
    assert.deepEqual(await installed.ask(m(), ['MORootCertificate']), [])
  })
  await t.test('TC_M_20_CSMS a root is deleted by the hash data exactly as the station told it, in all three hashes', async () => {
    for (const hash of ['SHA256', 'SHA384', 'SHA512'] as const) {
      const identity = `M20-${hash}`
      await register(identity, { password: PASSWORD })
      await house.station(identity, { password: PASSWORD, vault: { hash, roots: [{ use: 'MORootCertificate', pem: pki.roots.mo }] } })
      const [one] = await installed.ask(charging.station(identity))
      assert.equal(one!.hash.hashAlgorithm, hash)
      assert.equal(one!.hash.serialNumber, hashOf(pki.roots.mo, pki.roots.mo, hash).serialNumber.toUpperCase())
      assert.equal(await installed.remove(charging.station(identity), one!.position), 'Accepted')
      assert.deepEqual(await installed.ask(charging.station(identity)), [])
    }
  })
  await t.test('TC_M_21_CSMS a root that the station keeps or does not have is told so', async () => {
    const tls = charging.station('A04')
    const [needed] = await installed.ask(tls)
    assert.equal(await installed.remove(tls, needed!.position), 'Failed')
    assert.equal((await installed.last('A04')).length, 1)
    assert.equal(await installed.remove(m(), hashOf(pki.roots.oem, pki.roots.oem)), 'NotFound')
    await assert.rejects(installed.remove(m(), 99), refused('unknown-certificate'))
  })

  await t.test('certificates are renewed when two thirds of their life are over, and people are told before one ends', async () => {
    await signed(house, 'M')
    const before = (await security.certificates({ station: 'M' }))[0]!
    house.clock.set(after(house.clock.now(), millis(270 * DAY)))
    await security.watch.look()
    await house.until(
      'it is renewed',
      async () =>
        (await security.certificates({ station: 'M' })).filter(({ state }) => state === 'current').length === 1 &&
        (await security.certificates({ station: 'M' })).length === 2,
    )
    assert.equal((await security.certificates({ station: 'M' }))[1]!.fingerprint, before.fingerprint)
    await stationM.stop()
    house.clock.set(after(house.clock.now(), millis(390 * DAY)))
    await security.watch.look()
    const { asset } = charging.station('M').record
    await house.until('an alarm', async () => {
      const alarms = await store.query(
        `select from cariflex.alarm where asset = $1 and code = 'station-certificate' and ended_at is null`,
        [asset],
      )
      return alarms.length === 1
    })
  })
})

async function signed({ charging, until }: House, identity: string) {
  await charging.security.signing.ask(charging.station(identity), 'ChargingStationCertificate')
  await until('it is signed', async () => (await charging.security.certificates({ station: identity }))[0]?.state === 'current')
}
