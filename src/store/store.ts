/** What the other rooms see of the database: queries, transactions, COPY. Knows no business word. */

/** A row as `pg` returns it; callers say its shape. */
export type Row = Record<string, unknown>

export interface Queryable {
  /** Runs one statement; `params` fill $1 … $n. @throws Problem `database-unavailable` (503, retry later) when the server is away */
  query<R = Row>(sql: string, params?: readonly unknown[]): Promise<R[]>
  /** First row, or undefined. */
  first<R = Row>(sql: string, params?: readonly unknown[]): Promise<R | undefined>
  /** Streams `COPY … FROM STDIN` text lines (tab separated, `\N` for null). Resolves to the number of rows. */
  copyIn(sql: string, lines: string | Iterable<string> | AsyncIterable<string>): Promise<number>
}

export interface Store extends Queryable {
  /** One transaction on one connection: commits when `work` resolves, rolls back when it rejects. Acknowledge only after it resolved. */
  transact<T>(work: (tx: Queryable) => Promise<T>): Promise<T>
  /** Connection string (for `pg_dump` and for tests). */
  readonly url: string
  close(): Promise<void>
}
