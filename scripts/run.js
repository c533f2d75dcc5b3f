// Runs one of the project's commands, installing dependencies first when they are missing or older than the lock file.
// Uses Node built-ins only: it must work in a clone where nothing was installed yet.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

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

const testFiles = (folder, pattern) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => !file.includes('node_modules') && pattern.test(file))
    .map((file) => join(folder, file))
    .sort()

/** Files that start programs and wait for them, or change their own process: each in a process of its own, first. */
const ALONE = /^test[/\\]|[/\\]embedded[/\\]|[/\\](config|watchdog)\.test\.ts$/

/**
 * Loading the program costs a process some seconds of processor: all other files share one process a core, in which they run one after the
 * other, each a suite of its name. Whoever is free takes the next file, the largest first; a file that cannot be loaded fails as its suite.
 */
function gathered(files) {
  const sized = files.map((file) => ({ file, bytes: statSync(join(root, file)).size })).sort((a, b) => b.bytes - a.bytes)
  const folder = mkdtempSync(join(tmpdir(), 'cariflex-tests-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const names = JSON.stringify(sized.map(({ file }) => ({ file, url: pathToFileURL(join(root, file)).href })))
  return Array.from({ length: availableParallelism() }, (_, index) => {
    const place = join(folder, `share-${index + 1}.test.mjs`)
    writeFileSync(
      place,
      `import { mkdirSync } from 'node:fs'
import { after, describe } from 'node:test'
const files = ${names}
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
for (const [index, { file, url }] of files.entries())
  if (mine(index))
    await new Promise((over) =>
      describe(file, async () => {
        after(over)
        await import(url)
      }),
    )
`,
    )
    return place
  })
}

const test = (files, concurrency = 3) =>
  must(process.execPath, [
    ...tsx,
    '--test',
    `--test-reporter=${process.stdout.isTTY ? 'spec' : 'tap'}`,
    `--test-concurrency=${concurrency}`,
    // A test that hangs fails instead of holding everything up.
    '--test-timeout=900000',
    ...files,
  ])
const binary = (name) => join(root, 'node_modules', '.bin', name)

const commands = {
  async start() {
    buildWeb()
    // In this very process: signals reach the program itself, and nothing is left behind.
    process.argv = [process.execPath, join(root, 'bin', 'cariflex.js'), 'start', ...args]
    await import('../bin/cariflex.js')
  },
  test() {
    buildWeb()
    // The longest first: they mostly wait, and the short ones fill the gaps.
    const unit = [
      ...testFiles('test', /^journeys[/\\].*\.test\.ts$/),
      ...testFiles('test', /^(docs|house|sayings)\.test\.ts$/),
      ...testFiles('src', /\.test\.ts$/),
      ...testFiles('web', /\.test\.tsx?$/),
    ].filter((file) => args.length === 0 || args.some((word) => file.includes(word)))
    const shared = unit.filter((file) => !ALONE.test(file))
    test(shared.length > 3 ? [...unit.filter((file) => ALONE.test(file)), ...gathered(shared)] : unit)
  },
  check() {
    must(binary('tsc'), ['--noEmit'])
    must(binary('tsc'), ['--noEmit', '-p', 'web'])
    must(binary('biome'), ['check', '--error-on-warnings', '.'])
    must(process.execPath, [...tsx, join('scripts', 'generate.ts'), '--check'])
    test(['test/house.test.ts'])
  },
  interop() {
    must(process.execPath, [...tsx, join('test', 'interop', 'run.ts'), ...args])
  },
  browser() {
    buildWeb()
    test(testFiles('test/browser', /\.test\.ts$/), 1)
  },
  bench() {
    must(process.execPath, [...tsx, join('bench', 'run.ts'), ...args])
  },
  generate() {
    must(process.execPath, [...tsx, join('scripts', 'generate.ts'), ...args])
  },
  web: buildWeb,
}

if (!Object.hasOwn(commands, command)) {
  console.error(`Unknown command '${command}'. Known: ${Object.keys(commands).join(', ')}.`)
  process.exit(2)
}
install()
await commands[command]()
