/** Where the databases of tests live: in memory when the machine offers it (copying a database is 400 small files), else in /tmp. */
import { accessSync, constants, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const MEMORY = '/dev/shm'
const ENOUGH = 1_000_000_000

/** Folder above those of the runs. */
export function scratchHome(): string {
  try {
    const { bavail, bsize } = statfsSync(MEMORY)
    accessSync(MEMORY, constants.W_OK)
    if (bavail * bsize > ENOUGH) return MEMORY
  } catch {
    // no such place here
  }
  return tmpdir()
}

const prefix = () => `cariflex-test-${process.getuid?.() ?? 0}-`

/** Folder of one test run; `run` is the number of its process. */
export const scratchFolder = (run: number): string => join(scratchHome(), `${prefix()}${run}`)

/** The run that a name in `scratchHome` belongs to. */
export function runOf(name: string): number | undefined {
  const rest = name.startsWith(prefix()) ? name.slice(prefix().length) : ''
  return /^\d+$/.test(rest) ? Number(rest) : undefined
}
