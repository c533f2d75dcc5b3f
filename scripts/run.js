// Runs one of the project's commands, installing dependencies first when they are missing or older than the lock file.
// Uses Node built-ins only: it must work in a clone where nothing was installed yet.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { isFresh } from '../bin/built.js'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Cariflex needs Node.js 20.19 or later; this is ${process.versions.node}. Install a newer one from https://nodejs.org.`)
  process.exit(1)
}

const [command = '', ...args] = process.argv.slice(2)
const tsx = ['--import', 'tsx']

/** Runs a program in the project's root with the terminal; ends this process with its code when it fails. */
function must(file, list, env = {}) {
  const done = spawnSync(file, list, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } })
  if (done.error) {
    console.error(`${file} could not be started: ${done.error.message}`)
    process.exit(1)
  }
  if (done.status !== 0) process.exit(done.status ?? 1)
}

/** npm as the program that started us, or from the PATH. */
function npm(list) {
  const cli = process.env.npm_execpath
  if (cli?.endsWith('.js')) must(process.execPath, [cli, ...list])
  else must(process.platform === 'win32' ? 'npm.cmd' : 'npm', list)
}

function install() {
  const lock = join(root, 'package-lock.json')
  const stamp = join(root, 'node_modules', '.cariflex-lock')
  const digest = createHash('sha256').update(readFileSync(lock)).digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return
  const current = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(current) || statSync(current).mtimeMs < statSync(lock).mtimeMs) {
    console.error('Installing dependencies (once) ...')
    npm(['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'])
  }
  writeFileSync(stamp, digest)
}

/** Newest change below a folder, in milliseconds. */
const newest = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules'))
    .reduce((latest, entry) => Math.max(latest, statSync(join(entry.parentPath, entry.name)).mtimeMs), 0)

function buildWeb() {
  const built = join(root, 'dist', 'web', 'index.html')
  if (existsSync(built) && statSync(built).mtimeMs >= newest(join(root, 'web'))) return
  console.error('Building the user interface ...')
  must(process.execPath, [join(root, 'node_modules', 'vite', 'bin', 'vite.js'), 'build', 'web', '--logLevel', 'warn'])
}

/** What cannot be built, be it for one half-written file, runs from its TypeScript, which says more of what is wrong where. */
async function orFromSource(what, build) {
  try {
    return await build(await import('./build.js'))
  } catch (error) {
    console.error(`${what} could not be built, and run from TypeScript: ${error.message.split('\n')[0]}`)
    return undefined
  }
}

/** The program in the form that starts quickly: whatever starts `bin/cariflex.js` takes it. */
const buildProgram = () => orFromSource('The program', ({ buildProgram }) => buildProgram(isFresh))

const testFiles = (folder, pattern) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => !file.includes('node_modules') && pattern.test(file))
    .map((file) => join(folder, file))
    .sort()

/** Files that start programs and wait for them, or change their own process: each in a process of its own. */
const ALONE = /^test[/\\]|[/\\]embedded[/\\]|[/\\](config|watchdog|lazy-schemas)\.test\.ts$/
/** Those that wait longest: they begin first, and the others fill the gaps. */
const LONGEST = /[/\\](island|docs)\.test\.ts$/

const lives = (pid) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Builds test files with what they test, as long as this process lives. Returns where each is found, and the flags Node needs for it. */
async function buildTests(files) {
  // What a run left that was ended in the middle.
  for (const name of readdirSync(join(root, 'dist')))
    if (/^tests-\d+$/.test(name) && !lives(Number(name.slice(6)))) rmSync(join(root, 'dist', name), { recursive: true, force: true })
  const folder = join(root, 'dist', `tests-${process.pid}`)
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const built = await orFromSource('The tests', async ({ buildInto, nameOf }) => {
    await buildInto(folder, files)
    return { urlOf: (file) => pathToFileURL(join(folder, `${nameOf(file)}.js`)).href, flags: ['--enable-source-maps'] }
  })
  return built ?? { urlOf: (file) => pathToFileURL(join(root, file)).href, flags: tsx }
}

/**
 * Entries for `node --test`, which starts what it is given by name: numbered, so that the first of the list is first. Files of `alone` get a
 * process each. Loading the program costs a process some seconds of processor: all others share two processes a core (they mostly wait for
 * sockets and the database), in which they run one after the other, each a suite of its name; whoever is free takes the next file, the largest
 * first. A file that cannot be loaded fails as a test of its suite.
 */
