/** The only place where things are put together: settings → rooms → start; stop in reverse. */

import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { accessSync, chmodSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { type Charging, type ChargingConfig, openCharging } from '#charging'
import { loadTemplate, type ModbusDevice, modbusDevice, templatePath } from '#devices'
import {
  createAdministrator,
  deviceRegistry,
  type Established,
  establishTerritory,
  findTerritory,
  isVirgin,
  type Line,
  type News,
  openBeliefs,
  openConversationLog,
  openLine,
  openSensors,
  openSources,
  openUsers,
  SAYING,
  siteOf,
  startForecasting,
  startHeartbeat,
  startPlanner,
} from '#ems'
import { keepTariff, recordTariff, signalLimits } from '#grid'
import {
  type Clock,
  describeError,
  inProcessBus,
  instant,
  type Log,
  MINUTE,
  millis,
  Problem,
  say,
  type Territory,
  wattHours,
  watts,
} from '#kernel'
import { createServer, jobRoutes, orderRoutes, portIsFree, type Server, type ServerConfig, stationRoutes, worldRoutes } from '#server'
import { endWorld, forkWorld, type PastSeries, type RunningWorld, startWorld, worldOf } from '#simulators'
import { forgetOutbox, holderOf, holdFolder, migrate, openQueue, openRetention, openStore, type Store, startEmbedded } from '#store'

/** What the platform needs to know to start; the command line makes it from the configuration. */
export interface Settings {
  /** Folder of everything that lasts. */
  data: string
  /** The operator's own PostgreSQL; absent: the embedded one in the data folder. */
  databaseUrl?: string
  host: string
  port: number
  platformName: string
  timezone: string
  admin: { email?: string; password?: string }
  /** From the configuration file. */
  territory?: Territory
  /** False: an empty database stays empty. */
  demo: boolean
  seed: number
  /** Ports of simulated devices by id; free ones otherwise. */
  simulatedPorts: Readonly<Record<string, number>>
  /** Length of the past made up at the first start of the demo, ms. */
  history: number
  heartbeat: number
  replan: number
  /** Between two refreshes of the forecasts, ms. */
  forecast: number
  retention: { jobs: number; conversations: number; outbox: number }
  solverDeadline: number
  demandResponseLevels: readonly number[]
  charging: Partial<ChargingConfig>
  /** Limits and habits of the HTTP port. */
  server: Omit<ServerConfig, 'host' | 'port' | 'platformName' | 'timezone' | 'web'>
}

export interface Platform {
  url: string
  demo: boolean
  /** Email of the administrator made now; with `password` when it was invented. */
  admin: { created: boolean; email: string; password?: string }
  stop(): Promise<void>
}

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const DEMO = join(ROOT, 'examples', 'martinique.yaml')

/** Undoes what was started, newest first; a step that fails is logged and the next one runs. */
function undoList(log: Log, signal?: AbortSignal) {
  const steps: [string, () => unknown][] = []
  return {
    /** Notes how to stop what was just started; ends the start here when it was asked to stop meanwhile. */
    add(name: string, step: () => unknown) {
      steps.push([name, step])
      signal?.throwIfAborted()
    },
    async run() {
      for (const [name, step] of steps.splice(0).reverse())
        try {
          await step()
        } catch (error) {
          log.warn({ step: name, error: describeError(error) }, 'a step of stopping failed')
        }
    },
  }
}

/** Starts the platform; resolves when it is ready. What was started is stopped again when a later step fails or `signal` asks to stop. */
export async function startPlatform(
  settings: Settings,
  { clock, log, signal }: { clock: Clock; log: Log; signal?: AbortSignal },
): Promise<Platform> {
  const undo = undoList(log, signal)
  try {
    return await start(settings, clock, log, undo)
  } catch (error) {
    await undo.run()
    throw error
  }
}

async function start(settings: Settings, clock: Clock, log: Log, undo: ReturnType<typeof undoList>): Promise<Platform> {
  // Whoever holds the folder holds the port as well; that is told when the folder is taken.
  if (holderOf(settings.data, clock) === undefined) await portIsFree(settings)
  makeFolder(settings.data)
  const pidFile = join(settings.data, 'world.pid')
  const child = mayBeDemo(settings) ? await forkWorld(pidFile) : undefined
  undo.add('world process', () => child && endWorld(child, pidFile))
  const store = await openDatabase(settings, clock, log, undo)
  const firstStart = await isVirgin(store)
  const established = await territoryOf(store, settings, clock, firstStart)
  const users = openUsers(store)
  const account = established?.account ?? (await accountOf(store, settings.platformName))
  const email = settings.admin.email ?? 'admin@cariflex.local'
  const admin = await createAdministrator(users, {
    email,
    account,
    timezone: settings.timezone,
    ...(settings.admin.password !== undefined && { password: settings.admin.password }),
  })

  const bus = inProcessBus<News>((error, news) => log.error({ news: news.kind, error }, 'a listener failed'))
  const sensors = openSensors(store, () => clock.now())
  const sources = openSources(store)
  const beliefs = openBeliefs({ store, clock, bus, sensors, sources })
  const queue = openQueue({ store, clock, log })
  undo.add('queue', () => queue.close())
  const retention = await openRetention({ queue, clock, log })
  retention.policy('jobs', millis(settings.retention.jobs), (before) => queue.forget(before))
  retention.policy('outbox', millis(settings.retention.outbox), forgetOutbox(store))
  const common = { store, clock, log, bus, sensors, sources, beliefs, queue }
  const config = {
    host: settings.host,
    port: settings.port,
    platformName: settings.platformName,
    timezone: settings.timezone,
    web: join(ROOT, 'dist', 'web'),
    ...settings.server,
  }

  if (!established) {
    child?.kill()
    const server = createServer({ config, ...common })
    const { url } = await server.listen()
    undo.add('server', () => server.close())
    await leaveToken(server, settings.data, admin.email)
    return { url, demo: false, admin, stop: undo.run }
  }

  if (!established.demo) child?.kill()
  const world = established.demo ? await simulate(settings, established, clock, firstStart, undo, log, child) : undefined
  const site = siteOf(established, { author: settings.platformName, demandResponseLevels: settings.demandResponseLevels })
  const devices = deviceRegistry()
  const source = established.demo ? { name: 'Simulation', type: 'simulation' } : { name: settings.platformName, type: 'gateway' }
  const line = openLine({
    site,
    store,
    clock,
    bus,
    log,
    devices,
    beliefs,
    sensors,
    limitSources: [signalLimits(beliefs, site)],
    readingSource: source,
  })
  const conversation = openConversationLog({ store, clock, bus, log })
  undo.add('conversation', () => conversation.close())
  retention.policy('conversations', millis(settings.retention.conversations), async (before) => {
    await conversation.forgetBefore(before)
    return 0
  })
  const charging = await openCharging({
    store,
    clock,
    log,
    bus,
    beliefs,
    devices,
    conversation,
    alarms: line.alarms,
    source,
    config: { zone: site.zone, ...settings.charging },
  })
  await register(established, charging)
  for (const device of modbusDevices(established, world, { clock, log, conversation, bus })) {
    devices.add(device)
    undo.add(device.id, () => device.close())
  }

  const plugged = () => cables(charging)
  const online = (device: string) => charging.stations().some((station) => station.device === device && station.online)
  const server = createServer({ config, ...common, steered: { line, demo: established.demo, plugged, online } })
  server.register(orderRoutes(line, account, server.identity), '/api/cariflex/v1')
  server.register(stationRoutes({ charging, conversation, established, site, rooms: server }), '/api/cariflex/v1')
  server.register(jobRoutes(server, site.zone), '/api/cariflex/v1')
  if (world) {
    const vehicles = new Map(site.devices.filter((device) => device.kind === 'vehicle').map(({ device, asset }) => [device, asset]))
    server.register(worldRoutes(world, { account, zone: site.zone, vehicles }, server.identity), '/api/cariflex/v1')
  }
  server.http.on('upgrade', (request, socket, head) => void charging.upgrade(request, socket, head))

  if (firstStart && world) await recordPast(established, world.past, line, source)
  undo.add('tariff', await startTariff(established, line, firstStart ? settings.history : 0))
  const { url } = await server.listen()
  undo.add('server', () => server.close())
  // Stations hang on the server's port: it closes only when they have gone.
  undo.add('charging', () => charging.close())
  await leaveToken(server, settings.data, admin.email)

  const forecasting = startForecasting(line, { period: settings.forecast, firstStart })
  undo.add('forecasting', async () => (await forecasting).stop())
  const planner = startPlanner(line, { period: settings.replan, deadlineMs: settings.solverDeadline, plugged })
  undo.add('planner', () => planner.stop())
  const heartbeat = startHeartbeat(line, { period: settings.heartbeat })
  undo.add('heartbeat', () => heartbeat.stop())
  if (world)
    world.go({
      ocpp: `${url.replace(/^http/, 'ws')}/ocpp`,
      http: url,
      token: await gatewayToken(server, account),
      weather: weatherSensors(established),
    })
  // The first look and the first plan take seconds: people need not wait for them.
  void Promise.all([heartbeat.beat(), forecasting])
    .then(() => planner.plan(say(SAYING.start)))
    .catch((error: unknown) => log.error({ error }, 'the first plan failed'))
  return { url, demo: established.demo, admin, stop: undo.run }
}

/** @throws Problem `data-folder` when this user cannot make the folder or cannot write there */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true })
    accessSync(folder, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new Problem('data-folder', `The data folder cannot be used: ${describeError(error)}.`, {
      hint: 'Give it to this user, or name another one with --data or CARIFLEX_DATA.',
      cause: error,
    })
  }
}

