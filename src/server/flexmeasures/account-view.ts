/** Accounts and users as this API shows them. */
import type { Account, User } from '#ems'
import { formatInstant, type Instant } from '#kernel'

export const accountView = (account: Account) => ({
  id: account.id,
  name: account.name,
  primary_color: account.primary_color,
  secondary_color: account.secondary_color,
  logo_url: account.logo_url,
  attributes: JSON.stringify(account.attributes),
  account_roles: account.account_roles,
  consultancy_account_id: account.consultancy_account_id,
  plan_id: account.plan_id,
})

const moment = (at: Instant | null) => (at === null ? null : formatInstant(at))

export const userView = (user: User, lastSeen: Instant | null) => ({
  id: user.id,
  email: user.email,
  username: user.username,
  account_id: user.account,
  active: user.active,
  timezone: user.timezone,
  flexmeasures_roles: user.roles.map((role) => role.id),
  last_login_at: moment(user.lastLogin),
  last_seen_at: moment(lastSeen),
})
