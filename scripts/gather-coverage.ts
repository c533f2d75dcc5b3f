/** Runs tests of the server room and writes which routes each of them exercises; what is known of other tests stays. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { COVERAGE_FILE, COVERAGE_FOLDER, type Coverage, readCoverage } from '../src/server/coverage.fixture.ts'

/** `words`: only tests whose path contains one of them; all without any. */
export function gatherCoverage(words: readonly string[]): void {
  const folder = mkdtempSync(join(tmpdir(), 'cariflex-routes-'))
  try {
    const files = readdirSync('src/server', { recursive: true, encoding: 'utf8' }).filter(
      (file) =>
        file.endsWith('.test.ts') && file !== 'coverage.test.ts' && (words.length === 0 || words.some((word) => file.includes(word))),
    )
    const run = spawnSync(
      process.execPath,
      [
        '--import',
        'tsx',
        '--test',
        '--test-concurrency=2',
        '--test-timeout=300000',
        ...files.map((file) => join('src/server', file)).sort(),
      ],
      { env: { ...process.env, [COVERAGE_FOLDER]: folder }, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' },
    )
    if (run.status !== 0)
      console.error('Some tests failed; what they exercise is not counted:', run.stdout.match(/^not ok .*$/gm)?.join('\n'))
    const shown = readdirSync(folder).map(
      (file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as { name: string; routes: string[] },
    )
    const again = new Set(shown.map(({ name }) => name))
    const coverage: Coverage = {}
    if (words.length > 0)
      for (const [route, tests] of Object.entries(readCoverage())) coverage[route] = tests.filter((name) => !again.has(name))
    for (const { name, routes } of shown) for (const route of routes) coverage[route] = [...(coverage[route] ?? []), name]
    writeFileSync(COVERAGE_FILE, `${JSON.stringify(sorted(coverage), null, 2)}\n`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** By route, then by name; a few tests of each are enough to show that it is tested. */
const sorted = (coverage: Coverage): Coverage =>
  Object.fromEntries(
    Object.keys(coverage)
      .filter((route) => coverage[route]!.length > 0)
      .sort()
      .map((route) => [route, [...new Set(coverage[route])].sort().slice(0, MOST)]),
  )

const MOST = 4
