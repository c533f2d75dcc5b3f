// The proxy in front of a foreign CSMS: our strict station comes to Cariflex, Cariflex connects as it to a central system made of the Python
// package `ocpp`, which checks every message against its schema. A session goes into the beliefs here and is billed there; profiles of both merge.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { after, DAY, millis, systemClock, wattHours, watts } from '#kernel'
import { type Holder, issueCertificate, keyToPem, makeKey } from '#protocols/pki'
import { openCar } from '../../src/simulators/car.ts'
import { type Station, startStation } from '../../src/simulators/station.ts'
import { startTerritory, type Territory, until } from '../journeys/territory.ts'
import { type Foreign, foreign, type Line } from './foreign.ts'

type Version = '1.6' | '2.0.1'
const PASSWORD = 'password-at-the-other'

/** The foreign CSMS and what it heard. */
async function csms(
  t: TestContext,
  given: { version: Version; port?: number; tokens: string[]; tls?: { certificate: string; key: string } },
) {
  const program = foreign('foreign_csms.py', [JSON.stringify({ password: PASSWORD, ...given })])
  t.after(() => program.kill())
  const { port } = await program.line(({ event }) => event === 'listening')
  return {
    ...program,
    port: Number(port),
    heard: (action: string) => program.lines.filter((line) => line['action'] === action).map(({ payload }) => payload as Line),
    /** Asks the station and resolves with the answer as the package read it. */
    async ask(call: string, parameters: Line = {}) {
      const before = answersTo(program, call)
      program.tell({ call, with: parameters })
      return program.line((line) => line['event'] === 'answer' && line['call'] === call && program.lines.indexOf(line) >= before)
    },
  }
}
const answersTo = (program: Foreign, call: string) =>
  program.lines.findLastIndex(({ event, call: of }) => event === 'answer' && of === call) + 1

interface Upstream {
  connected: boolean
  waiting: number
  fault?: string
}

async function register(island: Territory, identity: string) {
  const { status, body } = await island.ask<{ data: { password: string; token: string } }>('POST', '/api/cariflex/v1/stations', {
    ...{ identity, nominalKw: 22, phases: 3 },
  })
  assert.ok(status < 300, `${status} ${JSON.stringify(body)}`)
  return body.data
}

function come(t: TestContext, island: Territory, identity: string, password: string, version: Version): Station {
  const station = startStation({
    spec: { identity, nominal: watts(22_000), v2x: false, version },
    url: `${island.url.replace('http', 'ws')}/ocpp`,
    password,
    clock: systemClock,
  })
  t.after(() => station.stop())
  return station
}

const carOf = (identity: string, idToken: string) =>
  openCar(
    {
      ...{ id: `CAR-${identity}`, home: identity, seed: 7, rhythm: 'commuter', zone: 'America/Martinique', target: 1, reserve: 0 },
      token: { idToken, type: 'ISO14443' },
      capacity: wattHours(75_000),
      onboard: watts(22_000),
      discharge: watts(0),
    },
    { at: systemClock.now(), soc: wattHours(20_000) },
  )

/** Names the upstream of a station. */
const lead = (island: Territory, identity: string, url: string, more: object = {}) =>
  island.ask('PUT', `/api/cariflex/v1/stations/${identity}/upstream`, { url, password: PASSWORD, ...more })
const upstreamOf = async (island: Territory, identity: string) =>
  (await island.ask<{ data: Upstream }>('GET', `/api/cariflex/v1/stations/${identity}/upstream`)).body.data

/** Tells the station a limit as the operator of the upstream does, A per phase. */
const profileOf = (version: Version, amperes: number): Line => {
  const period = { start_period: 0, limit: amperes }
  const common = { stack_level: 0, charging_profile_purpose: 'TxDefaultProfile', charging_profile_kind: 'Relative' }
  const schedule = { charging_rate_unit: 'A', charging_schedule_period: [period] }
  return version === '1.6'
    ? { connector_id: 1, cs_charging_profiles: { charging_profile_id: 2, ...common, charging_schedule: schedule } }
    : { evse_id: 1, charging_profile: { id: 2, ...common, charging_schedule: [{ id: 1, ...schedule }] } }
}
/** Amperes that the station says hold now, as the upstream is told. */
const limitIn = ({ answer }: Line): number | undefined => {
  const said = answer as Record<string, { charging_schedule_period: { limit: number }[] }>
  return (said['charging_schedule'] ?? said['schedule'])?.charging_schedule_period[0]?.limit
}

