/** Automations: forecasts, schedules and reports that are asked for again and again, by a cron string in the time zone of their asset (reference 4.9). */
import { type Clock, describeError, type Instant, type Log, Problem, SECOND } from '#kernel'
import { asJson, asTimestamp, type Store } from '#store'
import { readCron } from './automating/cron.ts'

export const AUTOMATION_TYPES = ['forecasting', 'scheduling', 'reporting'] as const
export type AutomationType = (typeof AUTOMATION_TYPES)[number]

export interface Automation {
  id: number
  asset: number
  type: AutomationType
  name: string
  cron: string
  timezone: string
  /** The last moment of the cron string that was seen to. */
  cursor: Instant
  active: boolean
  parameters: Record<string, unknown>
  createdAt: Instant
  /** In whose name it runs. */
  madeBy: number | null
  inputSensors: number[]
  outputSensors: number[]
  /** Jobs it has made. */
  jobs: number
  /** Why the last run made no job. */
  problem: string | null
}

export interface NewAutomation {
  asset: number
  type: AutomationType
  name: string
  cron: string
  timezone: string
  active?: boolean
  parameters: Record<string, unknown>
  madeBy: number | null
  inputSensors: readonly number[]
  outputSensors: readonly number[]
}

export interface AutomationChange {
  name?: string
  cron?: string
  timezone?: string
  active?: boolean
}

export interface Automations {
  /** @throws Problem `invalid-cron` (422) */
  create(automation: NewAutomation): Promise<Automation>
  get(id: number): Promise<Automation | undefined>
  list(filter?: { asset?: number; active?: boolean }): Promise<Automation[]>
  /** What was missed while it was paused, or under another cron string, is not caught up with. @throws Problem `invalid-cron` (422) */
  update(id: number, change: AutomationChange): Promise<Automation>
  remove(id: number): Promise<void>
  /** Ids of its jobs, newest first. */
  jobsOf(id: number, limit?: number): Promise<{ job: string; dueAt: Instant }[]>
  /** When it comes next; undefined while it is paused. */
  nextRun(automation: Automation): Instant | undefined
  /**
   * Runs what is due, each once however often it was missed; resolves to what was run. Two programs on one database do not run the same twice.
   * @param work makes the job of one and resolves to its id
   */
  runDue(work: AutomationWork): Promise<{ automation: number; job?: string; problem?: string }[]>
  /** Runs one now, also one that rests; when it comes next stays as it is. Resolves to its job. @throws what the work throws, noted as its problem */
  runNow(automation: Automation, work: AutomationWork): Promise<string>
}

export type AutomationWork = (automation: Automation, due: Instant) => Promise<string>

/** Columns of an {@link Automation} `a`. */
export const AUTOMATION_COLUMNS = `a.id, a.asset_id as asset, a.type, a.name, a.cronstr as cron, a.timezone, coalesce(a.cursor, a.created_at) as cursor, a.active,
  a.parameters, a.created_at as "createdAt", a.made_by as "madeBy", a.input_sensors as "inputSensors", a.output_sensors as "outputSensors", a.problem,
  (select count(*)::int from cariflex.automation_job j where j.automation = a.id) as jobs`

