/** The door to the platform: JSON in, `{data}` out, refusals as what · why · what to do. */
const ROOT = '/api/cariflex/v1'

/** An expected failure. `code` is the platform's problem code, or 'unreachable' when nothing answered. */
export class Refusal extends Error {
  readonly code: string
  readonly status: number
  readonly hint: string | undefined
  constructor(message: string, code: string, status: number, hint?: string) {
    super(message)
    this.code = code
    this.status = status
    this.hint = hint
  }
}

type Method = 'GET' | 'POST' | 'DELETE'
let signedOut: () => void = () => {}

/** What to do when the platform says that nobody is signed in. */
export const onSignedOut = (then: () => void): void => {
  signedOut = then
}

/** Calls the platform; returns the body as sent, `undefined` for an empty one. Throws {@link Refusal}. */
export async function call(method: Method, path: string, body?: unknown, signal?: AbortSignal): Promise<unknown> {
  let response: Response
  try {
    response = await fetch(ROOT + path, {
      method,
      credentials: 'same-origin',
      headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
    })
  } catch (cause) {
    if (signal?.aborted) throw cause
    throw new Refusal('', 'unreachable', 0)
  }
  const text = await response.text()
  const parsed = parse(text)
  if (response.ok) return parsed
  const problem = (parsed ?? {}) as { title?: string; detail?: string; code?: string; hint?: string; message?: string }
  if (response.status === 401 && path !== '/session') signedOut()
  throw new Refusal(problem.detail ?? problem.message ?? problem.title ?? '', problem.code ?? 'refused', response.status, problem.hint)
}

function parse(text: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Reads `{data}`. */
export async function read<T>(path: string, signal?: AbortSignal): Promise<T> {
  const body = (await call('GET', path, undefined, signal)) as { data: T } | undefined
  if (!body || typeof body !== 'object' || !('data' in body)) throw new Refusal('', 'bad-answer', 200)
  return body.data
}

export const post = (path: string, body: unknown = {}): Promise<unknown> => call('POST', path, body)
export const remove = (path: string): Promise<unknown> => call('DELETE', path)
