/** One OCPP-J connection, the same for both ends: calls out one at a time, calls in answered meanwhile, everything validated. */
import { randomUUID } from 'node:crypto'
import type { RawData, WebSocket } from 'ws'
import { type Clock, type Instant, Problem, say, type Timer } from '#kernel'
import { CallError, type RpcErrorCode } from './call-error.ts'
import { isObject, type Message, type Payload, readFrame, UNREADABLE, writeCall, writeError, writeResult } from './frame.ts'
import { SAYING } from './saying.ts'
import { OCPP201, v201, validateMessage, withoutEmpties } from './v201.ts'

/** Answers one incoming CALL; throws `CallError` to refuse it. */
export type Handler = (action: string, payload: Payload, session: Session) => Promise<Payload>

/** One frame as it was seen, for conversation logs. `message` is the OCPP message id, `took` the milliseconds an answer took. */
export interface Frame {
  at: Instant
  direction: 'in' | 'out'
  kind: 'CALL' | 'CALLRESULT' | 'CALLERROR' | 'garbage'
  action?: string
  message?: string
  payload?: unknown
  took?: number
}

export interface Session {
  readonly identity: string
  readonly version: string
  /** Unique per connection: a station that comes back is another session. */
  readonly epoch: string
  /**
   * Sends a CALL and resolves with the validated answer. One is under way at a time, the others wait in order; `timeout` (ms) counts from sending.
   * @throws CallError when the other side refused or its answer breaks the schema
   * @throws Problem `invalid-message` (nothing was sent), `no-answer`, `connection-closed`, `too-many-calls`
   */
  call(action: string, payload: Payload, options?: { timeout?: number }): Promise<Payload>
  close(code?: number, reason?: string): void
  readonly closed: Promise<{ code: number; reason: string }>
}

export interface SessionOptions {
  identity: string
  version: string
  handler: Handler
  clock: Clock
  /** Milliseconds to wait for an answer, and that the handler may take for one; 30 s. */
  timeout?: number
  /** Milliseconds between pings; a peer silent for one whole period is dropped. Off when absent. */
  ping?: number
  /** Which end we are: CALLs that only we may send are then refused with NotImplemented. */
  role?: 'station' | 'csms'
  onFrame?(frame: Frame): void
  /** Told of what our own side did wrong: a handler that crashed, an answer that breaks the schema. The peer only learns InternalError. */
  onFault?(error: unknown): void
  /** false: null, {} and [] in what comes in are dropped before validation. */
  strict?: boolean
}

const WAITING_CALLS = 1000
const WAITING_ANSWERS = 64
const UNSENT_BYTES = 8 << 20
const CLOSE_GRACE = 5000

interface Call {
  id: string
  action: string
  payload: Payload
  timeout: number
  sentAt: Instant
  timer?: Timer
  resolve(payload: Payload): void
  reject(error: Error): void
}

