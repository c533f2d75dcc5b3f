/** Blocks A and B: who may connect, boots, variables, reports, resets, network profiles. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { WebSocket } from 'ws'
import { CallError, connectStation } from '#protocols/ocpp'
import { type Bench, type Block, charge, command, effect, quits, set, stationOf, story } from './bench.ts'

const PASSWORD = 'correct-horse-battery'

/** Tries to open a WebSocket as a station; resolves with the status of the refusal, 101 when it may come. */
async function handshake(url: string, identity: string, authorization?: string): Promise<number> {
  const socket = new WebSocket(`${url}/${identity}`, ['ocpp2.0.1'], { headers: authorization === undefined ? {} : { authorization } })
  const [response] = (await Promise.race([
    once(socket, 'unexpected-response').then(([, answer]) => [answer.statusCode]),
    once(socket, 'open').then(() => [101]),
  ])) as [number]
  socket.on('error', () => undefined)
  socket.terminate()
  return response
}
const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

const guarded = async ({ house }: Bench, identity: string) => house.come(identity, { password: PASSWORD })
const securityEvents = ({ house }: Bench, station: string) => house.charging.archive.securityEvents({ station })

export const blockA: Block = {
  TC_A_01: [
    'Basic authentication: username and password are right',
    async (bench) => {
      const one = await guarded(bench, 'A01')
      assert.equal(one.station.state().registration, 'Accepted')
      assert.equal(bench.house.charging.stations().find(({ identity }) => identity === 'A01')?.online, true)
      await one.station.stop()
    },
  ],
  TC_A_02: [
    'Basic authentication: the username is not the identity',
    async (bench) => {
      const { house } = bench
      await house.charging.registerStation({ identity: 'A02', asset: 1, powerSensor: 6100, nominalW: 22_000, password: PASSWORD })
      assert.equal(await handshake(house.url, 'A02', basic('A02-other', PASSWORD)), 401)
      assert.equal(await handshake(house.url, 'A02', basic('A02', PASSWORD)), 101)
      await house.until('it is noted', async () => (await securityEvents(bench, 'A02')).some(({ type }) => type === 'InvalidCredential'))
    },
  ],
  TC_A_03: [
    'Basic authentication: the password is wrong',
    async (bench) => {
      const { house } = bench
      await house.charging.registerStation({ identity: 'A03', asset: 1, powerSensor: 6100, nominalW: 22_000, password: PASSWORD })
      assert.equal(await handshake(house.url, 'A03', basic('A03', 'wrong-horse-battery')), 401)
      assert.equal(await handshake(house.url, 'A03'), 401)
      await house.until('both are noted', async () => (await securityEvents(bench, 'A03')).length === 2)
      assert.equal(await handshake(house.url, 'A03', basic('A03', PASSWORD)), 101)
    },
  ],
  TC_A_04: ['TLS: server certificate is right', 'security.test.ts'],
  TC_A_06: ['TLS: version too low', 'security.test.ts'],
  TC_A_07: ['TLS: client certificate is right', 'security.test.ts'],
  TC_A_08: ['TLS: client certificate is wrong', 'security.test.ts'],
  TC_A_09: [
    'Password update accepted: from then on only the new one opens',
    async (bench) => {
      const { house } = bench
      const one = await guarded(bench, 'A09')
      const change = await house.charging.security.passwords.change(house.charging.station('A09'), 'another-horse-battery')
      assert.equal(change.status, 'Accepted')
      assert.equal(one.heard('SetVariables').at(-1)?.setVariableData[0]?.variable.name, 'BasicAuthPassword')
      await one.station.stop()
      assert.equal(await handshake(house.url, 'A09', basic('A09', 'another-horse-battery')), 101)
      assert.equal(await handshake(house.url, 'A09', basic('A09', PASSWORD)), 401)
    },
  ],
  TC_A_10: [
    'Password update rejected: the old one goes on',
    async (bench) => {
      const { house } = bench
      const one = await guarded(bench, 'A10')
      one.instead.SetVariables = ({ setVariableData }) => ({
        setVariableResult: setVariableData.map(({ component, variable }) => ({
          component,
          variable,
          attributeStatus: 'Rejected' as const,
        })),
      })
      const change = await house.charging.security.passwords.change(house.charging.station('A10'), 'another-horse-battery')
      assert.equal(change.status, 'Rejected')
      await one.station.stop()
      assert.equal(await handshake(house.url, 'A10', basic('A10', 'another-horse-battery')), 401)
      assert.equal(await handshake(house.url, 'A10', basic('A10', PASSWORD)), 101)
    },
  ],
  TC_A_11: ['Update of the certificate of a station, asked for by the platform', 'security.test.ts'],
  TC_A_14: ['Update of the certificate of a station: the station refuses it', 'security.test.ts'],
  TC_A_19: ['Upgrade of the security profile: the old one is refused', 'security.test.ts'],
}

