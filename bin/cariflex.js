#!/usr/bin/env node
// The command line. A package runs the program as it was built; a clone does so too while no source changed since, else the TypeScript as it is.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { buildInForce, isFresh } from './built.js'

const clone = existsSync(fileURLToPath(new URL('../scripts/build.js', import.meta.url)))
const built = clone && !isFresh() ? undefined : buildInForce()
if (built === undefined) (await import('tsx/esm/api')).register()
const main = built === undefined ? new URL('../src/cli/main.ts', import.meta.url) : pathToFileURL(join(built, 'src.cli.main.js'))
const { run } = await import(main.href)
// The process lives until its verb ends, also while that only waits for a clock (whose timers hold nothing up).
const alive = setInterval(() => {}, 2 ** 30)
const code = await run(process.argv.slice(2), process.env, process.stdout, process.stderr)
clearInterval(alive)
// What was said reaches the reader before the process ends; nothing that was half started may keep it alive.
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)))
