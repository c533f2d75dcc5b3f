// Replays the answers recorded from FlexMeasures 1.0.1 against our server on a scratch database.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import test, { type TestContext } from 'node:test'
import { type News, startSolverPool } from '#ems'
import { inProcessBus, silentLog, systemClock } from '#kernel'
import { scratchStore } from '#store'
import { watchRoutes } from '../coverage.fixture.ts'
import { createServer } from '../server.ts'
import { EXPLAINED } from './differences.fixture.ts'
import { type Answer, differences, fill, mask, type Probe } from './recordings.fixture.ts'

const FILE = '../shared/data/flexmeasures/api_recordings.json'
const PASSWORD = 'proof-pass-1'

async function proofHouse(t: TestContext) {
  const store = await scratchStore(t)
  const pool = startSolverPool()
  t.after(() => pool.close())
  const server = createServer({
    config: { host: '127.0.0.1', port: 0, platformName: 'Cariflex', timezone: 'Europe/Paris', web: '/nowhere' },
    store,
    clock: systemClock,
    log: silentLog,
    bus: inProcessBus<News>(() => {}),
    pool,
  })
  watchRoutes(server.app, t)
  for (const [name, consultancy] of [
    ['Proof Account', null],
    ['Other Account', null],
    ['Consultancy Account', null],
    ['Client Account', 3],
  ] as const)
    await server.accounts.create({ name, consultancy })
  const zone = 'Europe/Amsterdam'
  const people = [
    ['admin', 1, ['admin', 'account-admin'], zone],
    ['manager', 1, ['account-admin'], zone],
    ['member', 1, [], 'America/Martinique'],
    ['reader', 1, ['admin-reader'], zone],
    ['stranger', 2, ['account-admin'], zone],
    ['consultant', 3, ['consultant'], zone],
    ['client', 4, [], zone],
    ['inactive', 1, [], zone],
  ] as const
  for (const [name, account, roles, timezone] of people)
    await server.users.create({
      email: `${name}@example.com`,
      username: `proof-${name}`,
      password: PASSWORD,
      account,
      roles,
      timezone,
      active: name !== 'inactive',
    })
  const { url } = await server.listen()
  t.after(() => server.close())
  return { url, server, people: people.map(([name]) => name) }
}

/** The recorded probes with the tag of their names replaced by this run's. */
function probesWith(tag: string): Probe[] {
  const { probes } = JSON.parse(readFileSync(FILE, 'utf8')) as { probes: Probe[] }
  const asked = JSON.stringify(probes.map(({ answer: _answer, ...probe }) => probe))
  const tags = [...asked.matchAll(/\b[0-9a-f]{8}\b/g)].map((hit) => hit[0]).filter((text) => !/^\d+$/.test(text))
  const counts = new Map<string, number>()
  for (const text of tags) counts.set(text, (counts.get(text) ?? 0) + 1)
  const old = [...counts].sort((a, b) => b[1] - a[1])[0]![0]
  return probes.map(({ answer, ...probe }) => ({
    ...(JSON.parse(JSON.stringify(probe).replaceAll(old, tag)) as Omit<Probe, 'answer'>),
    answer,
  }))
}