/** Speaks OCPP-J over an open socket until it closes. The socket's version was agreed on before. */
export function openSession(socket: WebSocket, options: SessionOptions): Session {
  const { clock, handler, role } = options
  const timeout = options.timeout ?? 30_000
  const queue: Call[] = []
  let underWay: Call | undefined
  let over = false
  let answering = Promise.resolve()
  let unanswered = 0
  let heard = true

  const saw = (frame: Omit<Frame, 'at'>) => {
    try {
      options.onFrame?.({ at: clock.now(), ...frame })
    } catch (error) {
      options.onFault?.(error)
    }
  }
  const send = (text: string) => {
    if (over || socket.readyState !== socket.OPEN) return
    // A peer that asks and asks but never reads would fill our memory.
    if (socket.bufferedAmount > UNSENT_BYTES) socket.terminate()
    else socket.send(text)
  }

  const sendNext = () => {
    if (underWay || over) return
    const next = queue.shift()
    if (!next) return
    underWay = next
    next.sentAt = clock.now()
    next.timer = clock.in(next.timeout, () =>
      settle(next, () =>
        next.reject(
          new Problem(
            'no-answer',
            say(SAYING.noAnswer, { device: options.identity, action: next.action, age: `${next.timeout / 1000} s` }),
            {
              status: 504,
              retry: 'later',
              hint: say(SAYING.unknownEffect),
            },
          ),
        ),
      ),
    )
    saw({ direction: 'out', kind: 'CALL', action: next.action, message: next.id, payload: next.payload })
    send(writeCall(next.id, next.action, next.payload))
  }
  const settle = (call: Call, result: () => void) => {
    if (underWay !== call) return
    underWay = undefined
    call.timer?.cancel()
    result()
    sendNext()
  }

  const refuse = (id: string, code: RpcErrorCode, description: string, details: object, action?: string, took?: number) => {
    saw({
      direction: 'out',
      kind: 'CALLERROR',
      message: id,
      payload: { code, description, details },
      ...(action === undefined ? {} : { action }),
      ...(took === undefined ? {} : { took }),
    })
    send(writeError(id, code, description, details))
  }

  const onCall = async (id: string, action: string, raw: Payload) => {
    const began = clock.now()
    const took = () => clock.now() - began
    if (role && !v201.mayCall(role === 'csms' ? 'station' : 'csms', action) && v201.isAction(action))
      return refuse(id, 'NotImplemented', `${action} is not a message to this end.`, {}, action, took())
    try {
      const payload = options.strict === false ? withoutEmpties(raw) : raw
      const verdict = validateMessage(action, 'request', payload)
      if (!verdict.ok) return refuse(id, verdict.code, verdict.description, {}, action, took())
      const answer = await inTime(handler(action, payload, session))
      const own = validateMessage(action, 'response', answer)
      if (!own.ok) throw new Error(own.description)
      saw({ direction: 'out', kind: 'CALLRESULT', action, message: id, payload: answer, took: took() })
      send(writeResult(id, answer))
    } catch (error) {
      if (error instanceof CallError) return refuse(id, error.code, error.description, error.details, action, took())
      options.onFault?.(error)
      refuse(id, 'InternalError', 'The request could not be processed.', {}, action, took())
    }
  }

  /** Without a bound a handler that hangs would hold up every later CALL of the peer. */
  const inTime = (work: Promise<Payload>) =>
    new Promise<Payload>((resolve, reject) => {
      const timer = clock.in(timeout, () => reject(new Error('the handler took too long')))
      work.then(resolve, reject).finally(() => timer.cancel())
    })

  const onAnswer = (message: Extract<Message, { kind: 'CALLRESULT' | 'CALLERROR' }>) => {
    const call = underWay
    const expected = call !== undefined && call.id === message.id
    saw({
      direction: 'in',
      kind: message.kind,
      message: message.id,
      payload:
        message.kind === 'CALLRESULT'
          ? message.payload
          : { code: message.code, description: message.description, details: message.details },
      ...(expected ? { action: call.action, took: clock.now() - call.sentAt } : {}),
    })
    // Late, doubled or never asked for: seen in the log, otherwise ignored.
    if (!expected) return
    settle(call, () => {
      if (message.kind === 'CALLERROR') return call.reject(new CallError(message.code, message.description, message.details))
      const payload = options.strict === false ? withoutEmpties(message.payload) : message.payload
      const verdict = validateMessage(call.action, 'response', payload)
      if (verdict.ok && isObject(payload)) call.resolve(payload)
      else call.reject(verdict.ok ? new CallError('FormatViolation') : new CallError(verdict.code, verdict.description))
    })
  }

  const onMessage = (data: RawData, isBinary: boolean) => {
    heard = true
    if (isBinary) return socket.close(1003, 'text frames only')
    const text = data.toString()
    const message = readFrame(text)
    if (message.kind === 'CALLRESULT' || message.kind === 'CALLERROR') return onAnswer(message)
    if (message.kind === 'garbage') {
      saw({ direction: 'in', kind: 'garbage', message: message.id, payload: { why: message.why, text: text.slice(0, 1000) } })
      if (message.answer) refuse(message.id, message.answer, message.why, {})
      return
    }
    const { id, action, payload } = message
    saw({ direction: 'in', kind: 'CALL', action, message: id, payload })
    // A peer keeps to one CALL at a time; one that does not is answered in order, up to a bound.
    if (++unanswered > WAITING_ANSWERS) return socket.close(1008, 'too many calls at once')
    answering = answering.then(() => onCall(id, action, payload)).finally(() => unanswered--)
  }

  const pinger =
    options.ping === undefined || options.ping <= 0
      ? undefined
      : clock.every(options.ping, () => {
          if (!heard) return socket.terminate()
          heard = false
          if (socket.readyState === socket.OPEN) socket.ping()
        })
  const alive = () => {
    heard = true
  }
  socket.on('message', onMessage)
  socket.on('pong', alive)
  socket.on('ping', alive)
  // The 'close' that follows tells the rest.
  socket.on('error', (error) => saw({ direction: 'in', kind: 'garbage', message: UNREADABLE, payload: { why: error.message } }))

  const gone = () =>
    new Problem('connection-closed', say(SAYING.gone, { device: options.identity }), {
      status: 503,
      retry: 'later',
      hint: say(SAYING.waitForIt),
    })
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once('close', (code, reason) => {
      over = true
      pinger?.cancel()
      underWay?.timer?.cancel()
      for (const call of [...(underWay ? [underWay] : []), ...queue.splice(0)]) call.reject(gone())
      underWay = undefined
      resolve({ code, reason: reason.toString() })
    })
  })

  const session: Session = {
    identity: options.identity,
    version: options.version,
    epoch: randomUUID(),
    closed,
    async call(action, payload, { timeout: patience = timeout } = {}) {
      const verdict = validateMessage(action, 'request', payload)
      if (!verdict.ok || (role && !v201.mayCall(role, action)))
        throw new Problem(
          'invalid-message',
          `${action} was not sent: ${verdict.ok ? 'this end never sends it.' : verdict.description}`,
          verdict.ok ? { status: 422 } : { status: 422, details: { code: verdict.code } },
        )
      if (over || socket.readyState !== socket.OPEN) throw gone()
      if (queue.length >= WAITING_CALLS)
        throw new Problem('too-many-calls', `${queue.length} calls to ${options.identity} are waiting already.`, {
          status: 503,
          retry: 'later',
          hint: 'Wait until it has answered some.',
        })
      return new Promise<Payload>((resolve, reject) => {
        queue.push({ id: randomUUID(), action, payload, timeout: patience, sentAt: clock.now(), resolve, reject })
        sendNext()
      })
    },
    close(code = 1000, reason = '') {
      socket.close(code, reason)
      // A half-open peer never confirms the close.
      const last = clock.in(CLOSE_GRACE, () => socket.terminate())
      void closed.then(() => last.cancel())
    },
  }
  return session
}

/** The versions this program speaks, best first. */
export const VERSIONS: readonly string[] = [OCPP201]

/** Which offered subprotocol to use: the client's order is its preference; compared without regard to case, answered as offered. */
export const chooseVersion = (offered: Iterable<string>): { offered: string; version: string } | undefined => {
  for (const name of offered) {
    const version = VERSIONS.find((known) => known === name.toLowerCase())
    if (version) return { offered: name, version }
  }
  return undefined
}
