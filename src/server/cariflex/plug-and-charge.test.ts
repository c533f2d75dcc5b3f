/** From the car's EXI to the bill: a contract certificate pays for a session, with all certificates made by a trial authority. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { wattHours, watts } from '#kernel'
import { answerContractRequest } from '#protocols/iso15118'
import { openTrialPki, toDer } from '#protocols/pki'
import { ocppHouse } from '../../../test/ocpp/house.ts'
import { openCar } from '../../simulators/car.ts'
import { startStation } from '../../simulators/station.ts'

const EMAID = 'FRCARC000000013'

test('a new car plugs, fetches its contract over the station, pays by it, charges, and the bill is made out to that contract', async (t) => {
  const house = await ocppHouse(t)
  const { charging, clock } = house
  const pki = await openTrialPki(clock)
  await charging.security.trust(pki.roots.mo, ['MO'])
  await charging.registerToken({ token: EMAID, type: 'eMAID' })
  await charging.tariffs.put({
    id: 'DAY',
    currency: 'EUR',
    elements: [{ price_components: [{ type: 'ENERGY', price: 25, vat: 20, step_size: 1 }] }],
  })
  await charging.tariffs.choose({ scope: 'all', key: '', tariff: 'DAY' })
  const [asset] = (await house.store.query<{ id: number }>('select generic_asset_id as id from sensor where id = 6100')) as [{ id: number }]
  await charging.registerStation({ identity: 'CP001', asset: asset.id, device: 'CP001', powerSensor: 6100, nominalW: 22_080 })
  const asked: unknown[] = []
  const station = startStation({
    spec: { identity: 'CP001', nominal: watts(22_080), v2x: false },
    url: house.url,
    clock,
    cable: true,
    onFrame: ({ kind, direction, action, payload }) => {
      if (kind === 'CALL' && direction === 'out' && action === 'Authorize') asked.push(payload)
    },
  })
  t.after(async () => {
    const stopped = station.stop()
    clock.forward(1000)
    await stopped
  })
  /** The cable has a socket of its own, whose messages need turns between the seconds. */
  const until = async (what: string, condition: () => boolean, most = 90) => {
    for (let second = 0; !condition(); second++) {
      assert.ok(second < most, `${what} within ${most} s`)
      await house.pass(1)
      for (let turns = 0; turns < 60; turns++) await new Promise((resolve) => setImmediate(resolve))
    }
  }
  clock.forward(0)
  await until('the boot', () => station.state().registration === 'Accepted')
  await charging.security.installed.install(charging.station('CP001'), 'MORootCertificate', pki.roots.mo)

  const ders = (chain: readonly string[]) => chain.map((pem) => toDer(pem).toString('base64'))
  const contract = await pki.contract(EMAID)
  const provider = pki.authority('cps')
  charging.security.setContractPool({
    answer: (request) =>
      answerContractRequest(request, {
        provider: { chain: ders(provider.chain), key: provider.key },
        contractFor: async () => ({ emaid: EMAID, chain: ders(contract.chain), key: contract.key }),
      }),
  })
  const { chain, key } = await pki.car('WP0ZZZTRIAL00001')
  const provisioning = { certificate: ders(chain)[0]!, key, roots: [{ issuer: 'CN=Trial MO root', serial: '01' }] }
  const car = openCar(
    {
      ...{ id: 'V2G001', home: 'CP001', seed: 7, rhythm: 'commuter', zone: 'America/Martinique', target: 1, reserve: 0 },
      ...{ token: { idToken: 'NO-CARD', type: 'ISO14443' }, maker: { provisioning, isTrusted: () => true } },
      ...{ capacity: wattHours(75_000), onboard: watts(11_040), discharge: watts(0) },
    },
    { at: clock.now(), soc: wattHours(20_000) },
  )
  station.plug(car)
  await until('the charge', () => station.state().power > 4000)
  const transaction = station.state().transaction!
  await house.pass(8)
  station.unplug()
  await until('the end', () => station.state().waitingEvents === 0)

  assert.deepEqual(asked, [{ idToken: { idToken: EMAID, type: 'eMAID' }, certificate: contract.chain.join('') }])
  const session = await charging.archive.session('CP001', transaction)
  assert.match(JSON.stringify(session), /…0013/)
  const bill = await charging.bill('CP001', transaction)
  const total = bill!.bill.total!
  assert.equal(bill!.isFinal, true)
  // 4.14 kW for some ten seconds at 25 € a kWh.
  assert.ok(Number(total.excl_vat) > 0.1 && Number(total.excl_vat) < 1, JSON.stringify(total))
  assert.ok(Math.abs(Number(total.incl_vat) - 1.2 * Number(total.excl_vat)) < 0.011)
})
