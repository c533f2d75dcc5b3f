/** Writing beliefs: what is new is stored, what is known is not, what contradicts is refused (reference 1.2). Resolved means committed. */
import { type Instant, Problem } from '#kernel'
import type { Connections, Queryable } from '#store'
import type { BeliefBatch, RecordOutcome } from './belief.ts'
import { closedAt } from './belief-change.ts'
import type { NewsQueue } from './news-queue.ts'
import { isCollision } from './record-collision.ts'
import { copyAll, lookAt, mergeAll } from './record-statements.ts'
import type { Sensor } from './sensors.ts'
import { type SettledBatch, settleBatch } from './settle-batch.ts'
import type { WrittenSpans } from './written-spans.ts'

/** From this many values on, COPY is worth its round trips when nothing is known yet. */
const COPY_FROM = 500

/**
 * Commits the batches in one transaction.
 * @throws Problem `invalid-replacement` (403) when a value would replace another and no batch says `overwrite`, `unknown-sensor` (404) when the
 * sensor or the source of a batch was deleted meanwhile
 */
export async function record(
  store: Connections,
  batches: readonly { batch: BeliefBatch; sensor: Sensor }[],
  now: Instant,
  { spans, news }: { spans: WrittenSpans; news: NewsQueue },
): Promise<RecordOutcome> {
  const overwrite = batches.some(({ batch }) => batch.overwrite === true)
  const ready = batches.map(({ batch, sensor }) => settleBatch(batch, sensor, now)).filter((one) => one.starts.length > 0)
  if (ready.length === 0) return { stored: 0, known: 0 }
  const writer: Writer = { overwrite, closed: closedAt(now) }
  if (haveTwins(ready)) return again(() => store.transact((tx) => inTurn(tx, ready, writer)))
  const total = ready.reduce((sum, one) => sum + one.starts.length, 0)
  const [only] = ready
  const mayBeNews = total < COPY_FROM && !overwrite && ready.length === 1 && !only!.probabilities && !spans.reach(only!)
  for (const batch of ready) spans.note(batch)
  if (mayBeNews && (await news.store(store, only!, writer.closed))) return { stored: total, known: 0 }
  if (total < COPY_FROM || overwrite) return again(() => merge(store, ready, writer))
  try {
    return await store.transact((tx) => copyOrMerge(tx, ready, writer))
  } catch (error) {
    // Somebody stored one of these beliefs between our look and our COPY: look again, row by row.
    if (isCollision(error)) return again(() => merge(store, ready, writer))
    throw error
  }
}

interface Writer {
  overwrite: boolean
  closed: string
}

/** Once more when another writer was quicker; the second look sees what it committed. */
async function again<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isCollision(error)) throw error
    return work()
  }
}

/** True when two batches are of one sensor and source: the later one must see what the earlier one stored. */
const haveTwins = (batches: readonly SettledBatch[]): boolean =>
  batches.length > 1 && new Set(batches.map(({ sensor, source }) => `${sensor.id} ${source}`)).size < batches.length

async function inTurn(tx: Queryable, batches: readonly SettledBatch[], writer: Writer): Promise<RecordOutcome> {
  const sum: RecordOutcome = { stored: 0, known: 0 }
  for (const batch of batches) {
    const one = await (batch.starts.length < COPY_FROM || writer.overwrite ? merge(tx, [batch], writer) : copyOrMerge(tx, [batch], writer))
    sum.stored += one.stored
    sum.known += one.known
  }
  return sum
}

async function copyOrMerge(tx: Queryable, batches: readonly SettledBatch[], writer: Writer): Promise<RecordOutcome> {
  const fresh: SettledBatch[] = []
  const mixed: SettledBatch[] = []
  for (const batch of batches) {
    const { isThere, isKnown } = await lookAt(tx, batch)
    if (!isThere) throw gone(batch)
    ;(isKnown ? mixed : fresh).push(batch)
  }
  const stored = fresh.length > 0 ? await copyAll(tx, fresh, writer.closed) : 0
  if (mixed.length === 0) return { stored, known: 0 }
  const rest = await merge(tx, mixed, { ...writer, overwrite: false })
  return { stored: stored + rest.stored, known: rest.known }
}

async function merge(db: Queryable, batches: readonly SettledBatch[], { overwrite, closed }: Writer): Promise<RecordOutcome> {
  const { stored, replaced, given, missing } = await mergeAll(db, batches, overwrite, closed)
  if (missing > 0) throw gone(...batches)
  if (replaced > 0 && !overwrite)
    throw new Problem(
      'invalid-replacement',
      'Some of the data represents a replacement: another value is known for the same belief time.',
      {
        status: 403,
        hint: 'Send it with a later belief time (prior), or allow data to be overwritten.',
        details: { replaced },
      },
    )
  return { stored, known: given - stored }
}

const gone = (...batches: SettledBatch[]): Problem =>
  new Problem(
    'unknown-sensor',
    `Sensor ${batches.map(({ sensor }) => sensor.id).join(', ')}, or the source of its data, was deleted meanwhile.`,
    {
      status: 404,
      hint: 'List the sensors you can reach.',
    },
  )
