/** Plans of accounts as operators write them: table `plan` (reference 1.1). */
import { Problem, parseRates } from '#kernel'
import type { Queryable } from '#store'

export interface PlanRow {
  id: number
  name: string
  default_rate_limit: string | null
  trigger_rate_limit: string | null
  rate_limit_key: string | null
  max_users: number | null
  max_assets: number | null
  max_clients: number | null
  legacy: boolean
}

export type PlanFields = Partial<Omit<PlanRow, 'id'>>

const COLUMNS = 'id, name, default_rate_limit, trigger_rate_limit, rate_limit_key::text, max_users, max_assets, max_clients, legacy'

/** In the order of their ids. */
export const listPlans = (db: Queryable): Promise<PlanRow[]> => db.query<PlanRow>(`select ${COLUMNS} from plan order by id`)

/** @throws Problem `name-taken` (409), `invalid-rate` (422) */
export async function addPlan(db: Queryable, fields: PlanFields & { name: string }): Promise<PlanRow> {
  checkRates(fields)
  if (await db.first('select 1 from plan where name = $1', [fields.name])) throw taken(fields.name)
  const row = await db.first<{ id: number }>('insert into plan (name, legacy) values ($1, false) returning id', [fields.name])
  return write(db, row!.id, fields)
}

/** Null clears a field. @throws Problem `unknown-plan` (422), `name-taken` (409), `invalid-rate` (422) */
export async function changePlan(db: Queryable, id: number, fields: PlanFields): Promise<PlanRow> {
  checkRates(fields)
  if (!(await db.first('select 1 from plan where id = $1', [id])))
    throw new Problem('unknown-plan', `No plan found with id ${id}.`, { status: 422, hint: 'See show plans.' })
  if (fields.name !== undefined && (await db.first('select 1 from plan where name = $1 and id <> $2', [fields.name, id])))
    throw taken(fields.name)
  return write(db, id, fields)
}

async function write(db: Queryable, id: number, fields: PlanFields): Promise<PlanRow> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined)
  const sets = entries.map(([column], k) => `${column} = $${k + 2}${column === 'rate_limit_key' ? '::ratelimitkey' : ''}`)
  const row = await db.first<PlanRow>(`update plan set ${['id = id', ...sets].join(', ')} where id = $1 returning ${COLUMNS}`, [
    id,
    ...entries.map(([, value]) => value),
  ])
  return row!
}

function checkRates(fields: PlanFields): void {
  for (const text of [fields.default_rate_limit, fields.trigger_rate_limit]) {
    if (!text) continue
    try {
      parseRates(text)
    } catch {
      throw new Problem('invalid-rate', `'${text}' is no rate limit.`, { status: 422, hint: "Write it like '1000 per minute'." })
    }
  }
}

const taken = (name: string): Problem =>
  new Problem('name-taken', `There is a plan '${name}' already.`, { status: 409, hint: 'Choose another name.' })
