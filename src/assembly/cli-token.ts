import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Server } from '#server'

/** A token for the command line on this machine: readable by this user only. */
export async function leaveToken({ tokens, users }: Server, data: string, email: string): Promise<void> {
  const user = await users.credentials(email)
  if (!user) return
  const file = join(data, 'cli-token')
  try {
    if (await tokens.resolve(readFileSync(file, 'utf8').trim())) return
  } catch {
    // none yet
  }
  writeFileSync(file, `${await tokens.issue(user.id, 'program', 'command line')}\n`, { mode: 0o600 })
  chmodSync(file, 0o600)
}
