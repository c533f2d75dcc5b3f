/** Against the shapes that EVerest's AsyncAPI document and the manual of its RpcApi show. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import test, { type TestContext } from 'node:test'
import { type WebSocket, WebSocketServer } from 'ws'
import { after, MINUTE, manualClock, parseInstant, watts } from '#kernel'
import { externalLimits, type MqttLink, openEnergyNode } from './limits.ts'
import { connectEverest, type EverestEvents } from './rpc.ts'

const NOW = parseInstant('2019-08-24T14:15:22Z')

test('a plan becomes what EVerest understands: the first entry now, export and setpoints apart, what is over left out', () => {
  const plan = {
    import: [
      { at: after(NOW, -90 * MINUTE), power: watts(22_000) },
      { at: after(NOW, -30 * MINUTE), power: watts(11_000), current: 16, phases: 3, price: { value: 0.21, currency: 'EUR' } },
      { at: after(NOW, 15 * MINUTE), power: watts(0) },
    ],
    export: [{ at: NOW, power: watts(5000) }],
    setpoints: [{ at: NOW, power: watts(-5000) }],
  }
  const source = 'cariflex'
  assert.deepEqual(externalLimits(plan, source, NOW), {
    schedule_import: [
      {
        timestamp: '2019-08-24T14:15:22Z',
        limits_to_root: {
          total_power_W: { value: 11_000, source },
          ac_max_current_A: { value: 16, source },
          ac_max_phase_count: { value: 3, source },
        },
        limits_to_leaves: {},
        price_per_kwh: { timestamp: '2019-08-24T14:15:22Z', value: 0.21, currency: 'EUR' },
      },
      { timestamp: '2019-08-24T14:30:22Z', limits_to_root: { total_power_W: { value: 0, source } }, limits_to_leaves: {} },
    ],
    schedule_export: [
      { timestamp: '2019-08-24T14:15:22Z', limits_to_root: { total_power_W: { value: 5000, source } }, limits_to_leaves: {} },
    ],
    schedule_setpoints: [{ timestamp: '2019-08-24T14:15:22Z', setpoint: { total_power_W: -5000, priority: 100, source } }],
  })
})

test('the line is said to be good every five seconds, a restart of EVerest gets the plan again, and at the end the limits go', async () => {
  const clock = manualClock(NOW)
  const sent: [string, unknown][] = []
  let beat: (payload: string) => void = () => undefined
  const link: MqttLink = {
    async publish(topic, payload) {
      sent.push([topic.replace('everest_api/1/external_energy_limits_consumer/grid/m2e/', ''), JSON.parse(payload)])
    },
    async subscribe(topic, heard) {
      assert.equal(topic, 'everest_api/1/external_energy_limits_consumer/grid/e2m/heartbeat')
      beat = heard
      return () => undefined
    },
  }
  const names = async () => {
    await new Promise((resolve) => setImmediate(resolve))
    return sent.splice(0).map(([topic]) => topic)
  }
  const node = await openEnergyNode({ link, module: 'grid', clock })
  await node.set({ import: [{ at: NOW, power: watts(7000) }], export: [] })
  assert.deepEqual(await names(), ['set_external_limits'])
  beat('41')
  assert.deepEqual(await names(), ['set_external_limits'])
  beat('42')
  assert.deepEqual(await names(), [])
  clock.forward(11_000)
  assert.deepEqual(await names(), ['communication_check', 'communication_check'])
  beat('0')
  assert.deepEqual(await names(), ['set_external_limits'])
  assert.equal(node.lastHeard(), clock.now())
  await node.close()
  assert.deepEqual(sent, [
    ['set_external_limits', { schedule_import: [], schedule_export: [], schedule_setpoints: [] }],
    ['communication_check', false],
  ])
})

const STATUS = {
  charged_energy_wh: 1200,
  discharged_energy_wh: 0,
  charging_duration_s: 60,
  charging_allowed: true,
  available: true,
  active_connector_index: 1,
  error_present: false,
  charge_protocol: 'ISO15118_20',
  state: 'Charging',
}

async function everest(t: TestContext, answer: (method: string, params: Record<string, unknown>, peer: WebSocket) => unknown) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  t.after(() => {
    for (const client of server.clients) client.terminate()
    server.close()
  })
  const calls: unknown[] = []
  server.on('connection', (peer) => {
    peer.on('message', (data) => {
      const call = JSON.parse(String(data)) as { id: number; method: string; params?: Record<string, unknown> }
      calls.push(call)
      const said = answer(call.method, call.params ?? {}, peer)
      if (said !== undefined) peer.send(JSON.stringify({ jsonrpc: '2.0', id: call.id, ...(said as object) }))
    })
  })
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, calls }
}

test('a station of EVerest says hello, is read and ordered, and tells what changes', async (t) => {
  const hello = { authentication_required: false, api_version: '1.0.0', charger_info: { vendor: 'EVerest', model: 'SIL' } }
  const { url, calls } = await everest(t, (method, params, peer) => {
    if (method === 'API.Hello') return { result: hello }
    if (params['evse_index'] === 99) return { result: { error: 'ErrorInvalidEVSEIndex' } }
    if (method === 'EVSE.GetStatus') return { result: { status: STATUS, error: 'NoError' } }
    if (method === 'EVSE.SetACChargingCurrent') {
      const params = { evse_index: 1, evse_status: { ...STATUS, ac_charge_param: { evse_max_current: 12 } } }
      peer.send(JSON.stringify({ jsonrpc: '2.0', method: 'EVSE.StatusChanged', params }))
      peer.send('no JSON')
      return { result: { error: 'NoError' } }
    }
    return { error: { code: -32601, message: 'Method not found' } }
  })
  const heard: [string, EverestEvents[keyof EverestEvents]][] = []
  const station = await connectEverest({ url, heard: (name, event) => void heard.push([name, event]) })
  assert.deepEqual([station.apiVersion, station.charger.model], ['1.0.0', 'SIL'])
  assert.equal((await station.status(1)).state, 'Charging')
  await station.acCurrent(1, 16)
  assert.deepEqual(
    heard.map(([name]) => name),
    ['EVSE.StatusChanged'],
  )
  await assert.rejects(station.status(99), { code: 'everest-refused', status: 404 })
  await assert.rejects(station.errors(), { code: 'everest-refused', message: /Method not found/ })
  assert.deepEqual(calls.slice(0, 3), [
    { jsonrpc: '2.0', method: 'API.Hello', id: 1 },
    { jsonrpc: '2.0', method: 'EVSE.GetStatus', id: 2, params: { evse_index: 1 } },
    { jsonrpc: '2.0', method: 'EVSE.SetACChargingCurrent', id: 3, params: { evse_index: 1, max_current: 16 } },
  ])
  station.close()
  await station.closed
  await assert.rejects(station.status(1), { code: 'everest-unreachable' })
})

test('an EVerest that is not there, falls silent or hangs up is told as that', async (t) => {
  await assert.rejects(connectEverest({ url: 'ws://127.0.0.1:9' }), { code: 'everest-unreachable' })
  const clock = manualClock(NOW)
  const mute = await everest(t, () => undefined)
  const waiting = connectEverest({ url: mute.url, clock })
  while (mute.calls.length === 0) await new Promise((resolve) => setImmediate(resolve))
  clock.forward(5000)
  await assert.rejects(waiting, { code: 'everest-silent' })
  const rude = await everest(t, (method, _params, peer) => (method === 'API.Hello' ? { result: {} } : peer.terminate()))
  const station = await connectEverest({ url: rude.url })
  await assert.rejects(station.meter(1), { code: 'everest-unreachable' })
})
