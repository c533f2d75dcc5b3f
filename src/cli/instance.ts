/** A running instance as the command line reaches it: CARIFLEX_URL and CARIFLEX_TOKEN, or on loopback the token file of the data folder. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Config, describeError, loadConfig, Problem } from '#kernel'

export interface Instance {
  readonly url: string
  /** @throws Problem `unreachable` when nobody answers, or the problem that the instance answered */
  get<T>(path: string): Promise<T>
  /** The same for answers that are files. */
  text(path: string): Promise<string>
  bytes(path: string): Promise<Uint8Array>
  send<T>(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<T>
  /** Posts a file. */
  upload<T>(path: string, content: ReadableStream<Uint8Array>): Promise<T>
}

interface ProblemBody {
  code?: string
  detail?: string
  title?: string
  message?: unknown
  /** FlexMeasures, when a token is asked for. */
  errors?: string[]
  hint?: string
}

/** Where an instance of this configuration listens, as this machine reaches it. */
export function localUrl({ host, port }: { host: string; port: number }): string {
  const near = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return `http://${near.includes(':') ? `[${near}]` : near}:${port}`
}

export interface InstanceOptions {
  /** Ask without a token. */
  anonymous?: boolean
  /** Where to look for address and token; default: the configuration of this folder. */
  config?: Pick<Config, 'server' | 'database'>
}

/** The instance at CARIFLEX_URL, else at the address that is configured; its token is read when first needed. */
export function connectInstance(env: NodeJS.ProcessEnv, { anonymous = false, config }: InstanceOptions = {}): Instance {
  const settings = () => config ?? loadConfig({ env }).config
  const url = (env['CARIFLEX_URL'] ?? localUrl(settings().server)).replace(/\/+$/, '')
  const request = async (
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ text: string; bytes: Uint8Array; response: Response }> => {
    let response: Response
    try {
      response = await fetchWithin(30_000, `${url}${path}`, {
        method,
        headers: {
          accept: 'application/json, text/csv',
          ...(anonymous ? {} : { authorization: `${scheme(path)}${tokenOf(env, url, () => settings().database.folder)}` }),
          ...(body === undefined
            ? {}
            : { 'content-type': body instanceof ReadableStream ? 'application/octet-stream' : 'application/json' }),
        },
        ...(body === undefined ? {} : body instanceof ReadableStream ? { body, duplex: 'half' as const } : { body: JSON.stringify(body) }),
      })
    } catch (error) {
      if (error instanceof Problem) throw error
      throw new Problem('unreachable', `No Cariflex answers at ${url}: ${describeError((error as { cause?: unknown }).cause ?? error)}.`, {
        hint: "Start it with 'cariflex start', or set CARIFLEX_URL.",
      })
    }
    const bytes = new Uint8Array(await response.arrayBuffer())
    const text = new TextDecoder().decode(bytes)
    if (!response.ok) {
      const answer = read(text, url, response.status)
      throw new Problem(
        answer.code ?? `http-${response.status}`,
        answer.detail ?? String(answer.errors?.join('; ') ?? answer.message ?? answer.title ?? `The instance answered ${response.status}.`),
        {
          status: response.status,
          ...(answer.hint === undefined
            ? response.status === 401 && !anonymous
              ? { hint: "Set CARIFLEX_TOKEN to a token from 'cariflex token'." }
              : {}
            : { hint: answer.hint }),
        },
      )
    }
    return { text, bytes, response }
  }
  const ask = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const { text, response } = await request(method, path, body)
    return read(text, url, response.status) as T
  }
  return {
    url,
    get: (path) => ask('GET', path),
    text: async (path) => (await request('GET', path)).text,
    bytes: async (path) => (await request('GET', path)).bytes,
    send: (method, path, body) => ask(method, path, body),
    upload: (path, content) => ask('POST', path, content),
  }
}

/** The API of FlexMeasures takes the bare token, as the real one does. */
const scheme = (path: string): string => (path.startsWith('/api/v3_0') ? '' : 'Bearer ')

/** A fetch that is given up after `patience` ms. The timer keeps the program alive: AbortSignal.timeout would let it end in silence. */
export async function fetchWithin(patience: number, url: string, request: RequestInit = {}): Promise<Response> {
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(new Error(`no answer within ${patience / 1000} s`)), patience)
  try {
    return await fetch(url, { ...request, signal: abort.signal })
  } finally {
    clearTimeout(timer)
  }
}

function read(text: string, url: string, status: number): ProblemBody {
  if (text === '') return {}
  try {
    return JSON.parse(text) as ProblemBody
  } catch {
    throw new Problem('not-cariflex', `What answers at ${url} is no Cariflex: status ${status}, and no JSON.`, {
      hint: 'Correct CARIFLEX_URL, or the port.',
    })
  }
}

/** Where a running instance leaves a token for the command line on the same machine (mode 0600). */
export const tokenFile = (dataFolder: string): string => join(dataFolder, 'cli-token')

function tokenOf(env: NodeJS.ProcessEnv, url: string, folder: () => string): string {
  if (env['CARIFLEX_TOKEN']) return env['CARIFLEX_TOKEN']
  const host = new URL(url).hostname
  const file = tokenFile(folder())
  if (['127.0.0.1', 'localhost', '[::1]'].includes(host)) {
    try {
      return readFileSync(file, 'utf8').trim()
    } catch {
      // explained below
    }
  }
  throw new Problem('no-token', `No access token for ${url}: CARIFLEX_TOKEN is not set and ${file} cannot be read.`, {
    hint: "Issue one with 'cariflex token --email you@example.com', or run the command in the folder of the instance.",
  })
}