/** Whether this start will probably need the simulated world: its process is started while the database comes up. */
const mayBeDemo = ({ territory, demo, data, databaseUrl }: Settings): boolean =>
  territory === undefined &&
  demo &&
  (existsSync(join(data, 'world.json')) || (databaseUrl === undefined && !existsSync(join(data, 'pg-port'))))

async function openDatabase(settings: Settings, clock: Clock, log: Log, undo: ReturnType<typeof undoList>): Promise<Store> {
  let url = settings.databaseUrl
  if (url === undefined) {
    const embedded = await startEmbedded({ folder: settings.data, log, clock })
    undo.add('database', () => embedded.stop())
    url = embedded.url
  } else {
    const hold = await holdFolder(settings.data, clock)
    undo.add('data folder', () => hold.release())
  }
  const store = await openStore({ url, log, clock })
  undo.add('store', () => store.close())
  await migrate(store)
  return store
}

/** The configured territory, the one established before, or the demo in an empty database. */
async function territoryOf(store: Store, settings: Settings, clock: Clock, firstStart: boolean): Promise<Established | undefined> {
  if (settings.territory) return establishTerritory(store, clock, settings.territory, false)
  const known = await findTerritory(store)
  if (known || !firstStart || !settings.demo) return known
  return establishTerritory(store, clock, demoTerritory(), true)
}

