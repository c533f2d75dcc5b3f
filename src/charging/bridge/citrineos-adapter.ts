/** What differs between the versions of a running CitrineOS, as one interface: how its broker is read and written, and how its API is called. */
import type { Instant } from '#kernel'
import type { OcppVersion, Payload } from '#protocols/ocpp'

/** One OCPP message as it passes through its broker. */
export interface TapMessage {
  /** Who said it: the station, or CitrineOS (and whoever speaks for it). */
  from: 'station' | 'csms'
  kind: 'request' | 'response'
  station: string
  action: string
  /** Of a request and its response alike. */
  correlation: string
  version: OcppVersion
  at: Instant
  payload: Payload
}

/** A CALL to a station. */
export interface TapCall {
  station: string
  action: string
  correlation: string
  version: OcppVersion
  at: Instant
  payload: Payload
}

export interface CitrineAdapter {
  /** The exchange that everything passes through, as CitrineOS declares it: declared otherwise, the broker refuses. */
  readonly exchange: { readonly type: string; readonly durable: boolean }
  /** Headers that our queue is bound with. */
  bindings(tenant: number): Record<string, string>[]
  /** Undefined: not a message of a station of the tenant. Never throws. */
  read(content: Buffer, headers: Readonly<Record<string, unknown>>, tenant: number): TapMessage | undefined
  /** A CALL as CitrineOS itself would publish it. */
  write(call: TapCall, tenant: number): { headers: Record<string, string>; content: Buffer }
  /** The queue that is there while a station is connected. */
  stationQueue(tenant: number, station: string): string
  /** Paths of its message API for an action, the likeliest first; none: it has none. */
  paths(version: OcppVersion, action: string): string[]
}
