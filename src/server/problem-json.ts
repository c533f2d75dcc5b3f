/** Errors at our own door: expected failures as RFC 9457 `application/problem+json`, everything else as 500 in the log. */
import { isProblem, type Log, Problem } from '#kernel'
import type { Reply, Request } from './app.ts'

interface FrameworkError {
  statusCode?: number
  code?: string
  message: string
  validation?: { instancePath: string; message?: string; params?: Record<string, unknown> }[]
  validationContext?: string
}

/** How people call the parts of a request that schemas check. */
const PARTS: Record<string, string> = { querystring: 'query', params: 'path', headers: 'header' }

const HINTS: Record<string, string> = {
  FST_ERR_CTP_INVALID_JSON_BODY: 'Send well-formed JSON.',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'Send JSON, with Content-Type: application/json.',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'Let Content-Length be the number of bytes of the body.',
  FST_ERR_BAD_URL: 'Write what is special in the address as % and the two digits of each UTF-8 byte.',
}

/** The Problem that stands for a thrown value, or undefined when it is a bug. */
export function problemOf(error: unknown): Problem | undefined {
  if (isProblem(error)) return error
  if (!(error instanceof Error)) return undefined
  // Two at once wanted the same name: the second is told so.
  if ('code' in error && error.code === '23505')
    return new Problem('exists-already', 'Something that must be the only one of its kind is there already.', {
      status: 409,
      hint: 'Choose another name, or look whether it is the one you want.',
    })
  const framework = error as Error & FrameworkError
  if (framework.validation) {
    const first = framework.validation[0]
    const extra = first?.params?.['additionalProperty']
    const field = `${first?.instancePath ?? ''}${extra === undefined ? '' : `/${String(extra)}`}`.replace(/^\//, '')
    const where = PARTS[framework.validationContext ?? ''] ?? 'body'
    const one = framework.validation.flatMap(({ params }) => params?.['allowedValue'] ?? params?.['allowedValues'] ?? [])
    const what = one.length > 0 ? `must be one of ${one.map((value) => JSON.stringify(value)).join(', ')}` : (first?.message ?? '')
    return new Problem('invalid-request', `The ${where} is not valid: ${field === '' ? '' : `'${field}' `}${what}.`, {
      status: 422,
      hint: 'See /openapi.json for what this route takes.',
      details: { where, field },
    })
  }
  if (framework.code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return new Problem('payload-too-large', 'The body is too large.', { status: 413, hint: 'Send it in smaller parts.' })
  if (framework.statusCode !== undefined && framework.statusCode >= 400 && framework.statusCode < 500)
    return new Problem('bad-request', framework.message, {
      status: framework.statusCode,
      hint: HINTS[framework.code ?? ''] ?? 'See /openapi.json for what there is.',
    })
  return undefined
}

/** Seconds a client is asked to wait before it tries again. */
export const retryAfter = (problem: Problem): number | undefined => {
  const told = problem.details?.['retryAfter']
  return typeof told === 'number' ? told : problem.retry === 'later' && problem.status === 503 ? 2 : undefined
}

const TITLES: Record<number, string> = {
  400: 'Bad request',
  401: 'Not signed in',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict',
  413: 'Too large',
  415: 'Unsupported media type',
  422: 'Not valid',
  429: 'Too many requests',
  500: 'Internal error',
  503: 'Unavailable',
}

export const problemHandler =
  (log: Log) =>
  (error: unknown, request: Request, reply: Reply): void => {
    const problem = problemOf(error)
    if (!problem) log.error({ error, method: request.method, path: pathOf(request) }, 'a request failed unexpectedly')
    const known =
      problem ??
      new Problem('internal-error', 'Something went wrong here; it was logged.', {
        status: 500,
        hint: 'Tell the operator when it happened.',
      })
    const wait = retryAfter(known)
    if (wait !== undefined) reply.header('Retry-After', wait)
    reply.code(known.status).type('application/problem+json').send(problemBody(known))
  }

export const problemBody = (problem: Problem) => ({
  type: `urn:cariflex:problem:${problem.code}`,
  title: TITLES[problem.status] ?? 'Failed',
  status: problem.status,
  detail: problem.message,
  code: problem.code,
  ...(problem.hint !== undefined && { hint: problem.hint }),
  ...(problem.details !== undefined && { details: problem.details }),
})

/** Path without the query, which may carry secrets. */
export const pathOf = (request: Request): string => request.url.split('?', 1)[0]!