async function send(url: string, probe: Probe, tokens: Record<string, string>, ids: Record<string, unknown>, tag: string): Promise<Answer> {
  const path = String(fill(probe.path, ids))
  const query = new URLSearchParams()
  for (const [key, value] of Object.entries((fill(probe.query, ids) ?? {}) as Record<string, unknown>)) query.set(key, String(value))
  const headers: Record<string, string> = { ...probe.headers }
  const token = probe.as === undefined ? undefined : tokens[probe.as]
  if (token !== undefined) headers['Authorization'] ??= token
  let body: string | FormData | Buffer | undefined
  if ('json' in probe) {
    body = JSON.stringify(fill(probe.json, ids))
    headers['Content-Type'] = 'application/json'
  } else if (probe.raw !== undefined) body = Buffer.from(probe.raw)
  else if (probe.files || probe.form) {
    const form = new FormData()
    for (const file of probe.files ?? []) form.append('uploaded-files', new Blob([file.content], { type: file.mime }), file.name)
    for (const [key, value] of Object.entries(probe.form ?? {})) form.append(key, value)
    body = form
  }
  const root = path.startsWith('/api') || path.startsWith('/health') ? url : `${url}/api/v3_0`
  const answer = await fetch(`${root}${path}${query.size > 0 ? `?${query}` : ''}`, {
    method: probe.method,
    headers,
    redirect: 'manual',
    ...(body !== undefined && { body }),
  })
  const text = await answer.text()
  let got: unknown = text === '' ? null : JSON.parse(text)
  if (probe.keep && got !== null && typeof got === 'object')
    for (const key of ['id', 'schedule', 'forecast', 'asset', 'job'])
      if (key in got) {
        ids[probe.keep] = (got as Record<string, unknown>)[key]
        break
      }
  if (probe.pick && got !== null && typeof got === 'object') {
    const pick = (row: unknown) => Object.fromEntries(probe.pick!.map((key) => [key, (row as Record<string, unknown>)[key] ?? null]))
    got = Array.isArray(got) ? got.map(pick) : pick(got)
  }
  const shown: Record<string, string> = {}
  for (const name of ['FlexMeasures-Version', 'API-Version', 'Deprecation', 'Location']) {
    const value = answer.headers.get(name)
    if (value !== null) shown[name] = value
  }
  const sorted = JSON.stringify(probe.query ?? {}).includes('sort')
  return {
    status: answer.status,
    content_type: (answer.headers.get('content-type') ?? '').split(';')[0]!,
    headers: mask(shown, tag) as Record<string, string>,
    body: mask(got, tag, sorted ? '' : 'unsorted'),
  }
}

const isPending = ({ status, body }: Answer): boolean =>
  status === 202 || (status === 400 && /job waiting|in progress/.test(JSON.stringify(body)))

/** What differs: a crash that is answered counts as a difference like any other, and an answer that was no JSON by its status and by that. */
function compare(was: Answer, is: Answer): string[] {
  if (String(was.body).startsWith('<not json>') && was.status === is.status) return ['/body: a page in HTML -> JSON']
  return differences(was, is)
}

/** A difference that is known still has to be an answer: no crash, and a message where it refuses. */
const isClear = ({ status, body }: Answer): boolean =>
  status < 400 || (status < 500 && (body as { message?: unknown } | null)?.message !== undefined)

test('the answers are those recorded from FlexMeasures', { skip: existsSync(FILE) ? false : `${FILE} is not here` }, async (t) => {
  const { url, people } = await proofHouse(t)
  const tag = 'feedc0de'
  const tokens: Record<string, string> = {}
  const ids: Record<string, unknown> = {}
  for (const name of people) {
    const answer = await fetch(`${url}/api/requestAuthToken`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: `${name}@example.com`, password: PASSWORD }),
    })
    const body = (await answer.json()) as { auth_token?: string; user_id?: number }
    if (body.auth_token) tokens[name] = body.auth_token
    ids[`u_${name}`] = body.user_id
  }
  const wrong: string[] = []
  const met = new Set<string>()
  let same = 0
  for (const probe of probesWith(tag)) {
    let is = await send(url, probe, tokens, ids, tag)
    for (let i = 0; probe.poll && isPending(is) && i < 500; i++) {
      await new Promise((resolve) => setTimeout(resolve, 10))
      is = await send(url, probe, tokens, ids, tag)
    }
    const found = compare(probe.answer, is)
    if (found.length === 0) same++
    else if (EXPLAINED.has(probe.id) && isClear(is)) met.add(probe.id)
    else wrong.push(`${probe.id}\n    ${found.slice(0, 6).join('\n    ')}`)
  }
  t.diagnostic(`${same} answers as recorded, ${met.size} otherwise for a reason`)
  assert.deepEqual(wrong, [], `${wrong.length} answers differ without a reason:\n${wrong.join('\n')}`)
  assert.deepEqual(
    [...EXPLAINED.keys()].filter((probe) => !met.has(probe)),
    [],
    'explanations of nothing',
  )
})