/** The demo of the package; its simulated stations get passwords of their own, as real ones would. */
function demoTerritory(): Territory {
  const { territory } = parse(readFileSync(DEMO, 'utf8')) as { territory: Territory }
  const devices = territory.devices.map((device) =>
    device.bus === 'ocpp' ? { ...device, password: randomBytes(15).toString('hex') } : device,
  )
  return { ...territory, devices }
}

const accountOf = async (store: Store, name: string): Promise<number> => {
  const row =
    (await store.first<{ id: number }>('select id from account order by id limit 1')) ??
    (await store.first<{ id: number }>('insert into account (name) values ($1) returning id', [name]))
  return row!.id
}

async function simulate(
  settings: Settings,
  { territory }: Established,
  clock: Clock,
  firstStart: boolean,
  undo: ReturnType<typeof undoList>,
  log: Log,
  child?: ChildProcess,
): Promise<RunningWorld> {
  const now = Math.floor(clock.now() / (15 * MINUTE)) * 15 * MINUTE
  const spec = worldOf(territory, { seed: settings.seed, ports: settings.simulatedPorts, memory: join(settings.data, 'world.json') })
  const world = await startWorld(firstStart ? { ...spec, history: { from: now - settings.history, until: now, step: 5 * MINUTE } } : spec, {
    pidFile: join(settings.data, 'world.pid'),
    ...(child && { child }),
  })
  let stopping = false
  world.onEnd((code) => stopping || log.error({ code }, 'the simulated world ended by itself; restart to bring it back'))
  undo.add('world', () => {
    stopping = true
    return world.stop()
  })
  return world
}

async function register({ territory, assets }: Established, charging: Charging): Promise<void> {
  for (const { id, asset, kind, nominalKw, phases, password, sensors } of territory.devices)
    if (kind === 'evse' && sensors.power !== undefined)
      await charging.registerStation({
        identity: id,
        asset: assets[asset]!,
        powerSensor: sensors.power,
        nominalW: nominalKw * 1000,
        ...(phases !== undefined && { phases }),
        ...(password !== undefined && { password }),
      })
  for (const { id, asset, token, capacityKwh, floorPercent = 20, targetPercent = 80, readyBy, v2g = false, soc } of territory.vehicles ??
    []) {
    const capacity = capacityKwh * 1000
    await charging.registerVehicle({
      asset: assets[asset]!,
      device: id,
      socSensor: soc,
      capacity: wattHours(capacity),
      floor: wattHours((capacity * floorPercent) / 100),
      target: wattHours((capacity * targetPercent) / 100),
      v2g,
      ...(readyBy !== undefined && { readyBy }),
    })
    await charging.registerToken({ token, vehicle: assets[asset]! })
  }
}

type DeviceParts = Pick<Line, 'clock' | 'log' | 'bus'> & { conversation: Parameters<typeof modbusDevice>[0]['conversation'] }

