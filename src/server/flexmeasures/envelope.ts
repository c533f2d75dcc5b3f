/** Answers in the shapes FlexMeasures gives them (reference 2.2): envelope A for business rules, B for validation, C for generic HTTP errors. */
import { type FlexMeasuresSettings, isProblem, type Log, Problem } from '#kernel'
import type { Reply, Request } from '../app.ts'
import { pathOf, problemOf, retryAfter } from '../problem-json.ts'

/** Version whose behaviour this API shows; clients read it to know what they may ask for. */
const FLEXMEASURES_VERSION: Record<'1.0' | '0.33', string> = { '1.0': '1.0.1', '0.33': '0.33.1' }

/** The version that clients are told. */
export const versionOf = ({ dialect, announcedVersion }: Pick<FlexMeasuresSettings, 'dialect' | 'announcedVersion'>): string =>
  announcedVersion ?? FLEXMEASURES_VERSION[dialect]

/** `{ field: ['text'], list: { 0: ['text'] } }`, or one text for the whole location. */
export type FieldErrors = { [field: string]: string[] | FieldErrors }

const shaped = (status: number, message: string, body: Record<string, unknown>): Problem =>
  new Problem('flexmeasures-refusal', message, { status, details: { flexMeasures: body } })

/** Envelope A. */
export const rejected = (http: number, status: string, message: string): Problem =>
  shaped(http, message, { result: 'Rejected', status, message })

/** Envelope B. */
export const invalid = (location: string, errors: FieldErrors | string): Problem =>
  shaped(422, 'The request is not valid.', {
    message: location === '' ? errors : { [location]: errors },
    result: 'Rejected',
    status: 'UNPROCESSABLE_ENTITY',
  })

/** Envelope C. */
export const failed = (http: number, message: string): Problem => shaped(http, message, { message, status: http })

export const unauthorized = (): Problem =>
  shaped(401, 'Not signed in.', {
    message: 'You could not be properly authenticated for this content or functionality.',
    status: 'UNAUTHORIZED',
  })

export const invalidSender = (): Problem => rejected(403, 'INVALID_SENDER', 'You cannot be authorized for this content or functionality.')

export const processed = { status: 'PROCESSED', message: 'Request has been processed.' } as const

/** An empty answer; clients parse it as JSON by its content type all the same. */
export const noContent = (reply: Reply): Reply => reply.code(204).header('Content-Type', 'application/json').send()

/** The door of this API: every failure leaves in its own envelope, bugs are logged. */
export const envelopeHandler =
  (log: Log) =>
  (error: unknown, request: Request, reply: Reply): void => {
    const problem = problemOf(error)
    if (!problem) log.error({ error, method: request.method, path: pathOf(request) }, 'a request failed unexpectedly')
    const wait = problem && retryAfter(problem)
    if (wait !== undefined) reply.header('Retry-After', wait)
    const http = problem?.status ?? 500
    reply
      .code(http)
      .type('application/json')
      .send(problem ? envelopeOf(problem) : { message: 'Something went wrong here; it was logged.', status: 500 })
  }

function envelopeOf(problem: Problem): Record<string, unknown> {
  const own = problem.details?.['flexMeasures']
  if (own) return own as Record<string, unknown>
  switch (problem.code) {
    case 'forbidden':
      return { result: 'Rejected', status: 'INVALID_SENDER', message: problem.message }
    case 'invalid-replacement':
      return { result: 'Rejected', status: 'INVALID_REPLACEMENT', message: problem.message }
    case 'payload-too-large':
      return { result: 'Rejected', status: 'PAYLOAD_TOO_LARGE', message: problem.message }
    case 'too-many-attempts':
      return { result: 'Rejected', status: 'TOO_MANY_REQUESTS', message: `${problem.message} ${problem.hint ?? ''}`.trim() }
    default:
      if (problem.status === 422) return { message: { json: problem.message }, result: 'Rejected', status: 'UNPROCESSABLE_ENTITY' }
      return { message: problem.hint === undefined ? problem.message : `${problem.message} ${problem.hint}`, status: problem.status }
  }
}

/** True for Problems that carry the code, for translating them here and there. */
export const hasCode = (error: unknown, ...codes: string[]): error is Problem => isProblem(error) && codes.includes(error.code)
