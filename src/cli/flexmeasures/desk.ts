/** The database, with the routes and rooms of the server but no open port: what the API can, a verb does in the same way. */
import {
  type Accounts,
  type Assets,
  type Automations,
  type Beliefs,
  type News,
  OPERATOR,
  openAccounts,
  openAssets,
  openAutomations,
  openBeliefs,
  openPasswords,
  openSensors,
  openSources,
  openUsers,
  type Principal,
  type Sensors,
  type Sources,
  type Users,
} from '#ems'
import { type Config, inProcessBus, Problem, silentLog } from '#kernel'
import { smtpPostman } from '#protocols/smtp'
import type { Server, ServerConfig } from '#server'
import { type Job, type JobHandler, type JobProgress, migrationState, openQueue, type Queue, type Store } from '#store'
import { type OpenDatabase, openDatabase } from '../database.ts'
import { clock, settingsOf } from '../settings.ts'
import { openQueueHere } from './queue-here.ts'

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

export interface Desk {
  config: Config
  store: Store
  queue: Queue
  accounts: Accounts
  users: Users
  assets: Assets
  sensors: Sensors
  sources: Sources
  beliefs: Beliefs
  automations: Automations
  /** The routes and rooms of the server, made when they are first needed. */
  server(): Promise<Server>
  /** Asks the API under /api/v3_0, as the operator or as this user. @throws Problem `refused` with what it said */
  ask<T>(method: Method, path: string, body?: unknown, as?: Principal): Promise<T>
  /** Does jobs of this queue here from now on, beside whatever else does. */
  work(queue: string): Promise<void>
  /** At a desk that computes here: does what was asked for; resolves to the job. */
  settle(id: string, progress: (now: JobProgress) => void): Promise<Job>
  close(): Promise<void>
}

export interface DeskOptions {
  /** Jobs are done in this program, in memory, instead of going to the queue. */
  computesHere?: boolean
  /** No data is stored. */
  dry?: boolean
}

/** @throws Problem of `openDatabase`, `database-behind` when it was never migrated to this version */
export async function openDesk(config: Config, options: DeskOptions = {}): Promise<Desk> {
  const database = await openDatabase(config, { clock })
  try {
    return await deskOn(config, database, options)
  } catch (error) {
    await database.close()
    throw error
  }
}

async function deskOn(config: Config, { store, close }: OpenDatabase, { computesHere = false, dry = false }: DeskOptions): Promise<Desk> {
  const { pending } = await migrationState(store)
  if (pending.length > 0)
    throw new Problem('database-behind', `The database lacks ${pending.length} migrations of this version.`, {
      hint: "Run 'cariflex migrate' (or 'cariflex adopt --database URL' for the database of a FlexMeasures), or start the program once.",
    })
  const salt = config.security.passwordSalt
  const passwords = openPasswords({ log: silentLog, clock, ...(salt !== undefined && { salt }) })
  const durable = openQueue({ store, clock, log: silentLog })
  const here = openQueueHere(durable, clock)
  const worked = quiet(durable)
  const queue = computesHere ? here.queue : worked.queue
  const bus = inProcessBus<News>(() => undefined)
  const known = openSensors(store, () => clock.now())
  const sources = openSources(store)
  const recording = openBeliefs({ store, clock, bus, sensors: known, sources })
  const beliefs = dry ? { ...recording, record: async () => ({ stored: 0, known: 0 }) } : recording
  const sensors = dry ? { ...known, update: (id: number) => known.need(id) } : known
  let asking: Principal = OPERATOR
  let opened: Promise<Server> | undefined
  const server = () => {
    opened ??= import('#server').then(({ createServer }) =>
      createServer({
        config: configured(config),
        ...{ store, clock, log: silentLog, passwords, queue, bus, sensors, sources, beliefs },
        mail: mailOf(config),
        operator: () => asking,
      }),
    )
    return opened
  }
  return {
    ...{ config, store, queue, sensors, sources, beliefs, server, settle: here.settle },
    ...{ accounts: openAccounts(store), users: openUsers(store, passwords), assets: openAssets(store) },
    automations: openAutomations({ store, clock, log: silentLog }),
    async work(name) {
      await server()
      worked.work(name)
    },
    async ask<T>(method: Method, path: string, body?: unknown, as: Principal = OPERATOR) {
      const { app } = await server()
      asking = as
      const answer = await app.inject({ method, url: `/api/v3_0${path}`, ...(body !== undefined && { payload: body as object }) })
      const said: unknown = answer.body === '' ? {} : JSON.parse(answer.body)
      if (answer.statusCode >= 400) throw new Problem('refused', wordsOf(said), { status: answer.statusCode })
      return said as T
    },
    async close() {
      await (await opened)?.close()
      await durable.close()
      await passwords.close()
      await close()
    },
  }
}

/** The server as configured, without limits on how often it may be asked. */
function configured(config: Config): ServerConfig {
  const { server, port, host, platformName, timezone } = settingsOf(config)
  const flexMeasures = { ...config.flexmeasures, rateLimit: '', triggerRateLimit: '' }
  return { host, port, platformName, timezone, web: '', ...server, flexMeasures }
}

function mailOf({ mail: { server, port, useTls, useSsl, username, password, sender } }: Config) {
  const from = sender === undefined ? {} : { from: sender }
  if (server === undefined) return from
  const signIn = { ...(username !== undefined && { username }), ...(password !== undefined && { password }) }
  return { ...from, carrier: smtpPostman({ host: server, port, tls: useTls, ssl: useSsl, ...signIn }) }
}

/** A queue whose workers wait until they are asked for: who only looks takes no jobs. */
function quiet(queue: Queue): { queue: Queue; work(name: string): void } {
  const waiting = new Map<string, { handler: JobHandler; concurrency: number | undefined }>()
  const stops = new Map<string, () => Promise<void>>()
  return {
    queue: {
      ...queue,
      work(name, handler, concurrency) {
        waiting.set(name, { handler, concurrency })
        return async () => stops.get(name)?.()
      },
    },
    work(name) {
      const one = waiting.get(name)
      if (one && !stops.has(name)) stops.set(name, queue.work(name, one.handler, one.concurrency))
    },
  }
}

/** What the API said, as one line: 'flex-model.0.soc-at-start: Missing data for required field.' */
function wordsOf(body: unknown): string {
  const { message, errors, detail } = (body ?? {}) as { message?: unknown; errors?: string[]; detail?: string }
  const said = errors ?? detail ?? message ?? body
  return typeof said === 'string' ? said : leaves(said, []).join(' ')
}

const leaves = (value: unknown, path: string[]): string[] => {
  if (Array.isArray(value)) return value.flatMap((one) => leaves(one, path))
  if (typeof value === 'object' && value !== null) return Object.entries(value).flatMap(([key, one]) => leaves(one, [...path, key]))
  const where = path.filter((part) => part !== 'json' && part !== 'query' && part !== '_schema').join('.')
  return [`${where === '' ? '' : `${where}: `}${value}`]
}
