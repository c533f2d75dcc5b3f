/** The one HTTP port: puts the doors of the house together. Routes register before `listen`; `close` stops gracefully. */
import type { Server as HttpServer } from 'node:http'
import { type AddressInfo, createServer as createProbe } from 'node:net'
import {
  type Beliefs,
  type MailCarrier,
  type News,
  openAccountPlans,
  openAccounts,
  openAssets,
  openAutomations,
  openBeliefs,
  openForecasts,
  openLastEvents,
  openMails,
  openPasswords,
  openReports,
  openSchedules,
  openSensors,
  openSources,
  openUploadReader,
  openUsers,
  type Passwords,
  type Principal,
  type Sensors,
  type SolverPool,
  type Sources,
  sharedSolverPool,
} from '#ems'
import { type Bus, type Clock, FLEXMEASURES_DEFAULTS, HOUR, type Log, Problem, SECURITY_DEFAULTS } from '#kernel'
import { openQueue, type Queue, type Store } from '#store'
import { type App, createApp, type Request, type Routes } from './app.ts'
import { cariflexRoutes } from './cariflex/routes.ts'
import { tellStream } from './cariflex/stream.ts'
import { createRateLimits } from './flexmeasures/rate-limit.ts'
import { flexMeasuresRoutes, isFlexMeasuresPath, unknownFlexMeasuresPath, wrongFlexMeasuresMethod } from './flexmeasures/routes.ts'
import { allowForeignPages, trustHosts } from './foreign-pages.ts'
import { addHealth, type ReadinessCheck } from './health.ts'
import { addIdempotency } from './idempotency.ts'
import { createIdentity, type Identity } from './identity.ts'
import { assistantRoutes } from './mcp/routes.ts'
import { answerOtherMethods, foldSlashes, gatherMethods } from './methods.ts'
import { countRequests, createMetrics } from './metrics.ts'
import { addOpenApi } from './openapi.ts'
import { operatedBy } from './operator.ts'
import { openPresence } from './presence.ts'
import { pathOf, problemHandler } from './problem-json.ts'
import type { Rooms, ServerConfig, SteeredSite } from './rooms.ts'
import { addSecureHeaders } from './secure-headers.ts'
import { createHub } from './sse.ts'
import { createThrottle } from './throttle.ts'
import { openTokens, SESSION_LENGTH } from './tokens.ts'
import { addWeb, wantsPage } from './web.ts'

export interface ServerParts {
  config: ServerConfig
  store: Store
  clock: Clock
  log: Log
  bus: Bus<News>
  /** How passwords are checked and written; those of a new Cariflex when absent. */
  passwords?: Passwords
  beliefs?: Beliefs
  sensors?: Sensors
  sources?: Sources
  /** Opened (and closed) here when absent. */
  queue?: Queue
  pool?: SolverPool
  /** Who carries letters, and from whom they are; absent: they are shown to administrators. */
  mail?: { carrier?: MailCarrier; from?: string }
  /** Absent when this program steers no site. */
  steered?: SteeredSite | undefined
  /** In whose name every request is, whoever sends it: of programs that use the FlexMeasures routes (`app.inject`) and never `listen`. */
  operator?: () => Principal
}

export interface Server extends Rooms {
  app: App
  /** The node server, for rooms that speak WebSocket on the same port (`http.on('upgrade', …)`). */
  http: HttpServer
  authenticate: Identity['authenticate']
  requirePermission: Identity['requirePermission']
  /** Adds routes under a prefix ('' = as they are). Before `listen` only. */
  register(routes: Routes, prefix?: string): void
  /** Adds a condition to /health/ready. */
  readyWhen(name: string, check: ReadinessCheck): void
  /** Opens the port. Resolves to the address people use. */
  listen(): Promise<{ url: string; host: string; port: number }>
  close(): Promise<void>
}

