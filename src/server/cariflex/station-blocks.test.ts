import assert from 'node:assert/strict'
import test from 'node:test'
import { after, formatInstant, HOUR } from '#kernel'
import { ocppHouse } from '../../../test/ocpp/house.ts'

interface Answer {
  data: Record<string, unknown> & Record<string, unknown>[]
}

test('everything an operator may ask of a station is asked over the API, and the strict station does it', async (t) => {
  const house = await ocppHouse(t)
  const one = await house.come('CP001')
  const api = async (method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown, status = 200) => {
    const answering = house.api<Answer>(method, path, body)
    // What the station does meanwhile takes time of the clock.
    let done = false
    void answering.finally(() => {
      done = true
    })
    await house.until(`${method} ${path}`, () => done)
    const answer = await answering
    assert.equal(answer.status, status, `${method} ${path}: ${JSON.stringify(answer.body)}`)
    return answer.body.data
  }
  const station = '/stations/CP001'
  assert.equal((await api('GET', station))['identity'], 'CP001')
  assert.equal((await api('GET', '/stations/NOBODY', undefined, 404)) as unknown, undefined)
  assert.deepEqual(await api('PUT', `${station}/boot`, { status: 'Accepted', interval: 60 }), { status: 'Accepted', interval: 60 })
  await api('PUT', `${station}/boot`, { status: 'Perhaps' }, 422)
  await api('PUT', `${station}/boot`, { status: null })

  const set = [{ component: { name: 'OCPPCommCtrlr' }, variable: { name: 'OfflineThreshold' }, value: '90' }]
  assert.equal((await api('PATCH', `${station}/variables`, { set }))[0]?.['attributeStatus'], 'Accepted')
  assert.equal((await api('GET', `${station}/variables?search=offlinethreshold`))[0]?.['value'], '90')
  assert.equal((await api('GET', `${station}/variables/history?key=ocppcommctrlr/offlinethreshold%23actual`))[0]?.['origin'], 'set')
  assert.ok(((await api('POST', `${station}/variables/report`, { base: 'SummaryInventory' }))['variables'] as number) > 3)
  const secret = [{ component: { name: 'SecurityCtrlr' }, variable: { name: 'BasicAuthPassword' }, value: 'x'.repeat(20) }]
  await api('PATCH', `${station}/variables`, { set: secret }, 403)

  const badge = await api('PUT', '/charging/badges/CARIFLEX001', { nickname: 'Ann', group: 'FAMILY', validUntil: '2030-01-01T00:00:00Z' })
  assert.deepEqual([badge['nickname'], badge['status']], ['Ann', 'Accepted'])
  assert.equal((await api('GET', '/charging/badges')).length, 1)
  assert.equal((await api('POST', `${station}/local-list`, {}))['how'], 'Full')
  assert.equal((await api('GET', `${station}/local-list`))['upToDate'], true)
  await one.station.say('Authorize', { idToken: { idToken: 'STRANGER', type: 'ISO14443' } })
  assert.equal((await api('GET', '/charging/unknown-badges'))[0]?.['token'], 'STRANGER')
  await api('DELETE', '/charging/unknown-badges/STRANGER')
  assert.deepEqual(await api('GET', '/charging/unknown-badges'), [])

  const until = formatInstant(after(house.clock.now(), HOUR))
  const { reservation } = await api('POST', `${station}/reservations`, { token: 'CARIFLEX001', evse: 1, until })
  await house.until('reserved', () => house.charging.stations()[0]?.evses[0]?.connectorStatus === 'Reserved')
  assert.equal((await api('GET', `${station}/reservations`))[0]?.['status'], 'reserved')
  assert.equal((await api('DELETE', `${station}/reservations/${reservation}`))['status'], 'Accepted')

  const monitor = {
    component: { name: 'EVSE', evse: { id: 1 } },
    variable: { name: 'Power' },
    type: 'UpperThreshold',
    value: 1000,
    severity: 3,
  }
  const [made] = await api('POST', `${station}/monitors`, monitor)
  assert.equal(made?.['status'], 'Accepted')
  assert.equal((await api('POST', `${station}/monitors/report`))['monitors'], 1)
  assert.equal((await api('GET', `${station}/monitors`)).length, 1)
  assert.equal((await api('PUT', `${station}/monitoring`, { base: 'All', level: 8 })).length, 2)

  one.station.plug(one.car())
  await house.until('it charges', () => one.station.state().flow === 'charging')
  await house.until('the monitor speaks', () => one.said('NotifyEvent').some(({ eventData }) => eventData[0]?.variable.name === 'Power'))
  await house.pass(20)
  assert.ok((await api('GET', `${station}/events`)).some((event) => event['variable'] === 'Power' && event['severity'] === 3))
  const [session] = await api('GET', '/charging/sessions?station=CP001&open=true')
  assert.equal(session?.['token'], '…X001')
  const whole = await api('GET', `/charging/sessions/CP001/${session?.['id']}`)
  assert.ok((whole['list'] as unknown[]).length >= 3)
  const [from, to] = [after(house.clock.now(), -HOUR), after(house.clock.now(), HOUR)].map((at) => encodeURIComponent(formatInstant(at)))
  assert.ok((await api('GET', `/charging/samples/CP001/1?from=${from}&until=${to}`)).some((sample) => (sample['kw'] as number) > 1))

  type Laid = { id: number; purpose: string; stack: number; status: string; schedules: { unit: string; periods: { limit: number }[] }[] }
  const before = await api('GET', `${station}/profiles`)
  assert.deepEqual([before['told'], before['composite']], [null, null], 'nobody asked yet')
  assert.deepEqual(
    (before['laid'] as unknown as Laid[]).map(({ purpose, stack, status, schedules }) => [
      ...[purpose, stack, status, schedules[0]?.unit, schedules[0]?.periods[0]?.limit],
    ]),
    [
      ['ChargingStationMaxProfile', 0, 'Accepted', 'W', 22_080],
      ['TxProfile', 0, 'Accepted', 'W', 4140],
      ['TxDefaultProfile', 0, 'Accepted', 'W', 4140],
    ],
    'the car was promised one',
  )
  const foreign = { id: 77, stackLevel: 4, chargingProfilePurpose: 'TxDefaultProfile', chargingProfileKind: 'Absolute' } as const
  const schedule = { id: 77, chargingRateUnit: 'A', startSchedule: formatInstant(house.clock.now()), duration: 600 } as const
  const chargingProfile = { ...foreign, chargingSchedule: [{ ...schedule, chargingSchedulePeriod: [{ startPeriod: 0, limit: 8 }] }] }
  assert.deepEqual(await house.charging.station('CP001').session?.call('SetChargingProfile', { evseId: 1, chargingProfile }), {
    status: 'Accepted',
  })
  const asked = await api('POST', `${station}/profiles/ask`)
  const told = (asked['told'] as unknown as { profiles: (Laid & { source: string; ours: boolean })[] }).profiles
  assert.deepEqual(
    told.map(({ id, source, ours }) => [id, source, ours]),
    [
      [1, 'CSO', true],
      [3, 'CSO', true],
      [77, 'CSO', false],
      [2, 'CSO', true],
    ],
  )
  const composite = asked['composite'] as unknown as { unit: string; periods: { limit: number }[] }
  assert.deepEqual([composite.unit, composite.periods.map(({ limit }) => limit)], ['W', [4140]])
  assert.deepEqual(await api('GET', `${station}/profiles`), asked)
  await api('GET', '/stations/NOBODY/profiles', undefined, 404)

  one.station.unplug()
  assert.equal((await api('DELETE', `${station}/monitors/${made?.['id']}`))[0]?.['status'], 'Accepted')

  const { message } = await api('POST', `${station}/messages`, { content: 'Bonjour', language: 'fr', until })
  assert.equal((await api('POST', `${station}/messages/report`))['messages'], 1)
  assert.equal((await api('GET', `${station}/messages`))[0]?.['content'], 'Bonjour')
  assert.equal((await api('DELETE', `${station}/messages/${message}`))['status'], 'Accepted')

  const customer = await api('POST', `${station}/customers`, { token: 'CARIFLEX001' })
  assert.match(String(customer['text']), /CARIFLEX001/)
  await api('POST', `${station}/customers`, {}, 422)
  assert.equal((await api('GET', `${station}/customers`)).length, 1)

  const bytes = new Uint8Array(Buffer.from(`firmware 3.0.0\n${'x'.repeat(700_000)}`))
  const file = await house.upload('/charging/files?name=station%203.bin', bytes)
  assert.deepEqual([file.status, file.body.data.size, file.body.data.name], [201, bytes.length, 'station_3.bin'])
  const update = await api('POST', `${station}/firmware`, { file: file.body.data.id })
  await house.until('installed', async () => (await api('GET', '/charging/errands?kind=firmware'))[0]?.['outcome'] === 'done')
  await house.until('it is back', () => one.station.state().registration === 'Accepted')
  assert.equal(typeof update['requestId'], 'number')
  await api('POST', `${station}/firmware`, { file: 999 }, 404)
  one.instead.PublishFirmware = () => ({ status: 'Accepted' })
  await api('POST', `${station}/firmware/publish`, { url: 'https://files.example/f.bin', checksum: '0'.repeat(32) })

  await api('POST', `${station}/logs`, { type: 'DiagnosticsLog' })
  await house.until('brought', async () => (await api('GET', '/charging/errands?kind=log'))[0]?.['outcome'] === 'done')
  const [log] = await api('GET', '/charging/errands?kind=log&station=CP001')
  const content = await house.download(`/charging/files/${log?.['file']}`)
  assert.match(content, /CP001 DiagnosticsLog/)
  assert.equal((await api('GET', '/charging/files')).length, 2)
  assert.ok(
    (await api('GET', `${station}/commands?limit=500`)).some((each) => each['action'] === 'GetLog' && each['by'] === 'ann@example.com'),
  )
  assert.deepEqual(await api('GET', `${station}/security-events`), [])

  await api('DELETE', '/charging/badges/CARIFLEX001')
  await api('DELETE', '/charging/badges/CARIFLEX001', undefined, 404)
})

