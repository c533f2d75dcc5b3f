// Two platforms on one database: a station moves from one to the other in the middle of a session, and back. Nothing is lost or counted twice,
// and an order goes out once, on the connection that stands.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import test, { type TestContext } from 'node:test'
import { type Charging, openCharging } from '#charging'
import { type Devices, deviceRegistry, type News, openAlarms, openBeliefs } from '#ems'
import { after, formatInstant, inProcessBus, MINUTE, silentLog, systemClock, watts } from '#kernel'
import { connectStation, type Payload, type Session } from '#protocols/ocpp'
import { type Store, scratchStore } from '#store'

interface Platform {
  url: string
  charging: Charging
  devices: Devices
}

async function open(t: TestContext, store: Store): Promise<Platform> {
  const bus = inProcessBus<News>(assert.ifError)
  const devices = deviceRegistry()
  const clock = systemClock
  const charging = await openCharging({
    ...{ store, clock, bus, devices, log: silentLog },
    conversation: { note: () => undefined },
    beliefs: openBeliefs({ store, clock, bus }),
    alarms: openAlarms({ store, clock, bus }),
    config: { ping: 0, bootPause: 0 },
  })
  const server = createServer()
  server.on('upgrade', (request, socket, head) => void charging.upgrade(request, socket, head))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(async () => {
    await charging.close()
    server.close()
  })
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ocpp`, charging, devices }
}

async function until(what: string, condition: () => unknown): Promise<void> {
  for (const end = performance.now() + 20_000; performance.now() < end; ) {
    if (await condition()) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error(`${what} did not happen`)
}

/** A station with a car that goes where it is sent; it remembers the limits of the profiles that it was given for its session. */
function wanderer() {
  const limits: number[] = []
  let session: Session | undefined
  let seqNo = 0
  let said: Payload = {}
  const handler = async (action: string, payload: Payload): Promise<Payload> => {
    if (action === 'TriggerMessage' && payload['requestedMessage'] === 'BootNotification') setImmediate(() => void boot())
    if (action === 'GetBaseReport') return { status: 'NotSupported' }
    if (action === 'GetTransactionStatus') return { ongoingIndicator: true, messagesInQueue: false }
    if (action === 'GetCompositeSchedule') return { status: 'Rejected' }
    if (action === 'SetChargingProfile') {
      const { chargingProfilePurpose, chargingSchedule } = payload['chargingProfile'] as {
        chargingProfilePurpose: string
        chargingSchedule: [{ chargingSchedulePeriod: [{ limit: number }] }]
      }
      if (chargingProfilePurpose === 'TxProfile') limits.push(chargingSchedule[0].chargingSchedulePeriod[0].limit)
    }
    if (action !== 'SetVariables') return { status: 'Accepted' }
    const asked = payload['setVariableData'] as { component: object; variable: object }[]
    return { setVariableResult: asked.map(({ component, variable }) => ({ component, variable, attributeStatus: 'Accepted' })) }
  }
  const boot = () => session!.call('BootNotification', { reason: 'PowerUp', chargingStation: { model: 'Two', vendorName: 'Cariflex' } })
  return {
    limits,
    boot,
    async go({ url }: Platform) {
      const former = session
      session = await connectStation(url, { identity: 'CP001', clock: systemClock, handler })
      former?.close()
    },
    tell(eventType: 'Started' | 'Updated' | 'Ended') {
      const timestamp = formatInstant(systemClock.now())
      said = {
        ...{ eventType, seqNo, timestamp, evse: { id: 1, connectorId: 1 } },
        triggerReason: eventType === 'Started' ? 'CablePluggedIn' : eventType === 'Ended' ? 'EVDeparted' : 'MeterValuePeriodic',
        transactionInfo: { transactionId: 'T-1', chargingState: eventType === 'Ended' ? 'Idle' : 'Charging' },
        ...(eventType === 'Started' ? { idToken: { idToken: 'BADGE', type: 'Central' } } : {}),
        meterValue: [{ timestamp, sampledValue: [{ value: 1000 + 10 * seqNo }] }],
      }
      seqNo++
      return session!.call('TransactionEvent', said)
    },
    /** The last event once more, as when its answer was lost. */
    repeat: () => session!.call('TransactionEvent', said),
  }
}

test('a station moves between two platforms: its session goes on, and each order reaches it once', { timeout: 60_000 }, async (t) => {
  const store = await scratchStore(t)
  await store.query(
    `insert into generic_asset (id, name, generic_asset_type_id, attributes) values (101, 'CP001', 6, '{}');
     insert into sensor (id, name, unit, timezone, event_resolution, knowledge_horizon_fnc, knowledge_horizon_par, generic_asset_id, attributes)
     values (61, 'power', 'kW', 'UTC', '5 minutes', 'ex_post', '{"ex_post_horizon":"PT0S"}', 101, '{"consumption_is_positive":true}')`,
  )
  const first = await open(t, store)
  const second = await open(t, store)
  // Registered by one; the other has never heard of it.
  await first.charging.registerStation({ identity: 'CP001', asset: 101, powerSensor: 61, nominalW: 22_080 })
  await first.charging.registerToken({ token: 'BADGE' })
  const station = wanderer()
  const standing = ({ charging }: Platform) => charging.stations().find(({ identity }) => identity === 'CP001')
  const session = (platform: Platform) => standing(platform)?.evses.find(({ id }) => id === 1)?.transaction?.id
  const order = (platform: Platform, kilowatts: number) =>
    platform.devices.get('CP001')?.apply({
      ...{ device: 'CP001', asset: 101, power: watts(1000 * kilowatts), because: 'A test.', rung: 'plan' },
      ...{ at: systemClock.now(), until: after(systemClock.now(), 10 * MINUTE) },
    })
  const bothOrder = async (kilowatts: number) => {
    await Promise.all([order(first, kilowatts), order(second, kilowatts)])
  }

  await station.go(first)
  await station.boot()
  await until('it is set up', () => standing(first)?.boot === 'Accepted')
  await station.tell('Started')
  await bothOrder(11.04)
  assert.deepEqual(station.limits, [16])

  await station.tell('Updated')
  await station.go(second)
  // What it sends first is taken: the other one accepted its boot.
  await station.repeat()
  await station.tell('Updated')
  await until('the first one saw it go', () => standing(first)?.online === false)
  assert.deepEqual([standing(second)?.online, session(second)], [true, 'T-1'])
  station.limits.length = 0
  await bothOrder(5.52)
  assert.deepEqual(station.limits, [8])

  await station.tell('Ended')
  await station.go(first)
  await until('the first one knows that the session is over', () => session(first) === undefined)
  await until('the second one saw it go', () => standing(second)?.online === false)
  const row = await store.first(
    'select events, max_seq, import_last - import_begin as wh, ended_at is not null as over from cariflex.charging_transaction',
  )
  assert.deepEqual(row, { events: 4, max_seq: 3, wh: 30, over: true })
})
