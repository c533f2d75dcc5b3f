/** Beliefs as rows of PostgreSQL's binary COPY: numbers stay numbers, nothing is written as text and read again. */
import type { SettledBatch } from './settle-batch.ts'

/** Columns in the order of the rows. */
export const ROW_COLUMNS = '(event_start, belief_horizon, cumulative_probability, event_value, sensor_id, source_id)'

/** Bytes of a row: number of columns, then the length of each before it. */
const ROW = 2 + 6 * 4 + 8 + 16 + 8 + 8 + 4 + 4
/** Rows of a chunk, so that a million values never lie there twice. */
const CHUNK = 5000

const SIGNATURE = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)])
const END = Buffer.from([0xff, 0xff])

/** Chunks of what COPY … FROM STDIN (format binary) takes. */
export function* binaryRows(batches: readonly SettledBatch[]): Generator<Uint8Array> {
  yield SIGNATURE
  for (const batch of batches)
    for (let from = 0; from < batch.starts.length; from += CHUNK) yield rows(batch, from, Math.min(batch.starts.length, from + CHUNK))
  yield END
}

function rows({ sensor, source, starts, horizons, values, probabilities }: SettledBatch, from: number, until: number): Uint8Array {
  const chunk = new Uint8Array((until - from) * ROW)
  const view = new DataView(chunk.buffer)
  let at = 0
  for (let i = from; i < until; i++) {
    view.setInt16(at, 6)
    view.setInt32(at + 2, 8)
    setMicroseconds(view, at + 6, starts[i]! - MILLENNIUM)
    view.setInt32(at + 14, 16)
    // An interval: microseconds, days, months.
    setMicroseconds(view, at + 18, horizons[i]!)
    view.setInt32(at + 34, 8)
    view.setFloat64(at + 38, probabilities?.[i] ?? 0.5)
    view.setInt32(at + 46, 8)
    view.setFloat64(at + 50, values[i]!)
    view.setInt32(at + 58, 4)
    view.setInt32(at + 62, sensor.id)
    view.setInt32(at + 66, 4)
    view.setInt32(at + 70, source)
    at += ROW
  }
  return chunk
}

/** PostgreSQL counts moments from the year 2000. */
export const MILLENNIUM = Date.UTC(2000, 0, 1)

const HALF = 2 ** 32

/** Milliseconds as a whole number of 64 bits. */
function setMicroseconds(view: DataView, at: number, milliseconds: number): void {
  const micro = Math.round(milliseconds * 1000)
  const high = Math.floor(micro / HALF)
  view.setInt32(at, high)
  view.setUint32(at + 4, micro - high * HALF)
}
