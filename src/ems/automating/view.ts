/** Automations of many assets at once: with the name of their asset and how the last run ended. */
import type { Instant } from '#kernel'
import type { Job, Store } from '#store'
import { AUTOMATION_COLUMNS, type Automation } from '../automations.ts'

export interface AutomationView extends Automation {
  assetName: string
  /** Sensors it writes, by name. */
  outputs: { sensor: number; name: string }[]
  /** Of the asset; null for public ones. */
  account: number | null
  consultancy: number | null
  /** The newest job it made; its state is null when the job was forgotten. */
  lastJob: string | null
  lastDue: Instant | null
  lastStatus: Job['status'] | null
  lastProblem: string | null
}

export interface AutomationFilter {
  /** Accounts whose assets count; public ones come on top. */
  accounts: readonly number[] | 'all'
  asset?: number
  active?: boolean
}

/** Those of assets that may be read, by name of the asset, then by age; and how many there are. */
export async function automationsInView(
  store: Store,
  { accounts, asset, active }: AutomationFilter,
  { limit, offset }: { limit: number; offset: number },
): Promise<{ rows: AutomationView[]; total: number }> {
  const where = `cariflex.automation a join generic_asset g on g.id = a.asset_id
    where ($1::int[] is null or g.account_id is null or g.account_id = any($1)) and ($2::int is null or a.asset_id = $2)
      and ($3::bool is null or a.active = $3)`
  const given = [accounts === 'all' ? null : [...accounts], asset ?? null, active ?? null]
  const counted = await store.first<{ n: number }>(`select count(*)::int as n from ${where}`, given)
  const rows = await store.query<AutomationView>(
    `select ${AUTOMATION_COLUMNS}, g.name as "assetName",
       coalesce((select jsonb_agg(jsonb_build_object('sensor', s.id, 'name', s.name) order by s.id) from sensor s where s.id = any(a.output_sensors)), '[]') as outputs,
       g.account_id as account, owner.consultancy_account_id as consultancy,
       last.job as "lastJob", last.due_at as "lastDue", job.status as "lastStatus", job.exc as "lastProblem"
     from (select a.*, g.name as named from ${where} order by g.name, a.id limit $4 offset $5) a
     join generic_asset g on g.id = a.asset_id left join account owner on owner.id = g.account_id
     left join lateral (select job, due_at from cariflex.automation_job made where made.automation = a.id order by made_at desc limit 1) last on true
     left join cariflex.job job on job.id = last.job order by a.named, a.id`,
    [...given, limit, offset],
  )
  return { rows, total: counted?.n ?? 0 }
}