function entriesFor(alone, others, longest, urlOf) {
  const folder = mkdtempSync(join(tmpdir(), 'cariflex-tests-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const named = (file) => ({ file, url: urlOf(file) })
  const bytes = (file) => statSync(join(root, file)).size
  const shared = JSON.stringify(others.toSorted((a, b) => bytes(b) - bytes(a)).map(named))
  const share = `import { mkdirSync } from 'node:fs'
import { after, describe, test } from 'node:test'
/** A file is his who makes its folder. */
const mine = (index) => {
  try {
    mkdirSync(new URL('./taken-' + index, import.meta.url))
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
}
for (const [index, { file, url }] of ${shared}.entries())
  if (mine(index))
    await new Promise((over) =>
      describe(file, async () => {
        after(over)
        await import(url).catch((error) => void test('can be loaded', () => { throw error }))
      }),
    )
`
  const single = (file) => `import ${JSON.stringify(named(file).url)}\n`
  const long = alone.filter((file) => longest.test(file))
  const texts = [
    ...long.map(single),
    ...(others.length > 0 ? Array.from({ length: 2 * availableParallelism() }, () => share) : []),
    ...alone.filter((file) => !long.includes(file)).map(single),
  ]
  return texts.map((text, index) => {
    const place = join(folder, `${String(index + 1).padStart(3, '0')}.test.mjs`)
    writeFileSync(place, text)
    return place
  })
}

const test = (files, concurrency = 3, flags = tsx) =>
  must(process.execPath, [
    ...flags,
    '--test',
    `--test-reporter=${process.stdout.isTTY ? 'spec' : './scripts/tap-report.js'}`,
    `--test-concurrency=${concurrency}`,
    // A test that hangs fails instead of holding everything up.
    '--test-timeout=900000',
    ...files,
  ])
const binary = (name) => join(root, 'node_modules', '.bin', name)

const commands = {
  async start() {
    buildWeb()
    await buildProgram()
    // In this very process: signals reach the program itself, and nothing is left behind.
    process.argv = [process.execPath, join(root, 'bin', 'cariflex.js'), 'start', ...args]
    await import('../bin/cariflex.js')
  },
  async test() {
    buildWeb()
    await buildProgram()
    const unit = [
      ...testFiles('test', /^journeys[/\\].*\.test\.ts$/),
      ...testFiles('test', /^(build|docs|house|sayings)\.test\.ts$/),
      ...testFiles('src', /\.test\.ts$/),
      ...testFiles('web', /\.test\.tsx?$/),
    ].filter((file) => args.length === 0 || args.some((word) => file.includes(word)))
    if (unit.length === 0) {
      console.error(`No test file has ${args.join(' or ')} in its path.`)
      process.exit(1)
    }
    const others = unit.filter((file) => !ALONE.test(file))
    const few = others.length <= 3
    const alone = few ? unit : unit.filter((file) => ALONE.test(file))
    const { urlOf, flags } = await buildTests(unit)
    test(entriesFor(alone, few ? [] : others, LONGEST, urlOf), few ? 3 : availableParallelism() + 2, flags)
  },
  check() {
    must(binary('tsc'), ['--noEmit'])
    must(binary('tsc'), ['--noEmit', '-p', 'web'])
    must(binary('biome'), ['check', '--error-on-warnings', '.'])
    must(process.execPath, [...tsx, join('scripts', 'generate.ts'), '--check'])
    test(['test/house.test.ts'])
  },
  async interop() {
    await buildProgram()
    must(process.execPath, [...tsx, join('test', 'interop', 'run.ts'), ...args])
  },
  ocpp() {
    test(testFiles('test/ocpp', /\.test\.ts$/), 1)
  },
  async browser() {
    buildWeb()
    await buildProgram()
    test(testFiles('test/browser', /\.test\.ts$/), 1)
  },
  async bench() {
    await buildProgram()
    must(process.execPath, [...tsx, join('bench', 'run.ts'), ...args])
  },
  generate() {
    must(process.execPath, [...tsx, join('scripts', 'generate.ts'), ...args])
  },
  web: buildWeb,
  /** What `npm pack` packs beside the sources. */
  async package() {
    buildWeb()
    const { buildProgram } = await import('./build.js')
    await buildProgram(isFresh, 1)
  },
}

if (!Object.hasOwn(commands, command)) {
  console.error(`Unknown command '${command}'. Known: ${Object.keys(commands).join(', ')}.`)
  process.exit(2)
}
install()
await commands[command]()