export function createServer(parts: ServerParts): Server {
  const { config, store, clock, log, bus } = parts
  const refuse = problemHandler(log)
  const app = createApp(config, refuse)
  const sensors = parts.sensors ?? openSensors(store, () => clock.now())
  const sources = parts.sources ?? openSources(store)
  const passwords = parts.passwords ?? openPasswords({ log, clock })
  const users = openUsers(store, passwords)
  const sessionLength = config.sessionLength ?? SESSION_LENGTH
  const tokens = openTokens(store, users, clock, { sessionLength, tokenLength: (config.security ?? SECURITY_DEFAULTS).tokenLength })
  let listensAt = `http://localhost:${config.port}`
  const mails = openMails({
    ...{ store, clock, log, platformName: config.platformName },
    ...parts.mail,
    ...(config.language !== undefined && { language: config.language }),
    url: () => config.publicUrl?.replace(/\/+$/, '') ?? listensAt,
  })
  const presence = openPresence(store, clock, log)
  const hub = createHub(clock)
  const signedIn = createIdentity({
    users,
    tokens,
    presence,
    throttle: createThrottle(clock),
    passwords,
    sessionLength,
    tokenHeader: (config.security ?? SECURITY_DEFAULTS).tokenHeader,
  })
  const identity = parts.operator ? operatedBy(parts.operator, signedIn) : signedIn
  const checks = new Map<string, ReadinessCheck>()
  const metrics = createMetrics(hub)
  const assets = openAssets(store)
  const flexMeasures = config.flexMeasures ?? FLEXMEASURES_DEFAULTS
  const floors = flexMeasures.dialect !== '0.33'
  const beliefs = parts.beliefs ?? openBeliefs({ store, clock, bus, sensors, sources, floors })
  const uploads = openUploadReader({ clock })
  const lastEvents = openLastEvents({ store, bus, clock, log, sensors })
  const queue = parts.queue ?? openQueue({ store, clock, log })
  const pool = () => parts.pool ?? sharedSolverPool()
  const schedules = openSchedules({
    ...{ store, clock, beliefs, sensors, queue, pool, author: config.platformName },
    ...{ dialect: flexMeasures.dialect, maxSteps: flexMeasures.maxPlanningSteps, cacheMs: flexMeasures.jobCacheTtl },
    ...(flexMeasures.maxPlanningHorizon !== undefined && { maxLength: flexMeasures.maxPlanningHorizon }),
    deadlineMs: flexMeasures.jobTimeouts['scheduling'] ?? flexMeasures.jobTimeout,
  })
  const forecasts = openForecasts({
    ...{ store, clock, beliefs, sensors, assets, sources, queue },
    ...{ author: flexMeasures.defaultDatasource, planningHorizon: flexMeasures.planningHorizon },
    timeout: flexMeasures.jobTimeouts['forecasting'] ?? flexMeasures.jobTimeout,
  })
  const reports = openReports({
    ...{ store, clock, beliefs, sensors, sources, queue, author: flexMeasures.defaultDatasource },
    timeout: flexMeasures.jobTimeouts['reporting'] ?? flexMeasures.jobTimeout,
  })
  const accountPlans = openAccountPlans(store, clock)
  const rooms: Rooms = {
    config,
    flexMeasures,
    security: config.security ?? SECURITY_DEFAULTS,
    store,
    clock,
    log,
    bus,
    accounts: openAccounts(store),
    accountPlans,
    rateLimits: createRateLimits(flexMeasures, accountPlans, clock),
    users,
    assets,
    sensors,
    sources,
    beliefs,
    uploads,
    lastEvents,
    queue,
    schedules,
    forecasts,
    reports,
    automations: openAutomations({ store, clock, log }),
    identity,
    tokens,
    mails,
    presence,
    hub,
    metrics,
    steered: parts.steered,
  }
  const register = (routes: Routes, prefix = '') => void app.register(async (scope) => routes(scope as App), { prefix })
  const methods = gatherMethods(app)
  addSecureHeaders(app)
  addIdempotency(app, { store, clock, log })
  const security = config.security ?? SECURITY_DEFAULTS
  allowForeignPages(app, config.flexMeasures ?? FLEXMEASURES_DEFAULTS)
  trustHosts(app, security)
  foldSlashes(app)
  app.setErrorHandler(refuse)
  app.setNotFoundHandler((request, reply) => {
    const isFlexMeasures = isFlexMeasuresPath(request.url)
    const other = answerOtherMethods(methods, request, reply, (allowed) =>
      isFlexMeasures ? wrongFlexMeasuresMethod(request, reply, flexMeasures) : refuse(wrongMethod(request, allowed), request, reply),
    )
    if (other) return reply
    if (isFlexMeasures) return unknownFlexMeasuresPath(request, reply, flexMeasures)
    if (wantsPage(request.method, request.url, request.headers.accept) && app.hasReplyDecorator('sendFile'))
      return reply.sendFile('index.html')
    throw new Problem('unknown-path', `There is nothing at ${request.method} ${request.url.split('?', 1)[0]}.`, {
      status: 404,
      hint: 'See /openapi.json for what there is.',
    })
  })
  // An operator works by the API of FlexMeasures; nobody reads pages or documents there.
  if (!parts.operator) addOpenApi(app, config)
  countRequests(app, metrics)
  register((scope) => flexMeasuresRoutes(scope, rooms))
  if (!parts.operator) {
    register((scope) => addHealth(scope, store, clock, checks))
    register((scope) => cariflexRoutes(scope, rooms), '/api/cariflex/v1')
    register((scope) => assistantRoutes(scope, identity))
    addWeb(app, config.web)
  }
  const unfollow = tellStream(rooms)
  const pruning = clock.every(HOUR, () => void tokens.prune().catch(() => undefined))
  return {
    ...rooms,
    app,
    http: app.server,
    authenticate: identity.authenticate,
    requirePermission: identity.requirePermission,
    register,
    readyWhen: (name, check) => void checks.set(name, check),
    async listen() {
      if (parts.operator) throw new Error('a server in the name of an operator opens no port')
      await app.listen({ host: config.host, port: config.port }).catch((error: NodeJS.ErrnoException) => {
        throw portProblem(error, config)
      })
      const { port } = app.server.address() as AddressInfo
      const host = config.host === '0.0.0.0' || config.host === '::' ? 'localhost' : config.host
      listensAt = `http://${host.includes(':') ? `[${host}]` : host}:${port}`
      return { url: listensAt, host: config.host, port }
    },
    async close() {
      unfollow()
      pruning.cancel()
      hub.close()
      await app.close()
      await uploads.close()
      lastEvents.close()
      await mails.close()
      await schedules.close()
      await forecasts.close()
      await reports.close()
      if (!parts.queue) await queue.close()
      if (!parts.passwords) await passwords.close()
      await presence.close()
    },
  }
}

