// From the car's EXI to the bill: cars speak TLS to their station, get or have a contract, pay by it with signed requests and receipts, and the
// platform judges, prices and shows the session. All certificates are made here.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import test from 'node:test'
import { openOutward, wattHours, watts } from '#kernel'
import { keyFromPem, openTrialPki, readCertificates, toDer } from '#protocols/pki'
import { chargingBill } from '../../src/cli/verbs/charging-bill.ts'
import { type CarSpec, openCar } from '../../src/simulators/car.ts'
import { ocppHouse } from './house.ts'

const NEW = 'FRCARC000000013'
const OWNER = 'FRCARC000000020'
const PCID = 'WP0ZZZTRIAL000001'

test('a Plug & Charge session runs from the EXI of the car to the bill', { timeout: 120_000 }, async (t) => {
  const house = await ocppHouse(t, {}, openOutward({ allow: ['127.0.0.1'] }))
  const { charging, clock } = house
  const ask = async <T>(method: 'GET' | 'POST' | 'PUT', path: string, body?: unknown): Promise<T> => {
    const { status, body: answer } = await house.api<{ data: T }>(method, path, body)
    assert.ok(status < 300, `${method} ${path}: ${status} ${JSON.stringify(answer)}`)
    return answer.data
  }
  /** The cable has a socket of its own, whose messages need turns between the seconds. */
  const until = async (what: string, condition: () => boolean, most = 90) => {
    for (let second = 0; !condition(); second++) {
      assert.ok(second < most, `${what} within ${most} s`)
      await house.pass(1)
      for (let turns = 0; turns < 60; turns++) await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const elements = [{ price_components: [{ type: 'ENERGY', price: 25, vat: 20, step_size: 1 }] }]
  await charging.tariffs.put({ id: 'DAY', currency: 'EUR', elements } as never)
  await charging.tariffs.choose({ scope: 'all', key: '', tariff: 'DAY' })

  // The station gets a certificate towards cars, and the roots of contracts.
  const subject = await house.come('CP001', { cable: true })
  const { station } = subject
  const { roots } = await ask<{ roots: string[] }>('POST', '/charging/contracts/trial', {})
  for (const pem of roots) await ask('POST', '/stations/CP001/certificates', { use: 'MORootCertificate', pem })
  await ask('POST', '/stations/CP001/certificates/signing', { kind: 'V2GCertificate' })
  const isShown = async () => (await charging.security.certificates({ station: 'CP001' })).some(({ state }) => state === 'current')
  await house.until('its certificate towards cars', isShown)
  const v2g = (await charging.security.certificates({ kind: 'authority' })).find(({ uses }) => uses.includes('v2g'))!.pem

  const carOf = (spec: Partial<CarSpec>) =>
    openCar(
      {
        ...{ id: 'V2G001', home: 'CP001', seed: 7, rhythm: 'commuter', zone: 'America/Martinique', target: 1, reserve: 0, roots: [v2g] },
        ...{ token: { idToken: 'NO-CARD', type: 'ISO14443' }, capacity: wattHours(75_000), onboard: watts(11_040), discharge: watts(0) },
        ...spec,
      },
      { at: clock.now(), soc: wattHours(20_000) },
    )
  const charge = async (car: ReturnType<typeof openCar>) => {
    station.plug(car)
    await until('the charge', () => station.state().power > 4000)
    const { transaction } = station.state()
    await house.pass(8)
    station.unplug()
    await until('the end', () => station.state().waitingEvents === 0 && station.state().transaction === undefined)
    return transaction!
  }
  const asked = () =>
    subject.said('Authorize') as { idToken: { idToken: string }; certificate?: string; iso15118CertificateHashData?: unknown[] }[]

  await t.test(
    'a new car fetches its contract from our own pool over the station, pays by it, and the bill is made out to it',
    async () => {
      await ask('POST', '/charging/contracts', { emaid: NEW, car: PCID })
      const [made] = await ask<{ certificate: string; key: string }[]>('POST', '/charging/contracts/trial/cars', { car: PCID })
      const [leaf] = readCertificates(made!.certificate)
      const provisioning = {
        certificate: toDer(leaf!.pem).toString('base64'),
        key: keyFromPem(made!.key),
        roots: [{ issuer: leaf!.issuer.commonName, serial: leaf!.serial }],
      }
      const transaction = await charge(carOf({ maker: { provisioning, isTrusted: () => true } }))
      assert.deepEqual(
        asked().map(({ idToken, certificate }) => [idToken.idToken, readCertificates(certificate!).length]),
        [[NEW, 2]],
      )
      assert.match(JSON.stringify(await charging.archive.session('CP001', transaction)), /…0013/)
      const contract = await ask<{ state: string; certificates: unknown[] }>('GET', `/charging/contracts/${NEW}`)
      assert.deepEqual([contract.state, contract.certificates.length], ['installed', 1])

      const told = await ask<{ isFinal: boolean; bill: { total: { excl_vat: string; incl_vat: string } } }>(
        'GET',
        `/stations/CP001/transactions/${transaction}/bill`,
      )
      const { total } = told.bill
      assert.equal(told.isFinal, true)
      // 4.14 kW for some ten seconds at 25 € a kWh.
      assert.ok(Number(total.excl_vat) > 0.1 && Number(total.excl_vat) < 1, JSON.stringify(total))
      assert.ok(Math.abs(Number(total.incl_vat) - 1.2 * Number(total.excl_vat)) < 0.011, JSON.stringify(total))
      let shown = ''
      await chargingBill.run({
        ...{ words: ['CP001', transaction], options: {}, env: { CARIFLEX_URL: house.http, CARIFLEX_TOKEN: house.token } },
        show: (_, render) => {
          shown = render()
        },
        say: () => undefined,
        progress: () => undefined,
      })
      assert.match(shown, new RegExp(`total +${total.excl_vat} +${total.incl_vat} EUR\nIt has ended.`))
    },
  )

  await t.test(
    'a contract whose state a responder tells is judged by certificate and hash data; a revoked one gives no energy',
    async () => {
      let questions = 0
      const responder = createServer((request, response) => {
        const parts: Buffer[] = []
        request.on('data', (part: Buffer) => parts.push(part))
        request.on('end', () => {
          questions++
          response.end(pki.ocsp(Buffer.concat(parts)))
        })
      })
      responder.listen(0, '127.0.0.1')
      await once(responder, 'listening')
      t.after(() => {
        responder.closeAllConnections()
        responder.close()
      })
      const pki = await openTrialPki(clock, { ocsp: `http://127.0.0.1:${(responder.address() as AddressInfo).port}/ocsp` })
      await charging.security.trust(pki.roots.mo, ['MO'])
      await ask('POST', '/stations/CP001/certificates', { use: 'MORootCertificate', pem: pki.roots.mo })
      await charging.registerToken({ token: OWNER, type: 'eMAID' })
      const holder = async () => {
        const { certificate, chain, key } = await pki.contract(OWNER)
        return { certificate, contract: { emaid: OWNER, chain: chain.map((pem) => toDer(pem).toString('base64')), key } }
      }
      const good = await holder()
      const before = asked().length
      await charge(carOf({ contract: good.contract }))
      assert.deepEqual(
        asked()
          .slice(before)
          .map(({ idToken, iso15118CertificateHashData: hashes }) => [idToken.idToken, hashes?.length]),
        [[OWNER, 1]],
      )
      assert.ok(questions > 0, 'the responder was asked')
      station.plug(carOf({ contract: good.contract, roots: [pki.roots.v2g] }))
      await house.pass(20)
      assert.deepEqual(
        [station.state().power, asked().length],
        [0, before + 1],
        'a car that does not know the root of the station hangs up',
      )
      station.unplug()
      await house.pass(1)

      const taken = await holder()
      pki.tell(taken.certificate, 'revoked')
      const told = subject.told('Authorize').length
      station.plug(carOf({ contract: taken.contract }))
      await until('the refusal', () => subject.told('Authorize').length > told)
      const answer = subject.told('Authorize').at(-1) as { certificateStatus?: string }
      assert.equal(answer.certificateStatus, 'CertificateRevoked')
      await house.pass(5)
      assert.equal(station.state().power, 0)
      station.unplug()
    },
  )
})
