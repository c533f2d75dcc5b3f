/** Rounds in the database: what went in, what came out, and the same in the tables of ELFE's EMS. */
import { type Instant, Problem, parseInstant, say } from '#kernel'
import { asJson, asTimestamp, type Connections, type Queryable } from '#store'
import { SAYING } from '../declarations/saying.ts'
import type { Wish } from '../declarations/wish.ts'
import type { CommunityPlan } from '../planning/plan.ts'
import { type ElfePower, type ElfeRows, elfeRows } from './elfe-rows.ts'
import type { RoundInputs, Told } from './round.ts'

export interface KeptRound {
  start: Instant
  madeAt: Instant
  inputs: RoundInputs
  plan: CommunityPlan
  dropped: Wish['kind'][]
  says: Told[]
}

export type NewRound = Pick<KeptRound, 'inputs' | 'madeAt' | 'dropped' | 'says'> & ({ plan: CommunityPlan } | { failure: string })

/** The newest round that has a plan: it goes on until another has one. */
export const latestRound = (store: Queryable): Promise<KeptRound | undefined> =>
  store.first<KeptRound>(
    `select start, made_at as "madeAt", inputs, plan, dropped, says from cariflex.community_round
     where plan is not null order by start desc limit 1`,
  )

/** The plan that counts. @throws Problem `no-community-plan` when there is none yet */
export async function planThatCounts(store: Queryable): Promise<KeptRound> {
  const round = await latestRound(store)
  if (round) return round
  throw new Problem('no-community-plan', say(SAYING.noPlan), { status: 404, retry: 'later', hint: say(SAYING.planSoon) })
}

/** The inputs of the round that starts then, whether it had a plan or not. */
export const inputsOfRound = async (store: Queryable, start: Instant): Promise<RoundInputs | undefined> =>
  (await store.first<{ inputs: RoundInputs }>('select inputs from cariflex.community_round where start = $1', [asTimestamp(start)]))?.inputs

/** Keeps a round, in place of another of the same start; one with a plan in ELFE's tables too. */
export const keepRound = (store: Connections, round: NewRound): Promise<void> =>
  store.transact(async (tx) => {
    const plan = 'plan' in round ? round.plan : undefined
    await tx.query(
      `insert into cariflex.community_round (start, made_at, inputs, plan, failure, dropped, says) values ($1, $2, $3, $4, $5, $6, $7)
       on conflict (start) do update set made_at = excluded.made_at, inputs = excluded.inputs, plan = excluded.plan, failure = excluded.failure,
         dropped = excluded.dropped, says = excluded.says`,
      [
        ...[asTimestamp(parseInstant(round.inputs.start)), asTimestamp(round.madeAt), asJson(round.inputs)],
        ...[plan ? asJson(plan) : null, 'failure' in round ? round.failure : null, asJson(round.dropped), asJson(round.says)],
      ],
    )
    if (plan) await keepRows(tx, elfeRows(round.inputs, plan))
  })

async function keepRows(tx: Queryable, rows: ElfeRows): Promise<void> {
  const { ems_run_info: info } = rows
  const result = rows.result.map(({ decisions, ...row }) => ({
    ...row,
    ...Object.fromEntries(decisions.map((decision, slot) => [`decisions_${slot}`, decision])),
  }))
  await tx.query('delete from cariflex.community_result where first_valid_timestamp = $1', [info.timestamp])
  const columns = [
    'first_valid_timestamp',
    'machine_id',
    'result_type',
    'machine_type',
    ...Array.from({ length: 96 }, (_, k) => `decisions_${k}`),
  ]
  await tx.query(
    `insert into cariflex.community_result (${columns}) select ${columns} from jsonb_populate_recordset(null::cariflex.community_result, $1)`,
    [asJson(result)],
  )
  await tx.query('delete from cariflex.community_ems_run_info where "timestamp" = $1', [info.timestamp])
  await tx.query(
    'insert into cariflex.community_ems_run_info select * from jsonb_populate_record(null::cariflex.community_ems_run_info, $1)',
    [asJson(info)],
  )
  await keepCurve(tx, 'community_p_c_without_flexible_consumption', rows.p_c_without_flexible_consumption)
  await keepCurve(tx, 'community_p_c_with_flexible_consumption', rows.p_c_with_flexible_consumption)
}

const keepCurve = (tx: Queryable, table: string, curve: readonly ElfePower[]): Promise<unknown> =>
  tx.query(
    `insert into cariflex.${table} select * from jsonb_populate_recordset(null::cariflex.${table}, $1)
     on conflict (data_timestamp) do update set power = excluded.power`,
    [asJson(curve)],
  )
