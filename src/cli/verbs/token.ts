import { auditAccount, openUsers } from '#ems'
import { Problem } from '#kernel'
import { configOf, DATABASE_OPTIONS, DATABASE_WORDS } from '../configured.ts'
import { openDatabase } from '../database.ts'
import { connectInstance } from '../instance.ts'
import { clock } from '../settings.ts'
import type { Invocation, Verb } from '../verb.ts'

export const token: Verb = {
  name: 'token',
  summary:
    'Issues an access token of a user and prints it. On the machine of the data folder no password is needed and the token does not end by itself; with a password it is asked from the running instance and lives for six hours.',
  usage: '--email ADDRESS [--label TEXT] [--password PASSWORD]',
  example: 'cariflex token --email ines@example.org --label dashboards',
  options: { email: { type: 'string' }, password: { type: 'string' }, label: { type: 'string' }, ...DATABASE_OPTIONS },
  explain: {
    email: 'whose token',
    password: 'ask the instance (CARIFLEX_URL); others on this machine may read it here: prefer CARIFLEX_PASSWORD',
    label: 'what it is for',
    ...DATABASE_WORDS,
  },
  async run(invocation) {
    const { options, env, show } = invocation
    if (options['email'] === undefined)
      throw new Problem('usage', 'Say whose token with --email.', { hint: 'cariflex token --help shows an example.' })
    const password = options['password'] ?? env['CARIFLEX_PASSWORD']
    const made = password === undefined ? await issued(invocation) : await asked(env, String(options['email']), String(password))
    show({ token: made }, () => made)
    return undefined
  },
}

async function asked(env: NodeJS.ProcessEnv, email: string, password: string): Promise<string> {
  const answer = await connectInstance(env, { anonymous: true }).send<{ auth_token: string }>('POST', '/api/requestAuthToken', {
    email,
    password,
  })
  return answer.auth_token
}

async function issued({ options, env }: Invocation): Promise<string> {
  const { openTokens } = await import('#server')
  const database = await openDatabase(configOf({ options, env }).config, { clock })
  try {
    const users = openUsers(database.store)
    const email = String(options['email'])
    const known = await users.credentials(email)
    const user = known && (await users.get(known.id))
    if (!user?.active)
      throw new Problem(
        user ? 'inactive-user' : 'unknown-user',
        user ? `${email} may not sign in any more.` : `There is no user ${email}.`,
        {
          status: 404,
          hint: user ? 'Activate the user first.' : "Create the user with 'cariflex user add'.",
        },
      )
    const label = String(options['label'] ?? 'command line')
    const made = await openTokens(database.store, users, clock).issue(user.id, 'program', label)
    await auditAccount(database.store, clock.now(), undefined, `Token '${label}' of ${user.username} issued from the command line`, {
      account: user.account,
      user: user.id,
    })
    return made
  } finally {
    await database.close()
  }
}
