// The built form of the program is taken only while it is that of the sources, and what is built finds what lies beside its source.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

const ROOT = join(import.meta.dirname, '..')
const node = async (folder: string, ...words: string[]) =>
  (await promisify(execFile)(process.execPath, words, { cwd: folder })).stdout.trim()

/** A program of three modules, one of them a thread's, under the real `bin` and the real build. */
function smallProgram(t: TestContext): { folder: string; write(file: string, text: string): void } {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'cariflex-build-')))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
  for (const file of ['bin', 'package.json', 'scripts/build.js', 'src/kernel/build.ts', 'src/kernel/program.ts'])
    cpSync(join(ROOT, file), join(folder, file), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  write('web/src/i18n/reasons.ts', 'export {}\n')
  write('src/thread.worker.ts', "import { parentPort } from 'node:worker_threads'\nparentPort?.postMessage(import.meta.url)\n")
  write('src/cli/main.ts', program('first'))
  return { folder, write }
}

const program = (word: string) => `
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { BUILD } from '../kernel/build.ts'
import { moduleToRun, nodeFlagsFor } from '../kernel/program.ts'
export async function run(): Promise<number> {
  const module = moduleToRun(new URL('../thread.worker.ts', import.meta.url))
  const [thread] = await once(new Worker(module, { execArgv: nodeFlagsFor(module) }), 'message')
  console.log(JSON.stringify({ word: '${word}', built: BUILD !== undefined, place: import.meta.dirname, module: module.href, thread }))
  return 0
}
`

test('a clone runs its build until a source changes, is added or is taken away; two who build at once do not disturb each other', async (t) => {
  const { folder, write } = smallProgram(t)
  const said = async () =>
    JSON.parse(await node(folder, 'bin/cariflex.js')) as Record<'word' | 'built' | 'place' | 'module' | 'thread', unknown>
  const build = () =>
    node(
      folder,
      '--input-type=module',
      '-e',
      "await (await import('./scripts/build.js')).buildProgram((await import('./bin/built.js')).isFresh)",
    )
  const thread = pathToFileURL(join(folder, 'src', 'thread.worker.ts')).href
  const asSource = { word: 'first', built: false, place: join(folder, 'src', 'cli'), module: thread, thread }
  assert.deepEqual(await said(), asSource)

  await Promise.all([build(), build()])
  const builds = () => readdirSync(join(folder, 'dist', 'program')).filter((name) => name !== 'current')
  assert.deepEqual(builds(), [readFileSync(join(folder, 'dist', 'program', 'current'), 'utf8')], 'one build, and no halves')
  const module = pathToFileURL(join(folder, 'dist', 'program', builds()[0]!, 'src.thread.worker.js')).href
  assert.deepEqual(await said(), { ...asSource, built: true, module }, 'each source sees its own place')

  write('src/cli/main.ts', program('second'))
  assert.deepEqual(await said(), { ...asSource, word: 'second' })
  await build()
  const second = await said()
  assert.deepEqual([second.word, second.built], ['second', true])
  write('src/cli/new.ts', 'export {}\n')
  assert.equal((await said()).built, false, 'a source was added')
  await build()
  write('src/cli/new.test.ts', 'export {}\n')
  rmSync(join(folder, 'src', 'cli', 'new.ts'))
  assert.equal((await said()).built, false, 'a source was taken away')
})
