/** What homes declared, in the database: one declaration that counts per appliance. */
import { type Instant, Problem, say } from '#kernel'
import { asJson, asTimestamp, type Connections, isRowId, type Queryable } from '#store'
import { SAYING } from './saying.ts'
import type { Declaration, Wish } from './wish.ts'

export interface Declared {
  id: number
  appliance: number
  /** Pseudonym of the participant. */
  home: string | null
  type: number
  wish: Wish
  declaredAt: Instant
}

/** Why one counts no more: its home gave it up, or started the appliance by hand. */
export type DeclarationEnd = 'cancelled' | 'started'

const COLUMNS = 'id, appliance, home, type, wish, declared_at as "declaredAt"'

/** Declarations that count, by appliance; those of one home when asked. */
export const listDeclarations = (store: Queryable, home?: string): Promise<Declared[]> =>
  store.query<Declared>(
    `select ${COLUMNS} from cariflex.community_declaration
     where ended_at is null and ($1::text is null or home = $1) order by appliance`,
    [home ?? null],
  )

/** Keeps a declaration in place of the one that its appliance had. */
export const declare = (store: Connections, { appliance, home, type, wish }: Declaration, now: Instant): Promise<Declared> =>
  store.transact(async (tx) => {
    await tx.query('select pg_advisory_xact_lock(430043, $1)', [appliance])
    await tx.query(
      `update cariflex.community_declaration set ended_at = $2, end_reason = 'replaced' where appliance = $1 and ended_at is null`,
      [appliance, asTimestamp(now)],
    )
    const made = await tx.first<Declared>(
      `insert into cariflex.community_declaration (appliance, home, type, wish, declared_at) values ($1, $2, $3, $4, $5) returning ${COLUMNS}`,
      [appliance, home ?? null, type, asJson(wish), asTimestamp(now)],
    )
    return made!
  })

/** Ends a declaration. @throws Problem `unknown-declaration` when none that counts has this id */
export async function endDeclaration(store: Queryable, id: number, reason: DeclarationEnd, now: Instant): Promise<Declared> {
  const ended = isRowId(id)
    ? await store.first<Declared>(
        `update cariflex.community_declaration set ended_at = $2, end_reason = $3 where id = $1 and ended_at is null returning ${COLUMNS}`,
        [id, asTimestamp(now), reason],
      )
    : undefined
  return ended ?? unknown()
}

function unknown(): never {
  throw new Problem('unknown-declaration', say(SAYING.unknown), { status: 404, hint: say(SAYING.listThem) })
}