test('the address of a file is all the permission there is: wrong, spent, expired or too large is refused, and nothing half stays', async (t) => {
  const house = await ocppHouse(t)
  await house.charging.registerStation({ identity: 'CP001', asset: 1, powerSensor: 6100, nominalW: 22_000 })
  const { files } = house.charging.blocks
  const base = house.url.replace('ws', 'http').replace('/ocpp', '')
  const put = (path: string, body: string) => fetch(`${base}${path}`, { method: 'PUT', body })
  const { path, file } = await files.expect('CP001', 'log.txt', 100)
  assert.equal((await put(`${path}log.txt`, 'x'.repeat(101))).status, 413)
  assert.deepEqual(await house.store.query('select 1 from cariflex.station_file_part where file = $1', [file]), [])
  assert.equal((await put(`${path}log.txt`, 'hello')).status, 201)
  assert.equal((await put(`${path}log.txt`, 'again')).status, 404)
  assert.equal((await put(`/station-files/${'a'.repeat(32)}/log.txt`, 'hello')).status, 404)
  assert.equal((await fetch(`${base}${path}log.txt`)).status, 404, 'what was brought is not given back to whoever has the address')
  const late = await files.expect('CP001', 'late.txt')
  house.clock.set(after(house.clock.now(), 49 * HOUR))
  assert.equal((await put(`${late.path}late.txt`, 'hello')).status, 404)
})
