// The real FlexMeasures, unmodified, and Cariflex on the same database, one after the other; then both side by side on the same problems.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { freePort, until } from '../journeys/territory.ts'
import { type Api, schedule, signIn } from './flexmeasures-api.ts'
import { openPeer, type Peer, peerMissing, type ScheduleCase, sharedCases } from './flexmeasures-peer.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const PASSWORD = 'proof-pass-1'
const skip = peerMissing() ?? false

/** Cariflex on the database of the peer, configured by the peer's own settings file. */
async function startCariflex(t: TestContext, peer: Peer, data: string): Promise<{ url: string; stop(): Promise<void> }> {
  const port = await freePort()
  const log = openSync(join(data, 'program.log'), 'a')
  const args = ['bin/cariflex.js', 'start', '--port', String(port), '--data', data, '--flexmeasures-config', peer.config]
  const child: ChildProcess = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', log, log] })
  closeSync(log)
  t.after(() => child.exitCode ?? child.kill('SIGKILL'))
  const url = `http://127.0.0.1:${port}`
  await until(
    'Cariflex is ready',
    async () => (await fetch(`${url}/health/ready`)).status,
    (status) => status === 200,
    60_000,
    100,
  ).catch((error: unknown) => {
    throw new Error(`${error}\n${readFileSync(join(data, 'program.log'), 'utf8').slice(-3000)}`)
  })
  return {
    url,
    async stop() {
      if (child.exitCode !== null) return
      const gone = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      await gone
    },
  }
}

function cariflex(...args: string[]): string {
  const done = spawnSync(process.execPath, ['bin/cariflex.js', ...args], { cwd: ROOT, encoding: 'utf8' })
  assert.equal(done.status, 0, `cariflex ${args[0]}: ${done.stdout}${done.stderr}`)
  return done.stdout
}

function dataFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'cariflex-peer-data-'))
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20 }))
  return folder
}

const DAY = '2026-11-18T00:00:00-04:00'
const SITE = 4
const BATTERIES = [16, 18, 20]
const PLAN = { start: DAY, duration: 'P1D', 'flex-model': BATTERIES.map((sensor) => ({ sensor, 'soc-at-start': '50 kWh' })) }

/** A plan of the territory for a day: the power of each battery, kW, consumption positive. */
async function planDay(api: Api): Promise<number[][]> {
  const { schedule: job } = await api.ok('POST', `/assets/${SITE}/schedules/trigger`, PLAN)
  const plans: number[][] = []
  for (const sensor of BATTERIES) {
    const { status, body } = await schedule(api, sensor, String(job), 'P1D')
    assert.equal(status, 200, JSON.stringify(body).slice(0, 500))
    plans.push(body['values'] as number[])
  }
  return plans
}

const stored = async (api: Api, sensor: number) => {
  const query = `start=${encodeURIComponent(DAY)}&duration=P1D&unit=kW`
  return (await api.ok('GET', `/sensors/${sensor}/data?${query}`))['values'] as (number | null)[]
}
const near = (a: readonly number[], b: readonly (number | null)[], sign: 1 | -1) =>
  a.length === b.length && a.every((value, index) => Math.abs(value - sign * (b[index] ?? Number.NaN)) < 1e-5)

