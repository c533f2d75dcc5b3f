import { type Account, auditAccount, inventPassword, openAccounts, openPasswords, openUsers } from '#ems'
import { nearest, Problem, silentLog } from '#kernel'
import { configOf, DATABASE_OPTIONS, DATABASE_WORDS } from '../configured.ts'
import { openDatabase } from '../database.ts'
import { clock } from '../settings.ts'
import type { Verb } from '../verb.ts'

export const userAdd: Verb = {
  name: 'user add',
  summary: 'Creates a user, on a running platform too. Without --password one is invented and printed once.',
  usage: '--email ADDRESS [--username NAME] [--account NAME] [--role ROLE ...] [--password PASSWORD]',
  example: 'cariflex user add --email ines@example.org --account Cariflex --role account-admin',
  options: {
    email: { type: 'string' },
    username: { type: 'string' },
    account: { type: 'string' },
    role: { type: 'string', multiple: true },
    password: { type: 'string' },
    ...DATABASE_OPTIONS,
  },
  explain: {
    email: 'to sign in with',
    username: 'default: what stands before the @',
    account: 'name or id of the organisation; needed when there are several',
    role: 'admin, admin-reader, account-admin or consultant; several times for several',
    password: '8 characters or more; others on this machine may read it here: prefer CARIFLEX_PASSWORD',
    ...DATABASE_WORDS,
  },
  async run({ options, env, show }) {
    if (options['email'] === undefined)
      throw new Problem('usage', 'Say which --email.', { hint: 'cariflex user add --help shows an example.' })
    const email = String(options['email'])
    const given = options['password'] ?? env['CARIFLEX_PASSWORD']
    const password = given === undefined ? inventPassword() : String(given)
    const { config } = configOf({ options, env })
    const database = await openDatabase(config, { clock })
    const salt = config.security.passwordSalt
    const passwords = openPasswords({ log: silentLog, ...(salt !== undefined && { salt }) })
    try {
      const accounts = await openAccounts(database.store).list({ accounts: 'all' })
      const account = accountOf(accounts, options['account'])
      const user = await openUsers(database.store, passwords).create({
        email,
        account: account.id,
        password,
        roles: [options['role'] ?? []].flat().map(String),
        timezone: config.platform.timezone,
        ...(options['username'] !== undefined && { username: String(options['username']) }),
      })
      await auditAccount(database.store, clock.now(), undefined, `User ${user.username} created from the command line`, {
        account: account.id,
        user: user.id,
      })
      const { id, username, roles } = user
      const names = roles.map(({ name }) => name)
      show(
        {
          id,
          email: user.email,
          username,
          account: { id: account.id, name: account.name },
          roles: names,
          ...(given === undefined && { password }),
        },
        () =>
          `Created ${user.email} (user ${id}) in ${account.name}${names.length > 0 ? ` as ${names.join(', ')}` : ''}.${given === undefined ? `\nPassword, shown only now: ${password}` : ''}`,
      )
    } finally {
      await passwords.close()
      await database.close()
    }
    return undefined
  },
}

function accountOf(accounts: readonly Account[], wanted: unknown): Account {
  const names = accounts.map(({ name }) => name)
  if (wanted === undefined) {
    const [only, ...others] = accounts
    if (only && others.length === 0) return only
    throw new Problem('usage', only ? `There are ${names.length} accounts: say which --account.` : 'There is no account yet.', {
      hint: only ? `One of: ${names.join(', ')}.` : "Run 'cariflex start' once: it makes the account of the territory.",
    })
  }
  const found = accounts.find(({ id, name }) => name === wanted || String(id) === wanted)
  if (found) return found
  const meant = nearest(String(wanted), names)
  throw new Problem('unknown-account', `There is no account '${wanted}'.`, {
    status: 422,
    hint: meant ? `Did you mean '${meant}'?` : `One of: ${names.join(', ') || 'none yet'}.`,
  })
}
