/** The message API of a running CitrineOS: success there means that its broker has the call, not that the station took it (charging reference 1.3). */
import { type Clock, describeError, Problem, SECOND, say } from '#kernel'
import { CallError, type OcppVersion } from '#protocols/ocpp'
import type { CitrineAdapter } from './citrineos-adapter.ts'
import type { Way } from './citrineos-line.ts'
import { SAYING } from './saying.ts'

export interface ApiParts {
  url: string
  token: string | undefined
  tenant: number
  adapter: CitrineAdapter
  clock: Clock
}

export interface CitrineApi extends Way {
  /** @throws Problem `bridge-away` */
  health(): Promise<void>
}

const PATIENCE = 15 * SECOND

/** Calls go out through the API; answers are read off the tap. */
export function openCitrineApi({ url, token, tenant, adapter, clock }: ApiParts): CitrineApi {
  /** Which of its paths a version of CitrineOS has. */
  const found = new Map<string, string>()
  const origin = url.replace(/\/+$/, '')
  const away = (action: string, fault: string) =>
    new Problem('bridge-away', say(SAYING.apiAway, { action, fault }), { status: 503, retry: 'later', hint: say(SAYING.checkBridge) })
  const ask = async (action: string, path: string, init: RequestInit): Promise<Response> => {
    const stop = new AbortController()
    const limit = clock.in(PATIENCE, () => stop.abort(new Error(`no answer within ${PATIENCE / SECOND} s`)))
    try {
      return await fetch(`${origin}${path}`, { ...init, redirect: 'error', signal: stop.signal })
    } catch (error) {
      throw away(action, describeError(error))
    } finally {
      limit.cancel()
    }
  }
  const post = (version: OcppVersion, action: string, path: string, station: string, body: object) =>
    ask(action, `${path}?${new URLSearchParams({ identifier: station, tenantId: String(tenant) })}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify(body),
    }).then((answer) => {
      if (answer.ok) found.set(`${version} ${action}`, path)
      return answer
    })

  return {
    kind: 'api',
    async send({ station, action, version, payload }) {
      const known = found.get(`${version} ${action}`)
      const paths = known === undefined ? adapter.paths(version, action) : [known]
      let answer: Response | undefined
      for (const path of paths) {
        answer = await post(version, action, path, station, payload)
        if (answer.status !== 404) break
      }
      if (!answer || answer.status === 404) throw new CallError('NotSupported', say(SAYING.noPath, { action }))
      const text = (await answer.text()).slice(0, 2000)
      if (answer.status === 429 || answer.status >= 500) throw away(action, `${answer.status} ${text}`)
      if (!answer.ok) throw new CallError('FormatViolation', `CitrineOS: ${answer.status} ${text}`)
      const [confirmation] = confirmationsIn(text)
      if (confirmation?.success !== true) {
        const why = typeof confirmation?.payload === 'string' ? confirmation.payload : text
        throw new CallError(codeOf(why), `CitrineOS: ${why}`)
      }
    },
    async health() {
      const answer = await ask('health', '/health', {})
      if (!answer.ok) throw away('health', String(answer.status))
    },
  }
}

function confirmationsIn(text: string): { success?: boolean; payload?: unknown }[] {
  try {
    const read: unknown = JSON.parse(text)
    return Array.isArray(read) ? read : []
  } catch {
    return []
  }
}

/** The standard's reason for what CitrineOS refuses in words of its own. */
const codeOf = (why: string): string =>
  /evse .*not found/i.test(why) ? 'UnknownEvse' : /transaction .*not found/i.test(why) ? 'TxNotFound' : 'GenericError'
