// How soon the island is ready, what it weighs and what it costs to keep it running. Baseline: the targets of the story, printed beside.
import { readdirSync, readFileSync } from 'node:fs'
import type { TestContext } from 'node:test'
import { startTerritory } from '../test/journeys/territory.ts'

export const name = 'Start, memory and idle load of the island'

const TICKS = 100

interface Process {
  pid: number
  parent: number
  command: string
}

const processes = (): Process[] =>
  readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => {
      try {
        const stat = readFileSync(`/proc/${entry}/stat`, 'utf8')
        const command = readFileSync(`/proc/${entry}/cmdline`, 'utf8').replaceAll('\0', ' ')
        return [{ pid: Number(entry), parent: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]), command }]
      } catch {
        return []
      }
    })

/** The platform and the database below it, without the simulated world. */
function family(root: number): number[] {
  const all = processes()
  const below = (pid: number): number[] => [
    pid,
    ...all.filter((each) => each.parent === pid && !each.command.includes('world-process')).flatMap((each) => below(each.pid)),
  ]
  return below(root)
}

const proportional = (pid: number): number => {
  try {
    return Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) / 1024
  } catch {
    return 0
  }
}

const seconds = (pid: number): number => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) / TICKS
  } catch {
    return 0
  }
}

export async function run({ short }: { short: boolean }): Promise<string[]> {
  const undo: (() => unknown)[] = []
  const t = { after: (step: () => unknown) => void undo.push(step) } as unknown as TestContext
  try {
    const began = performance.now()
    const island = await startTerritory(t)
    const first = (performance.now() - began) / 1000
    await new Promise((resolve) => setTimeout(resolve, short ? 30_000 : 90_000))
    const root = processes().find(
      (each) => each.command.includes('cariflex.js start') && readFileSync(`/proc/${each.pid}/environ`, 'utf8').includes(island.folder),
    )!.pid
    const members = family(root)
    const before = members.reduce((sum, pid) => sum + seconds(pid), 0)
    const window = short ? 20 : 60
    await new Promise((resolve) => setTimeout(resolve, window * 1000))
    const load = (members.reduce((sum, pid) => sum + seconds(pid), 0) - before) / window
    const memory = family(root).reduce((sum, pid) => sum + proportional(pid), 0)
    await island.stop('SIGINT')
    const again = performance.now()
    await island.start()
    const second = (performance.now() - again) / 1000
    return [
      `first start, no data: ready in ${first.toFixed(1)} s (at most 20; ratio ${(first / 20).toFixed(2)})`,
      `second start: ready in ${second.toFixed(1)} s (at most 6; ratio ${(second / 6).toFixed(2)})`,
      `memory of platform and database: ${memory.toFixed(0)} MB, proportional set size (at most 700, wanted 500; ratios ${(memory / 700).toFixed(2)} and ${(memory / 500).toFixed(2)})`,
      `load with the island running: ${(load * 100).toFixed(1)} % of one core over ${window} s (at most 15; ratio ${(load / 0.15).toFixed(2)})`,
    ]
  } finally {
    for (const step of undo.reverse()) await step()
  }
}
