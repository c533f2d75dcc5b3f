/** Notes (annotations) as charts show them: those of one end together, their text in short lines (reference 4.6). */
import { type Instant, instant } from '#kernel'
import { asTimestamp, type Queryable } from '#store'

export interface NotesQuery {
  /** Whose notes: any that are given. */
  sensor?: number | undefined
  asset?: number | undefined
  account?: number | undefined
  from?: Instant
  until?: Instant
  /** Recorded until (after) then; notes that do not say when count as always known. */
  prior?: Instant
  since?: Instant
  /** Cut to the window. */
  clip: boolean
}

export interface ChartNote {
  start: Instant
  end: Instant
  beliefTime: Instant | null
  source: number
  type: string
  /** Lines of at most sixty characters where words allow it. */
  content: string[]
}

interface Row {
  start: Instant
  end: Instant
  belief_time: Instant | null
  source_id: number
  type: string
  content: string
}

/** So many notes of a window are shown. */
const MOST = 5000

export async function chartNotes(db: Queryable, query: NotesQuery): Promise<ChartNote[]> {
  const { from, until, prior, since } = query
  const moment = (at: Instant | undefined) => (at === undefined ? null : asTimestamp(at))
  const rows = await db.query<Row>(
    `select a.start, a."end", a.belief_time, a.source_id, a.type::text as type, a.content from annotation a
     where a.id in (select annotation_id from annotations_sensors where sensor_id = $1
       union select annotation_id from annotations_assets where generic_asset_id = $2
       union select annotation_id from annotations_accounts where account_id = $3)
     and ($4::timestamptz is null or a."end" > $4) and ($5::timestamptz is null or a.start < $5)
     and ($6::timestamptz is null or a.belief_time is null or a.belief_time <= $6)
     and ($7::timestamptz is null or a.belief_time is null or a.belief_time > $7)
     order by a.start, a.belief_time nulls last, a.id limit ${MOST}`,
    [query.sensor ?? null, query.asset ?? null, query.account ?? null, moment(from), moment(until), moment(prior), moment(since)],
  )
  const byEnd = new Map<number, ChartNote>()
  for (const row of rows) {
    const start = query.clip && from !== undefined ? Math.max(row.start, from) : row.start
    const end = query.clip && until !== undefined ? Math.min(row.end, until) : row.end
    const known = byEnd.get(end)
    if (known) known.content.push(...wrapped(row.content))
    else
      byEnd.set(end, {
        start: instant(start),
        end: instant(end),
        beliefTime: row.belief_time,
        source: row.source_id,
        type: row.type,
        content: wrapped(row.content),
      })
  }
  return [...byEnd.values()].sort((a, b) => a.end - b.end)
}

const LINE = 60

/** The text in lines, broken between words; words that are too long are cut. */
export function wrapped(text: string): string[] {
  const lines: string[] = []
  let line = ''
  for (let word of text.split(/\s+/).filter((part) => part !== '')) {
    if (line !== '' && line.length + 1 + word.length > LINE) {
      lines.push(line)
      line = ''
    }
    while (word.length > LINE) {
      lines.push(word.slice(0, LINE))
      word = word.slice(LINE)
    }
    line = line === '' ? word : `${line} ${word}`
  }
  return line === '' ? lines : [...lines, line]
}
