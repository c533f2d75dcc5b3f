/** Under whose name the embedded server runs: PostgreSQL refuses to run as root. */
import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** Numeric user and group for child processes; empty = as ourselves. */
export interface ServerAccount {
  uid?: number
  gid?: number
}

/** 'nobody' on Linux; no entry in /etc/passwd is needed. */
const NOBODY = 65_534

/** As root: the user `postgres` when there is one, else an unprivileged number. As anybody else: ourselves. */
export function serverAccount(passwd = '/etc/passwd'): ServerAccount {
  if (process.getuid?.() !== 0) return {}
  try {
    for (const line of readFileSync(passwd, 'utf8').split('\n')) {
      const [name, , uid, gid] = line.split(':')
      if (name === 'postgres' && Number(uid) > 0) return { uid: Number(uid), gid: Number(gid) }
    }
  } catch {}
  return { uid: NOBODY, gid: NOBODY }
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
