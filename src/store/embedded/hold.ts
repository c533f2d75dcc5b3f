/** One platform a data folder: a lock file that names its holder and does not outlive it. */
import { linkSync, mkdirSync, readFileSync, rmdirSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { type Clock, Problem, SECOND } from '#kernel'
import { isAlive, startOf } from './alive.ts'

export interface Hold {
  release(): void
}

interface Holder {
  pid: number
  start: string
  host: string
}

/** A holder on another machine (a shared disk) is believed alive while it touches its file. */
const SIGN_OF_LIFE = 10 * SECOND
const SILENT = 30 * SECOND

/**
 * Takes the data folder for this process; a lock whose holder is gone is taken over.
 * @throws Problem `folder-in-use` naming the process that holds it, `folder-not-writable`
 */
export async function holdFolder(folder: string, clock: Clock): Promise<Hold> {
  const file = join(folder, 'platform.lock')
  const me: Holder = { pid: process.pid, start: startOf(process.pid), host: hostname() }
  const mine = JSON.stringify(me)
  for (let tries = 0; ; tries++) {
    if (write(file, mine)) break
    const holder = read(file)
    if (holder && lives(holder, file, clock)) throw inUse(folder, holder)
    if (tries > 100) throw inUse(folder, holder)
    takeAway(file, clock)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const timer = clock.every(SIGN_OF_LIFE, () => {
    try {
      const now = clock.now() / 1000
      utimesSync(file, now, now)
    } catch {
      // the folder was removed under us; nothing to hold any more
    }
  })
  const release = () => {
    timer.cancel()
    process.removeListener('exit', release)
    if (contentOf(file) === mine) unlinkSync(file)
  }
  process.on('exit', release)
  return { release }
}

/** Who holds the folder now, when somebody does. */
export function holderOf(folder: string, clock: Clock): number | undefined {
  const file = join(folder, 'platform.lock')
  const holder = read(file)
  return holder && lives(holder, file, clock) ? holder.pid : undefined
}

function lives(holder: Holder, file: string, clock: Clock): boolean {
  if (holder.host !== hostname()) return clock.now() - changedAt(file) < SILENT
  return isAlive(holder.pid) && (holder.start === '' || startOf(holder.pid) === holder.start)
}

/** Removes a stale lock; a folder beside it lets only one process do so at a time. */
function takeAway(file: string, clock: Clock): void {
  const turn = `${file}.taking`
  try {
    mkdirSync(turn)
  } catch {
    if (clock.now() - changedAt(turn) > SIGN_OF_LIFE) remove(turn)
    return
  }
  const holder = read(file)
  if (!holder || !lives(holder, file, clock))
    try {
      unlinkSync(file)
    } catch {
      // it is gone already
    }
  remove(turn)
}

const remove = (folder: string): void => {
  try {
    rmdirSync(folder)
  } catch {
    // another process was quicker
  }
}

/** False when the file is there already. It appears with its content: a link, since a file just made is empty for a moment. */
function write(file: string, text: string): boolean {
  const own = `${file}.${process.pid}.${++serial}`
  try {
    writeFileSync(own, text, { mode: 0o644 })
    try {
      linkSync(own, file)
    } finally {
      unlinkSync(own)
    }
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw new Problem('folder-not-writable', `The data folder of ${file} cannot be written.`, {
      hint: 'Give it to the user that runs Cariflex, or choose another one with --data or CARIFLEX_DATA.',
      cause: error,
    })
  }
}
let serial = 0

function contentOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

function read(file: string): Holder | undefined {
  try {
    const { pid, start, host } = JSON.parse(contentOf(file) ?? '') as Partial<Holder>
    return typeof pid === 'number' ? { pid, start: start ?? '', host: host ?? '' } : undefined
  } catch {
    return undefined
  }
}

function changedAt(path: string): number {
  try {
    return statSync(path).mtimeMs
  } catch {
    return 0
  }
}

const inUse = (folder: string, holder: Holder | undefined): Problem => {
  const where = holder && holder.host !== hostname() ? ` on ${holder.host}` : ''
  return new Problem(
    'folder-in-use',
    `The data folder ${folder} is in use by another Cariflex: process ${holder?.pid ?? 'unknown'}${where}.`,
    {
      status: 409,
      hint: 'Stop that one first, or start this one on another folder: --data other-folder.',
      details: { pid: holder?.pid },
    },
  )
}