export function openAutomations({ store, clock, log }: { store: Store; clock: Clock; log: Log }): Automations {
  const get = (id: number) => store.first<Automation>(`select ${AUTOMATION_COLUMNS} from cariflex.automation a where a.id = $1`, [id])
  const need = async (id: number): Promise<Automation> => {
    const found = await get(id)
    if (found) return found
    throw new Problem('unknown-automation', `No automation found with ID ${id}.`, { status: 404, hint: 'List those of its asset.' })
  }
  const nextRun = ({ active, cron, timezone }: Automation) => (active ? readCron(cron, timezone, clock.now()).next(clock.now()) : undefined)
  const list: Automations['list'] = ({ asset, active } = {}) =>
    store.query<Automation>(
      `select ${AUTOMATION_COLUMNS} from cariflex.automation a where ($1::int is null or a.asset_id = $1) and ($2::bool is null or a.active = $2) order by a.id`,
      [asset ?? null, active ?? null],
    )
  /** Makes its job and notes it, or why there is none. */
  const run = async (automation: Automation, due: Instant, work: AutomationWork): Promise<string> => {
    try {
      const job = await work(automation, due)
      await store.query('update cariflex.automation set problem = null where id = $1', [automation.id])
      await store.query(
        'insert into cariflex.automation_job (job, automation, due_at, made_at) values ($1, $2, $3, $4) on conflict (job) do nothing',
        [job, automation.id, asTimestamp(due), asTimestamp(clock.now())],
      )
      return job
    } catch (error) {
      const problem = describeError(error)
      log.warn({ automation: automation.id, name: automation.name, error: problem }, 'an automation made no job')
      await store.query('update cariflex.automation set problem = $2 where id = $1', [automation.id, problem])
      throw error
    }
  }
  return {
    get,
    list,
    nextRun,
    async create(given) {
      const now = clock.now()
      readCron(given.cron, given.timezone, now)
      const row = await store.first<{ id: number }>(
        `insert into cariflex.automation (asset_id, type, name, cronstr, timezone, cursor, active, parameters, created_at, made_by, input_sensors, output_sensors)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $6, $9, $10, $11) returning id`,
        [
          ...[given.asset, given.type, given.name, given.cron, given.timezone, asTimestamp(now), given.active ?? true],
          ...[asJson(given.parameters), given.madeBy, [...given.inputSensors], [...given.outputSensors]],
        ],
      )
      return need(row!.id)
    },
    async update(id, { name, cron, timezone, active }) {
      const known = await need(id)
      const now = clock.now()
      if (cron !== undefined || timezone !== undefined) readCron(cron ?? known.cron, timezone ?? known.timezone, now)
      const isMoved = cron !== undefined || timezone !== undefined || (active === true && !known.active)
      await store.query(
        `update cariflex.automation set name = coalesce($2, name), cronstr = coalesce($3, cronstr), timezone = coalesce($4, timezone),
         active = coalesce($5, active), cursor = coalesce($6, cursor) where id = $1`,
        [id, name ?? null, cron ?? null, timezone ?? null, active ?? null, isMoved ? asTimestamp(now) : null],
      )
      return need(id)
    },
    async remove(id) {
      await need(id)
      await store.query('delete from cariflex.automation where id = $1', [id])
    },
    jobsOf: (id, limit = 100) =>
      store.query(
        'select job, due_at as "dueAt" from cariflex.automation_job where automation = $1 order by due_at desc, made_at desc limit $2',
        [id, limit],
      ),
    async runDue(work) {
      const told: { automation: number; job?: string; problem?: string }[] = []
      for (const automation of await list({ active: true })) {
        const due = dueOf(automation, clock.now(), log)
        if (due === undefined || !(await claim(store, automation, due))) continue
        try {
          told.push({ automation: automation.id, job: await run(automation, due, work) })
        } catch (error) {
          told.push({ automation: automation.id, problem: describeError(error) })
        }
      }
      return told
    },
    runNow: (automation, work) => run(automation, clock.now(), work),
  }
}

/** The last moment since the cursor; earlier ones that were missed go with it. */
function dueOf({ id, cron, timezone, cursor }: Automation, now: Instant, log: Log): Instant | undefined {
  try {
    const last = readCron(cron, timezone, now).last(now)
    return last !== undefined && last > cursor ? last : undefined
  } catch (error) {
    log.warn({ automation: id, error: describeError(error) }, 'an automation has a cron string that fires no more')
    return undefined
  }
}

/** Whoever moves the cursor runs it. */
async function claim(store: Store, { id, cursor }: Automation, due: Instant): Promise<boolean> {
  const mine = await store.query(
    'update cariflex.automation set cursor = $2 where id = $1 and active and coalesce(cursor, created_at) = $3 returning id',
    [id, asTimestamp(due), asTimestamp(cursor)],
  )
  return mine.length > 0
}

/** How often a program looks for what is due. */
const LOOK_EVERY = 15 * SECOND

/** Runs what is due as long as it is not stopped: at once what was missed, then every quarter of a minute. */
export function startAutomations(
  { clock, log }: { clock: Clock; log: Log },
  automations: Automations,
  work: AutomationWork,
): { stop(): Promise<void> } {
  let running: Promise<void> | undefined
  const look = () => {
    running ??= automations
      .runDue(work)
      .then(() => undefined)
      .catch((error: unknown) => log.warn({ error: describeError(error) }, 'automations could not be looked after'))
      .finally(() => {
        running = undefined
      })
  }
  look()
  const timer = clock.every(LOOK_EVERY, look)
  return {
    async stop() {
      timer.cancel()
      await running
    },
  }
}