export const blockB: Block = {
  TC_B_01: [
    'Cold boot, accepted',
    async ({ house }) => {
      const one = await house.come('B01')
      const boots = one.told('BootNotification')
      assert.equal(boots.at(-1)?.status, 'Accepted')
      assert.equal(boots.at(-1)?.currentTime.slice(0, 10), '2026-11-24')
      assert.ok(one.said('StatusNotification').length >= 1)
      await one.station.stop()
    },
  ],
  TC_B_02: [
    'Cold boot, pending until an operator accepts it; variables may be read and set meanwhile',
    async ({ house }) => {
      await house.charging.registerStation({ identity: 'B02', asset: 1, powerSensor: 6100, nominalW: 22_000 })
      await house.charging.orderBoot('B02', 'Pending', 30)
      const one = await house.come('B02', { early: true })
      await house.until('a pending boot', () =>
        one.told('BootNotification').some(({ status, interval }) => status === 'Pending' && interval === 30),
      )
      await house.until('it was set up', () => one.heard('SetVariables').length > 0)
      const station = house.charging.station('B02')
      const heartbeat = { component: { name: 'OCPPCommCtrlr' }, variable: { name: 'HeartbeatInterval' } }
      const [result] = await house.charging.blocks.variables.get(station, [heartbeat])
      assert.equal(result?.attributeStatus, 'Accepted')
      await assert.rejects(house.charging.remoteStart('B02', { token: 'CARIFLEX001' }), quits('boot-not-accepted'))
      await house.charging.orderBoot('B02', undefined)
      await house.until('accepted', () => one.station.state().registration === 'Accepted')
      await one.station.stop()
    },
  ],
  TC_B_06: [
    'Get variables: one value',
    async (bench) => {
      const path = { component: { name: 'OCPPCommCtrlr' }, variable: { name: 'OfflineThreshold' } }
      const [result] = await bench.house.charging.blocks.variables.get(stationOf(bench), [path])
      assert.equal(result?.attributeStatus, 'Accepted')
      assert.equal(result?.attributeValue, '60')
    },
  ],
  TC_B_07: [
    'Get variables: several values, in as many messages as the station takes',
    async (bench) => {
      const { house, one } = bench
      const names = ['HeartbeatInterval', 'OfflineThreshold', 'ResetRetries', 'NoSuchThing']
      const wanted = Array.from({ length: 24 }, (_, index) => ({
        component: { name: 'OCPPCommCtrlr' },
        variable: { name: names[index % 4]! },
      }))
      const results = await house.charging.blocks.variables.get(stationOf(bench), wanted)
      assert.equal(results.length, 24)
      assert.deepEqual(
        one.heard('GetVariables').map(({ getVariableData }) => getVariableData.length),
        [20, 4],
      )
      assert.equal(results[3]?.attributeStatus, 'UnknownVariable')
    },
  ],
  TC_B_09: [
    'Set variables: one value; the platform then knows it, and what it was',
    async (bench) => {
      await set(bench, { 'OCPPCommCtrlr.OfflineThreshold': '90' })
      await set(bench, { 'OCPPCommCtrlr.OfflineThreshold': '60' })
      const { variables } = bench.house.charging.blocks
      const key = 'ocppcommctrlr/offlinethreshold#actual'
      assert.equal(variables.list(stationOf(bench), 'offlinethreshold')[0]?.value, '60')
      const history = await variables.history(bench.one.identity, key, 'UTC')
      assert.deepEqual(history.map(({ value, origin }) => `${value} ${origin}`).sort(), ['60 set', '90 set'])
    },
  ],
  TC_B_10: [
    'Set variables: several values, of which some are refused',
    async (bench) => {
      const of = (component: string, variable: string, attributeValue: string) => ({
        component: { name: component },
        variable: { name: variable },
        attributeValue,
      })
      const results = await bench.house.charging.blocks.variables.set(stationOf(bench), [
        of('OCPPCommCtrlr', 'ResetRetries', '2'),
        of('OCPPCommCtrlr', 'ActiveNetworkProfile', '2'),
        of('OCPPCommCtrlr', 'Nonsense', '2'),
        of('NoCtrlr', 'Nonsense', '2'),
      ])
      assert.deepEqual(
        results.map(({ attributeStatus }) => attributeStatus),
        ['Accepted', 'Rejected', 'UnknownVariable', 'UnknownComponent'],
      )
      const model = stationOf(bench).model
      assert.equal(model.get('ocppcommctrlr/resetretries#actual')?.value, '2')
      assert.equal(model.get('ocppcommctrlr/activenetworkprofile#actual')?.value, '1')
      await set(bench, { 'OCPPCommCtrlr.ResetRetries': '1' })
    },
  ],
  TC_B_12: [
    'Get base report: configuration inventory',
    async (bench) => {
      const { status, variables } = await bench.house.charging.blocks.variables.report(stationOf(bench), 'ConfigurationInventory')
      assert.equal(status, 'Accepted')
      assert.ok(variables > 20 && variables < stationOf(bench).model.size)
    },
  ],
  TC_B_13: [
    'Get base report: full inventory, in several parts',
    async (bench) => {
      const { variables } = await bench.house.charging.blocks.variables.report(stationOf(bench), 'FullInventory')
      assert.equal(variables, stationOf(bench).model.size)
      const parts = bench.one.said('NotifyReport')
      assert.ok(parts.length > 3 && parts.at(-1)?.tbc !== true && parts[0]?.seqNo === 0)
    },
  ],
  TC_B_20: [
    'Reset, nobody charges',
    async (bench) => {
      assert.equal((await command(bench, 'Reset', { type: 'Immediate' })).status, 'Accepted')
      assert.deepEqual((await effect(bench, 'Reset')).effect, { action: 'BootNotification', reason: 'RemoteReset' })
      await bench.house.until('accepted', () => bench.one.station.state().registration === 'Accepted')
    },
  ],
  TC_B_21: [
    'Reset on idle: it waits for the end of the transaction',
    async (bench) => {
      await charge(bench)
      assert.equal((await command(bench, 'Reset', { type: 'OnIdle' })).status, 'Scheduled')
      await bench.house.pass(5)
      assert.equal(bench.one.said('BootNotification').length, 0)
      bench.one.station.unplug()
      assert.deepEqual((await effect(bench, 'Reset')).effect, { action: 'BootNotification', reason: 'ScheduledReset' })
    },
  ],
  TC_B_22: [
    'Reset immediately during a transaction: it ends with ImmediateReset',
    async (bench) => {
      await charge(bench)
      assert.equal((await command(bench, 'Reset', { type: 'Immediate' })).status, 'Accepted')
      await effect(bench, 'Reset')
      await bench.house.until('the end is told', () => story(bench).includes('Ended ResetCommand ImmediateReset'))
      const sessions = await bench.house.charging.archive.sessions({ station: bench.one.identity })
      assert.ok(sessions.some(({ stoppedReason }) => stoppedReason === 'ImmediateReset'))
    },
  ],
  TC_B_25: [
    'Reset of an EVSE, nobody charges',
    async (bench) => {
      assert.equal((await command(bench, 'Reset', { type: 'Immediate', evseId: 1 })).status, 'Accepted')
      assert.equal(bench.one.heard('Reset')[0]?.evseId, 1)
      await effect(bench, 'Reset')
    },
  ],
  TC_B_26: [
    'Reset of an EVSE on idle',
    async (bench) => {
      await charge(bench)
      assert.equal((await command(bench, 'Reset', { type: 'OnIdle', evseId: 1 })).status, 'Scheduled')
      bench.one.station.unplug()
      await effect(bench, 'Reset')
    },
  ],
  TC_B_27: [
    'Reset of an EVSE during a transaction; an EVSE that is not there is refused',
    async (bench) => {
      await charge(bench)
      assert.equal((await command(bench, 'Reset', { type: 'Immediate', evseId: 9 })).status, 'Rejected')
      assert.equal((await command(bench, 'Reset', { type: 'Immediate', evseId: 1 })).status, 'Accepted')
      await effect(bench, 'Reset')
    },
  ],
  TC_B_30: [
    'Before its boot is accepted, anything else of a station is answered SecurityError',
    async ({ house }) => {
      await house.charging.registerStation({ identity: 'B30', asset: 1, powerSensor: 6100, nominalW: 22_000 })
      await house.charging.orderBoot('B30', 'Rejected', 3600)
      const session = await connectStation(house.url, {
        identity: 'B30',
        clock: house.clock,
        handler: async () => ({ status: 'Accepted' }),
      })
      const isSecurityError = (error: unknown) => error instanceof CallError && error.code === 'SecurityError'
      await assert.rejects(session.call('Heartbeat', {}), isSecurityError)
      const boot = await session.call('BootNotification', { reason: 'PowerUp', chargingStation: { model: 'X', vendorName: 'Y' } })
      assert.deepEqual([boot['status'], boot['interval']], ['Rejected', 3600])
      await assert.rejects(session.call('Heartbeat', {}), isSecurityError)
      session.close()
      await session.closed
    },
  ],
  TC_B_31: [
    'While pending, a message that was triggered is taken',
    async ({ house }) => {
      await house.charging.registerStation({ identity: 'B31', asset: 1, powerSensor: 6100, nominalW: 22_000 })
      await house.charging.orderBoot('B31', 'Pending', 3600)
      const session = await connectStation(house.url, {
        identity: 'B31',
        clock: house.clock,
        handler: async () => ({ status: 'Accepted' }),
      })
      await session.call('BootNotification', { reason: 'PowerUp', chargingStation: { model: 'X', vendorName: 'Y' } })
      const beat = () => session.call('Heartbeat', {})
      await assert.rejects(beat(), quits('SecurityError'))
      assert.equal((await house.charging.call('B31', 'TriggerMessage', { requestedMessage: 'Heartbeat' })).status, 'Accepted')
      assert.equal(typeof (await beat())['currentTime'], 'string')
      await assert.rejects(beat(), quits('SecurityError'))
      session.close()
      await session.closed
    },
  ],
  TC_B_42: [
    'Set network profile: accepted',
    async (bench) => {
      const answer = await command(bench, 'SetNetworkProfile', { configurationSlot: 2, connectionData: NETWORK })
      assert.equal(answer.status, 'Accepted')
      assert.deepEqual(bench.one.heard('SetNetworkProfile')[0]?.connectionData, NETWORK)
    },
  ],
  TC_B_44: [
    'Set network profile: failed',
    async (bench) => {
      bench.one.instead.SetNetworkProfile = () => ({ status: 'Failed' })
      const answer = await command(bench, 'SetNetworkProfile', { configurationSlot: 2, connectionData: NETWORK })
      assert.equal(answer.status, 'Failed')
      const [last] = await bench.house.charging.blocks.commands.list(bench.one.identity, { limit: 1 }, 'UTC')
      assert.deepEqual([last?.action, last?.status, last?.answer], ['SetNetworkProfile', 'Failed', { status: 'Failed' }])
    },
  ],
}

const NETWORK = {
  ocppVersion: 'OCPP20',
  ocppTransport: 'JSON',
  ocppCsmsUrl: 'ws://csms.example/ocpp',
  messageTimeout: 30,
  securityProfile: 1,
  ocppInterface: 'Wired0',
} as const
