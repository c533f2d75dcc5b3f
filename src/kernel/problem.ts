/** Expected failures. Anything that is not a Problem is a bug: logged with its stack, answered with 500, never hidden. */

export interface ProblemDetails {
  /** HTTP status that a web door would answer; other doors translate it to their own codes. */
  status?: number
  /** 'later' when the same request may succeed by itself (database away, device busy). */
  retry?: 'never' | 'later'
  /** What the reader can do about it, one sentence. */
  hint?: string
  /** Machine-readable extras (the field, the allowed values); never secrets. */
  details?: Record<string, unknown>
  cause?: unknown
}

/**
 * An expected failure with a stable kebab-case code. `message` says what happened and why, `hint` what to do.
 *
 *     throw new Problem('unknown-unit', "Unit 'kWat' is not known.", { status: 422, hint: "Did you mean 'kWh'?" })
 */
export class Problem extends Error {
  readonly code: string
  readonly status: number
  readonly retry: 'never' | 'later'
  readonly hint: string | undefined
  readonly details: Record<string, unknown> | undefined

  constructor(code: string, message: string, more: ProblemDetails = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    this.name = 'Problem'
    this.code = code
    this.status = more.status ?? 400
    this.retry = more.retry ?? 'never'
    this.hint = more.hint
    this.details = more.details
  }
}

/** True for expected failures; narrows the type. */
export const isProblem = (error: unknown): error is Problem => error instanceof Problem

/** One line for any thrown value, for logs and command lines. */
export function describeError(error: unknown): string {
  if (error instanceof Problem) return error.hint ? `${error.message} ${error.hint}` : error.message
  if (error instanceof AggregateError && error.message === '') return error.errors.map(describeError).join('; ')
  return error instanceof Error ? error.message : String(error)
}
