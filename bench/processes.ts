/** What processes cost, as Linux tells it, and a folder for what they write. */
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Milliseconds of processor that a process has used, of all its threads; 0 once it is gone, not a number where there is no /proc. */
export function ran(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/task`)
      .map((task) => Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]) / 1e6)
      .reduce((sum, spent) => sum + spent, 0)
  } catch {
    return process.platform === 'linux' ? 0 : Number.NaN
  }
}

/** Processes below one. */
export const childrenOf = (parent: number): number[] =>
  readdirSync('/proc')
    .filter((entry) => {
      try {
        const stat = /^\d+$/.test(entry) ? readFileSync(`/proc/${entry}/stat`, 'utf8') : ''
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent
      } catch {
        return false
      }
    })
    .map(Number)

/** Open to the account of the database server, so that its cluster lies inside and goes with the folder. */
export function openFolder(): { folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'cariflex-bench-'))
  chmodSync(folder, 0o755)
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
