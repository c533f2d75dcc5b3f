/** A running instance as the command line reaches it: CARIFLEX_URL and CARIFLEX_TOKEN, or on loopback the token file of the data folder. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeError, Problem } from '#kernel'

export interface Instance {
  readonly url: string
  /** @throws Problem `unreachable` when nobody answers, or the problem that the instance answered */
  get<T>(path: string): Promise<T>
  send<T>(method: 'POST' | 'DELETE', path: string, body?: unknown): Promise<T>
}

interface ProblemBody {
  code?: string
  detail?: string
  title?: string
  message?: unknown
  hint?: string
}

/** The instance that the environment names; its token is read when first needed. */
export function connectInstance(env: NodeJS.ProcessEnv): Instance {
  const url = (env['CARIFLEX_URL'] ?? `http://127.0.0.1:${env['CARIFLEX_PORT'] ?? env['PORT'] ?? 5000}`).replace(/\/+$/, '')
  const ask = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    let response: Response
    try {
      response = await fetch(`${url}${path}`, {
        method,
        headers: {
          accept: 'application/json',
          authorization: `Bearer ${tokenOf(env, url)}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(30_000),
      })
    } catch (error) {
      if (error instanceof Problem) throw error
      throw new Problem('unreachable', `No Cariflex answers at ${url}: ${describeError((error as { cause?: unknown }).cause ?? error)}.`, {
        hint: "Start it with 'cariflex start', or set CARIFLEX_URL.",
      })
    }
    const text = await response.text()
    const answer = text === '' ? {} : (JSON.parse(text) as ProblemBody)
    if (!response.ok)
      throw new Problem(
        answer.code ?? `http-${response.status}`,
        answer.detail ?? String(answer.message ?? answer.title ?? `The instance answered ${response.status}.`),
        {
          status: response.status,
          ...(answer.hint === undefined
            ? response.status === 401
              ? { hint: "Set CARIFLEX_TOKEN to a token from 'cariflex token'." }
              : {}
            : { hint: answer.hint }),
        },
      )
    return answer as T
  }
  return { url, get: (path) => ask('GET', path), send: (method, path, body) => ask(method, path, body) }
}

/** Where a running instance leaves a token for the command line on the same machine (mode 0600). */
export const tokenFile = (dataFolder: string): string => join(dataFolder, 'cli-token')

function tokenOf(env: NodeJS.ProcessEnv, url: string): string {
  if (env['CARIFLEX_TOKEN']) return env['CARIFLEX_TOKEN']
  const host = new URL(url).hostname
  const file = tokenFile(env['CARIFLEX_DATA'] ?? './data')
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
