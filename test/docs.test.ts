// The docs are true: links lead somewhere, command lines exist, generated pages are fresh, and the tutorial is walked on the real program.
// Marks before a fenced block: `<!-- run "…" -->` runs it and wants these words, `until` repeats it until they come, `background` leaves it
// running once they came, `file NAME` writes it.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { TABLE } from '../src/cli/flexmeasures/table.ts'
import { isRefused } from '../src/cli/flexmeasures/verb.ts'
import { VERBS } from '../src/cli/verbs.ts'
import { freePort } from './journeys/territory.ts'

const ROOT = join(import.meta.dirname, '..')
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'AGENTS.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join('docs', file)),
]
const textOf = (page: string): string => readFileSync(join(ROOT, page), 'utf8')
const withoutCode = (text: string): string => text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '')

test('every relative link of the docs leads to a file, and to a heading where it names one', () => {
  const broken: string[] = []
  for (const page of PAGES)
    for (const [, target = ''] of withoutCode(textOf(page)).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue
      const [path = '', heading] = target.split('#')
      const file = path === '' ? page : join(dirname(page), path)
      if (!existsSync(join(ROOT, file))) broken.push(`${page}: ${target} is not there`)
      if (!existsSync(join(ROOT, file)) || heading === undefined || !file.endsWith('.md')) continue
      const anchors = [...textOf(file).matchAll(/^#+ (.*)$/gm)].map(([, title = '']) => anchorOf(title))
      if (!anchors.includes(heading)) broken.push(`${page}: ${target} is no heading; there are ${anchors.join(', ')}`)
    }
  assert.deepEqual(broken, [])
})

const anchorOf = (title: string): string =>
  title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-')

test('every file of the repository that the docs name in code exists', () => {
  for (const page of PAGES)
    for (const [, file = ''] of textOf(page).matchAll(/`((?:src|docs|test|examples|scripts|web|bench)\/[\w./-]+\.\w+)`/g))
      assert.ok(existsSync(join(ROOT, file)), `${page} names ${file}, which is not there`)
})

test('every command line of the docs is one that the program understands', async () => {
  for (const page of PAGES)
    for (const [, language, block = ''] of textOf(page).matchAll(/^```(\w*)\n([\s\S]*?)^```/gm)) {
      if (language !== 'sh') continue
      for (const [, words = ''] of block.matchAll(/(?:^|[ (])cariflex ((?!\.)[^#\n)|;]*)/gm)) {
        // As the program does: the longest name that fits.
        const fitting = VERBS.filter(({ name }) => words === name || words.startsWith(`${name} `))
        const found = fitting.sort((a, b) => b.name.length - a.name.length)[0]
        assert.ok(found, `${page}: 'cariflex ${words}' has no verb of that name`)
        const verb = await found.load()
        const known = verb.takesWords ? optionsOf(words) : Object.keys(verb.options ?? {})
        for (const [, option = ''] of words.matchAll(/ --([a-z-]+)/g))
          assert.ok([...known, 'json', 'help'].includes(option), `${page}: cariflex ${found.name} has no option --${option}`)
      }
      for (const [, script = ''] of block.matchAll(/^npm run ([\w:-]+)/gm)) {
        const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> }
        assert.ok(scripts[script], `${page}: there is no script '${script}'`)
      }
    }
})

/** Options that a verb of FlexMeasures takes, with those of Cariflex before its group. */
function optionsOf(words: string): string[] {
  const entry = TABLE.find(({ name }) => `${words.replace(/^flexmeasures /, '')} `.startsWith(`${name} `))
  assert.ok(entry && !isRefused(entry), `'cariflex ${words}' has no verb of that name`)
  return entry.options.flatMap(({ name, off, also = [] }) => [name, ...(off === undefined ? [] : [off]), ...also])
}

test('what is generated is fresh', () => {
  const ran = spawnSync(process.execPath, ['--import', 'tsx', 'scripts/generate.ts', '--check'], { cwd: ROOT, encoding: 'utf8' })
  assert.equal(ran.status, 0, `${ran.stdout}${ran.stderr}`)
})

interface Step {
  how: 'run' | 'until' | 'background' | 'file'
  words: string[]
  text: string
}

const stepsOf = (page: string): Step[] =>
  [...textOf(page).matchAll(/^<!-- (run|until|background|file) (.*) -->\n```\w*\n([\s\S]*?)^```/gm)].map(
    ([, how, words = '', text = '']) => ({
      how: how as Step['how'],
      words: how === 'file' ? [words] : [...words.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word = '']) => word.replaceAll('\\"', '"')),
      text,
    }),
  )

/** The commands are those of a Unix shell; in CI a missing one fails. */
const shellMissing =
  process.env['CI'] !== 'true' && ['bash', 'curl'].some((program) => spawnSync(program, ['--version']).error !== undefined)
    ? 'bash or curl is not installed'
    : false

/** Pages whose commands are run, one after the other, on the program that the first of them starts. */
const WALKED = [
  'docs/tutorial/from-zero-to-your-own-battery.md',
  'docs/how-to/run-a-report.md',
  'docs/how-to/automate.md',
  'docs/how-to/be-told-when-a-wish-breaks.md',
  'docs/how-to/forecast-a-sensor.md',
  'docs/how-to/keep-your-flexmeasures-cron.md',
  'docs/reference/iso15118.md',
]

test('the tutorial leads from zero to a battery that obeys, and what the how-tos ask of it is done', {
  timeout: 240_000,
  skip: shellMissing,
}, async (t) => {
  const clone = cloneFor(t)
  const [web, battery] = [await freePort(), await freePort()]
  const here = (text: string) => text.replaceAll('5000', String(web)).replaceAll('1502', String(battery))
  for (const page of WALKED) {
    const steps = stepsOf(page)
    assert.ok(steps.filter(({ how }) => how !== 'file').length >= 2, `the marks of ${page} are not understood any more`)
    for (const { how, words, text } of steps) {
      const began = performance.now()
      if (how === 'file') writeFileSync(join(clone, words[0]!), here(text))
      else if (how === 'background') await leaveRunning(t, clone, here(text), words)
      else await runUntil(clone, here(text), words, how === 'until' ? 40_000 : 0)
      if (text.startsWith('npx ') && !existsSync(join(clone, QUICK))) answerForNpx(clone)
      t.diagnostic(`${how} ${text.split('\n', 1)[0]}: ${Math.round(performance.now() - began)} ms`)
    }
  }
})

/** The folder of programs that stand before those of the machine. */
const QUICK = '.quick'

/** Once npx itself has found the program of a clone, its search (a second of processor each time) is left out: the same words, the same program. */
function answerForNpx(clone: string): void {
  const real = spawnSync('bash', ['-c', 'command -v npx'], { encoding: 'utf8' }).stdout.trim()
  mkdirSync(join(clone, QUICK))
  const script = `#!/bin/sh\n[ "$1 $2" = '--no-install cariflex' ] || exec '${real}' "$@"\nshift 2\nexec node bin/cariflex.js "$@"\n`
  writeFileSync(join(clone, QUICK, 'npx'), script, { mode: 0o755 })
}

/** What a clone looks like to the commands, with nothing written into this one. */
function cloneFor(t: TestContext): string {
  const clone = mkdtempSync(join(tmpdir(), 'cariflex-docs-'))
  chmodSync(clone, 0o755)
  t.after(() => rmSync(clone, { recursive: true, force: true, maxRetries: 20 }))
  for (const name of ['bin', 'src', 'examples', 'node_modules', 'package.json', 'package-lock.json'])
    symlinkSync(join(ROOT, name), join(clone, name))
  return clone
}

const environment = (cwd: string): NodeJS.ProcessEnv => {
  const kept = Object.entries(process.env).filter(([name]) => !/^(CARIFLEX_|DATABASE_URL$|PORT$|NODE_TEST_CONTEXT$|npm_)/.test(name))
  // Receipts come with the heartbeat; a reader can wait ten seconds for one.
  const PATH = `${join(cwd, QUICK)}${delimiter}${process.env['PATH']}`
  return { ...Object.fromEntries(kept), PATH, CARIFLEX_EMS__HEARTBEAT: 'PT2S' }
}

async function runUntil(cwd: string, text: string, words: string[], patience: number): Promise<void> {
  const end = performance.now() + patience
  for (;;) {
    const { status, output } = await shell(cwd, text)
    const missing = words.filter((word) => !output.includes(word))
    if (status === 0 && missing.length === 0) return
    if (performance.now() > end)
      assert.fail(`${text}ended with ${status}; ${missing.length > 0 ? `it did not say ${missing.join(', ')}` : ''}\n${output}`)
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}

const shell = (cwd: string, text: string): Promise<{ status: number | null; output: string }> =>
  new Promise((resolve, reject) => {
    // As in one terminal: the token that a block asked for is there for those after it.
    const terminal = `[ ! -f .token ] || TOKEN=$(cat .token)\n${text}\n[ -z "\${TOKEN:-}" ] || echo "$TOKEN" > .token`
    const child = spawn('bash', ['-ec', terminal], { cwd, env: environment(cwd) })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.once('error', reject)
    child.once('close', (status) => resolve({ status, output }))
  })

async function leaveRunning(t: TestContext, cwd: string, text: string, words: string[]): Promise<void> {
  const child: ChildProcess = spawn('bash', ['-ec', text], {
    cwd,
    env: environment(cwd),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const over = new Promise<void>((resolve) => child.once('close', () => resolve()))
  t.after(async () => {
    try {
      process.kill(-child.pid!, 'SIGINT')
    } catch {
      // ended already
    }
    await over
  })
  let output = ''
  await new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      output += chunk.toString()
      if (words.every((word) => output.includes(word))) resolve()
    }
    child.stdout?.on('data', hear)
    child.stderr?.on('data', hear)
    void over.then(() => reject(new Error(`${text}ended before it said ${words.join(', ')}:\n${output}`)))
  })
}
