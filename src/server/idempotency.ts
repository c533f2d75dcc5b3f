/**
 * `Idempotency-Key`: a request that may be sent again without acting again (draft-ietf-httpapi-idempotency-key-header). Any request that changes
 * something may carry one; the same user, key and request get the first answer once more for a day. Answers may hold what is shown only once: they
 * are kept sealed with the key itself, which is not kept.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { type Clock, DAY, describeError, type Instant, instant, type Log, Problem, say } from '#kernel'
import { asJson, asTimestamp, type Store } from '#store'
import type { App, Reply, Request } from './app.ts'
import { SAYING } from './saying.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Under which this request is noted, until its answer is. */
    idempotency: Noted | null
  }
}

export const IDEMPOTENCY_KEPT = DAY

const HEADER = 'idempotency-key'
/** Methods that change something. */
export const CHANGING: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])
/** Answers after which nothing was done: the same key may be tried again. */
const NOTHING_DONE = new Set([408, 429, 503])
/** Of an answer, beside its body. */
const KEPT_HEADERS = ['content-type', 'location'] as const

/** `id`: what is kept of the key; `seal`: what opens the answer. */
interface Noted {
  who: string
  id: string
  seal: Buffer
}

interface Row {
  request: Buffer
  status: number | null
  headers: Record<string, string> | null
  body: Buffer | null
}

/** Has every route that registers from now on keep its answers under the keys of those who ask. */
export function addIdempotency(app: App, { store, clock, log }: { store: Store; clock: Clock; log: Log }): void {
  app.decorateRequest('idempotency', null)
  app.addHook('preHandler', async (request, reply) => {
    const key = request.headers[HEADER]
    if (key === undefined || !CHANGING.has(request.method)) return
    if (typeof key !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(key))
      throw new Problem('invalid-idempotency-key', say(SAYING.keyUnreadable), { status: 400, hint: say(SAYING.keyForm) })
    const who = senderOf(request)
    if (who === undefined) return
    const fingerprint = fingerprintOf(request)
    const noted: Noted = { who, id: digest('key', who, key).toString('hex'), seal: digest('answer', who, key) }
    const now = clock.now()
    const made = await store.first(
      `insert into cariflex.idempotency_key as k (who, key, request, created_at) values ($1, $2, $3, $4)
       on conflict (who, key) do update set request = excluded.request, created_at = excluded.created_at, status = null, headers = null, body = null
         where k.created_at < $5 returning 1`,
      [who, noted.id, fingerprint, asTimestamp(now), asTimestamp(instant(now - IDEMPOTENCY_KEPT))],
    )
    if (made) {
      request.idempotency = noted
      return
    }
    const row = await store.first<Row>('select request, status, headers, body from cariflex.idempotency_key where who = $1 and key = $2', [
      who,
      noted.id,
    ])
    // It was released in this very moment.
    if (!row) throw underWay()
    if (!row.request.equals(fingerprint))
      throw new Problem('idempotency-key-reused', say(SAYING.keyReused), { status: 422, hint: say(SAYING.keyAnew) })
    if (row.status === null) throw underWay()
    return reply
      .code(row.status)
      .headers({ ...row.headers, 'idempotent-replayed': 'true' })
      .send(row.body ? opened(row.body, noted.seal) : '')
  })
  app.addHook('onSend', async (request, reply, payload) => {
    const noted = request.idempotency
    if (!noted) return payload
    request.idempotency = null
    await settle(noted, reply, payload).catch((error: unknown) =>
      log.warn({ key: noted.id, error: describeError(error) }, 'the answer to a request with a key was not kept'),
    )
    return payload
  })

  const settle = ({ who, id, seal }: Noted, reply: Reply, payload: unknown) => {
    const isText = payload === undefined || payload === null || typeof payload === 'string'
    if (!isText || NOTHING_DONE.has(reply.statusCode))
      return store.query('delete from cariflex.idempotency_key where who = $1 and key = $2', [who, id])
    const headers = Object.fromEntries(
      KEPT_HEADERS.flatMap((name) => {
        const value = reply.getHeader(name)
        return value === undefined ? [] : [[name, String(value)]]
      }),
    )
    return store.query('update cariflex.idempotency_key set status = $3, headers = $4, body = $5 where who = $1 and key = $2', [
      ...[who, id, reply.statusCode, asJson(headers), payload ? sealed(String(payload), seal) : null],
    ])
  }
}

/** Forgets keys older than a moment; resolves to how many. */
export const forgetIdempotencyKeys =
  (store: Store) =>
  async (before: Instant): Promise<number> =>
    (await store.query('delete from cariflex.idempotency_key where created_at < $1 returning 1', [asTimestamp(before)])).length

/** Undefined for those whom nobody knows: signing in is not done under a key. */
const senderOf = ({ principal, url }: Request): string | undefined =>
  principal ? `user ${principal.user}` : /^\/(ocpp|data)\//.test(url) ? 'loopback' : undefined

const digest = (...parts: string[]): Buffer => createHash('sha256').update(parts.join('\n')).digest()

const CIPHER = 'aes-256-gcm'
const IV = 12
const TAG = 16

function sealed(text: string, key: Buffer): Buffer {
  const iv = randomBytes(IV)
  const cipher = createCipheriv(CIPHER, key, iv)
  const content = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return Buffer.concat([iv, cipher.getAuthTag(), content])
}

function opened(kept: Buffer, key: Buffer): string {
  const cipher = createDecipheriv(CIPHER, key, kept.subarray(0, IV)).setAuthTag(kept.subarray(IV, IV + TAG))
  return Buffer.concat([cipher.update(kept.subarray(IV + TAG)), cipher.final()]).toString('utf8')
}

const underWay = () =>
  new Problem('idempotency-key-in-use', say(SAYING.keyInUse), { status: 409, retry: 'later', hint: say(SAYING.keyLook) })

function fingerprintOf({ method, url, body }: Request): Buffer {
  // A body that is read as it comes is not known here.
  if (body !== undefined && body !== null && typeof (body as { pipe?: unknown }).pipe === 'function')
    throw new Problem('invalid-idempotency-key', say(SAYING.keyNotHere), { status: 400, hint: say(SAYING.keyWithout) })
  return createHash('sha256')
    .update(`${method} ${url}\n${JSON.stringify(body ?? null)}`)
    .digest()
}

/** What the OpenAPI document says of it, for operations that change something. */
export const IDEMPOTENCY_PARAMETER = {
  type: 'object',
  properties: {
    'Idempotency-Key': {
      ...{ type: 'string', minLength: 1, maxLength: 255 },
      description:
        'Of your choice: the same key with the same request gets the same answer for 24 hours and acts once; with another request 422, while the first is not answered 409.',
    },
  },
} as const
