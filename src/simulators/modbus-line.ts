/** The line to a simulated Modbus device: a server that can be cut off for a while, and the switches of the world panel. */
import { type Clock, type Log, SECOND, type Timer } from '#kernel'
import { serveModbus, type Unit } from '#protocols/modbus'

export interface LineOptions {
  /** Default loopback. */
  host?: string
  /** Default a free one. */
  port?: number
  /** Modbus unit id; default 1. */
  unit?: number
  clock: Clock
  log?: Log
}

/** A simulated device on its own port. Powers in W, consumption positive; energies in Wh. */
export interface ModbusSimulation {
  readonly id: string
  readonly kind: 'pv' | 'battery'
  readonly port: number
  /** False while it is cut off. */
  readonly connected: boolean
  readonly faulty: boolean
  readonly frozen: boolean
  /** True state now, whatever the bus says. */
  state(): { power: number; soc?: number }
  /** A device at fault gives and takes nothing, and refuses orders with exception 4. */
  fault(on: boolean): void
  /** Cuts its connections and refuses new ones for so long. */
  disconnect(seconds: number): void
  /** Its clock stands still: it answers, takes orders, and nothing moves. */
  freeze(on: boolean): void
  close(): Promise<void>
}

export interface Line {
  readonly port: number
  readonly connected: boolean
  disconnect(seconds: number): void
  close(): Promise<void>
}

/** Puts a unit on a port of its own. */
export async function openLine(unit: Unit, { host = '127.0.0.1', port = 0, unit: id = 1, clock, log }: LineOptions): Promise<Line> {
  const server = await serveModbus({ host, port, clock, unit: (asked) => (asked === id ? unit : undefined), ...(log ? { log } : {}) })
  let back: Timer | undefined
  return {
    port: server.port,
    get connected() {
      return back === undefined
    },
    disconnect(seconds) {
      back?.cancel()
      server.admit(false)
      back = clock.in(seconds * SECOND, () => {
        back = undefined
        server.admit(true)
      })
    },
    close() {
      back?.cancel()
      return server.close()
    },
  }
}