test('in front of a foreign CSMS', { timeout: 400_000 }, async (t) => {
  const island = await startTerritory(t, { env: { CARIFLEX_SECURITY__OUTWARD_ALLOW: '["127.0.0.1"]' } })
  for (const version of ['1.6', '2.0.1'] as const)
    await t.test(
      `a station of ${version} charges here and there: one session in both, the lower limit, order, absence and return`,
      async () => {
        const identity = version === '1.6' ? 'PROXY-16' : 'PROXY-201'
        const { password, token } = await register(island, identity)
        const first = await csms(t, { version, tokens: [token] })
        const url = `ws://127.0.0.1:${first.port}/steve`
        assert.equal((await lead(island, identity, url)).status, 200)
        const station = come(t, island, identity, password, version)
        await first.line(({ event, protocol }) => event === 'connected' && protocol === `ocpp${version}`)
        await until(
          'accepted',
          async () => station.state().registration,
          (state) => state === 'Accepted',
        )

        const isSetUp = (all: { data: { identity: string; boot: string }[] }) =>
          all.data.some((one) => one.identity === identity && one.boot === 'Accepted')
        await until(
          'we have set it up too',
          async () => (await island.ask<{ data: { identity: string; boot: string }[] }>('GET', '/api/cariflex/v1/stations')).body,
          isSetUp,
        )
        station.plug(carOf(identity, token))
        await until(
          'it charges',
          async () => station.state(),
          ({ transaction, power }) => transaction !== undefined && power > 0,
          60_000,
        )
        const starts = () =>
          version === '1.6'
            ? first.heard('StartTransaction')
            : first.heard('TransactionEvent').filter(({ eventType }) => eventType === 'Started')
        await until(
          'the other CSMS knows',
          async () => starts().length,
          (count) => count > 0,
        )
        assert.equal(starts().length, 1, 'it sees the session exactly once')

        // A limit of the other CSMS: the station keeps it, and both are told so when they ask.
        assert.equal(((await first.ask('SetChargingProfile', profileOf(version, 8)))['answer'] as Line)['status'], 'Accepted')
        const composite = version === '1.6' ? { connector_id: 1 } : { evse_id: 1 }
        const asked = { ...composite, duration: 60, charging_rate_unit: 'A' }
        const least = await until(
          'the lower limit holds',
          async () => limitIn(await first.ask('GetCompositeSchedule', asked)),
          (limit) => limit !== undefined && limit <= 8,
        )
        assert.ok(least! <= 8, `${least} A`)
        await until(
          'it draws no more',
          async () => station.state().power,
          (power) => power <= 8 * 3 * 230 * 1.01,
        )
        const payload = { evseId: 1, duration: 60, chargingRateUnit: 'A' }
        const ours = await island.ask('POST', `/api/cariflex/v1/stations/${identity}/commands`, { action: 'GetCompositeSchedule', payload })
        assert.ok(ours.status < 300, `${ours.status} ${JSON.stringify(ours.body)}`)
        assert.match(JSON.stringify(ours.body), /"limit":[0-8](\.\d)?\b/, 'we are told the same')

        // It goes in the middle of the session, and what counts waits for it.
        first.kill()
        await until(
          'it is away',
          () => upstreamOf(island, identity),
          ({ connected }) => !connected,
        )
        station.unplug()
        await until(
          'the end waits',
          () => upstreamOf(island, identity),
          ({ waiting }) => waiting > 0,
        )
        const second = await csms(t, { version, tokens: [token], port: first.port })
        await until(
          'it was told everything',
          () => upstreamOf(island, identity),
          ({ connected, waiting }) => connected && waiting === 0,
          60_000,
        )
        const ended =
          version === '1.6'
            ? second.heard('StopTransaction')
            : second.heard('TransactionEvent').filter(({ eventType }) => eventType === 'Ended')
        assert.equal(ended.length, 1, 'the end arrived, once')
        if (version === '1.6') assert.equal(ended[0]!['transactionId'], 9001, 'by the number that it gave')
        else {
          const numbers = [...first.heard('TransactionEvent'), ...second.heard('TransactionEvent')].map(({ seqNo }) => Number(seqNo))
          assert.deepEqual(
            numbers,
            numbers.map((_, index) => index),
            'every event once and in order',
          )
        }

        // Its orders reach the station, until the operator says no.
        const start = version === '1.6' ? 'RemoteStartTransaction' : 'RequestStartTransaction'
        const wish =
          version === '1.6' ? { id_tag: token } : { id_token: { id_token: token, type: 'ISO14443' }, remote_start_id: 7, evse_id: 1 }
        assert.equal(((await second.ask(start, wish))['answer'] as Line)['status'], 'Accepted')
        assert.equal((await lead(island, identity, url, { orders: false })).status, 200)
        await second.line(({ event }) => event === 'gone')
        await until(
          'it is there again',
          () => upstreamOf(island, identity),
          ({ connected }) => connected,
        )
        assert.equal(((await second.ask('Reset', { type: version === '1.6' ? 'Soft' : 'OnIdle' }))['answer'] as Line)['status'], 'Rejected')

        for (const system of [first, second])
          assert.deepEqual(
            system.lines.filter(({ event }) => event === 'refused'),
            [],
            'nothing that it heard was wrong to it',
          )
        // The session is here as well; another may go on by the order of the other CSMS.
        const sessions = await island.ask<{ data: { endedAt: string | null; complete: boolean }[] }>(
          'GET',
          `/api/cariflex/v1/charging/sessions?station=${identity}`,
        )
        const over = sessions.body.data.filter(({ endedAt }) => endedAt !== null)
        assert.equal(over.length, 1, JSON.stringify(sessions.body).slice(0, 500))
        // It may have lasted less than a watt-hour: what matters is that no event is missing.
        assert.equal(over[0]!.complete, true, JSON.stringify(over))
      },
    )

  await t.test('one behind TLS with a root of its own is believed when that root is trusted, and what it refuses is told', async () => {
    const life = { from: after(systemClock.now(), millis(-DAY)), until: after(systemClock.now(), DAY) }
    const root: Holder = { key: await makeKey('p256'), certificate: '' }
    root.certificate = issueCertificate({ ...life, subject: { commonName: 'The other operator' }, key: root.key, authority: 0 })
    const key = await makeKey('p256')
    const subject = { commonName: 'csms.other.example' }
    const certificate = issueCertificate({ ...life, subject, key, issuer: root, purposes: ['server'], names: ['127.0.0.1'] })
    const folder = mkdtempSync(join(tmpdir(), 'cariflex-upstream-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    const tls = { certificate: join(folder, 'chain.pem'), key: join(folder, 'key.pem') }
    writeFileSync(tls.certificate, certificate)
    writeFileSync(tls.key, keyToPem(key))
    const identity = 'PROXY-TLS'
    const { password, token } = await register(island, identity)
    const other = await csms(t, { version: '1.6', tokens: [token], tls })
    const url = `wss://127.0.0.1:${other.port}/ocpp`
    assert.equal((await lead(island, identity, url, { password: 'a-wrong-one' })).status, 200)
    const station = come(t, island, identity, password, '1.6')
    const view = () => upstreamOf(island, identity)
    await until('why it is not believed', view, ({ fault }) => /certificate|issuer/i.test(fault ?? ''), 60_000)
    await until(
      'it is served all the same',
      async () => station.state().registration,
      (state) => state === 'Accepted',
    )
    const trusted = await island.ask('POST', '/api/cariflex/v1/charging/certificates', { pem: root.certificate, uses: ['CSMS'] })
    assert.ok(trusted.status < 300, `${trusted.status} ${JSON.stringify(trusted.body)}`)
    await until('that it refuses', view, ({ fault }) => /answered 401/.test(fault ?? ''), 60_000)
    assert.ok(
      other.lines.some(({ event, identity: who }) => event === 'turned away' && who === identity),
      'it turned the station away',
    )
    assert.equal((await lead(island, identity, url)).status, 200)
    await until('it is let in', view, ({ connected, waiting }) => connected && waiting === 0, 60_000)
    assert.equal(other.heard('BootNotification').length, 1)
  })
})
