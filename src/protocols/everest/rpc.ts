/** A client of EVerest's RpcApi: JSON-RPC 2.0 over a plain WebSocket, without TLS and without authentication; for a station in reach of one's own network. */
import { WebSocket } from 'ws'
import { type Clock, Problem, systemClock, type Timer } from '#kernel'

export type EvseState =
  | 'Unplugged'
  | 'Disabled'
  | 'Preparing'
  | 'Reserved'
  | 'AuthRequired'
  | 'WaitingForEnergy'
  | 'Charging'
  | 'ChargingPausedEV'
  | 'ChargingPausedEVSE'
  | 'Finished'
  | 'SwitchingPhases'

export interface EvseInfo {
  index: number
  id: string
  description?: string
  available_connectors: { index: number; type: string; description?: string }[]
  supported_energy_transfer_modes: string[]
}
export interface EvseStatus {
  charged_energy_wh: number
  discharged_energy_wh: number
  charging_duration_s: number
  charging_allowed: boolean
  available: boolean
  active_connector_index: number
  error_present: boolean
  charge_protocol: 'Unknown' | 'IEC61851' | 'DIN70121' | 'ISO15118' | 'ISO15118_20'
  state: EvseState
  ac_charge_param?: { evse_max_current?: number; evse_max_phase_count?: number }
}
export interface HardwareCapabilities {
  max_current_A_export: number
  max_current_A_import: number
  max_phase_count_export: number
  max_phase_count_import: number
  min_current_A_export: number
  min_current_A_import: number
  min_phase_count_export: number
  min_phase_count_import: number
  phase_switch_during_charging: boolean
}
export interface MeterData {
  timestamp: string
  meter_id: string
  energy_Wh_import: { total: number }
  energy_Wh_export?: { total: number }
  /** W, import positive. */
  power_W?: { total: number; L1?: number; L2?: number; L3?: number }
}
export interface ActiveError {
  type: string
  sub_type: string
  message: string
  severity: string
  timestamp: string
  uuid: string
}

/** What EVerest tells unasked. */
export interface EverestEvents {
  'EVSE.StatusChanged': { evse_index: number; evse_status: EvseStatus }
  'EVSE.MeterDataChanged': { evse_index: number; meter_data: MeterData }
  'EVSE.HardwareCapabilitiesChanged': { evse_index: number; hardware_capabilities: HardwareCapabilities }
  'ChargePoint.ActiveErrorsChanged': { active_errors: ActiveError[] }
}

export interface EverestOptions {
  /** `ws://192.168.1.20:8080` */
  url: string
  clock?: Clock
  /** Longest wait for an answer, ms; default 5 s. */
  timeout?: number
  heard?<Name extends keyof EverestEvents>(name: Name, event: EverestEvents[Name]): void
}

export interface EverestStation {
  readonly apiVersion: string
  readonly charger: { vendor?: string; model?: string; serial?: string; firmware_version?: string }
  evses(): Promise<EvseInfo[]>
  errors(): Promise<ActiveError[]>
  status(evse: number): Promise<EvseStatus>
  capabilities(evse: number): Promise<HardwareCapabilities>
  meter(evse: number): Promise<MeterData>
  allow(evse: number, allowed: boolean): Promise<void>
  /** A per phase. EVerest may hold lower limits of its own: what holds is told by `EVSE.StatusChanged`. */
  acCurrent(evse: number, current: number): Promise<void>
  acPhases(evse: number, phases: 1 | 3): Promise<void>
  /** W. */
  dcPower(evse: number, power: number): Promise<void>
  enable(evse: number, connector: number, on: boolean): Promise<void>
  readonly closed: Promise<void>
  close(): void
}

const TIMEOUT = 5000
const EVENTS: ReadonlySet<string> = new Set<keyof EverestEvents>([
  'EVSE.StatusChanged',
  'EVSE.MeterDataChanged',
  'EVSE.HardwareCapabilitiesChanged',
  'ChargePoint.ActiveErrorsChanged',
])
const LONGEST = 1 << 20

/**
 * Connects and says hello, which EVerest wants within five seconds.
 * @throws Problem everest-unreachable, everest-silent, everest-refused (details.error of EVerest), everest-garbage
 */
