/** A pool of connections behind the face of store.ts: lending, transactions, COPY, and what happens when the server goes away. */
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import { type Clock, describeError, type Log, Problem } from '#kernel'
import { databaseProblem, isAway } from './failure.ts'
import type { Connections, Queryable } from './store.ts'
import { valueReaders } from './value.ts'
import { openWatchdog } from './watchdog.ts'

export interface PoolParts {
  url: string
  log: Log
  clock: Clock
  /** Connections at most. */
  connections: number
  /** Settings of every connection beside the usual ones. */
  settings?: Readonly<Record<string, string>>
  /** Seconds after which a connection is made anew, and with it the plans that it keeps; default never. */
  lifetime?: number
}

export interface Pool extends Connections {
  /** Lets who was lent a connection finish, within reason. */
  close(): Promise<void>
}

/** Names without a schema are FlexMeasures tables, also for a user called like our schema. */
const SETTINGS = { search_path: 'public', timezone: 'UTC', datestyle: 'ISO', intervalstyle: 'postgres', client_min_messages: 'warning' }

/** Nothing is connected before the first query. */
export function openPool({ url, log, clock, connections, settings, lifetime = 0 }: PoolParts): Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: 5000,
    idleTimeoutMillis: 60_000,
    maxLifetimeSeconds: lifetime,
    keepAlive: true,
    application_name: 'cariflex',
    options: Object.entries({ ...SETTINGS, ...settings })
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(' '),
    types: valueReaders,
  })
  let lastComplaint = -Infinity
  const complain = (error: Error) => {
    if (clock.now() - lastComplaint < 5000) return
    lastComplaint = clock.now()
    log.warn({ error: describeError(error) }, 'a database connection was lost')
  }
  // A connection may break between two queries: without a listener that would end the process.
  pool.on('error', complain)
  pool.on('connect', (client) => void client.on('error', complain))

  const { guard } = openWatchdog(clock, () => answers(url))
  const guarded =
    (lender: Lender): Lender =>
    (work) =>
      lender((client) => guard(() => work(client)))

  const lent = new Set<Promise<unknown>>()
  let closing: Promise<void> | undefined
  const lend = <T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> => {
    if (closing) return Promise.reject(closed())
    const use = borrow(work)
    lent.add(use)
    void use.catch(() => {}).finally(() => lent.delete(use))
    return use
  }
  const borrow = async <T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> => {
    const client = await pool.connect().catch((error: unknown) => {
      throw databaseProblem(error)
    })
    let broken: Error | undefined
    try {
      return await work(client)
    } catch (error) {
      const told = databaseProblem(error)
      if (isGone(told)) broken = told
      throw told
    } finally {
      client.release(broken)
    }
  }

  return {
    ...speak(guarded(lend)),
    transact: (work) =>
      lend(async (client) => {
        const told: (() => void)[] = []
        await guard(() => client.query('begin'))
        try {
          const result = await work({ ...speak(guarded(inTurn(client))), onCommit: (listener) => told.push(listener) })
          await guard(() => client.query('commit'))
          for (const listener of told) listener()
          return result
        } catch (error) {
          // A server that is gone undoes it by itself: its connection is thrown away.
          if (!isGone(error)) await guard(() => client.query('rollback')).catch(complain)
          throw error
        }
      }),
    close() {
      // The pool forgets who still waits for a connection when it ends: let them finish first, within reason.
      closing ??= Promise.race([Promise.allSettled([...lent]), wait(CLOSE_PATIENCE, undefined, { ref: false })]).then(() => pool.end())
      return closing
    },
  }
}

const CLOSE_PATIENCE = 5000

const isGone = (error: unknown): error is Problem => error instanceof Problem && error.code === 'database-unavailable'

/** Whether the server answers on a connection of its own within three seconds; one that refuses us does answer. */
async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 3000,
    query_timeout: 3000,
    application_name: 'cariflex watch',
  })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query('select 1')
    void client.end().catch(() => {})
    return true
  } catch (error) {
    void client.end().catch(() => {})
    return !isAway(error) && !/timeout/i.test(describeError(error))
  }
}

const closed = () =>
  new Problem('database-unavailable', 'The connection to the database was closed: the program stops.', {
    status: 503,
    retry: 'later',
    hint: 'Try again when it is back.',
  })

type Lender = <T>(work: (client: pg.PoolClient) => Promise<T>) => Promise<T>

/** One client for many callers: `pg` takes one query at a time, so they wait for each other. */
function inTurn(client: pg.PoolClient): Lender {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const turn = last.then(
      () => work(client),
      () => work(client),
    )
    last = turn
    return turn.catch((error: unknown) => {
      throw databaseProblem(error)
    })
  }
}

const speak = (lend: Lender): Queryable => ({
  query: (sql, params = [], name) => lend((client) => rowsOf(client, sql, params, name)),
  first: (sql, params = [], name) => lend(async (client) => (await rowsOf<never>(client, sql, params, name))[0]),
  copyIn: (sql, lines) =>
    lend(async (client) => {
      const stream = client.query(copyFrom(sql))
      await pipeline(Readable.from(inBlocks(lines), { objectMode: false }), stream)
      return stream.rowCount
    }),
  copyOut: (sql, sink: Writable) =>
    lend(async (client) => {
      const stream = client.query(copyTo(sql))
      try {
        await pipeline(stream, sink)
      } catch (error) {
        // The server would go on sending: there is no way to stop it but to hang up. What began a transaction is undone by that.
        void client.end()
        throw error
      }
      return stream.rowCount
    }),
})

/** Rows of the statement; of the last one when the text holds several (which then take no parameters). */
async function rowsOf<R>(client: pg.PoolClient, sql: string, params: readonly unknown[], name?: string): Promise<R[]> {
  const values = params as unknown[]
  const answer: pg.QueryResult | pg.QueryResult[] = await (name === undefined
    ? client.query(sql, values)
    : client.query({ name, text: sql, values }))
  return (Array.isArray(answer) ? (answer.at(-1)?.rows ?? []) : answer.rows) as R[]
}

/** Gathers lines into blocks of about 64 KiB: one write a line is four times slower. */
async function* inBlocks(lines: Parameters<Queryable['copyIn']>[1]): AsyncGenerator<string | Uint8Array> {
  if (typeof lines === 'string' || lines instanceof Uint8Array) {
    if (lines.length > 0) yield lines
    return
  }
  let block = ''
  for await (const line of lines) {
    if (typeof line !== 'string') {
      if (block !== '') yield block
      block = ''
      yield line
      continue
    }
    block += line
    if (block.length >= 65_536) {
      yield block
      block = ''
    }
  }
  if (block !== '') yield block
}