test('a FlexMeasures database is adopted, used for a day of planning, opened again by FlexMeasures, and then again by Cariflex', {
  skip,
}, async (t) => {
  const peer = await openPeer(t)
  const data = dataFolder(t)
  const shape = () =>
    peer.sql(`select md5(string_agg(concat_ws('|', table_name, column_name, data_type, column_default, is_nullable), ';' order by table_name, ordinal_position))
    from information_schema.columns where table_schema = 'public'`)
  const before = shape()
  cariflex('adopt', '--database', peer.databaseUrl, '--data', data, '--yes')
  const first = await startCariflex(t, peer, data)
  const member = await signIn(first.url, 'member@example.com', PASSWORD)
  await assert.rejects(signIn(first.url, 'inactive@example.com', PASSWORD), /gave inactive@example\.com no token: 401/)
  await assert.rejects(signIn(first.url, 'member@example.com', 'proof-pass-2'), /401/)
  const ours = await planDay(member)
  assert.ok(
    ours.every((plan) => plan.length === 96 && plan.some((value) => value > 1) && plan.some((value) => value < -1)),
    'the batteries work',
  )
  cariflex(
    'user',
    'password',
    'manager@example.com',
    '--password',
    'chosen in Cariflex',
    '--flexmeasures-config',
    peer.config,
    '--data',
    data,
  )
  await first.stop()
  assert.equal(shape(), before, 'no FlexMeasures table has another column')

  assert.match(peer.flexmeasures('db', 'current'), /3bc1e29ca1f4/)
  const url = await peer.start()
  const theirs = await signIn(url, 'member@example.com', PASSWORD)
  const assets = (await (await fetch(`${url}/api/v3_0/assets`, { headers: { authorization: await tokenOf(url) } })).json()) as {
    name: string
  }[]
  assert.ok(assets.some(({ name }) => name === 'Battery 1'))
  for (const [index, sensor] of BATTERIES.entries())
    assert.ok(near(ours[index]!, await stored(theirs, sensor), -1), `FlexMeasures reads the schedule of Cariflex on sensor ${sensor}`)
  await signIn(url, 'manager@example.com', 'chosen in Cariflex')
  await assert.rejects(signIn(url, 'manager@example.com', PASSWORD), /401/)
  const again = await planDay(theirs)
  assert.equal(again.length, 3)
  await peer.stop()

  const second = await startCariflex(t, peer, data)
  const back = await signIn(second.url, 'member@example.com', PASSWORD)
  for (const [index, sensor] of BATTERIES.entries())
    assert.ok(near(again[index]!, await stored(back, sensor), -1), `Cariflex reads the schedule of FlexMeasures on sensor ${sensor}`)
  await second.stop()
})

const tokenOf = async (url: string): Promise<string> => {
  const answer = await fetch(`${url}/api/requestAuthToken`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: 'admin@example.com', password: PASSWORD }),
  })
  return ((await answer.json()) as { auth_token: string }).auth_token
}

/** What a server says of a case: its cost, and the milliseconds from trigger to plan. Undefined cost: refused, with its words. */
interface Outcome {
  cost?: number
  /** The middle of all rounds, and the first, in which a server meets the case for the first time. */
  ms: number
  first: number
  said?: string
}

/** Rounds of each case, as many on each server; a round asks anew, never for what was planned before. */
const ROUNDS = 3

async function solve(api: Api, given: ScheduleCase, tag: string): Promise<Outcome> {
  const types = (await api.ok('GET', '/assets/types')) as unknown as { id: number; name: string }[]
  const { account_id: account } = await api.ok('GET', `/users/${api.user}`)
  const ids = new Map<string, number>()
  const filled = (value: unknown): unknown => {
    if (typeof value === 'string' && value.startsWith('@')) return ids.get(value.slice(1))
    if (Array.isArray(value)) return value.map(filled)
    if (value !== null && typeof value === 'object')
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, filled(item)]))
    return value
  }
  for (const { key, type, parent } of given.assets) {
    const made = await api.ok('POST', '/assets', {
      name: `${given.name} ${key} ${tag}`,
      generic_asset_type_id: types.find(({ name }) => name === type)?.id,
      latitude: 14.6,
      longitude: -61,
      account_id: account,
      ...(parent !== undefined && { parent_asset_id: ids.get(`asset:${parent}`) }),
    })
    ids.set(`asset:${key}`, Number(made['id']))
  }
  for (const { key, asset, unit, res, tz, attributes } of given.sensors) {
    const made = await api.ok('POST', '/sensors', {
      name: key,
      generic_asset_id: ids.get(`asset:${asset}`),
      unit,
      event_resolution: res,
      timezone: tz,
      ...(attributes && Object.keys(attributes).length > 0 && { attributes: JSON.stringify(attributes) }),
    })
    ids.set(key, Number(made['id']))
  }
  for (const { sensor, ...body } of given.data) await api.ok('POST', `/sensors/${ids.get(sensor)}/data`, body)
  for (const [key, fields] of Object.entries(given.stored ?? {}))
    await api.ok(
      'PATCH',
      `/assets/${ids.get(`asset:${key}`)}`,
      Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, JSON.stringify(filled(value))])),
    )
  const taken: number[] = []
  const duration = `PT${Math.round(given.model.n * given.model.step_h * 60)}M`
  const order = { ...(filled(given.trigger) as Record<string, unknown>), 'force-new-job-creation': true }
  let outcome: Pick<Outcome, 'cost' | 'said'> = {}
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now()
    const triggered = await api.ask('POST', `/assets/${ids.get('asset:site')}/schedules/trigger`, order)
    const job = String(triggered.body['schedule'])
    const { status, body } = triggered.status >= 300 ? triggered : await schedule(api, ids.get(given.read[0]!)!, job, duration)
    taken.push(performance.now() - start)
    outcome = status === 200 ? { cost: costOf(body) } : { said: JSON.stringify(body) }
  }
  return { ...outcome, first: taken[0]!, ms: taken.toSorted((one, other) => one - other)[Math.floor(ROUNDS / 2)]! }
}

