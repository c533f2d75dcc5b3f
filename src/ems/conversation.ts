/** Who said what to which device or partner: the searchable, redacted log of conversations. The face; kept in `cariflex.conversation`. */
import type { Instant } from '#kernel'

export interface Utterance {
  at: Instant
  /** Identity of the peer: station 'CP001', battery 'BAT003'. */
  peer: string
  /** 'ocpp2.0.1', 'modbus', … */
  bus: string
  direction: 'in' | 'out'
  /** 'CALL', 'CALLRESULT', 'CALLERROR', 'read', 'write', 'connect', 'close' … */
  kind: string
  action?: string
  /** Ties an answer to its question. */
  message?: string
  payload?: unknown
  /** Milliseconds between question and answer, on answers. */
  took?: number
}

export interface Conversation {
  /** Never blocks and never throws: written in batches behind the scenes. */
  note(utterance: Utterance): void
}
