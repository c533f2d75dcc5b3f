/** One OCPP-J connection, the same for both ends: calls out one at a time, calls in answered meanwhile, everything validated. */
import { randomUUID } from 'node:crypto'
import type { RawData, WebSocket } from 'ws'
import { type Clock, type Instant, Problem, say, type Timer } from '#kernel'
import { CallError, type RpcErrorCode } from './call-error.ts'
import type { OcppVersion, Part } from './dialect.ts'
import { dialectOf } from './dialects.ts'
import {
  idAtStart,
  LONGEST_ID,
  type Message,
  type Payload,
  type Refusal,
  readFrame,
  UNREADABLE,
  writeCall,
  writeError,
  writeResult,
  writeSend,
} from './frame.ts'
import { LENIENT, type Lenience, LONGEST_LENIENT_ID, type Mended, mend, STRICT, salvage } from './lenience.ts'
import { openPace } from './pace.ts'
import { SAYING } from './saying.ts'

/** Answers one incoming CALL; throws `CallError` to refuse it. A SEND comes the same way, and what is returned for it is not sent. */
export type Handler = (action: string, payload: Payload, session: Session) => Promise<Payload>

/** One frame as it was seen, for conversation logs. `message` is the OCPP message id, `took` the milliseconds an answer took. */
export interface Frame {
  at: Instant
  direction: 'in' | 'out'
  kind: 'CALL' | 'CALLRESULT' | 'CALLERROR' | 'CALLRESULTERROR' | 'SEND' | 'garbage'
  action?: string
  message?: string
  payload?: unknown
  took?: number
  /** What was mended in it before it was understood; `payload` is as it came. */
  mended?: readonly string[]
}

export interface Session {
  readonly identity: string
  readonly version: OcppVersion
  /** Unique per connection: a station that comes back is another session. */
  readonly epoch: string
  /**
   * Sends a CALL and resolves with the validated answer. One is under way at a time, the others wait in order; `timeout` (ms) counts from sending.
   * @throws CallError when the other side refused or its answer breaks the schema
   * @throws Problem `invalid-message` (nothing was sent), `no-answer`, `connection-closed`, `too-many-calls`
   */
  call(action: string, payload: Payload, options?: { timeout?: number }): Promise<Payload>
  /** Sends a message that nobody answers (2.1). @throws Problem `invalid-message`, `connection-closed` */
  send(action: string, payload: Payload): void
  /** From now on what comes in is read with this lenience: for a model that is known since its boot. */
  read(lenience: Lenience): void
  close(code?: number, reason?: string): void
  readonly closed: Promise<{ code: number; reason: string }>
}

export interface SessionOptions {
  identity: string
  version: OcppVersion
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
  /** Whether to hold the peer to the letter (default), or how lenient to be; false: as lenient as can be. */
  strict?: boolean | Lenience
  /**
   * A go-between: actions that the version does not have are handed on unread, answers unchecked, and as a station also CALLs that break the
   * schema; whoever is at the far end judges them.
   */
  forwards?: boolean
  /** Characters of a message; longer ones are refused unread and the connection lives on. Default: what the socket lets through. */
  longest?: number
  /** Messages of the peer per second that are read in the long run; all unless given. */
  perSecond?: number
}

const WAITING_CALLS = 1000
const WAITING_ANSWERS = 64
const UNSENT_BYTES = 8 << 20
const CLOSE_GRACE = 5000