export async function connectEverest({ url, clock = systemClock, timeout = TIMEOUT, heard }: EverestOptions): Promise<EverestStation> {
  const socket = new WebSocket(url, { maxPayload: LONGEST, handshakeTimeout: timeout, followRedirects: false })
  const open = new Map<number, { resolve(result: unknown): void; reject(problem: unknown): void; timer: Timer }>()
  let serial = 0
  const lost = () => new Problem('everest-unreachable', `EVerest at ${url} cannot be reached.`, { status: 502, retry: 'later' })
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      for (const { reject, timer } of open.values()) {
        timer.cancel()
        reject(lost())
      }
      open.clear()
      resolve()
    })
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve())
    socket.on('error', () => reject(lost()))
  })
  socket.on('message', (data) => {
    const message = read(String(data))
    if (!message) return
    const { id, method, params, result, error } = message
    if (typeof method === 'string') {
      if (EVENTS.has(method) && typeof params === 'object' && params !== null)
        heard?.(method as keyof EverestEvents, params as EverestEvents[keyof EverestEvents])
      return
    }
    const waiting = typeof id === 'number' ? open.get(id) : undefined
    if (!waiting) return
    open.delete(id as number)
    waiting.timer.cancel()
    if (error === undefined) waiting.resolve(result)
    else {
      const { code, message: why } = error as { code?: unknown; message?: unknown }
      waiting.reject(
        new Problem('everest-refused', `EVerest refused: ${String(why)} (${String(code)}).`, { status: 502, details: { error: code } }),
      )
    }
  })
  const ask = (method: string, params?: Record<string, unknown>) =>
    new Promise<Record<string, unknown>>((resolve, reject) => {
      if (socket.readyState !== WebSocket.OPEN) return reject(lost())
      const id = ++serial
      const timer = clock.in(timeout, () => {
        open.delete(id)
        reject(
          new Problem('everest-silent', `EVerest did not answer ${method} within ${timeout / 1000} s.`, { status: 504, retry: 'later' }),
        )
      })
      open.set(id, {
        timer,
        reject,
        resolve(result) {
          const answer = typeof result === 'object' && result !== null ? (result as Record<string, unknown>) : undefined
          const code = answer?.['error']
          if (!answer)
            reject(new Problem('everest-garbage', `EVerest answered ${method} with something else than an object.`, { status: 502 }))
          else if (code !== undefined && code !== 'NoError')
            reject(
              new Problem('everest-refused', `EVerest refused ${method}: ${String(code)}.`, {
                status: code === 'ErrorInvalidEVSEIndex' || code === 'ErrorNoDataAvailable' ? 404 : 422,
                details: { error: code },
              }),
            )
          else resolve(answer)
        },
      })
      socket.send(JSON.stringify({ jsonrpc: '2.0', method, id, ...(params && { params }) }))
    })
  const part = async <Part>(method: string, field: string, params?: Record<string, unknown>): Promise<Part> => {
    const answer = await ask(method, params)
    if (answer[field] === undefined) throw new Problem('everest-garbage', `EVerest answered ${method} without '${field}'.`, { status: 502 })
    return answer[field] as Part
  }
  const order = async (method: string, params: Record<string, unknown>) => {
    await ask(method, params)
  }

  let hello: Record<string, unknown>
  try {
    hello = await ask('API.Hello')
  } catch (problem) {
    socket.terminate()
    throw problem
  }
  return {
    apiVersion: String(hello['api_version'] ?? ''),
    charger: (hello['charger_info'] ?? {}) as EverestStation['charger'],
    evses: () => part('ChargePoint.GetEVSEInfos', 'infos'),
    errors: () => part('ChargePoint.GetActiveErrors', 'active_errors'),
    status: (evse_index) => part('EVSE.GetStatus', 'status', { evse_index }),
    capabilities: (evse_index) => part('EVSE.GetHardwareCapabilities', 'hardware_capabilities', { evse_index }),
    meter: (evse_index) => part('EVSE.GetMeterData', 'meter_data', { evse_index }),
    allow: (evse_index, charging_allowed) => order('EVSE.SetChargingAllowed', { evse_index, charging_allowed }),
    acCurrent: (evse_index, max_current) => order('EVSE.SetACChargingCurrent', { evse_index, max_current }),
    acPhases: (evse_index, phase_count) => order('EVSE.SetACChargingPhaseCount', { evse_index, phase_count }),
    dcPower: (evse_index, max_power) => order('EVSE.SetDCChargingPower', { evse_index, max_power }),
    enable: (evse_index, connector_index, enable) => order('EVSE.EnableConnector', { evse_index, connector_index, enable, priority: 0 }),
    closed,
    close: () => socket.close(),
  }
}

function read(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
