/**
 * Files that stations fetch from us (firmware) or bring to us (logs), over plain HTTP: `GET` and `PUT /station-files/<secret>/<name>`.
 * The secret is all the permission there is: made for one file, good for a time, and an upload for one time only. Kept in the database.
 */
import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { after, type Clock, DAY, formatInstant, type Instant, Problem, say } from '#kernel'
import { asTimestamp, type Store } from '#store'
import { SAYING } from './saying.ts'

export interface StationFile {
  id: number
  name: string
  size: number
  sha256: string
}

export interface ListedFile extends Omit<StationFile, 'size' | 'sha256'> {
  direction: 'to-station' | 'from-station'
  station: string | null
  size: number | null
  sha256: string | null
  madeAt: string
  expiresAt: string
}

export interface StationFiles {
  /** Keeps a file that stations may fetch. @throws Problem `file-too-large` (413) */
  add(name: string, content: AsyncIterable<Uint8Array>): Promise<StationFile>
  /** A path under which the file may be fetched until it expires. @throws Problem `unknown-file` */
  offer(file: number): Promise<string>
  /** A path to which a station may bring one file of at most `limit` bytes. */
  expect(station: string, name: string, limit?: number): Promise<{ file: number; path: string }>
  /** What is behind a path of `offer`. @throws Problem `unknown-file` (404) for a wrong or expired secret */
  fetch(secret: string): Promise<{ file: StationFile; content: Readable }>
  /** Takes in what a station brings. @throws Problem `unknown-file` (404), `file-too-large` (413), `file-exists` (409) */
  take(secret: string, content: AsyncIterable<Uint8Array>): Promise<StationFile>
  /** For people: any file by its number. @throws Problem `unknown-file` */
  open(file: number): Promise<{ file: StationFile; content: Readable }>
  list(zone: string): Promise<ListedFile[]>
  /** Forgets files made before a moment; resolves to how many. */
  forgetBefore(at: Instant): Promise<number>
}

export const FILES_PATH = '/station-files'
const PART = 512 * 1024
const UPLOAD = 64 << 20
const FIRMWARE = 256 << 20
/** A secret is good for so long. */
const LIFE = 2 * DAY

const secretOf = () => randomBytes(24).toString('base64url')
const markOf = (secret: string) => createHash('sha256').update(secret).digest()
const unknown = () => new Problem('unknown-file', say(SAYING.noSuchFile), { status: 404, hint: say(SAYING.askForFileAgain) })

