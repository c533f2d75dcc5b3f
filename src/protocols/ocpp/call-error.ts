/** Refusals of OCPP-J: the error codes of OCPP 2.0.1 Part 4, section 4.3, and the error that carries one. */

/** Codes an OCPP 2.x end sends; anything else may come in and is passed on as it is. */
export const RPC_ERROR_CODES = [
  'FormatViolation',
  'GenericError',
  'InternalError',
  'MessageTypeNotSupported',
  'NotImplemented',
  'NotSupported',
  'OccurrenceConstraintViolation',
  'PropertyConstraintViolation',
  'ProtocolError',
  'RpcFrameworkError',
  'SecurityError',
  'TypeConstraintViolation',
] as const

export type RpcErrorCode = (typeof RPC_ERROR_CODES)[number] | (string & {})

/**
 * A refusal as it travels in a CALLERROR. A handler throws it to refuse a CALL; `Session.call` rejects with it when the other side refused.
 *
 *     throw new CallError('NotSupported', 'Reservations are switched off.')
 */
export class CallError extends Error {
  readonly code: RpcErrorCode
  readonly description: string
  readonly details: object

  constructor(code: RpcErrorCode, description = '', details: object = {}) {
    super(description === '' ? code : `${code}: ${description}`)
    this.name = 'CallError'
    this.code = code
    this.description = description
    this.details = details
  }
}
