/** For tests: the simulated station on a real socket, against a CSMS that does what each test wants. The clock is moved by hand. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { manualClock, parseInstant, wattHours, watts } from '#kernel'
import {
  acceptStations,
  CallError,
  type ChargingProfile,
  type Messages,
  type Payload,
  type Session,
  type SetChargingProfileResponse,
  type TransactionEventRequest,
} from '#protocols/ocpp'
import { type Car, type CarSpec, openCar } from './car.ts'
import { type Station, type StationMemory, startStation } from './station.ts'

export const START = parseInstant('2026-03-02T22:00:00-04:00')
export const PASSWORD = 'island-password-16'

type Answers = { [A in keyof Messages]?: (request: Messages[A]['request']) => Messages[A]['response'] }
type Called = { action: string; payload: Payload }

export interface Rig {
  station: Station
  clock: ReturnType<typeof manualClock>
  /** What the station sent, in order. */
  calls: Called[]
  of<A extends keyof Messages>(action: A): Messages[A]['request'][]
  events(): TransactionEventRequest[]
  answers: Answers
  /** Passwords that came with the handshakes, and when. */
  passwords: string[]
  tries: number[]
  /** Whether the CSMS lets the station in. */
  door: { open: boolean }
  /** What the station kept before each of its events. */
  kept: StationMemory[]
  session(): Session
  ask<A extends keyof Messages>(action: A, payload: Messages[A]['request']): Promise<Messages[A]['response']>
  /** Lets seconds pass; after each, what is on the wire is delivered. */
  pass(seconds: number): Promise<void>
  /** Lets seconds pass until it is so. */
  until(what: string, condition: () => boolean, most?: number): Promise<void>
}

