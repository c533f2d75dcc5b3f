// Foreign stations without them: what they said when they were recorded (record.ts) is said to the platform again over a real socket. Its
// answers must be valid and mean what they meant, and the session of the recording must be there in the end.
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { WebSocket } from 'ws'
import { openCharging } from '#charging'
import { deviceRegistry, type News, openAlarms, openBeliefs } from '#ems'
import { after, inProcessBus, manualClock, millis, parseInstant, silentLog } from '#kernel'
import { dialectOf, OCPP16, type OcppVersion, type Payload } from '#protocols/ocpp'
import { scratchStore } from '#store'
import { BADGE, readTrace, type TraceFrame } from './trace.ts'

const FOLDER = join(import.meta.dirname, 'traces')
type Call = [2, string, string, Payload]
const isBootAsked = ([, , action, { requestedMessage }]: Call) => action === 'TriggerMessage' && requestedMessage === 'BootNotification'
const isCall = ({ frame }: TraceFrame) => frame[0] === 2

async function room(t: TestContext, began: string) {
  const clock = manualClock(parseInstant(began))
  const store = await scratchStore(t)
  const bus = inProcessBus<News>(() => undefined)
  const charging = await openCharging({
    ...{ store, clock, bus, log: silentLog, devices: deviceRegistry() },
    conversation: { note: () => undefined },
    beliefs: openBeliefs({ store, clock, bus }),
    alarms: openAlarms({ store, clock, bus }),
    config: { unknownStations: 'accept', ping: 0, bootPause: 0 },
  })
  await charging.registerToken({ token: BADGE })
  const server = createServer()
  server.on('upgrade', (request, socket, head) => void charging.upgrade(request, socket, head))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(async () => {
    await charging.close()
    server.closeAllConnections()
    server.close()
  })
  return { clock, charging, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ocpp` }
}

for (const file of readdirSync(FOLDER).filter((name) => name.endsWith('.jsonl')))
  test(`${file} is understood as it was recorded`, { timeout: 60_000 }, async (t) => {
    const { head, frames } = readTrace(join(FOLDER, file))
    const { clock, charging, url } = await room(t, head.began)
    const answerOf = (call: TraceFrame) =>
      frames.find(({ from, frame }) => from !== call.from && frame[0] !== 2 && frame[1] === call.frame[1])
    /** How the station answered each action, in order; the last answer goes on. */
    const answers = new Map<string, TraceFrame['frame'][]>()
    const asked = frames.filter((one) => one.from === 'platform' && isCall(one))
    for (const call of asked) {
      const [, , action] = call.frame as Call
      const answer = answerOf(call)
      if (answer) answers.set(action, [...(answers.get(action) ?? []), answer.frame])
    }
    const recordedReports = asked.flatMap(({ frame }) => (frame as Call)[3]['requestId'] ?? [])

    const socket = new WebSocket(`${url}/${head.identity}`, [head.version])
    t.after(() => socket.terminate())
    const heard: Call[] = []
    const waiting = new Map<string, (frame: TraceFrame['frame']) => void>()
    socket.on('message', (data) => {
      const frame = JSON.parse(String(data)) as TraceFrame['frame']
      if (frame[0] !== 2) return waiting.get(frame[1])?.(frame)
      const call = frame as Call
      heard.push(call)
      const known = answers.get(call[2]) ?? []
      const [kind, , ...rest] = (known.length > 1 ? known.shift() : known[0]) ?? [4, '', 'NotImplemented', '', {}]
      socket.send(JSON.stringify([kind, call[1], ...rest]))
    })
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve)
      socket.once('error', reject)
    })
    const until = async (what: string, fits: () => boolean) => {
      for (let turns = 0; !fits(); turns++) {
        assert.ok(turns < 2000, what)
        clock.forward(100)
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
    }

    const dialect = dialectOf(head.version as OcppVersion)!
    /** Our numbers of what the recording numbers: transactions of 1.6, requests for reports. */
    const numbers = new Map<unknown, unknown>()
    let boots = 0
    for (const line of frames.filter((one) => one.from === 'station' && isCall(one))) {
      const [, id, action, said] = line.frame as Call
      if (clock.now() < after(parseInstant(head.began), millis(line.at))) clock.set(after(parseInstant(head.began), millis(line.at)))
      // It boots again, or goes on without, once it was asked to.
      const isLater = action === 'BootNotification' ? boots++ > 0 : action !== 'NotifyReport' && answerOf(line)?.frame[0] === 3
      if (isLater && head.version !== OCPP16 && charging.station(head.identity).record.boot !== 'Accepted')
        await until('it is asked to boot again', () => heard.some(isBootAsked))
      if (typeof said['requestId'] === 'number') {
        const place = recordedReports.indexOf(said['requestId'])
        await until('its report is asked for', () => heard.filter(([, , , payload]) => payload['requestId'] !== undefined).length > place)
        numbers.set(said['requestId'], heard.filter(([, , , payload]) => payload['requestId'] !== undefined)[place]![3]['requestId'])
      }
      const payload: Payload = { ...said }
      for (const key of ['transactionId', 'requestId']) if (numbers.has(said[key])) payload[key] = numbers.get(said[key]) as Payload[string]
      const answered = new Promise<TraceFrame['frame']>((resolve) => waiting.set(id, resolve))
      socket.send(JSON.stringify([2, id, action, payload]))
      let answer: TraceFrame['frame'] | undefined
      void answered.then((frame) => {
        answer = frame
      })
      await until(`${action} is answered`, () => answer !== undefined)
      const recorded = answerOf(line)?.frame
      assert.equal(answer![0], recorded?.[0] ?? 3, `${action} at ${line.at}: ${JSON.stringify(answer)}`)
      if (answer![0] !== 3) continue
      const told = answer![2] as Payload
      const verdict = dialect.validate(action, 'response', told)
      assert.ok(verdict.ok, `${action}: ${JSON.stringify(verdict)}`)
      const was = recorded?.[2] as Payload | undefined
      for (const key of ['idTagInfo', 'idTokenInfo', 'status']) assert.deepEqual(told[key], was?.[key] ?? told[key], `${action} ${key}`)
      if (typeof was?.['transactionId'] === 'number') numbers.set(was['transactionId'], told['transactionId'])
    }

    const sessions = await charging.archive.sessions({ station: head.identity })
    assert.equal(sessions.length, 1, 'the recording has one session')
    const [session] = sessions
    assert.equal(session!.tokenStatus, 'Accepted')
    assert.notEqual(session!.endedAt, null)
    assert.equal(charging.station(head.identity).record.boot, 'Accepted')
    const events = frames.filter(({ from, frame }) => from === 'station' && frame[2] === 'TransactionEvent')
    // The virtual charge point numbers all its events 0: its session ends all the same.
    const numbered = new Set(events.map(({ frame }) => (frame as Call)[3]['seqNo'])).size
    if (events.length > 0) assert.equal(session!.events, numbered, 'every event is there')
    if (numbered === events.length && numbered > 0) assert.equal(session!.complete, true)
  })
