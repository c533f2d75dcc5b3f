/** The FlexMeasures API as a client sees it, on whichever program answers. */

export interface Api {
  readonly user: number
  ask(method: string, path: string, body?: unknown): Promise<{ status: number; body: Record<string, unknown> }>
  /** @throws with the answer when the status is 300 or more */
  ok(method: string, path: string, body?: unknown): Promise<Record<string, unknown>>
}

/** `rests`: the server closes connections that rest while another one works; the client learns of it by its next request, and sends it again. */
export async function signIn(url: string, email: string, password: string, { rests = false } = {}): Promise<Api> {
  const answer = await fetch(`${url}/api/requestAuthToken`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password }),
  })
  const { auth_token: token, user_id: user, ...rest } = (await answer.json()) as { auth_token?: string; user_id?: number }
  if (token === undefined || user === undefined) throw new Error(`${url} gave ${email} no token: ${answer.status} ${JSON.stringify(rest)}`)
  const ask: Api['ask'] = async (method, path, body) => {
    const send = () =>
      fetch(`${url}/api/v3_0${path}`, {
        method,
        headers: { authorization: token, ...(body !== undefined && { 'content-type': 'application/json' }) },
        redirect: 'manual',
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
    const response = await (rests ? send().catch(send) : send())
    const text = await response.text()
    return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) }
  }
  return {
    user,
    ask,
    async ok(method, path, body) {
      const answer = await ask(method, path, body)
      if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body).slice(0, 800)}`)
      return answer.body
    },
  }
}

const PENDING = /Scheduling job (waiting|in progress|has an unknown status)/

/** The schedule of a trigger, asked for every 10 ms until it is there (or refused for good). */
export async function schedule(
  api: Api,
  sensor: number,
  job: string,
  duration: string,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const end = performance.now() + 180_000
  for (;;) {
    const answer = await api.ask('GET', `/sensors/${sensor}/schedules/${job}?duration=${duration}`)
    const text = JSON.stringify(answer.body)
    // 1.0.1 answers 500 while a job waits for another one.
    const pending =
      answer.status === 202 ||
      (answer.status === 400 && PENDING.test(text)) ||
      (answer.status === 500 && /has no attribute 'status'/.test(text))
    if (!pending || performance.now() > end) return answer
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
