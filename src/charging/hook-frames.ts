/** Webhooks are told of connections and of every frame, for programs that read along. */

import type { Webhooks } from '#ems'
import type { Instant } from '#kernel'
import type { Frame } from '#protocols/ocpp'
import { withoutSecrets } from './redaction.ts'

export type HookDesk = Pick<Webhooks, 'wants' | 'tell'>

/** What a `station.message` (it said) or `station.sent` (we said) holds. */
export interface SaidOnLine {
  stationId: string
  /** The frame as OCPP-J text; passwords are left out. */
  message: string
  correlationId: string | null
  action: string | null
  protocol: string
  origin: 'cs' | 'csms'
}

const TYPE: Partial<Record<Frame['kind'], number>> = { CALL: 2, CALLRESULT: 3, CALLERROR: 4, CALLRESULTERROR: 5, SEND: 6 }

export type HookFrames = ReturnType<typeof openHookFrames>

export function openHookFrames(webhooks: HookDesk | undefined) {
  const tell = (type: string, about: string, at: Instant, data: object) => {
    if (webhooks?.wants(type, about)) void webhooks.tell({ type, about, at, data })
  }
  return {
    frame(identity: string, version: string, { at, direction, kind, message, action, payload }: Frame) {
      const type = direction === 'in' ? 'station.message' : 'station.sent'
      if (!webhooks?.wants(type, identity) || TYPE[kind] === undefined) return
      const shown = withoutSecrets(payload ?? {})
      const parts =
        kind === 'CALL' || kind === 'SEND'
          ? [message, action, shown]
          : kind === 'CALLRESULT'
            ? [message, shown]
            : [message, ...errorParts(shown)]
      const data: SaidOnLine = {
        stationId: identity,
        message: JSON.stringify([TYPE[kind], ...parts]),
        correlationId: message ?? null,
        action: action ?? null,
        protocol: version,
        origin: direction === 'in' ? 'cs' : 'csms',
      }
      tell(type, identity, at, data)
    },
    connected: (identity: string, version: string, at: Instant) =>
      tell('station.connected', identity, at, { stationId: identity, protocol: version }),
    closed: (identity: string, version: string, at: Instant) =>
      tell('station.closed', identity, at, { stationId: identity, protocol: version }),
  }
}

/** A refusal is noted as {code, description, details}. */
function errorParts(payload: unknown): unknown[] {
  const { code, description, details } = (payload ?? {}) as { code?: string; description?: string; details?: object }
  return [code ?? 'GenericError', description ?? '', details ?? {}]
}
