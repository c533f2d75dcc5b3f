#!/usr/bin/env node
// The command line. In a clone it runs the TypeScript as it is (tsx); a packaged program runs its built form.
import { existsSync } from 'node:fs'

const source = new URL('../src/cli/main.ts', import.meta.url)
const clone = existsSync(source)
if (clone) {
  const { register } = await import('tsx/esm/api')
  register()
}
const { run } = await import(clone ? source.href : new URL('../dist/cli/main.js', import.meta.url).href)
// The process lives until its verb ends, also while that only waits for a clock (whose timers hold nothing up).
const alive = setInterval(() => {}, 2 ** 30)
const code = await run(process.argv.slice(2), process.env, process.stdout, process.stderr)
clearInterval(alive)
// What was said reaches the reader before the process ends; nothing that was half started may keep it alive.
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)))