export function openStationFiles({ store, clock }: { store: Store; clock: Clock }): StationFiles {
  const make = async (given: { direction: ListedFile['direction']; station?: string; name: string; limit: number; secret?: string }) => {
    const now = clock.now()
    const row = await store.first<{ id: number }>(
      `insert into cariflex.station_file (secret, direction, station, name, size_limit, made_at, expires_at)
       values ($1, $2, $3, $4, $5, $6, $7) returning id`,
      [
        given.secret === undefined ? null : markOf(given.secret),
        given.direction,
        given.station ?? null,
        given.name.replace(/[^\w.+-]+/g, '_').slice(-120) || 'file',
        given.limit,
        asTimestamp(now),
        asTimestamp(after(now, LIFE)),
      ],
    )
    return row!.id
  }
  /** Writes the parts as they come; nothing of a file that breaks off or grows too large stays. */
  const fill = async (id: number, limit: number, content: AsyncIterable<Uint8Array>): Promise<StationFile> => {
    const hash = createHash('sha256')
    let size = 0
    let part = 0
    let waiting: Uint8Array[] = []
    let bytes = 0
    const flush = async () => {
      if (bytes === 0) return
      await store.query('insert into cariflex.station_file_part (file, part, bytes) values ($1, $2, $3)', [
        id,
        part++,
        Buffer.concat(waiting),
      ])
      waiting = []
      bytes = 0
    }
    try {
      for await (const chunk of content) {
        size += chunk.length
        if (size > limit)
          throw new Problem('file-too-large', say(SAYING.fileTooLarge, { count: String(Math.round(limit / (1 << 20))) }), { status: 413 })
        hash.update(chunk)
        waiting.push(chunk)
        bytes += chunk.length
        if (bytes >= PART) await flush()
      }
      await flush()
    } catch (error) {
      await store.query('delete from cariflex.station_file_part where file = $1', [id])
      throw error
    }
    const sha256 = hash.digest()
    const row = await store.first<{ name: string }>(
      'update cariflex.station_file set size = $2, sha256 = $3, filled_at = $4 where id = $1 returning name',
      [id, size, sha256, asTimestamp(clock.now())],
    )
    return { id, name: row!.name, size, sha256: sha256.toString('hex') }
  }
  async function* parts(id: number): AsyncGenerator<Buffer> {
    for (let part = 0; ; part++) {
      const row = await store.first<{ bytes: Buffer }>('select bytes from cariflex.station_file_part where file = $1 and part = $2', [
        id,
        part,
      ])
      if (!row) return
      yield row.bytes
    }
  }
  const opened = async (condition: string, params: unknown[]) => {
    const row = await store.first<{ id: number; name: string; size: number; sha256: Buffer }>(
      `select id, name, size, sha256 from cariflex.station_file where filled_at is not null and ${condition}`,
      params,
    )
    if (!row) throw unknown()
    return { file: { ...row, sha256: row.sha256.toString('hex') }, content: Readable.from(parts(row.id)) }
  }

  return {
    async add(name, content) {
      const id = await make({ direction: 'to-station', name, limit: FIRMWARE })
      try {
        return await fill(id, FIRMWARE, content)
      } catch (error) {
        await store.query('delete from cariflex.station_file where id = $1', [id])
        throw error
      }
    },
    async offer(file) {
      const secret = secretOf()
      const row = await store.first<{ name: string }>(
        `update cariflex.station_file set secret = $2, expires_at = $3 where id = $1 and direction = 'to-station' and filled_at is not null returning name`,
        [file, markOf(secret), asTimestamp(after(clock.now(), LIFE))],
      )
      if (!row) throw unknown()
      return `${FILES_PATH}/${secret}/${row.name}`
    },
    async expect(station, name, limit = UPLOAD) {
      const secret = secretOf()
      const file = await make({ direction: 'from-station', station, name, limit, secret })
      return { file, path: `${FILES_PATH}/${secret}/` }
    },
    fetch: (secret) => opened(`direction = 'to-station' and secret = $1 and expires_at > $2`, [markOf(secret), asTimestamp(clock.now())]),
    async take(secret, content) {
      // The secret is spent with the first byte: two uploads at once cannot both have it.
      const row = await store.first<{ id: number; size_limit: number }>(
        `update cariflex.station_file set secret = null where direction = 'from-station' and secret = $1 and expires_at > $2 returning id, size_limit`,
        [markOf(secret), asTimestamp(clock.now())],
      )
      if (!row) throw unknown()
      try {
        return await fill(row.id, row.size_limit, content)
      } catch (error) {
        // It may try again.
        await store.query('update cariflex.station_file set secret = $2 where id = $1', [row.id, markOf(secret)])
        throw error
      }
    },
    open: (file) => opened('id = $1', [file]),
    async list(zone) {
      const rows = await store.query<{ [column: string]: never }>('select * from cariflex.station_file order by id desc limit 500')
      return rows.map((row) => ({
        id: row['id']!,
        name: row['name']!,
        direction: row['direction']!,
        station: row['station']!,
        size: row['size']!,
        sha256: row['sha256'] === null ? null : (row['sha256'] as unknown as Buffer).toString('hex'),
        madeAt: formatInstant(row['made_at']!, zone),
        expiresAt: formatInstant(row['expires_at']!, zone),
      }))
    },
    async forgetBefore(at) {
      const gone = await store.query('delete from cariflex.station_file where made_at < $1 returning 1', [asTimestamp(at)])
      return gone.length
    },
  }
}
