/** A Modbus TCP server: any number of units behind one port, each a data model that is asked and told. */
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { type Clock, type Log, silentLog, systemClock } from '#kernel'
import { encodeFrame, type Frame, frameReader } from './frame.ts'
import { decodeRequest, encodeAnswer, encodeException, ModbusException, type Request } from './pdu.ts'

export type Table = 'coil' | 'discrete' | 'input' | 'holding'

/** The data model of one unit. Both may throw ModbusException; any other error is answered with exception 4 and logged. */
export interface Unit {
  /** Exactly `count` values from `address`: words, or 0 and 1 for coils and discrete inputs. */
  read(table: Table, address: number, count: number): ArrayLike<number>
  /** Stores values; absent = nothing can be written. */
  write?(table: 'coil' | 'holding', address: number, values: number[]): void
}

export interface ModbusServerOptions {
  /** Default loopback. */
  host?: string
  /** Default a free one. */
  port?: number
  /** The unit with an id; a request to no unit gets silence, as on a serial line. */
  unit: (id: number) => Unit | undefined
  /** Connections at once; further ones are closed. Default 32. */
  connections?: number
  /** A connection without a request for so many milliseconds is closed; default never. */
  idle?: number
  clock?: Clock
  log?: Log
  /** Sees every request that was understood, and the exception it was answered with (0 = none). */
  onRequest?: (request: Request, unit: number, exception: number) => void
}

export interface ModbusServer {
  readonly port: number
  readonly connections: number
  /** Cuts every connection, and refuses new ones until `admit` is called with true. */
  admit(on: boolean): void
  /** While mute, connections stay open and nothing is answered (a half-open peer). */
  mute(on: boolean): void
  close(): Promise<void>
}

const TABLES: Readonly<Record<number, Table>> = { 1: 'coil', 2: 'discrete', 3: 'holding', 4: 'input' }
const MOST_UNSENT = 64 * 1024

/** Starts a server; resolves when it listens. */
export async function serveModbus(options: ModbusServerOptions): Promise<ModbusServer> {
  const { host = '127.0.0.1', port = 0, connections = 32, idle = 0, clock = systemClock, log = silentLog } = options
  const open = new Set<Socket>()
  let admitting = true
  let mute = false

  const server = createServer({ noDelay: true }, (socket) => {
    if (!admitting || open.size >= connections) return void socket.resetAndDestroy()
    open.add(socket)
    let heard = clock.now()
    const watch = idle > 0 ? clock.every(idle, () => clock.now() - heard >= idle && socket.destroy()) : undefined
    const reader = frameReader((frame) => {
      heard = clock.now()
      if (mute) return
      const pdu = serve(frame)
      if (pdu && !socket.destroyed) socket.write(encodeFrame({ transaction: frame.transaction, unit: frame.unit, pdu }))
    })
    socket.on('data', (chunk) => {
      socket.cork()
      try {
        reader.feed(chunk)
      } catch {
        socket.destroy()
      }
      socket.uncork()
      // A peer that asks and never listens must not fill our memory.
      if (socket.writableLength > MOST_UNSENT) socket.pause()
    })
    socket.on('drain', () => socket.resume())
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      watch?.cancel()
      open.delete(socket)
    })
  })

  function serve({ unit: id, pdu }: Frame): Buffer | undefined {
    const unit = options.unit(id)
    if (!unit) return undefined
    let request: Request | undefined
    try {
      request = decodeRequest(pdu)
      const answer = encodeAnswer(request, perform(unit, request))
      options.onRequest?.(request, id, 0)
      return answer
    } catch (error) {
      if (!(error instanceof ModbusException)) log.error({ error, unit: id }, 'The data model of a Modbus unit failed')
      const code = error instanceof ModbusException ? error.code : 4
      if (request) options.onRequest?.(request, id, code)
      return encodeException(pdu[0]!, code)
    }
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const cut = () => {
    for (const socket of open) socket.resetAndDestroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return open.size
    },
    admit(on) {
      admitting = on
      if (!on) cut()
    },
    mute(on) {
      mute = on
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of open) socket.destroy()
      }),
  }
}

function perform(unit: Unit, request: Request): ArrayLike<number> {
  const { fn, address } = request
  const write = (table: 'coil' | 'holding', at: number, values: number[]) => {
    if (!unit.write) throw new ModbusException(1)
    unit.write(table, at, values)
  }
  const read = (table: Table, count: number) => {
    const values = unit.read(table, address, count)
    if (values.length !== count) throw new Error(`a unit gave ${values.length} values where ${count} were asked`)
    return values
  }
  if (fn === 5) write('coil', address, [Number(request.value)])
  else if (fn === 6) write('holding', address, [request.value])
  else if (fn === 15) write('coil', address, request.values.map(Number))
  else if (fn === 16) write('holding', address, request.values)
  else if (fn === 23) {
    write('holding', request.writeAddress, request.values)
    return read('holding', request.count)
  } else return read(TABLES[fn]!, request.count)
  return []
}

/** A unit that is plain memory: holding registers (and, when given, the other tables) from address 0 on. */
export function memoryUnit(tables: Partial<Record<Table, Uint16Array>>): Unit {
  const span = (table: Table, address: number, count: number): Uint16Array => {
    const words = tables[table]
    if (!words) throw new ModbusException(1)
    if (address + count > words.length) throw new ModbusException(2)
    return words.subarray(address, address + count)
  }
  return {
    read: (table, address, count) => span(table, address, count),
    write: (table, address, values) => span(table, address, values.length).set(values),
  }
}
