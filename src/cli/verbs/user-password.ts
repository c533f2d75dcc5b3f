import { auditAccount, inventPassword, openPasswords, openUsers } from '#ems'
import { Problem, silentLog } from '#kernel'
import { configOf, DATABASE_OPTIONS, DATABASE_WORDS } from '../configured.ts'
import { openDatabase } from '../database.ts'
import { clock } from '../settings.ts'
import type { Verb } from '../verb.ts'

export const userPassword: Verb = {
  name: 'user password',
  summary:
    'Sets a new password of a user, on a running platform too, and ends all sessions and tokens of the user. Invented and printed once unless given.',
  usage: 'EMAIL [--password PASSWORD]',
  example: 'cariflex user password ines@example.org',
  options: { password: { type: 'string' }, ...DATABASE_OPTIONS },
  explain: {
    password: '8 characters or more; others on this machine may read it here: prefer CARIFLEX_PASSWORD',
    ...DATABASE_WORDS,
  },
  async run({ words: [email, ...rest], options, env, show }) {
    if (email === undefined || rest.length > 0)
      throw new Problem('usage', 'Say whose password.', { hint: 'cariflex user password ines@example.org' })
    const given = options['password'] ?? env['CARIFLEX_PASSWORD']
    const password = given === undefined ? inventPassword() : String(given)
    const { config } = configOf({ options, env })
    const database = await openDatabase(config, { clock })
    const salt = config.security.passwordSalt
    const passwords = openPasswords({ log: silentLog, ...(salt !== undefined && { salt }) })
    try {
      const users = openUsers(database.store, passwords)
      const known = await users.credentials(email)
      const user = known && (await users.get(known.id))
      if (!user)
        throw new Problem('unknown-user', `There is no user ${email}.`, { status: 404, hint: "Create the user with 'cariflex user add'." })
      await users.setPassword(user.id, password)
      await auditAccount(database.store, clock.now(), undefined, `Password of ${user.username} set from the command line`, {
        account: user.account,
        user: user.id,
      })
      show(
        { id: user.id, email: user.email, active: user.active, ...(given === undefined && { password }) },
        () =>
          `${user.email} has a new password; all sessions and tokens ended.${user.active ? '' : ' The user is deactivated and cannot sign in.'}${given === undefined ? `\nPassword, shown only now: ${password}` : ''}`,
      )
    } finally {
      await passwords.close()
      await database.close()
    }
    return undefined
  },
}
