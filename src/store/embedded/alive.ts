/** Is a process that a file speaks of still that process? Numbers are used again, so its start is compared too. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** True when some process has this number. */
export function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false
  }
  return process.platform !== 'linux' || stateOf(pid) !== 'Z'
}

/** A text that tells this process from an earlier or later one of the same number; empty where the machine does not say. */
export function startOf(pid: number): string {
  try {
    if (process.platform === 'linux')
      return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${afterName(pid).split(' ')[19]}`
    if (process.platform !== 'win32') return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim()
  } catch {
    // gone meanwhile
  }
  return ''
}

/** The command line of a process; empty when unknown. */
export function commandOf(pid: number): string {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
    if (process.platform !== 'win32') return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).trim()
  } catch {
    // gone meanwhile
  }
  return ''
}

/** The fields of /proc/PID/stat that follow the name (which may hold spaces and brackets). */
const afterName = (pid: number): string => readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '')

function stateOf(pid: number): string {
  try {
    return afterName(pid).slice(0, 1)
  } catch {
    return 'Z'
  }
}