const wrongMethod = (request: Request, allowed: string[]): Problem =>
  new Problem('wrong-method', `${pathOf(request)} does not understand ${request.method}.`, {
    status: 405,
    hint: `It understands ${allowed.join(', ')}.`,
  })

/** Looks whether the port can be opened, before anything is started for it. @throws Problem `port-taken`, `port-refused`, `unknown-host` */
export async function portIsFree({ host, port }: Pick<ServerConfig, 'host' | 'port'>): Promise<void> {
  const probe = createProbe()
  await new Promise<void>((resolve, reject) => {
    probe.once('error', (error) => reject(portProblem(error, { host, port })))
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve()))
  })
}

function portProblem(error: NodeJS.ErrnoException, { host, port }: Pick<ServerConfig, 'host' | 'port'>): unknown {
  if (error.code === 'EADDRINUSE')
    return new Problem('port-taken', `Port ${port} is taken by another program.`, {
      hint: 'Stop it, or choose another port with CARIFLEX_PORT (0 takes any free one).',
    })
  if (error.code === 'EACCES')
    return new Problem('port-refused', `This user may not open port ${port}.`, { hint: 'Take a port above 1023.' })
  if (error.code === 'EADDRNOTAVAIL')
    return new Problem('unknown-host', `This machine has no address ${host}.`, { hint: 'Use 127.0.0.1 or 0.0.0.0.' })
  return error
}
