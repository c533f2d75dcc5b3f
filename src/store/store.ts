/** What the other rooms see of the database: queries, transactions, COPY. Knows no business word. Values: see value.ts. */
import type { Writable } from 'node:stream'

/** A row; callers say its shape. timestamptz → `Instant` (ms), interval → ms, bigint and numeric → number, jsonb parsed. */
export type Row = Record<string, unknown>

export interface Queryable {
  /**
   * Runs one statement; `params` fill $1 … $n. With a `name` each connection keeps it prepared: for the few that run thousands of times.
   * @throws Problem `database-unavailable` (503, retry later) when the server is away
   */
  query<R = Row>(sql: string, params?: readonly unknown[], name?: string): Promise<R[]>
  /** First row, or undefined. */
  first<R = Row>(sql: string, params?: readonly unknown[], name?: string): Promise<R | undefined>
  /** Streams `COPY … FROM STDIN` text lines (tab separated, `\N` for null; each ends with a newline). Resolves to the number of rows. */
  copyIn(sql: string, lines: string | Uint8Array | Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>): Promise<number>
  /** Streams `COPY … TO STDOUT` into `sink` and ends it. Resolves to the number of rows. */
  copyOut(sql: string, sink: Writable): Promise<number>
}

/** What runs inside one transaction. */
export interface Transaction extends Queryable {
  /** Calls `work` once the transaction is committed; never when it is rolled back. */
  onCommit(work: () => void): void
}

/** What can be asked for single statements and for transactions. */
export interface Connections extends Queryable {
  /** One transaction on one connection: commits when `work` resolves, rolls back when it rejects. Acknowledge only after it resolved. */
  transact<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
}

export interface Store extends Connections {
  /**
   * Connections on which PostgreSQL checks no foreign keys and fires no triggers (`session_replication_role`): half of what a row of a table with two
   * keys costs. Who writes there locks what the rows refer to in the same transaction, once instead of row by row (`for key share`), and sees to it
   * that the table has no triggers. Undefined when our user may not do that.
   */
  unchecked(): Promise<Connections | undefined>
  /** Connection string (for `pg_dump` and for tests). */
  readonly url: string
  close(): Promise<void>
}
