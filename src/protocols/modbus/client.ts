/** A Modbus TCP client that connects on demand, keeps its time-outs, and never leaves a question without an answer or a Problem. */
import { connect as openSocket, type Socket } from 'node:net'
import { type Clock, Problem, say, systemClock, type Timer } from '#kernel'
import { encodeFrame, type Frame, frameReader } from './frame.ts'
import { decodeAnswer, describeRequest, encodeRequest, type Request } from './pdu.ts'
import { SAYING } from './saying.ts'

export interface ModbusClientOptions {
  host: string
  port: number
  /** Unit id of the requests, 0–255; default 1. */
  unit?: number
  /** Milliseconds an answer may take from the moment its question was sent; default 1000. */
  timeout?: number
  /** Milliseconds a connection may take; default 2000. */
  connectTimeout?: number
  /** Questions on the wire at once; many devices answer only one at a time. Default 1. */
  inFlight?: number
  /** Longest pause between attempts to connect, ms; the first is 250 ms and doubles. Default 10 s. */
  longestPause?: number
  clock?: Clock
  /** Told when the connection comes and goes. */
  onLink?: (link: 'connected' | 'lost', why: string) => void
}

export interface ModbusClient {
  readonly connected: boolean
  /** One request; answers words, bits as 0 and 1, or nothing for writes. Rejects with a Problem, never later than its time-outs allow. */
  ask(request: Request, unit?: number): Promise<number[]>
  readCoils(address: number, count: number): Promise<number[]>
  readDiscrete(address: number, count: number): Promise<number[]>
  readHolding(address: number, count: number): Promise<number[]>
  readInput(address: number, count: number): Promise<number[]>
  writeCoil(address: number, value: boolean): Promise<void>
  writeCoils(address: number, values: boolean[]): Promise<void>
  /** Function 6: one register. */
  writeRegister(address: number, value: number): Promise<void>
  /** Function 16: up to 123 registers. */
  writeRegisters(address: number, values: number[]): Promise<void>
  /** Function 23: writes, then reads, in one transaction. */
  exchange(address: number, count: number, writeAddress: number, values: number[]): Promise<number[]>
  /** Ends the connection; what is open is rejected, later requests too. */
  close(): void
}

interface Question {
  request: Request
  pdu: Buffer
  unit: number
  resolve: (values: number[]) => void
  reject: (problem: unknown) => void
  timer?: Timer
}

const LONGEST_QUEUE = 256
const FIRST_PAUSE = 250
/** So many unanswered questions in a row with not a byte received make a connection count as half-open. */
const SILENCES = 2

/**
 * A client of one peer. Problems: `modbus-unreachable`, `modbus-timeout`, `modbus-lost`, `modbus-garbage`, `modbus-wrong-length`,
 * `modbus-exception`, `modbus-busy`, `modbus-closed`, `modbus-invalid-request`.
 *
 *     const client = modbusClient({ host: '192.168.1.7', port: 502 })
 *     const [soc] = await client.readHolding(12, 1)
 */
