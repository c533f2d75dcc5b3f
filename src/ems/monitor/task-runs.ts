/** Tasks that report their runs (`latest_task_run`): which of them did not run in time, or failed (reference 4.4). */
import type { Instant } from '#kernel'
import { asTimestamp, type Queryable } from '#store'

export interface TaskVerdict {
  name: string
  /** 'never-ran': it never reported; 'late': not within the limit; 'failed': it ran in time and reported a failure. */
  code: 'ok' | 'never-ran' | 'late' | 'failed'
  /** Last run. */
  at: Instant | null
  /** How long ago it may have been, ms. */
  limit: number
}

/** Judges tasks by the longest time, ms, that may pass between their runs; in the order of `limits`. */
export async function judgeTasks(db: Queryable, limits: Readonly<Record<string, number>>, now: Instant): Promise<TaskVerdict[]> {
  const names = Object.keys(limits)
  const rows = await db.query<{ name: string; at: Instant; ok: boolean }>(
    'select name, datetime as at, coalesce(status, false) as ok from latest_task_run where name = any($1::text[])',
    [names],
  )
  const runs = new Map(rows.map((row) => [row.name, row]))
  return names.map((name) => {
    const limit = limits[name]!
    const run = runs.get(name)
    const code = !run ? 'never-ran' : run.at < now - limit ? 'late' : run.ok ? 'ok' : 'failed'
    return { name, code, at: run?.at ?? null, limit }
  })
}

/** When the task last ran; undefined when it never did. */
export const latestTaskRun = (db: Queryable, name: string): Promise<{ at: Instant; ok: boolean } | undefined> =>
  db.first('select datetime as at, coalesce(status, false) as ok from latest_task_run where name = $1', [name])

/** Notes that the task ran. */
export async function noteTaskRun(db: Queryable, name: string, ok: boolean, at: Instant): Promise<void> {
  await db.query(
    `insert into latest_task_run (name, datetime, status) values ($1, $2, $3)
     on conflict (name) do update set datetime = excluded.datetime, status = excluded.status`,
    [name, asTimestamp(at), ok],
  )
}