export async function rig(
  t: TestContext,
  {
    answers = {},
    nominal = 22_080,
    v2x = true,
    password,
    memory,
    car,
    cable = false,
  }: { answers?: Answers; nominal?: number; v2x?: boolean; password?: string; memory?: StationMemory; car?: Car; cable?: boolean } = {},
): Promise<Rig> {
  const clock = manualClock(START)
  const calls: Called[] = []
  const passwords: string[] = []
  const tries: number[] = []
  const door = { open: true }
  const kept: StationMemory[] = []
  let current: Session | undefined
  let underWay = 0
  const accepted = (): Messages['Authorize']['response'] => ({ idTokenInfo: { status: 'Accepted' } })
  const usual: Answers = {
    BootNotification: () => ({ currentTime: '2026-03-02T22:00:00Z', interval: 300, status: 'Accepted' }),
    Heartbeat: () => ({ currentTime: '2026-03-02T22:00:00Z' }),
    Authorize: accepted,
    TransactionEvent: ({ idToken }) => (idToken ? accepted() : {}),
    NotifyEVChargingNeeds: () => ({ status: 'Accepted' }),
    StatusNotification: () => ({}),
    NotifyReport: () => ({}),
    NotifyEvent: () => ({}),
    MeterValues: () => ({}),
    ReportChargingProfiles: () => ({}),
  }
  const acceptor = acceptStations({
    authenticate: async (_, credentials) => {
      passwords.push(credentials?.password.toString() ?? '')
      tries.push(clock.now())
      return door.open ? { ok: true } : { ok: false, status: 401, why: 'closed' }
    },
    handlerFor: () => async (action, payload) => {
      calls.push({ action, payload })
      const answer = (answers[action as keyof Messages] ?? usual[action as keyof Messages]) as ((request: Payload) => Payload) | undefined
      if (!answer) throw new CallError('NotImplemented')
      return answer(payload)
    },
    onSession(session) {
      current = session
      void session.closed.then(() => {
        if (current === session) current = undefined
      })
    },
    clock,
    ping: 0,
  })
  const server = createServer()
  server.on('upgrade', (request, socket, head) => void acceptor.upgrade(request, socket, head))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const station = startStation({
    spec: { identity: 'CP001', nominal: watts(nominal), v2x },
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ocpp`,
    clock,
    ...(password === undefined ? {} : { password }),
    ...(memory ? { memory } : {}),
    ...(cable ? { cable } : {}),
    onEvent: () => kept.push(station.memory()),
    onFrame({ kind, direction }) {
      // Every CALL, whoever sent it, has one answer: at zero the wire is quiet.
      if (kind === 'CALL') underWay++
      else if (kind !== 'garbage' || direction === 'out') underWay--
    },
  })
  // As the world does at its start: before the first tick and the first connection.
  if (car) station.plug(car)
  t.after(async () => {
    const stopped = station.stop()
    const ticking = setInterval(() => clock.forward(1000), 1)
    await stopped
    await acceptor.close()
    clearInterval(ticking)
    server.close()
    server.closeAllConnections()
  })
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
  const quiet = async () => {
    for (let calm = 0, turns = 0; calm < 4 && turns < 20_000; turns++) {
      await turn()
      // A dropped connection leaves calls without answers.
      calm = underWay <= 0 || !station.state().connected ? calm + 1 : 0
    }
    if (!station.state().connected) underWay = 0
    // The session on the cable asks and answers a few times.
    for (let turns = 0; cable && turns < 40; turns++) await turn()
  }
  const pass = async (seconds: number) => {
    for (let second = 0; second < seconds; second++) {
      clock.forward(1000)
      await quiet()
    }
  }
  const session = () => {
    assert.ok(current, 'the station is connected')
    return current
  }
  const made: Rig = {
    station,
    clock,
    calls,
    answers,
    passwords,
    tries,
    door,
    kept,
    of: (action) => calls.filter((call) => call.action === action).map((call) => call.payload) as never,
    events: () => made.of('TransactionEvent'),
    session,
    async ask(action, payload) {
      const answer = await session().call(action, payload)
      await quiet()
      return answer as never
    },
    pass,
    async until(what, condition, most = 400) {
      for (let second = 0; !condition(); second++) {
        assert.ok(second < most, `${what} within ${most} s`)
        await pass(1)
      }
    },
  }
  clock.forward(0)
  for (let turns = 0; !station.state().connected && turns < 100_000; turns++) await turn()
  await quiet()
  return made
}

export const spec = (more: Partial<CarSpec> = {}): CarSpec => ({
  id: 'V2G001',
  token: { idToken: 'FRCFXC00000001', type: 'eMAID' },
  home: 'CP001',
  seed: 4200,
  rhythm: 'commuter',
  zone: 'America/Martinique',
  capacity: wattHours(75_000),
  onboard: watts(11_040),
  discharge: watts(11_040),
  target: 0.8,
  reserve: 0.3,
  ...more,
})
export const newCar = (more: Partial<CarSpec> & { soc?: number } = {}): Car =>
  openCar(spec(more), { at: START, soc: wattHours(more.soc ?? 40_000) })

export const profile = (limit: number, more: Partial<ChargingProfile> & { duration?: number } = {}): ChargingProfile => {
  const { duration, ...rest } = more
  return {
    id: 10,
    stackLevel: 0,
    chargingProfilePurpose: 'TxProfile',
    chargingProfileKind: 'Absolute',
    chargingSchedule: [
      {
        id: 10,
        chargingRateUnit: 'W',
        startSchedule: '2026-03-03T01:00:00Z',
        chargingSchedulePeriod: [{ startPeriod: 0, limit }],
        ...(duration === undefined ? {} : { duration }),
      },
    ],
    ...rest,
  }
}
export const reason = (answer: SetChargingProfileResponse) => `${answer.status} ${answer.statusInfo?.reasonCode ?? ''}`.trim()
export const refused = (code: string) => (error: unknown) => error instanceof CallError && error.code === code
export const powerOf = (one: Rig) => Math.round(one.station.state().power)
export const measured = (event: TransactionEventRequest | undefined, measurand: string, which = -1) =>
  event?.meterValue?.at(which)?.sampledValue.find((value) => value.measurand === measurand)?.value

/** Plugs a car and lets it be authorised. */
export async function charging(t: TestContext, more: Parameters<typeof rig>[1] & { car?: Car } = {}) {
  const one = await rig(t, more)
  const car = more.car ?? newCar()
  one.station.plug(car)
  await one.until('charging', () => one.events().some((event) => event.transactionInfo.chargingState === 'Charging'))
  const transactionId = one.station.state().transaction!
  return { ...one, car, transactionId }
}
