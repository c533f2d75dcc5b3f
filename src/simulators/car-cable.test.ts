/** A simulated car and its station that talk ISO 15118-20 with each other. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { v21 } from '#protocols/ocpp'
import { openTrialPki, toDer } from '#protocols/pki'
import { needsOfProtocol, needsOfProtocol21 } from './charging-needs.ts'
import { charging, measured, newCar, powerOf, profile, rig } from './station.fixture.ts'

test('what the car wants reaches the CSMS, and what the CSMS allows reaches the car, both through the cable', async (t) => {
  const car = newCar({ soc: 30_000 })
  const one = await charging(t, { cable: true, car })
  await one.until('the needs', () => one.of('NotifyEVChargingNeeds').length > 0)
  const { chargingNeeds } = one.of('NotifyEVChargingNeeds')[0]!
  assert.equal(chargingNeeds.requestedEnergyTransfer, 'AC_three_phase')
  const { departure, energy } = car.wish(one.clock.now())
  assert.ok(Math.abs(Date.parse(chargingNeeds.departureTime!) - departure) < 5000)
  assert.ok(Math.abs(chargingNeeds.acChargingParameters!.energyAmount - energy) < 300)
  assert.deepEqual([chargingNeeds.acChargingParameters!.evMinCurrent, chargingNeeds.acChargingParameters!.evMaxCurrent], [6, 16])
  await one.until('full power', () => powerOf(one) === 11_040)
  await one.ask('SetChargingProfile', { evseId: 1, chargingProfile: profile(6900, { transactionId: one.transactionId }) })
  await one.until('the lower limit', () => powerOf(one) === 6900, 10)
  await one.ask('SetChargingProfile', { evseId: 1, chargingProfile: profile(-5000, { transactionId: one.transactionId }) })
  await one.until('the car gives back', () => powerOf(one) === -5000, 20)
  one.station.unplug()
  await one.pass(2)
  assert.equal(measured(one.events().at(-1), 'SoC'), Math.round(car.percent()))
  assert.equal(powerOf(one), 0)
})

test('the needs of a DC car keep its battery, and a time from now becomes a moment', () => {
  const at = Date.parse('2026-03-02T22:00:00Z') as never
  const state = { soc: 41, capacity: 75_000, target: 20_000, departure: 3600, maxCharge: 50_000 }
  const dc = { maxCurrent: 125, maxVoltage: 400, fullSoc: 100, bulkSoc: 80 }
  const needs = needsOfProtocol({ protocol: 'iso2', current: 'DC', bidirectional: false, control: 'scheduled', phases: 3, state, dc }, at)
  assert.deepEqual(needs, {
    requestedEnergyTransfer: 'DC',
    departureTime: '2026-03-02T23:00:00Z',
    dcChargingParameters: {
      evMaxCurrent: 125,
      evMaxVoltage: 400,
      energyAmount: 20_000,
      evMaxPower: 50_000,
      stateOfCharge: 41,
      evEnergyCapacity: 75_000,
      fullSoC: 100,
      bulkSoC: 80,
    },
  })
})

test('to a CSMS of 2.1 a V2G car says both directions and its band of energy, as the schema has them', () => {
  const at = Date.parse('2026-03-02T22:00:00Z') as never
  const v2x = { most: 40_000.4, least: -5000 }
  const state = { target: 30_000, least: 0, most: 40_000, departure: 3600, maxCharge: 11_040, minCharge: 4140, maxDischarge: 11_040, v2x }
  const needs = { protocol: 'iso20-ac', current: 'AC', bidirectional: true, control: 'dynamic', phases: 3, state } as const
  const chargingNeeds = needsOfProtocol21(needs, at)
  assert.deepEqual(v21.validate('NotifyEVChargingNeeds', 'request', { evseId: 1, chargingNeeds }), { ok: true })
  assert.deepEqual([chargingNeeds.requestedEnergyTransfer, chargingNeeds.controlMode], ['AC_BPT', 'DynamicControl'])
  assert.deepEqual(chargingNeeds.v2xChargingParameters, {
    minChargePower: 4140,
    maxChargePower: 11_040,
    maxDischargePower: 11_040,
    evTargetEnergyRequest: 30_000,
    evMinEnergyRequest: 0,
    evMaxEnergyRequest: 40_000,
    evMinV2XEnergyRequest: -5000,
    evMaxV2XEnergyRequest: 40_000,
  })
})

test('a car pays by its contract: the station checks the chain and the signature, the CSMS judges it, nobody shows a card', async (t) => {
  const one = await rig(t, {
    cable: true,
    answers: { Authorize: () => ({ idTokenInfo: { status: 'Accepted' }, certificateStatus: 'Accepted' }) },
  })
  const pki = await openTrialPki(one.clock)
  await one.ask('InstallCertificate', { certificateType: 'MORootCertificate', certificate: pki.roots.mo })
  const emaid = 'FRCARC000000013'
  const { chain, key } = await pki.contract(emaid)
  const contract = { emaid, key, chain: chain.map((pem) => toDer(pem).toString('base64')) }
  one.station.plug(newCar({ contract }))
  await one.until('the charge', () => powerOf(one) > 0, 60)
  const asked = one.of('Authorize')
  assert.deepEqual([asked.length, asked[0]!.idToken], [1, { idToken: emaid, type: 'eMAID' }])
  assert.equal(asked[0]!.certificate, chain.join(''))
  assert.equal(one.events().find((event) => event.idToken)!.idToken!.idToken, emaid)
  one.station.unplug()
  // A contract of an operator whose root is not here is not even asked about.
  const stranger = await (await openTrialPki(one.clock)).contract(emaid)
  const wrong = { emaid, key: stranger.key, chain: stranger.chain.map((pem) => toDer(pem).toString('base64')) }
  one.station.plug(newCar({ id: 'V2G002', contract: wrong }))
  await one.pass(20)
  assert.deepEqual([one.of('Authorize').length, powerOf(one)], [1, 0])
})

test('a car that began without its contract shows a card, though the root of contracts comes a moment later', async (t) => {
  const one = await rig(t, { cable: true })
  const pki = await openTrialPki(one.clock)
  const { chain, key } = await pki.contract('FRCARC000000013')
  const car = newCar({ contract: { emaid: 'FRCARC000000013', key, chain: chain.map((pem) => toDer(pem).toString('base64')) } })
  one.station.plug(car)
  await one.pass(1)
  await one.ask('InstallCertificate', { certificateType: 'MORootCertificate', certificate: pki.roots.mo })
  await one.until('the charge', () => powerOf(one) > 0, 60)
  assert.deepEqual(
    one.of('Authorize').map(({ idToken }) => idToken),
    [car.spec.token],
  )
})
