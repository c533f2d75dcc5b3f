/** Who may do what: the one place where roles are looked at (reference 1.5). */
import { Problem } from '#kernel'

export type Action = 'read' | 'create-children' | 'update' | 'delete'

/** Somebody who signed in. */
export interface Principal {
  user: number
  email: string
  username: string
  account: number
  accountName: string
  timezone: string
  roles: readonly string[]
  /** Accounts whose consultancy is the principal's account; empty unless the principal is a consultant. */
  clients: readonly number[]
}

/** Whoever works on the machine itself (the command line): may everything, and is no row of `fm_user`. */
export const OPERATOR: Principal = {
  user: 0,
  email: '',
  username: 'command line',
  account: 0,
  accountName: '',
  timezone: 'UTC',
  roles: ['admin'],
  clients: [],
}

/** What is asked for. `account` is the owner (null = public), `consultancy` the account that advises the owner. */
export type Subject =
  | { kind: 'account'; account: number; consultancy: number | null }
  | { kind: 'user'; account: number; consultancy: number | null; user: number }
  /** The audit log of an account or of a user: not for every colleague's eyes. */
  | { kind: 'account-log'; account: number; consultancy: number | null }
  | { kind: 'user-log'; account: number; consultancy: number | null; user: number }
  | { kind: 'asset' | 'sensor'; account: number | null; consultancy: number | null }

/** Account role of those who advise others. */
export const CONSULTANCY = 'Consultancy'

const has = (who: Principal, role: string): boolean => who.roles.includes(role)

export const isAdmin = (who: Principal): boolean => has(who, 'admin')

/** Reads everything: `admin` and `admin-reader`. */
export const readsAll = (who: Principal): boolean => isAdmin(who) || has(who, 'admin-reader')

const advises = (who: Principal, subject: Subject): boolean =>
  has(who, 'consultant') && subject.consultancy !== null && subject.consultancy === who.account

/** True when the principal may do the action on the subject. */
export function permits(who: Principal, action: Action, subject: Subject): boolean {
  if (isAdmin(who)) return true
  if (action === 'read' && has(who, 'admin-reader')) return true
  if ((subject.kind === 'asset' || subject.kind === 'sensor') && subject.account === null) return action === 'read'
  const member = subject.account === who.account
  const accountAdmin = member && has(who, 'account-admin')
  const consultant = advises(who, subject)
  switch (subject.kind) {
    case 'account':
      if (action === 'read' || action === 'update') return member || consultant
      return action === 'create-children' && (accountAdmin || consultant)
    case 'user':
      if (action === 'read') return member || consultant
      return action === 'update' && (subject.user === who.user || accountAdmin || consultant)
    case 'account-log':
      return action === 'read' && (accountAdmin || consultant)
    case 'user-log':
      return action === 'read' && (subject.user === who.user || accountAdmin || consultant)
    case 'asset':
      return action === 'delete' ? accountAdmin || consultant : member || consultant
    case 'sensor':
      return action === 'read' || action === 'create-children' ? member || consultant : accountAdmin || consultant
  }
}

/** @throws Problem `forbidden` (403) unless `permits` */
export function demand(who: Principal, action: Action, subject: Subject): void {
  if (!permits(who, action, subject)) throw forbidden()
}

/** The refusal every door shows when rights are missing; it says nothing about what was asked for. */
export const forbidden = (): Problem =>
  new Problem('forbidden', 'You cannot be authorized for this content or functionality.', {
    status: 403,
    hint: 'Ask the administrator of the account for the right to do this.',
  })

/** Accounts whose things the principal may read; 'all' for those who read everything. Public things come on top. */
export const readableAccounts = (who: Principal): number[] | 'all' => (readsAll(who) ? 'all' : [who.account, ...who.clients])

/** True when the principal steers the whole platform (limits, overrides, stations, world) and not only looks. */
export const steers = (who: Principal): boolean => isAdmin(who) || has(who, 'account-admin')

/** True when the principal may found accounts: administrators, and consultants of an account with the role of a consultancy. */
export const mayFoundAccounts = (who: Principal, accountRoles: readonly string[]): boolean =>
  isAdmin(who) || (has(who, 'consultant') && accountRoles.includes(CONSULTANCY))

/** True when the principal may make or end a consultancy of its own account. */
export const mayConsult = (who: Principal, accountRoles: readonly string[]): boolean =>
  accountRoles.includes(CONSULTANCY) && (has(who, 'consultant') || has(who, 'account-admin'))

/** True when the principal may give or take the role of a user of `subject` (reference 1.5: admin never over the API). */
export function mayGrant(who: Principal, role: string, subject: Extract<Subject, { kind: 'user' }>): boolean {
  if (role === 'admin-reader') return isAdmin(who)
  if (role === 'account-admin') return isAdmin(who) || advises(who, subject)
  if (role === 'consultant') return isAdmin(who) || (subject.account === who.account && has(who, 'account-admin'))
  return false
}
