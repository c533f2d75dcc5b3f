/** Runs a foreign program and reads the JSON lines it prints. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export type Line = Record<string, unknown>

export interface Foreign {
  readonly lines: Line[]
  /** Resolves with the first line (past or coming) that fits; rejects when the program ends or the time is over. */
  line(fits: (line: Line) => boolean, timeout?: number): Promise<Line>
  /** Says a JSON line to it. */
  tell(line: Line): void
  ended: Promise<number | null>
  stderr(): string
  /** The end of what it printed besides. */
  output(): string
  kill(): void
}

/** Starts one of the Python programs beside this file in the interpreter that the interop suite prepared. */
export function foreign(script: string, args: string[]): Foreign {
  const python = process.env['CARIFLEX_PYTHON']
  if (!python) throw new Error("Run the interop tests with 'npm run interop': it installs the foreign programs first.")
  const child: ChildProcess = spawn(python, [join(import.meta.dirname, script), ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
  const lines: Line[] = []
  const waiting = new Set<() => void>()
  let errors = ''
  let other = ''
  let over = false
  child.stderr?.on('data', (chunk) => {
    errors = (errors + chunk).slice(-20_000)
  })
  createInterface({ input: child.stdout! }).on('line', (text) => {
    if (text.startsWith('{')) lines.push(JSON.parse(text) as Line)
    else other = `${other}${text}\n`.slice(-200_000)
    for (const wake of [...waiting]) wake()
  })
  const ended = new Promise<number | null>((resolve) =>
    child.once('close', (code) => {
      over = true
      for (const wake of [...waiting]) wake()
      resolve(code)
    }),
  )
  return {
    lines,
    ended,
    stderr: () => errors,
    output: () => other,
    kill: () => void child.kill('SIGKILL'),
    tell: (line) => void child.stdin?.write(`${JSON.stringify(line)}\n`),
    line: (fits, timeout = 60_000) =>
      new Promise((resolve, reject) => {
        const stop = () => {
          clearTimeout(timer)
          waiting.delete(look)
        }
        const look = () => {
          const hit = lines.find(fits)
          if (!hit && !over) return
          stop()
          if (hit) resolve(hit)
          else reject(new Error(`${script} ended without saying it; it said ${JSON.stringify(lines)}\n${errors}`))
        }
        const timer = setTimeout(() => {
          stop()
          reject(new Error(`${script} did not say it within ${timeout / 1000} s; it said ${JSON.stringify(lines.slice(-20))}\n${errors}`))
        }, timeout)
        waiting.add(look)
        look()
      }),
  }
}
