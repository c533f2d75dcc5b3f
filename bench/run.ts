// Runs the benchmarks beside this file, one after another, and prints their figures. `--short` is CI's form; words choose by name.
import { readdirSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'

/** What a benchmark file exports: a name, and a run that resolves to printable lines (figures with their baseline from the same run). */
interface Benchmark {
  name: string
  run(options: { short: boolean }): Promise<string[]>
}

const words = process.argv.slice(2)
const short = words.includes('--short')
const wanted = words.filter((word) => !word.startsWith('--'))
const files = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.bench.ts') && (wanted.length === 0 || wanted.some((word) => file.includes(word))))
  .sort()

console.log(
  `Node.js ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, load ${loadavg()[0]?.toFixed(2)}, ${short ? 'short' : 'long'} form`,
)
for (const file of files) {
  const { name, run } = (await import(join(import.meta.dirname, file))) as Benchmark
  const started = performance.now()
  const lines = await run({ short })
  console.log(`\n${name} (${((performance.now() - started) / 1000).toFixed(1)} s, load ${loadavg()[0]?.toFixed(2)})`)
  for (const line of lines) console.log(`  ${line}`)
}
process.exit(0)