function modbusDevices(
  { territory, assets }: Established,
  world: RunningWorld | undefined,
  { clock, log, bus, conversation }: DeviceParts,
): ModbusDevice[] {
  return territory.devices
    .filter((device) => device.bus === 'modbus')
    .map(({ id, asset, kind, template, host, port, unit, nominalKw, capacityKwh, minSocKwh, maxSocKwh, sensors }) => {
      const at = world ? { host: '127.0.0.1', port: world.ports[id]! } : { host, port }
      if (template === undefined || at.host === undefined)
        throw new Problem('config-device', `Device ${id} is on Modbus but has no ${template === undefined ? 'template' : 'host'}.`, {
          status: 422,
          hint: 'Add it to the device in cariflex.yaml.',
        })
      const wh = (kwh: number | undefined) => (kwh === undefined ? undefined : kwh * 1000)
      const nominal = {
        power: watts(nominalKw * 1000),
        ...defined({ capacity: wh(capacityKwh), minSoc: wh(minSocKwh), maxSoc: wh(maxSocKwh) }),
      }
      return modbusDevice({
        id,
        asset: assets[asset]!,
        kind,
        template: loadTemplate(templatePath(template)),
        host: at.host,
        sensors: sensors as Record<string, number>,
        nominal,
        clock,
        log,
        onChange: (what) => bus.tell({ kind: 'device', device: id, asset: assets[asset]!, what }),
        ...defined({ port: at.port, unit, conversation }),
      })
    })
}

/** Without the keys whose value is undefined. */
const defined = <T extends object>(given: T) =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> }

/** Which car stands at which charger, both ways. */
function cables(charging: Charging): ReadonlyMap<string, string> {
  const pairs = charging.stations().flatMap((station) =>
    station.evses.flatMap(({ transaction }) => {
      const [charger, car] = [station.device, transaction?.vehicle]
      return charger && car ? [[charger, car] as const, [car, charger] as const] : []
    }),
  )
  return new Map(pairs)
}

/** Two weeks before the first start, as the same models lived them. */
async function recordPast(
  { territory }: Established,
  past: readonly PastSeries[],
  { beliefs }: Line,
  source: Parameters<Line['beliefs']['source']>[0],
): Promise<void> {
  const id = await beliefs.source(source)
  const { irradiance, temperature } = territory.site.roles
  const sensorOf = ({ device, measure }: PastSeries): number | undefined => {
    if (measure === 'irradiance') return irradiance
    if (measure === 'temperature') return temperature
    const known = territory.devices.find((each) => each.id === device)
    return known ? known.sensors[measure] : territory.vehicles?.find((each) => each.id === device)?.soc
  }
  const batches = past.flatMap((series) => {
    const sensor = sensorOf(series)
    if (sensor === undefined) return []
    const known = series.values.flatMap((value, index) =>
      value === null ? [] : [{ at: instant(series.start + index * series.step), value }],
    )
    return [
      {
        sensor,
        source: id,
        starts: known.map(({ at }) => at),
        values: known.map(({ value }) => value),
        beliefTime: 'event-end' as const,
        sign: series.measure === 'power' ? ('consumption-positive' as const) : ('as-stored' as const),
      },
    ]
  })
  await beliefs.record(batches)
}

async function startTariff({ territory }: Established, { beliefs, clock, log, site }: Line, past: number): Promise<() => void> {
  const { tariff, gridTariff, roles } = territory.site
  const tariffs = [
    ...(tariff && roles.consumptionPrice !== undefined ? [{ sensor: roles.consumptionPrice, steps: tariff }] : []),
    ...(gridTariff && roles.gridPrice !== undefined ? [{ sensor: roles.gridPrice, steps: gridTariff }] : []),
  ]
  if (tariffs.length === 0) return () => {}
  const parts = { beliefs, clock, zone: site.zone, tariffs }
  if (past > 0) await recordTariff(parts, instant(clock.now() - past), clock.now())
  return keepTariff(parts, (error) => log.warn({ error: describeError(error) }, 'the tariff was not extended'))
}

/** A token for the command line on this machine: readable by this user only. */
async function leaveToken({ tokens, users }: Server, data: string, email: string): Promise<void> {
  const user = await users.credentials(email)
  if (!user) return
  const file = join(data, 'cli-token')
  try {
    if (await tokens.resolve(readFileSync(file, 'utf8').trim())) return
  } catch {
    // none yet
  }
  writeFileSync(file, `${await tokens.issue(user.id, 'program', 'command line')}\n`, { mode: 0o600 })
  chmodSync(file, 0o600)
}

/** The simulated weather station posts as a user of its own, as any gateway would. */
async function gatewayToken({ tokens, users }: Server, account: number): Promise<string> {
  const email = 'weather-station@simulation.local'
  const known = await users.credentials(email)
  const id = known?.id ?? (await users.create({ email, username: 'Simulated weather station', account, roles: [] })).id
  await tokens.revokeAll(id)
  return tokens.issue(id, 'program', 'simulated weather station')
}

const weatherSensors = ({ territory }: Established) =>
  defined({ irradiance: territory.site.roles.irradiance, temperature: territory.site.roles.temperature })
