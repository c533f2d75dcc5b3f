/**
 * The door to the platform: JSON in, `{data}` out, refusals as what · why · what to do.
 * A path that begins with `/api/` is taken as it is (the FlexMeasures API at `/api/v3_0` among them); others belong to our own.
 */
const ROOT = '/api/cariflex/v1'

/** An expected failure. `code` is the platform's problem code, or 'unreachable' when nothing answered. */
export class Refusal extends Error {
  readonly code: string
  readonly status: number
  readonly hint: string | undefined
  /** What is wrong with which field of the body, where the platform says so: `name`, `flex_model.soc-min`. */
  readonly fields: Readonly<Record<string, string>>
  constructor(message: string, code: string, status: number, hint?: string, fields: Readonly<Record<string, string>> = {}) {
    super(message)
    this.fields = fields
    this.code = code
    this.status = status
    this.hint = hint
  }
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
let signedOut: () => void = () => {}

/** What to do when the platform says that nobody is signed in. */
export const onSignedOut = (then: () => void): void => {
  signedOut = then
}

/** Calls the platform; returns the body as sent, `undefined` for an empty one. Throws {@link Refusal}. */
export async function call(method: Method, path: string, body?: unknown, signal?: AbortSignal): Promise<unknown> {
  let response: Response
  try {
    response = await fetch(path.startsWith('/api/') ? path : ROOT + path, {
      method,
      credentials: 'same-origin',
      headers: {
        accept: 'application/json',
        ...(body === undefined || body instanceof FormData
          ? {}
          : { 'content-type': body instanceof Blob ? 'application/octet-stream' : 'application/json' }),
      },
      ...(body === undefined ? {} : { body: body instanceof FormData || body instanceof Blob ? body : JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
    })
  } catch (cause) {
    if (signal?.aborted) throw cause
    throw new Refusal('', 'unreachable', 0)
  }
  const text = await response.text()
  const parsed = parse(text)
  if (response.ok) return parsed
  if (response.status === 401 && path !== '/session' && path !== '/session/code' && path !== '/password') signedOut()
  throw refusal(parsed, response.status)
}

/** Both ways of saying no: problem details (RFC 9457) of ours, envelopes of FlexMeasures, whose `message` may hold fields. */
function refusal(body: unknown, status: number): Refusal {
  const problem = (body ?? {}) as { title?: string; detail?: string; code?: string; hint?: string; message?: unknown; status?: unknown }
  if (typeof problem.message === 'object' && problem.message !== null) {
    const fields = complaints(problem.message)
    const general = Object.entries(fields).filter(([field]) => field === '')
    const told = general.length > 0 ? general : Object.entries(fields)
    const text = told.map(([field, what]) => (field === '' ? what : `${field}: ${what}`)).join(' ')
    return new Refusal(text, String(problem.status ?? 'refused'), status, undefined, fields)
  }
  const code = problem.code ?? (typeof problem.status === 'string' ? problem.status : 'refused')
  return new Refusal(problem.detail ?? (problem.message as string | undefined) ?? problem.title ?? '', code, status, problem.hint)
}

/** `{json: {name: ["…"]}}` as `{name: "…"}`; what concerns the whole body stands under ''. */
function complaints(message: object): Record<string, string> {
  const told: Record<string, string> = {}
  const walk = (value: unknown, path: string[]) => {
    if (Array.isArray(value) && value.every((each) => typeof each === 'string')) told[path.join('.')] = value.join(' ')
    else if (typeof value === 'string') told[path.join('.')] = value
    else if (typeof value === 'object' && value !== null)
      for (const [key, inner] of Object.entries(value)) walk(inner, key === '_schema' ? path : [...path, key])
  }
  for (const [place, inner] of Object.entries(message)) walk(inner, LOCATIONS.has(place) ? [] : [place])
  return told
}
const LOCATIONS = new Set(['json', 'query', 'path', 'combined_sensor_data_description', 'combined_sensor_data_upload'])

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

/** Reads a body that is not wrapped in `{data}`, as those of the FlexMeasures API. */
export const readWhole = async <T>(path: string, signal?: AbortSignal): Promise<T> => (await call('GET', path, undefined, signal)) as T

export const put = (path: string, body: unknown): Promise<unknown> => call('PUT', path, body)
export const patch = (path: string, body: unknown): Promise<unknown> => call('PATCH', path, body)
export const post = (path: string, body: unknown = {}): Promise<unknown> => call('POST', path, body)
export const remove = (path: string): Promise<unknown> => call('DELETE', path)
