/** `add`: accounts, their roles and plans, and users. */
import { addAccountRole, addPlan, auditAccount, OPERATOR, type PlanFields } from '#ems'
import { Problem } from '#kernel'
import { clock } from '../settings.ts'
import type { Given } from './option.ts'
import { PLAN_LIMITS, rateKey } from './plan-limits.ts'
import type { FmVerb } from './verb.ts'

const COLOR = /^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/

export const planFields = (given: Given): PlanFields => ({
  ...(given.has('default-rate-limit') && { default_rate_limit: given.need('default-rate-limit') }),
  ...(given.has('trigger-rate-limit') && { trigger_rate_limit: given.need('trigger-rate-limit') }),
  ...(given.has('rate-limit-key') && { rate_limit_key: rateKey(given.need('rate-limit-key')) }),
  ...(given.has('max-users') && { max_users: given.number('max-users')! }),
  ...(given.has('max-assets') && { max_assets: given.number('max-assets')! }),
  ...(given.has('max-clients') && { max_clients: given.number('max-clients')! }),
})

export const ADD_PEOPLE: readonly FmVerb[] = [
  {
    name: 'add account-role',
    summary: 'Creates an account role.',
    options: [
      { name: 'name', required: true, what: 'of the role, unlike any other' },
      { name: 'description', what: 'in a few words' },
    ],
    async run(given, desk, { show }) {
      const id = await addAccountRole((await desk()).store, given.need('name'), given.text('description'))
      show({ id, name: given.need('name') }, () => `Account role '${given.need('name')}' (ID: ${id}) successfully created.`)
      return undefined
    },
  },
  {
    name: 'add plan',
    summary: 'Creates a plan: rate limits and quotas for the accounts that have it.',
    options: [{ name: 'name', required: true, what: 'such as Pro' }, ...PLAN_LIMITS],
    async run(given, desk, { show }) {
      const plan = await addPlan((await desk()).store, { name: given.need('name'), ...planFields(given) })
      show(plan, () => `Plan '${plan.name}' (ID: ${plan.id}) successfully created.`)
      return undefined
    },
  },
  {
    name: 'add account',
    summary: 'Creates an account.',
    options: [
      { name: 'name', required: true, what: 'of the account' },
      { name: 'roles', what: 'names of account roles, separated by commas; what is not there yet is created' },
      { name: 'primary-color', what: 'for its pages, in hexadecimal' },
      { name: 'secondary-color', what: 'for its pages, in hexadecimal' },
      { name: 'logo-url', what: 'for its pages' },
      { name: 'consultancy', kind: 'whole', what: 'id of the account whose consultants may read this one' },
    ],
    async run(given, open, { show }) {
      const desk = await open()
      for (const name of ['primary-color', 'secondary-color'])
        if (given.has(name) && !COLOR.test(given.need(name)))
          throw new Problem('usage', `Invalid value for '--${name}': '${given.need(name)}' is no colour.`, {
            hint: "Write it like '#1a3443'.",
          })
      if (given.has('logo-url') && !URL.canParse(given.need('logo-url')))
        throw new Problem('usage', `Invalid value for '--logo-url': '${given.need('logo-url')}' is no URL.`)
      const consultancy = given.number('consultancy')
      const account = await desk.ask<{ id: number; name: string }>('POST', '/accounts', {
        name: given.need('name'),
        ...(consultancy !== undefined && { consultancy_account_id: consultancy }),
      })
      const roles = await accountRoles(desk.store, desk.accounts, splitCommas(given.text('roles')))
      const change = {
        ...(given.has('primary-color') && { primary_color: given.need('primary-color') }),
        ...(given.has('secondary-color') && { secondary_color: given.need('secondary-color') }),
        ...(given.has('logo-url') && { logo_url: given.need('logo-url') }),
        ...(roles.length > 0 && { account_roles: roles }),
      }
      if (Object.keys(change).length > 0) await desk.ask('PATCH', `/accounts/${account.id}`, change)
      show({ id: account.id, name: account.name }, () => `Account '${account.name}' (ID: ${account.id}) successfully created.`)
      return undefined
    },
  },
  {
    name: 'add user',
    summary: 'Creates a user; asks for the password, or takes it from CARIFLEX_PASSWORD or standard input.',
    options: [
      { name: 'username', required: true, what: 'shown with what the user does' },
      { name: 'email', required: true, what: 'to sign in with' },
      { name: 'account', also: ['account-id'], kind: 'whole', required: true, what: 'id of the account' },
      { name: 'roles', many: true, what: 'user roles, separated by commas or given several times' },
      { name: 'timezone', kind: 'zone', what: 'such as Europe/Paris; default that of the platform' },
    ],
    async run(given, open, talk) {
      const desk = await open()
      const account = await desk.accounts.get(given.id('account'))
      if (!account) throw new Problem('unknown-account', `No account with ID ${given.id('account')} found!`, { hint: 'See show accounts.' })
      const password = talk.env['CARIFLEX_PASSWORD'] ?? (await talk.secret('Please enter the password'))
      const user = await desk.users.create({
        email: given.need('email'),
        username: given.need('username'),
        account: account.id,
        password,
        roles: given.texts('roles').flatMap(splitCommas),
        timezone: given.text('timezone') ?? desk.config.platform.timezone,
      })
      await desk.sources.of({ name: user.username, type: 'user', user: user.id, account: user.account })
      await auditAccount(desk.store, clock.now(), OPERATOR, `User ${user.username} created`, {
        user: user.id,
        account: account.id,
      })
      talk.show(
        { id: user.id, email: user.email, username: user.username },
        () => `Successfully created user ${user.username} (ID: ${user.id}) with email ${user.email}.`,
      )
      return undefined
    },
  },
]

export const splitCommas = (text: string | undefined): string[] =>
  (text ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')

/** Ids of account roles by their names; those that are not there yet are made. */
async function accountRoles(
  store: Parameters<typeof addAccountRole>[0],
  accounts: { roles(): Promise<{ id: number; name: string }[]> },
  names: readonly string[],
): Promise<number[]> {
  const known = new Map((await accounts.roles()).map(({ id, name }) => [name, id]))
  const ids: number[] = []
  for (const name of names) ids.push(known.get(name) ?? (await addAccountRole(store, name, undefined)))
  return ids
}
