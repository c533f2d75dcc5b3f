/** Under whose name the embedded server runs: PostgreSQL refuses to run as root. */
import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** Numeric user and group for child processes; empty = as ourselves. */
export interface ServerAccount {
  uid?: number
  gid?: number
}

/** As root: the user `postgres` when there is one, else `nobody`. As anybody else: ourselves. initdb wants a name for the number. */
export function serverAccount(passwd = '/etc/passwd'): ServerAccount {
  if (process.getuid?.() !== 0) return {}
  let users = ''
  try {
    users = readFileSync(passwd, 'utf8')
  } catch {
    // a machine without users: initdb will say so
  }
  for (const name of ['postgres', 'nobody']) {
    const entry = new RegExp(`^${name}:[^:]*:([1-9]\\d*):(\\d+):`, 'm').exec(users)
    if (entry) return { uid: Number(entry[1]), gid: Number(entry[2]) }
  }
  return { uid: 65_534, gid: 65_534 }
}

/** True when the account may pass through every folder above `path` (and through `path`, when it is a folder). */
export function mayReach(path: string, account: ServerAccount): boolean {
  if (account.uid === undefined) return true
  for (let at = resolve(path); ; at = dirname(at)) {
    try {
      const { mode, uid, gid } = statSync(at)
      const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001
      if ((mode & bit) === 0) return false
    } catch {
      // not made yet: it will be made by us
    }
    if (at === dirname(at)) return true
  }
}