/** A CALL of the peer on its way to its answer, or a SEND on its way to the handler. */
interface Inbound {
  kind: 'CALL' | 'SEND'
  id: string
  action: string
  verdict: Mended
  began: Instant
}

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
  const { clock, handler, role, forwards = false } = options
  const dialect = dialectOf(options.version)!
  const peer = role === 'csms' ? 'station' : 'csms'
  const timeout = options.timeout ?? 30_000
  const longest = options.longest ?? Number.POSITIVE_INFINITY
  const { strict = true } = options
  let lenience = typeof strict === 'object' ? strict : strict ? STRICT : LENIENT
  const queue: Call[] = []
  let underWay: Call | undefined
  let over = false
  /** CALLs that came and wait for their turn. */
  const inbox: Inbound[] = []
  let answering = false
  let heard = true
  const pace = options.perSecond === undefined ? undefined : openPace(socket, clock, options.perSecond)

  const { onFrame } = options
  const saw = (frame: Frame) => {
    if (!onFrame) return
    try {
      onFrame(frame)
    } catch (error) {
      options.onFault?.(error)
    }
  }
  const send = (text: string) => {
    if (over || socket.readyState !== socket.OPEN) return
    // A peer that asks and asks but never reads would fill our memory.
    if (socket.bufferedAmount > UNSENT_BYTES) socket.terminate()
    // As bytes: text would be turned into bytes once to be measured and once to be written.
    else socket.send(Buffer.from(text), { binary: false })
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
    saw({ at: next.sentAt, direction: 'out', kind: 'CALL', action: next.action, message: next.id, payload: next.payload })
    send(writeCall(next.id, next.action, next.payload))
  }
  const settle = (call: Call, result: () => void) => {
    if (underWay !== call) return
    underWay = undefined
    call.timer?.cancel()
    result()
    sendNext()
  }

  const refuse = (
    id: string,
    code: RpcErrorCode,
    description: string,
    details: object,
    action?: string,
    took?: number,
    type: 4 | 5 = 4,
  ) => {
    saw({
      at: clock.now(),
      direction: 'out',
      kind: type === 4 ? 'CALLERROR' : 'CALLRESULTERROR',
      message: id,
      payload: { code, description, details },
      ...(action === undefined ? {} : { action }),
      ...(took === undefined ? {} : { took }),
    })
    send(writeError(type, id, dialect.codeOut(code), description, details))
  }
  const understood = (action: string, part: Part, payload: unknown): Mended =>
    forwards && !dialect.isAction(action) ? { ok: true, payload, mended: [] } : mend(dialect, action, part, payload, lenience)
  const ours = (action: string) => role === undefined || dialect.mayCall(peer, action)

  const onCall = async ({ id, action, verdict, began }: Inbound) => {
    if (!verdict.ok) return refuse(id, verdict.code, verdict.description, {}, action, clock.now() - began)
    try {
      const answer = await inTime(handler(action, verdict.payload as Payload, session))
      const own = forwards ? undefined : dialect.validate(action, 'response', answer)
      if (own && !own.ok) throw new Error(own.description)
      const at = clock.now()
      saw({ at, direction: 'out', kind: 'CALLRESULT', action, message: id, payload: answer, took: at - began })
      send(writeResult(id, answer))
    } catch (error) {
      const took = clock.now() - began
      if (error instanceof CallError) return refuse(id, error.code, error.description, error.details, action, took)
      options.onFault?.(error)
      refuse(id, 'InternalError', 'The request could not be processed.', {}, action, took)
    }
  }
  const onSend = async ({ action, verdict }: Inbound) => {
    try {
      if (!verdict.ok) throw new CallError(verdict.code, verdict.description)
      await inTime(handler(action, verdict.payload as Payload, session))
    } catch (error) {
      options.onFault?.(error)
    }
  }
  const answerAll = async () => {
    answering = true
    for (let next = inbox.shift(); next && !over; next = inbox.shift()) await (next.kind === 'CALL' ? onCall(next) : onSend(next))
    answering = false
  }

  /**
   * Without a bound a handler that hangs would hold up every later CALL of the peer. One handler works at a time: one timer looks after all of
   * them, set anew only when it went off.
   */
  let atWork: { since: Instant; reject(error: Error): void } | undefined
  let watch: Timer | undefined
  const lookAfter = () => {
    watch = undefined
    if (!atWork) return
    const left = atWork.since + timeout - clock.now()
    if (left <= 0) atWork.reject(new Error('the handler took too long'))
    else watch = clock.in(left, lookAfter)
  }
  const inTime = (work: Promise<Payload>) =>
    new Promise<Payload>((resolve, reject) => {
      atWork = { since: clock.now(), reject }
      watch ??= clock.in(timeout, lookAfter)
      const mine = atWork
      const done = () => {
        if (atWork === mine) atWork = undefined
      }
      work.then(
        (answer) => {
          done()
          resolve(answer)
        },
        (error: Error) => {
          done()
          reject(error)
        },
      )
    })

  const onAnswer = (message: Extract<Message, { kind: 'CALLRESULT' | 'CALLERROR' }>) => {
    const call = underWay
    const expected = call !== undefined && call.id === message.id
    const read = expected && message.kind === 'CALLRESULT' ? understood(call.action, 'response', message.payload) : undefined
    const now = clock.now()
    saw({
      at: now,
      direction: 'in',
      kind: message.kind,
      message: message.id,
      payload:
        message.kind === 'CALLRESULT'
          ? message.payload
          : { code: message.code, description: message.description, details: message.details },
      ...(expected ? { action: call.action, took: now - call.sentAt } : {}),
      ...(read?.ok && read.mended.length > 0 ? { mended: read.mended } : {}),
    })
    // Late, doubled or never asked for: seen in the log, otherwise ignored.
    if (!expected) return
    settle(call, () => {
      if (message.kind === 'CALLERROR')
        return call.reject(new CallError(dialect.codeIn(message.code), message.description, message.details))
      if (read?.ok) return call.resolve(read.payload as Payload)
      const { code, description } = read!
      if (dialect.framing.extended) refuse(call.id, code, description, {}, call.action, undefined, 5)
      call.reject(new CallError(code, description))
    })
  }

  /** Our answer broke the peer's schema: nothing can be sent any more, but we want to know. */
  const onResultError = ({ id, code, description, details }: Refusal) => {
    saw({ at: clock.now(), direction: 'in', kind: 'CALLRESULTERROR', message: id, payload: { code, description, details } })
    options.onFault?.(new CallError(code, description, details))
  }

  const read = (text: string): { message: Message; salvaged: boolean } => {
    const longestId = lenience.has('long-ids') ? LONGEST_LENIENT_ID : LONGEST_ID
    const message = readFrame(text, dialect.framing, longestId)
    if (message.kind !== 'garbage' || !lenience.has('broken-json')) return { message, salvaged: false }
    const better = salvage(text)
    if (better === text) return { message, salvaged: false }
    const mended = readFrame(better, dialect.framing, longestId)
    return mended.kind === 'garbage' ? { message, salvaged: false } : { message: mended, salvaged: true }
  }

  const onMessage = (data: RawData, isBinary: boolean) => {
    heard = true
    pace?.spend()
    if (isBinary) return socket.close(1003, 'text frames only')
    if ((data as Buffer).length > longest) {
      const start = (data as Buffer).subarray(0, 1000).toString()
      const why = `a message of ${(data as Buffer).length} bytes; at most ${longest} are read`
      saw({ at: clock.now(), direction: 'in', kind: 'garbage', message: UNREADABLE, payload: { why, text: start } })
      const id = idAtStart(start)
      if (id !== UNREADABLE || dialect.framing.unreadable === 'refuse') refuse(id, 'FormatViolation', why, {})
      return
    }
    const text = data.toString()
    const { message, salvaged } = read(text)
    if (message.kind === 'CALLRESULT' || message.kind === 'CALLERROR') return onAnswer(message)
    if (message.kind === 'CALLRESULTERROR') return onResultError(message)
    if (message.kind === 'garbage') {
      saw({
        at: clock.now(),
        direction: 'in',
        kind: 'garbage',
        message: message.id,
        payload: { why: message.why, text: text.slice(0, 1000) },
      })
      if (message.answer) refuse(message.id, message.answer, message.why, {})
      return
    }
    const { kind, id, action } = message
    const began = clock.now()
    const foreign = dialect.isAction(action) && (!ours(action) || dialect.isSend(action) !== (kind === 'SEND'))
    const verdict: Mended = foreign
      ? { ok: false, code: 'NotImplemented', description: `${action} is not a ${kind} to this end.` }
      : understood(action, 'request', message.payload)
    const told = salvaged ? ['the text: broken JSON', ...(verdict.ok ? verdict.mended : [])] : verdict.ok ? verdict.mended : []
    const seen: Frame = { at: began, direction: 'in', kind, action, message: id, payload: message.payload }
    saw(told.length > 0 ? { ...seen, mended: told } : seen)
    // A peer keeps to one CALL at a time; one that does not is answered in order, up to a bound. SENDs keep their place among them.
    if (inbox.length >= WAITING_ANSWERS) return socket.close(1008, 'too many messages at once')
    inbox.push({ kind, id, action, verdict, began })
    if (!answering) void answerAll()
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
  socket.on('error', (error) =>
    saw({ at: clock.now(), direction: 'in', kind: 'garbage', message: UNREADABLE, payload: { why: error.message } }),
  )

  const gone = () =>
    new Problem('connection-closed', say(SAYING.gone, { device: options.identity }), {
      status: 503,
      retry: 'later',
      hint: say(SAYING.waitForIt),
    })
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once('close', (code, reason) => {
      over = true
      pace?.end()
      pinger?.cancel()
      watch?.cancel()
      underWay?.timer?.cancel()
      for (const call of [...(underWay ? [underWay] : []), ...queue.splice(0)]) call.reject(gone())
      underWay = undefined
      resolve({ code, reason: reason.toString() })
    })
  })

  const mustBeOpen = () => {
    if (over || socket.readyState !== socket.OPEN) throw gone()
  }
  const mustBeSendable = (action: string, payload: Payload, asSend: boolean) => {
    if (forwards && (role === 'station' || !dialect.isAction(action))) return mustBeOpen()
    const verdict = dialect.validate(action, 'request', payload)
    if (!verdict.ok || (role && !dialect.mayCall(role, action)) || dialect.isSend(action) !== asSend)
      throw new Problem(
        'invalid-message',
        `${action} was not sent: ${verdict.ok ? 'this end never sends it.' : verdict.description}`,
        verdict.ok ? { status: 422 } : { status: 422, details: { code: verdict.code } },
      )
    mustBeOpen()
  }

  const session: Session = {
    identity: options.identity,
    version: options.version,
    epoch: randomUUID(),
    closed,
    async call(action, payload, { timeout: patience = timeout } = {}) {
      mustBeSendable(action, payload, false)
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
    send(action, payload) {
      mustBeSendable(action, payload, true)
      const id = randomUUID()
      saw({ at: clock.now(), direction: 'out', kind: 'SEND', action, message: id, payload })
      send(writeSend(id, action, payload))
    },
    read(changed) {
      lenience = changed
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
