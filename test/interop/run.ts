// Installs the foreign programs (unmodified, by name, with retries), then runs the interop tests with them.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const here = import.meta.dirname
const requirements = join(here, 'requirements.txt')
const digest = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12)
const venv = join(tmpdir(), `cariflex-interop-${process.getuid?.() ?? 0}-${digest}`)
const python = join(venv, 'bin', 'python')

/** Runs a command up to five times, waiting longer each time: registries fail now and then. */
function retry(file: string, args: string[]): void {
  for (let attempt = 1; attempt <= 5; attempt++) {
    const done = spawnSync(file, args, { stdio: ['ignore', 'inherit', 'inherit'], timeout: 600_000 })
    if (done.status === 0) return
    console.error(`attempt ${attempt} of ${file} ${args.join(' ')} failed${done.error ? `: ${done.error.message}` : ''}`)
    spawnSync('sleep', [String(attempt * 3)])
  }
  console.error(`The foreign programs of the interop tests could not be installed: ${file} ${args.join(' ')}`)
  process.exit(1)
}

if (!existsSync(join(venv, 'complete'))) {
  mkdirSync(venv, { recursive: true })
  retry('python3', ['-m', 'venv', '--clear', venv])
  retry(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements])
  writeFileSync(join(venv, 'complete'), digest)
}

const tests = readdirSync(here)
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => join(here, file))
const reporter = `--test-reporter=${process.stdout.isTTY ? 'spec' : 'tap'}`
const done = spawnSync(process.execPath, ['--import', 'tsx', '--test', reporter, '--test-concurrency=1', ...tests], {
  stdio: 'inherit',
  env: { ...process.env, CARIFLEX_PYTHON: python },
})
process.exit(done.status ?? 1)
