/** What the routes of ours have in common: the shape of answers, moments in queries, and who may reach the site. */
import { type TSchema, Type } from 'typebox'
import { type Action, demand, type Principal, readableAccounts } from '#ems'
import { addDuration, type Instant, Problem, parseDuration, parseInstant, say } from '#kernel'
import type { Request } from '../app.ts'
import { SAYING } from './saying.ts'

export const Moment = Type.String({ format: 'date-time', description: 'ISO 8601 with offset, in the time zone of the site' })

/** `{ data: … }`: every answer of ours. */
export const Data = <Shape extends TSchema>(shape: Shape) => Type.Object({ data: shape })

/** The signed-in principal of a request that `authenticate` let in. */
export function whoOf(request: Request): Principal {
  if (!request.principal) throw new Problem('unauthenticated', say(SAYING.nobody), { status: 401, hint: say(SAYING.signIn) })
  return request.principal
}

/** An `onRequest` hook after `authenticate` that lets in those who may do `action` on the assets of the account that owns the site. */
export const onSite = (account: number, action: Action) => async (request: Request) =>
  demand(whoOf(request), action, { kind: 'asset', account, consultancy: null })

/** True when the principal reads what belongs to the account. */
export const reads = (who: Principal, account: number | null): boolean => {
  const readable = readableAccounts(who)
  return account === null || readable === 'all' || readable.includes(account)
}

/** The end of a period given as `until` or as `duration` from `from`. @throws Problem `missing-end` (422) */
export function endOf(given: { until?: string; duration?: string }, from: Instant, zone: string): Instant {
  if (given.until !== undefined) return parseInstant(given.until)
  if (given.duration !== undefined) return addDuration(from, parseDuration(given.duration), zone)
  throw new Problem('missing-end', say(SAYING.noEnd), {
    status: 422,
    hint: say(SAYING.giveEnd),
  })
}