/** The sum of all costs but preferences among equal plans. */
function costOf(body: Record<string, unknown>): number {
  const costs = (body['scheduler_info'] as { commitment_costs?: Record<string, number> | { name: string; cost: number }[] } | undefined)
    ?.commitment_costs
  const pairs = Array.isArray(costs) ? costs.map(({ name, cost }) => [name, cost] as const) : Object.entries(costs ?? {})
  return pairs.reduce((sum, [name, cost]) => (name.includes('prefer a full storage') ? sum : sum + cost), 0)
}

test('both schedule the same problems: never dearer here, and how many times faster', { skip }, async (t) => {
  const peer = await openPeer(t)
  const data = dataFolder(t)
  cariflex('adopt', '--database', peer.databaseUrl, '--data', data, '--yes', '--no-backup')
  const here = await startCariflex(t, peer, data)
  const there = await peer.start()
  const [ours, theirs] = [
    await signIn(here.url, 'admin@example.com', PASSWORD),
    await signIn(there, 'admin@example.com', PASSWORD, { rests: true }),
  ]
  const tag = Date.now().toString(36)
  const ratios: number[] = []
  const firsts: number[] = []
  // The first job of a worker loads half of Python: not counted.
  await solve(theirs, sharedCases().cases[0]!, `${tag}-warm`)
  await solve(ours, sharedCases().cases[0]!, `${tag}-warm2`)
  for (const one of sharedCases().cases) {
    const [mine, real] = [await solve(ours, one, `${tag}-c`), await solve(theirs, one, `${tag}-f`)]
    const ratio = real.ms / mine.ms
    ratios.push(ratio)
    firsts.push(real.first / mine.first)
    const cost = (outcome: Outcome) => outcome.cost?.toFixed(6) ?? 'refused'
    t.diagnostic(
      `${one.name}: cost ${cost(mine)} here, ${cost(real)} there; ${mine.ms.toFixed(1)} ms against ${real.ms.toFixed(0)} ms: ${ratio.toFixed(0)} times (first round ${mine.first.toFixed(1)} against ${real.first.toFixed(0)} ms)`,
    )
    assert.equal(mine.cost === undefined, real.cost === undefined, `${one.name}: ${mine.said ?? ''} ${real.said ?? ''}`)
    if (mine.cost !== undefined && real.cost !== undefined)
      assert.ok(mine.cost <= real.cost + Math.abs(real.cost) * 1e-6 + 1e-4, `${one.name}: ${mine.cost} here, ${real.cost} there`)
  }
  const middleOf = (all: number[]) => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)]!
  const middle = middleOf(ratios)
  t.diagnostic(
    `middle of ${ratios.length} cases, ${ROUNDS} rounds of each on each server: ${middle.toFixed(0)} times faster; in the first rounds ${middleOf(firsts).toFixed(0)} times`,
  )
  assert.ok(middle > 5, 'faster by more than chance')
  await here.stop()
  await peer.stop()
})
