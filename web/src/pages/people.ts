/** Users, accounts and audit entries as `/api/v3_0` shows them, and what the signed-in user may do with them. */
import type { User } from '../wire.ts'

export interface Person {
  id: number
  email: string
  username: string
  account_id: number
  /** Only in lists. */
  account?: { id: number; name: string }
  active: boolean
  timezone: string
  /** Names in lists, ids elsewhere. */
  flexmeasures_roles: (string | number)[]
  last_login_at: string | null
  last_seen_at: string | null
}

export interface Account {
  id: number
  name: string
  primary_color: string | null
  secondary_color: string | null
  logo_url: string | null
  account_roles: { id: number; name: string }[]
  consultancy_account_id: number | null
  plan_id: number | null
  user_count?: number
  asset_count?: number
}

export interface AuditEntry {
  event: string
  event_datetime: string
  active_user_name: string | null
}

export interface RoleOf {
  id: number
  name: string
  has: boolean
  mayChange: boolean
}

/** Reads the audit logs of organisations and of other users. */
export const readsLogs = (user: User): boolean => invites(user) || user.roles.includes('admin-reader')
export const isAdmin = (user: User): boolean => user.roles.includes('admin')
/** May invite users and change those of its account. */
export const invites = (user: User): boolean => isAdmin(user) || user.roles.includes('account-admin') || user.roles.includes('consultant')
