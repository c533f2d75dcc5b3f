/** The order in which the platform starts; it stops in reverse. What is put together, and from what, is in `#assembly`. */

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  accountOf,
  addDemoFigures,
  addRetention,
  addRoutes,
  demoContract,
  gatewayToken,
  type House,
  leaveToken,
  mailOf,
  makeFolder,
  mayBeDemo,
  openDatabase,
  openSteered,
  type Settings,
  simulate,
  startSteering,
  startTelling,
  startWorkers,
  territoryOf,
  type Undo,
  undoList,
  weatherSensors,
} from '#assembly'
import {
  createAdministrator,
  isVirgin,
  makeTemplateAssets,
  type News,
  openBeliefs,
  openPasswords,
  openSensors,
  openSources,
  openUsers,
} from '#ems'
import { type Clock, inProcessBus, type Log, openOutward } from '#kernel'
import { createServer, portIsFree } from '#server'
import { endWorld, forkWorld } from '#simulators'
import { holderOf, openQueue, openRetention } from '#store'

export type { Settings } from '#assembly'

export interface Platform {
  url: string
  demo: boolean
  /** Email of the administrator made now; with `password` when it was invented. */
  admin: { created: boolean; email: string; password?: string }
  stop(): Promise<void>
}

const ROOT = fileURLToPath(new URL('..', import.meta.url))

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

async function start(settings: Settings, clock: Clock, log: Log, undo: Undo): Promise<Platform> {
  // Whoever holds the folder holds the port as well; that is told when the folder is taken.
  if (holderOf(settings.data, clock) === undefined) await portIsFree(settings)
  makeFolder(settings.data)
  const pidFile = join(settings.data, 'world.pid')
  const child = mayBeDemo(settings) ? await forkWorld(pidFile) : undefined
  undo.add('world process', () => child && endWorld(child, pidFile))
  const store = await openDatabase(settings, clock, log, undo)
  const firstStart = await isVirgin(store)
  const established = await territoryOf(store, settings, clock, firstStart)
  const demo = established?.demo ?? false
  const account = established?.account ?? (await accountOf(store, settings.platformName))
  const email = settings.admin.email ?? 'admin@cariflex.local'
  const salt = settings.server.security?.passwordSalt
  const passwords = openPasswords({ log, clock, ...(salt !== undefined && { salt }) })
  undo.add('passwords', () => passwords.close())
  const admin = await createAdministrator(openUsers(store, passwords), {
    email,
    account,
    timezone: settings.timezone,
    ...(settings.admin.password !== undefined && { password: settings.admin.password }),
  })

  if (settings.server.flexMeasures?.templateAssets) await makeTemplateAssets(store, settings.timezone)

  const bus = inProcessBus<News>((error, news) => log.error({ news: news.kind, error }, 'a listener failed'))
  const sensors = openSensors(store, () => clock.now())
  const sources = openSources(store)
  const beliefs = openBeliefs({ store, clock, bus, sensors, sources, floors: settings.server.flexMeasures?.dialect !== '0.33' })
  const queue = openQueue({ store, clock, log })
  undo.add('queue', () => queue.close())
  const retention = await openRetention({ queue, clock, log })
  const outward = openOutward({ allow: settings.outwardAllow ?? [] })
  const shell = { settings, store, clock, log, bus, sensors, sources, beliefs, queue, retention, outward, firstStart }
  const house: House = { ...shell, account, ...(await startTelling(shell, undo)) }

  if (!demo) child?.kill()
  const world = established?.demo ? await simulate(settings, established, clock, firstStart, undo, log, child) : undefined
  const opened = established && (await openSteered(house, established, world, undo))
  const steered = opened?.steered
  const server = createServer({
    config: {
      host: settings.host,
      port: settings.port,
      platformName: settings.platformName,
      timezone: settings.timezone,
      web: join(ROOT, 'dist', 'web'),
      ...settings.server,
    },
    ...{ store, clock, log, bus, sensors, sources, beliefs, queue, passwords },
    mail: mailOf(settings.mail),
    ...(steered && { steered: { line: steered.line, demo, plugged: steered.plugged, online: steered.online } }),
  })
  const open = { ...house, ...(steered && { steered }), server }
  addRetention(open)
  addRoutes(open)
  const { url } = await server.listen()
  undo.add('server', () => server.close())
  if (opened) undo.add('charging', opened.closeStations)
  await opened?.openSecurePort(url)
  await leaveToken(server, settings.data, admin.email)

  startWorkers(open, undo)
  startSteering(open, undo)
  addDemoFigures(open, admin.email, undo)
  if (world && established)
    world.go({
      ocpp: `${url.replace(/^http/, 'ws')}/ocpp`,
      http: url,
      token: await gatewayToken(server, account),
      weather: weatherSensors(established),
      contract: await demoContract(open),
    })
  return { url, demo, admin, stop: undo.run }
}
