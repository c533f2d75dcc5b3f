// The platform as the pages see it, invented: the API of ours over plain HTTP, events, and the built UI under a strict policy. For tests and for looking.
// Run by hand: node --import tsx test/browser/mock.ts [port]
import { createReadStream, existsSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chargingOf } from './mock-charging.ts'
import { fleetOf } from './mock-fleet.ts'
import { flexMeasuresOf } from './mock-flexmeasures.ts'
import { byDevice, chance, local, plan, SITE, type State, series, soc, things, ZONE } from './mock-island.ts'
import { linksOf } from './mock-links.ts'
import { peopleOf } from './mock-people.ts'
import { viewsOf } from './mock-views.ts'
import { workOf } from './mock-work.ts'

/** The built UI; WEB_BUILT names another build than that of the project. */
const WEB = process.env['WEB_BUILT'] ?? fileURLToPath(new URL('../../dist/web/', import.meta.url))
const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
}
/** Stricter than the platform's own: no inline style sheet either. */
const POLICY =
  "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: https://tile.openstreetmap.org; connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
/** A sunny Tuesday afternoon, 14:05 on the island. */
const NOON = Date.parse('2026-11-24T18:05:00Z')
const HOUR = 3_600_000

export interface Mock {
  url: string
  email: string
  password: string
  /** Roles of who is signed in: an administrator unless changed. */
  roles: string[]
  state: State
  /** Requests seen, `METHOD path`, with the body of posts. */
  seen: { line: string; body: unknown; lastEventId: string | undefined }[]
  say(event: string, data: unknown): void
  /** Cuts all connections and refuses new ones; `back()` listens again on the same port. */
  cut(): Promise<void>
  back(): Promise<void>
  stop(): Promise<void>
}

