// A server on an embedded PostgreSQL of its own (durable, as shipped), for benchmarks.
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { News } from '#ems'
import { inProcessBus, nodeFlagsFor, silentLog, systemClock } from '#kernel'
import { createServer, type Server } from '#server'
import { migrate, openStore, type Store, startEmbedded } from '#store'
import type { LoadOrder, LoadReport } from './http-load.ts'

export interface House {
  store: Store
  server: Server
  url: string
  token: string
  source: number
  sensor(): Promise<number>
  load(order: Omit<LoadOrder, 'token'>): Promise<LoadReport>
  /** Processor time so far, ms: of the server (the clients have threads of their own) and of the database. Not a number where there is no /proc. */
  processor(): Spent
  close(): Promise<void>
}

export interface Spent {
  server: number
  database: number
}

/** 'server 0.35 + database 0.24 ms of processor a call': what each of `calls` cost between two looks, whatever else the machine had to do. */
export const perCall = (before: Spent, after: Spent, calls: number): string => {
  const share = (one: keyof Spent) => ((after[one] - before[one]) / calls).toFixed(2)
  return `server ${share('server')} + database ${share('database')} ms of processor a call`
}

/** Milliseconds that a process or thread has run. */
function ran(path: string): number {
  try {
    return Number(readFileSync(`/proc/${path}/schedstat`, 'utf8').split(' ')[0]) / 1e6
  } catch {
    return Number.NaN
  }
}

/** Processes below one. */
const childrenOf = (parent: number): string[] =>
  readdirSync('/proc').filter((entry) => {
    try {
      const stat = /^\d+$/.test(entry) ? readFileSync(`/proc/${entry}/stat`, 'utf8') : ''
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent
    } catch {
      return false
    }
  })

export async function openHouse(): Promise<House> {
  const folder = mkdtempSync(join(tmpdir(), 'cariflex-bench-'))
  // Open to the server's account, so that its cluster lies inside and goes with the folder.
  chmodSync(folder, 0o755)
  const database = await startEmbedded({ folder, log: silentLog, clock: systemClock })
  const store = openStore({ url: database.url, log: silentLog, clock: systemClock, connections: 16 })
  await migrate(store)
  const server = createServer({
    config: { host: '127.0.0.1', port: 0, platformName: 'Bench', timezone: 'UTC', web: '/nowhere' },
    store,
    clock: systemClock,
    log: silentLog,
    bus: inProcessBus<News>(() => {}),
  })
  const account = await server.accounts.create({ name: 'Bench' })
  const user = await server.users.create({ email: 'bench@example.com', account: account.id, roles: ['account-admin'] })
  const token = await server.tokens.issue(user.id, 'program')
  const asset = await server.assets.create({ name: 'house', type: 6, account: account.id })
  const { url } = await server.listen()
  let serial = 0
  return {
    store,
    server,
    url,
    token,
    source: await server.sources.of({ name: 'copy', type: 'gateway' }),
    sensor: async () =>
      (await server.sensors.create({ name: `s${serial++}`, unit: 'kW', resolution: 60_000, asset: asset.id, timezone: 'UTC' })).id,
    load: (order) =>
      new Promise((resolve, reject) => {
        const file = new URL('./http-load.ts', import.meta.url)
        const worker = new Worker(file, { workerData: { ...order, token }, execArgv: nodeFlagsFor(file) })
        worker.once('message', (report: LoadReport) => {
          void worker.terminate()
          resolve(report)
        })
        worker.once('error', reject)
      }),
    processor: () => ({
      server: ran(`self/task/${process.pid}`),
      database: childrenOf(database.pid() ?? 0)
        .map(ran)
        .filter((spent) => spent > 0)
        .reduce((sum, spent) => sum + spent, 0),
    }),
    async close() {
      await server.close()
      await store.close()
      await database.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
