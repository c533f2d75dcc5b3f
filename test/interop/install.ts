/** Installs foreign programs by name, with retries; tells a registry that is away from one that refuses. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const quiet = (file: string, args: string[], timeout = 60_000) => spawnSync(file, args, { encoding: 'utf8', timeout })

/** Runs a command up to five times, waiting longer each time: registries fail now and then. */
function retry(file: string, args: string[]): string | undefined {
  let said = ''
  for (let attempt = 1; attempt <= 5; attempt++) {
    const done = spawnSync(file, args, { stdio: ['ignore', 'inherit', 'pipe'], encoding: 'utf8', timeout: 900_000 })
    if (done.status === 0) return undefined
    said = `${done.stderr ?? ''}${done.error ? done.error.message : ''}`.trim().slice(-1500)
    console.error(`attempt ${attempt} of ${file} ${args.join(' ')} failed: ${said.split('\n').at(-1)}`)
    spawnSync('sleep', [String(attempt * 3)])
  }
  return said || 'it failed'
}

export interface Installed {
  /** The folder of the Python environment. */
  venv?: string
  /** Why there is none. */
  why?: string
  /** False when the registry could not be reached: nobody's fault here. */
  reachable: boolean
}

/** A Python environment with the packages of a requirements file; kept outside the repository and used again while the file is the same. */
export function pythonWith(requirements: string, python = 'python3'): Installed {
  const digest = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12)
  const venv = join(tmpdir(), `cariflex-interop-${process.getuid?.() ?? 0}-${digest}`)
  if (existsSync(join(venv, 'complete'))) return { venv, reachable: true }
  mkdirSync(venv, { recursive: true })
  const inside = join(venv, 'bin', 'python')
  const failed =
    retry(python, ['-m', 'venv', '--clear', venv]) ??
    retry(inside, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements])
  if (failed !== undefined) {
    const reachable =
      quiet(inside, ['-m', 'pip', 'download', '--quiet', '--no-deps', '--no-cache-dir', '--dest', join(venv, 'probe'), 'pip']).status === 0
    return { why: failed, reachable }
  }
  writeFileSync(join(venv, 'complete'), digest)
  return { venv, reachable: true }
}

/** The source of a package as its registry has it, unpacked, for the examples that are not installed with it; undefined when it cannot be had. */
export function sourceOf(python: string, requirements: string, name: string): string | undefined {
  const wanted = new RegExp(`^${name}==(\\S+)$`, 'm').exec(readFileSync(requirements, 'utf8'))
  if (!wanted) throw new Error(`${requirements} does not name ${name}`)
  const folder = join(tmpdir(), `cariflex-interop-${process.getuid?.() ?? 0}-${name}-${wanted[1]}-source`)
  const inside = join(folder, `${name.replaceAll('-', '_')}-${wanted[1]}`)
  if (existsSync(join(folder, 'complete'))) return inside
  mkdirSync(folder, { recursive: true })
  const archive = `${inside}.tar.gz`
  const words = ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--no-binary', ':all:', '--dest', folder]
  if (!existsSync(archive) && retry(python, [...words, wanted[0]]) !== undefined) return undefined
  if (quiet('tar', ['xzf', archive, '-C', folder]).status !== 0) return undefined
  writeFileSync(join(folder, 'complete'), '')
  return inside
}

/** The name of a Python that the packages of FlexMeasures are made for: 3.10 to 3.12. */
export function olderPython(): string | undefined {
  return ['python3.11', 'python3.12', 'python3.10', 'python3'].find((name) =>
    /^Python 3\.1[0-2]\./.test(quiet(name, ['--version']).stdout ?? ''),
  )
}

/** Makes sure that Debian packages are there; `there` looks for what they bring. */
export function debian(there: () => boolean, ...packages: string[]): Installed {
  if (there()) return { reachable: true }
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n']
  const apt = (...args: string[]) => retry([...sudo, 'apt-get'][0]!, [...[...sudo, 'apt-get'].slice(1), ...args])
  if (apt('update', '-qq') !== undefined) return { why: 'the Debian packages cannot be reached', reachable: false }
  const failed = apt('install', '-y', '-qq', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=60', ...packages)
  return there() ? { reachable: true } : { why: failed ?? `${packages.join(', ')} did not bring it`, reachable: true }
}