export function modbusClient(options: ModbusClientOptions): ModbusClient {
  const { host, port, unit = 1, timeout = 1000, connectTimeout = 2000, inFlight = 1, longestPause = 10_000, clock = systemClock } = options
  const where = `${host}:${port}`
  const queue: Question[] = []
  const asked = new Map<number, Question>()
  let socket: Socket | undefined
  let connected = false
  let closed = false
  let transaction = 0
  let silences = 0
  let answered = false
  let pause = 0
  let notBefore = Number.NEGATIVE_INFINITY
  let lastFailure: Problem | undefined

  function ask(request: Request, to = unit): Promise<number[]> {
    return new Promise((resolve, reject) => {
      if (closed) return reject(new Problem('modbus-closed', say(SAYING.closed, { where })))
      if (queue.length >= LONGEST_QUEUE)
        return reject(new Problem('modbus-busy', say(SAYING.busy, { count: LONGEST_QUEUE, where }), { status: 503, retry: 'later' }))
      queue.push({ request, pdu: encodeRequest(request), unit: to, resolve, reject })
      pump()
    })
  }

  function pump(): void {
    if (!connected) connect()
    else while (socket && asked.size < inFlight && queue.length > 0) send(socket, queue.shift()!)
  }

  function send(to: Socket, question: Question): void {
    do transaction = (transaction + 1) & 0xffff
    while (asked.has(transaction))
    const id = transaction
    asked.set(id, question)
    question.timer = clock.in(timeout, () => giveUp(id, question))
    to.write(encodeFrame({ transaction: id, unit: question.unit, pdu: question.pdu }))
  }

  function giveUp(id: number, question: Question): void {
    asked.delete(id)
    question.reject(
      new Problem('modbus-timeout', say(SAYING.timeout, { where, request: describeRequest(question.request), count: timeout }), {
        status: 504,
        retry: 'later',
        hint: say(SAYING.wrongUnit, { count: question.unit }),
      }),
    )
    silences++
    // Half a frame that never ends, or nothing at all: what comes later on this stream can no longer be trusted.
    if (silences >= SILENCES || reader.partial) drop(unreachable('it stopped answering'))
    else pump()
  }

  let reader = frameReader(take)

  function take({ transaction: id, unit: from, pdu }: Frame): void {
    silences = 0
    const question = asked.get(id)
    // The answer to a question given up earlier: too late, and no harm done.
    if (!question) return
    asked.delete(id)
    question.timer?.cancel()
    try {
      if (from !== question.unit)
        throw new Problem('modbus-garbage', `Unit ${from} answers for unit ${question.unit}.`, { status: 502, retry: 'later' })
      const values = decodeAnswer(question.request, pdu)
      answered = true
      pause = 0
      question.resolve(values)
    } catch (error) {
      question.reject(error)
      if (error instanceof Problem && error.code === 'modbus-exception') answered = true
      else drop(error instanceof Problem ? error : unreachable(String(error)))
    }
    pump()
  }

  function connect(): void {
    if (socket || closed || queue.length === 0) return
    if (clock.now() < notBefore) {
      failAll(lastFailure ?? unreachable('it was lost a moment ago'))
      return
    }
    const fresh = openSocket({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 10_000 })
    socket = fresh
    reader = frameReader(take)
    const timer = clock.in(connectTimeout, () => fresh === socket && drop(unreachable(`no connection within ${connectTimeout} ms`)))
    fresh.on('connect', () => {
      timer.cancel()
      if (fresh !== socket) return
      connected = true
      silences = 0
      answered = false
      options.onLink?.('connected', where)
      pump()
    })
    fresh.on('data', (chunk) => {
      if (fresh !== socket) return
      try {
        reader.feed(chunk)
      } catch (error) {
        drop(error as Problem)
      }
    })
    fresh.on('error', (error: NodeJS.ErrnoException) => fresh === socket && drop(unreachable(error.code ?? error.message)))
    fresh.on('close', () => {
      timer.cancel()
      if (fresh === socket) drop(unreachable('it closed the connection'))
    })
  }

  /** Gives the connection up: everything open fails, the next question connects again after a pause. */
  function drop(problem: Problem): void {
    const was = connected
    const gone = socket
    socket = undefined
    connected = false
    // A peer that closes an idle connection after good service may be called again at once.
    pause = answered && problem.code === 'modbus-unreachable' ? 0 : Math.min(longestPause, Math.max(FIRST_PAUSE, pause * 2))
    notBefore = clock.now() + pause
    answered = false
    lastFailure = problem
    gone?.destroy()
    failAll(problem)
    if (was) options.onLink?.('lost', problem.message)
  }

  function failAll(problem: Problem): void {
    const open = [...asked.values(), ...queue.splice(0)]
    asked.clear()
    for (const question of open) {
      question.timer?.cancel()
      question.reject(problem)
    }
  }

  const unreachable = (why: string): Problem =>
    new Problem('modbus-unreachable', say(SAYING.unreachable, { where, detail: why }), {
      status: 502,
      retry: 'later',
      hint: say(SAYING.checkAddress),
    })

  return {
    get connected() {
      return connected
    },
    ask,
    readCoils: (address, count) => ask({ fn: 1, address, count }),
    readDiscrete: (address, count) => ask({ fn: 2, address, count }),
    readHolding: (address, count) => ask({ fn: 3, address, count }),
    readInput: (address, count) => ask({ fn: 4, address, count }),
    writeCoil: async (address, value) => void (await ask({ fn: 5, address, value })),
    writeCoils: async (address, values) => void (await ask({ fn: 15, address, values })),
    writeRegister: async (address, value) => void (await ask({ fn: 6, address, value })),
    writeRegisters: async (address, values) => void (await ask({ fn: 16, address, values })),
    exchange: (address, count, writeAddress, values) => ask({ fn: 23, address, count, writeAddress, values }),
    close() {
      closed = true
      const gone = socket
      socket = undefined
      connected = false
      gone?.destroy()
      failAll(new Problem('modbus-closed', say(SAYING.closed, { where })))
    },
  }
}
