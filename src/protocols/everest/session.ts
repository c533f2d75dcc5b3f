/** What an EVerest charging point tells of itself about once a second by its MQTT API `evse_manager_consumer`: `session_info`. */
import type { MqttLink } from './limits.ts'
import type { EvseState } from './rpc.ts'

export interface SessionInfo {
  state: EvseState
  charged_energy_wh: number
  discharged_energy_wh: number
  /** W, consumption positive. */
  latest_total_w: number
}

/** Tells every session information that can be read; resolves with how to end it. */
export const watchSession = (link: MqttLink, module: string, heard: (info: SessionInfo) => void): Promise<() => void> =>
  link.subscribe(`everest_api/1/evse_manager_consumer/${module}/e2m/session_info`, (payload) => {
    const info = read(payload)
    if (info) heard(info)
  })

function read(payload: string): SessionInfo | undefined {
  try {
    const { state, charged_energy_wh, discharged_energy_wh, latest_total_w } = JSON.parse(payload) as Record<string, unknown>
    if (typeof state !== 'string' || typeof latest_total_w !== 'number' || !Number.isFinite(latest_total_w)) return undefined
    const energy = (value: unknown) => (typeof value === 'number' && Number.isFinite(value) ? value : 0)
    return {
      ...{ state: state as EvseState, latest_total_w },
      ...{ charged_energy_wh: energy(charged_energy_wh), discharged_energy_wh: energy(discharged_energy_wh) },
    }
  } catch {
    return undefined
  }
}