export async function startMock(wanted = 0): Promise<Mock> {
  const began = Date.now()
  let frozenAt: number | undefined
  const plugged = new Map(
    things
      .filter((thing) => thing.kind === 'vehicle' && chance(thing.device, 'plug') > 0.3)
      .map((car) => [car.device, car.device.replace('V2G', 'CP')]),
  )
  const state: State = {
    now: NOON,
    cloud: 0.22,
    allowedKw: undefined,
    plugged,
    faults: new Set(),
    cut: new Map([['BAT007', NOON + 90 * HOUR]]),
    overrides: new Map(),
  }
  const limits = new Map<
    string,
    {
      id: string
      asset: number
      rung: string
      from: string
      until: string
      because: string
      maxKw: number | null
      minKw: null
      scope: string
      origin: string
    }
  >()
  const clients = new Set<ServerResponse>()
  const seen: Mock['seen'] = []
  let serial = 0
  const sessions = new Set<string>()
  const tick = () => {
    state.now = frozenAt ?? NOON + Date.now() - began
  }
  const say = (event: string, data: unknown) => {
    const text = `id: ${++serial}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`
    for (const client of clients) client.write(text)
  }
  const { power, assets, orders, stations, talk, alarms } = viewsOf(state)
  const flexMeasures = flexMeasuresOf(state)
  const work = workOf(state)
  const charging = chargingOf(state)
  const fleet = fleetOf(state, stations)
  const links = linksOf(state)
  const people = peopleOf(() => state.now)

  type Answer = { status: number; body?: unknown; cookie?: string }
  const refuse = (status: number, code: string, detail: string, hint?: string): Answer => ({
    status,
    body: { type: 'about:blank', title: code, status, detail, code, hint },
  })
  const ok = (data: unknown): Answer => ({ status: 200, body: { data } })

  function world(name: string, body: Record<string, unknown>): Answer {
    if (name === 'cloud') state.cloud = Number(body['cover'])
    else if (name === 'freeze') frozenAt = body['on'] ? state.now : undefined
    else if (name === 'unplug') plugged.delete(String(body['vehicle']))
    else if (name === 'plug') plugged.set(String(body['vehicle']), String(body['station'] ?? String(body['vehicle']).replace('V2G', 'CP')))
    else if (name === 'fault') state.faults[body['on'] ? 'add' : 'delete'](String(body['device']))
    else if (name === 'disconnect') state.cut.set(String(body['device']), state.now + Number(body['seconds']) * 1000)
    else if (name === 'station') fleet.invite(String(body['identity']))
    else if (name !== 'swipe') return refuse(404, 'unknown-route', `No such command: ${name}.`)
    say('device', { device: body['vehicle'] ?? body['device'] ?? '', what: name })
    say('alarm', {})
    return ok({})
  }

  function answer(method: string, url: URL, body: Record<string, unknown>, session: string): Answer {
    const signed = sessions.has(session)
    const path = url.pathname.replace('/api/cariflex/v1', '')
    const ask = (name: string) => url.searchParams.get(name) ?? ''
    const parts = path.split('/').slice(1).map(decodeURIComponent)
    if (path === '/session') {
      if (method === 'DELETE') {
        sessions.delete(session)
        return { status: 204 }
      }
      if (method === 'POST') {
        if (body['email'] !== people.email || body['password'] !== 'soleil')
          return refuse(401, 'wrong-credentials', 'Unknown e-mail address or password.')
        const fresh = `mock-${sessions.size + 1}`
        sessions.add(fresh)
        return { status: 200, body: { user: people.user() }, cookie: `cariflex_session=${fresh}; HttpOnly; SameSite=Lax; Path=/` }
      }
      return signed
        ? { status: 200, body: { user: people.user() } }
        : refuse(401, 'not-signed-in', 'Nobody is signed in.', 'Sign in first.')
    }
    if (parts[0] === 'driver') return charging.driver(method, parts, url.searchParams, body)
    if (!signed) return refuse(401, 'not-signed-in', 'Nobody is signed in.')
    if (path === '/site')
      return ok({
        asset: SITE,
        name: 'Martinique',
        timezone: ZONE,
        currency: 'EUR',
        latitude: 14.64,
        longitude: -61.02,
        demo: true,
        platformName: 'Cariflex',
        version: '0.1.0',
        now: local(state.now),
        maxConsumptionKw: 800,
        maxProductionKw: 500,
      })
    const own = people.answer(method, url.pathname, body)
    if (own) return own
    if (path === '/assets') return ok(assets())
    if (parts[0] === 'assets' && parts[2] === 'series') {
      const thing = things.find((each) => String(each.asset) === parts[1])
      const start = Date.parse(ask('start'))
      const step = ask('resolution') === 'PT15M' ? 900_000 : 300_000
      const hours = { PT12H: 12, PT36H: 36, P7D: 168 }[ask('duration')] ?? 36
      if (!thing) return ok({ start: local(start), step: 'PT5M', series: [] })
      const at = ask('at') ? Date.parse(ask('at')) : state.now
      return ok({
        start: local(start),
        step: step === 900_000 ? 'PT15M' : 'PT5M',
        series: series(thing, state, start, start + hours * HOUR, step, at),
      })
    }
    if (path === '/plans/latest') return ok(plan(state))
    if (path === '/setpoints') return ok(orders(ask('device'), ask('from') ? Date.parse(ask('from')) : state.now - HOUR))
    if (path === '/limits' && method === 'GET') return ok([...limits.values()].filter((limit) => Date.parse(limit.until) > state.now))
    if (path === '/limits') {
      const id = `limit-${limits.size + 1}`
      const minutes = { PT10M: 10, PT30M: 30, PT2H: 120 }[String(body['duration'])] ?? 60
      const limit = {
        id,
        asset: SITE,
        rung: 'grid',
        from: local(state.now),
        until: local(state.now + minutes * 60_000),
        because: String(body['because']),
        maxKw: Number(body['maxKw']),
        minKw: null,
        scope: 'flexible-consumption',
        origin: `user ${people.email}`,
      }
      limits.set(id, limit)
      state.allowedKw = limit.maxKw
      say('limits', { site: SITE })
      say('plan', { site: SITE })
      return { status: 201, body: { data: limit } }
    }
    if (parts[0] === 'limits' && method === 'DELETE') {
      if (!limits.delete(parts[1]!)) return refuse(404, 'unknown-limit', 'No such limit.')
      state.allowedKw = undefined
      say('limits', { site: SITE })
      say('plan', { site: SITE })
      return { status: 204 }
    }
    if (path === '/overrides' && method === 'GET')
      return ok(
        [...state.overrides].map(([device, each]) => ({
          id: each.id,
          device,
          asset: byDevice(device)?.asset,
          powerKw: each.powerKw,
          from: local(state.now),
          until: local(each.until),
          because: each.because,
          owner: people.email,
        })),
      )
    if (path === '/overrides') {
      const device = String(body['device'])
      state.overrides.set(device, {
        id: `o-${device}`,
        powerKw: Number(body['powerKw']),
        until: state.now + HOUR,
        because: String(body['because'] ?? `${people.email} veut ${body['powerKw']} kW.`),
      })
      say('setpoint', { device, asset: byDevice(device)?.asset })
      return { status: 201, body: { data: {} } }
    }
    if (parts[0] === 'overrides' && method === 'DELETE') {
      state.overrides.delete(parts[1]!.replace('o-', ''))
      say('setpoint', { device: parts[1] })
      return { status: 204 }
    }
    if (path === '/forecasts' && method === 'POST') return { status: 202, body: { data: { job: 'f-1' } } }
    if (path === '/forecasts/skill') {
      const all = [
        {
          sensor: 41,
          asset: 2,
          name: 'PV001 power',
          model: 'clear sky × recent ratio',
          day: '2026-11-23',
          rmse: 0.41,
          rmsePersistence: 0.77,
          skill: 0.468,
          unit: 'kW',
          n: 96,
        },
        {
          sensor: 84,
          asset: 51,
          name: 'consumption_price',
          model: 'yesterday, same hour',
          day: '2026-11-23',
          rmse: 8.2,
          rmsePersistence: 8.2,
          skill: 0,
          unit: 'EUR/MWh',
          n: 24,
        },
        {
          sensor: 61,
          asset: 22,
          name: 'CP001 need',
          model: 'history by weekday',
          day: '2026-11-23',
          rmse: 3.1,
          rmsePersistence: 4.9,
          skill: 0.367,
          unit: 'kWh',
          n: 4,
        },
      ]
      return ok(all.filter((skill) => ask('sensor') === '' || String(skill.sensor) === ask('sensor')))
    }
    if (path === '/alarms') return ok(alarms())
    if (path === '/stations' && method === 'POST')
      return ok({ identity: body['identity'], asset: 99, password: 'p'.repeat(24), token: 'TOKEN-1' })
    if (path === '/stations') return ok(stations())
    if (parts[0] === 'stations' && parts[2] === 'conversation')
      return ok(talk(parts[1]!, ask('search'), ask('before') ? Number(ask('before')) : 1e9).slice(0, Number(ask('limit') || 30)))
    if (parts[0] === 'stations' && parts.length === 2) {
      const found = stations().find(({ identity }) => identity === parts[1])
      return found
        ? ok({ ...found, serial: 'SIM-0042', boot: 'Accepted', nominalKw: 22, phases: 3, variables: 4, disobedience: null })
        : refuse(404, 'unknown-station', `There is no station ${parts[1]}.`)
    }
    const ofFleet = fleet.answer(method, parts, url.searchParams, body)
    if (ofFleet !== undefined) return ok(ofFleet)
    const linked = links(method, parts, url.searchParams, body)
    if (linked !== undefined) return ok(linked)
    const charged = charging.answer(method, path, url.searchParams, body)
    if (charged) {
      if (parts[2] === 'commands' && method === 'POST') say('conversation', { peer: parts[1] })
      return charged
    }
    if (path === '/world')
      return ok({
        now: local(state.now),
        cloudCover: state.cloud,
        frozen: frozenAt !== undefined,
        vehicles: things
          .filter((thing) => thing.kind === 'vehicle')
          .map((car) => ({
            id: car.device,
            asset: car.asset,
            plugged: plugged.get(car.device) ?? null,
            socPercent: Math.round((soc(car, state.now) / 75) * 100),
            departure: local(Math.ceil(NOON / (24 * HOUR)) * 24 * HOUR + 11 * HOUR),
          })),
        devices: things
          .filter((thing) => thing.kind !== 'vehicle')
          .map(({ device }) => ({ id: device, fault: state.faults.has(device), connected: !state.cut.has(device) })),
        stations: fleet.simulated(),
      })
    if (parts[0] === 'world' && method === 'POST') return world(parts[1] ?? '', body)
    if (parts[0] === 'assets' && parts[2] === 'flex') return ok({ problems: [], resolved: {} })
    const worked = work(method, url.pathname, url.searchParams, body)
    if (worked) return worked
    const whole = method === 'GET' ? flexMeasures(url.pathname, url.searchParams) : undefined
    return whole === undefined ? refuse(404, 'unknown-route', `There is no ${path}.`) : { status: 200, body: whole }
  }

  function page(path: string, response: ServerResponse): void {
    const wanted = join(WEB, path)
    const file = path !== '/' && wanted.startsWith(WEB) && existsSync(wanted) ? wanted : join(WEB, 'index.html')
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream', 'content-security-policy': POLICY })
    createReadStream(file).pipe(response)
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    tick()
    const url = new URL(request.url ?? '/', 'http://mock')
    if (!url.pathname.startsWith('/api/')) return page(url.pathname, response)
    if (url.pathname.endsWith('/qr.svg')) {
      response.writeHead(200, { 'content-type': 'image/svg+xml' })
      return void response.end(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M1 1h3v3H1zM5 1h3v3H5zM1 5h3v3H1zM6 6h1v1H6z"/></svg>',
      )
    }
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString()
    const isJson = request.headers['content-type']?.includes('json') ?? false
    const body = (isJson && text !== '' ? JSON.parse(text) : {}) as Record<string, unknown>
    seen.push({ line: `${request.method} ${url.pathname}`, body, lastEventId: request.headers['last-event-id'] as string | undefined })
    const session = /cariflex_session=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1] ?? ''
    if (url.pathname.endsWith('/stream')) {
      if (!sessions.has(session)) return void response.writeHead(401).end()
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
      response.write('retry: 2000\n\n')
      clients.add(response)
      response.on('close', () => clients.delete(response))
      return
    }
    const { status, body: out, cookie } = answer(request.method ?? 'GET', url, body, session)
    response.writeHead(status, {
      ...(out === undefined ? {} : { 'content-type': status < 400 ? 'application/json' : 'application/problem+json' }),
      ...(cookie ? { 'set-cookie': cookie } : {}),
    })
    response.end(out === undefined ? undefined : JSON.stringify(out))
  }

  let server: Server
  const open = (port: number) =>
    new Promise<number>((resolve) => {
      server = createServer((request, response) => {
        serve(request, response).catch((error: unknown) => {
          response.writeHead(500).end(String(error))
        })
      })
      server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
    })
  const shut = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  const port = await open(wanted)
  const pulse = setInterval(() => {
    tick()
    say('live', {
      assets: things
        .filter((thing) => !state.cut.has(thing.device))
        .map((thing) => ({
          asset: thing.asset,
          ...(thing.kind === 'vehicle' ? {} : { powerKw: power(thing.device) }),
          at: local(state.now),
          freshness: thing.device === 'PV006' ? 'late' : 'fresh',
        })),
    })
  }, 1000)
  pulse.unref()
  return {
    url: `http://127.0.0.1:${port}`,
    email: people.email,
    roles: people.roles,
    password: 'soleil',
    state,
    seen,
    say,
    cut: shut,
    back: async () => {
      await open(port)
    },
    async stop() {
      clearInterval(pulse)
      await shut()
    },
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const mock = await startMock(Number(process.argv[2] ?? 5099))
  console.log(`${mock.url}  ${mock.email} / ${mock.password}`)
}
