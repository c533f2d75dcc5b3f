/** For tests of stations that also belong to another CSMS: a scripted station and a scripted CSMS on real sockets. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { formatInstant } from '#kernel'
import { acceptStations, CallError, connectStation, type OcppVersion, type Payload, type Session } from '#protocols/ocpp'
import { CAR, type Rig } from '../rig.fixture.ts'

export interface Said {
  action: string
  payload: Payload
}
export interface Upstream {
  url: string
  heard: Said[]
  of(action: string): Payload[]
  /** The station as it is connected there. */
  session(): Session
  isConnected(): boolean
  credentials: (string | undefined)[]
  close(): Promise<void>
}

export const until = async (what: string, condition: () => boolean | Promise<boolean>) => {
  for (let turns = 0; !(await condition()); turns++) {
    assert.ok(turns < 3000, what)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

/** Another CSMS, on a port of its own or one that was free before. */
export async function upstream(
  t: TestContext,
  { clock }: Rig,
  {
    on = {},
    port = 0,
    admits = () => true,
  }: { on?: Record<string, (payload: Payload) => Payload>; port?: number; admits?(): boolean } = {},
): Promise<Upstream> {
  const heard: Said[] = []
  const credentials: Upstream['credentials'] = []
  let session: Session | undefined
  const usual: Record<string, (payload: Payload) => Payload> = {
    BootNotification: () => ({ status: 'Accepted', currentTime: '2031-01-01T00:00:00Z', interval: 777 }),
    Heartbeat: () => ({ currentTime: '2031-01-01T00:00:00Z' }),
  }
  const acceptor = acceptStations({
    clock,
    mount: '/other/',
    ping: 0,
    forwards: () => true,
    async authenticate(_, given) {
      credentials.push(given?.password.toString())
      return admits() ? { ok: true } : { ok: false, status: 401, why: 'wrong password' }
    },
    handlerFor: () => async (action, payload) => {
      heard.push({ action, payload })
      return (on[action] ?? usual[action])?.(payload) ?? {}
    },
    onSession(made) {
      session = made
      void made.closed.then(() => {
        if (session === made) session = undefined
      })
    },
  })
  const server = createServer()
  server.on('upgrade', (request, socket, head) => void acceptor.upgrade(request, socket, head))
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  let over = false
  const close = async () => {
    if (over) return
    over = true
    await acceptor.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  t.after(close)
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/other`,
    heard,
    of: (action) => heard.filter((one) => one.action === action).map(({ payload }) => payload),
    session: () => session!,
    isConnected: () => session !== undefined,
    credentials,
    close,
  }
}

export interface Bare {
  session: Session
  calls: Said[]
  of(action: string): Payload[]
}
/** A station of any version that says nothing by itself. */
export async function station(
  { url, clock }: Rig,
  version: OcppVersion,
  on: Record<string, (payload: Payload) => Payload | Promise<Payload>> = {},
  identity = 'CP001',
): Promise<Bare> {
  const calls: Said[] = []
  const session = await connectStation(url, {
    identity,
    clock,
    versions: [version],
    forwards: true,
    handler: async (action, payload) => {
      calls.push({ action, payload })
      const answer = on[action]
      if (!answer) throw new CallError('NotImplemented', action)
      return answer(payload)
    },
  })
  return { session, calls, of: (action) => calls.filter((one) => one.action === action).map(({ payload }) => payload) }
}

export const accepted = () => ({ status: 'Accepted' })
export const BOOT16 = { chargePointVendor: 'Old Works', chargePointModel: 'Sixteen' }
export const at = ({ clock }: Rig) => formatInstant(clock.now()).replace('+00:00', 'Z')
export const start16 = (room: Rig): Payload => ({ connectorId: 1, idTag: CAR.token, meterStart: 100, timestamp: at(room) })
export const ON16 = {
  GetConfiguration: () => ({ configurationKey: [{ key: 'ChargeProfileMaxStackLevel', readonly: true, value: '8' }] }),
  ChangeConfiguration: accepted,
  SetChargingProfile: accepted,
  ClearChargingProfile: accepted,
  TriggerMessage: accepted,
  RemoteStopTransaction: accepted,
  GetCompositeSchedule: () => ({ status: 'Rejected' }),
}
export const profile16 = (chargingProfileId: number, limit: number, more: Payload = {}): Payload => ({
  connectorId: 1,
  csChargingProfiles: {
    chargingProfileId,
    stackLevel: 0,
    chargingProfilePurpose: 'TxProfile',
    chargingProfileKind: 'Relative',
    chargingSchedule: { chargingRateUnit: 'A', chargingSchedulePeriod: [{ startPeriod: 0, limit }] },
    ...more,
  },
})
