// A village as a whole-number program in CPLEX LP text, the plain way: a binary for every start, every slot and level.
import type { Village } from '../src/community/planning/village.ts'

/** The program of a village without groups; its objective is in kW·slots. */
export function programOf({ choices, slots, net, over, under }: Village): string {
  const balance: string[][] = Array.from({ length: slots }, () => [])
  const rows: string[] = []
  const binaries: string[] = []
  const binary = (name: string): string => {
    binaries.push(name)
    return name
  }
  const base = net.slice()
  for (const choice of choices) {
    const j = choice.index
    if (choice.kind === 'run') {
      const starts: string[] = []
      for (let start = choice.firstStart; start <= choice.lastStart; start++) {
        const name = binary(`x${j}_${start}`)
        starts.push(name)
        for (let q = 0; q < choice.powers.length && start + q < choice.to; q++) balance[start + q]!.push(`+ ${choice.powers[q]} ${name}`)
      }
      rows.push(`${starts.join(' + ')} = 1`)
    } else if (choice.kind === 'steps') {
      const sum: string[] = []
      const starts: string[] = []
      for (let slot = choice.from; slot < choice.to; slot++) {
        const levels = Array.from(choice.levels, (level, index) => {
          const name = binary(`y${j}_${slot}_${index}`)
          balance[slot]!.push(`+ ${level} ${name}`)
          sum.push(`${level} ${name}`)
          return name
        })
        rows.push(`${levels.join(' + ')} <= 1`)
        if (choice.maxStarts === Number.POSITIVE_INFINITY) continue
        const start = binary(`s${j}_${slot}`)
        starts.push(start)
        const before = slot > choice.from ? Array.from(choice.levels, (_level, index) => ` + y${j}_${slot - 1}_${index}`).join('') : ''
        rows.push(`${start} - ${levels.join(' - ')}${before} >= 0`)
      }
      rows.push(`${sum.join(' + ')} >= ${choice.least}`, `${sum.join(' + ')} <= ${choice.most}`)
      if (starts.length > 0) rows.push(`${starts.join(' + ')} <= ${choice.maxStarts}`)
    } else {
      for (let slot = 0; slot < slots; slot++) base[slot]! += choice.eco
      for (const { from, to, mostEco } of choice.periods) {
        const comfort: string[] = []
        for (let slot = from; slot < to; slot++) {
          comfort.push(binary(`h${j}_${slot}`))
          balance[slot]!.push(`+ ${choice.more} h${j}_${slot}`)
        }
        rows.push(`${comfort.join(' + ')} >= ${to - from - mostEco}`)
        for (let at = 0; at + choice.sliding <= comfort.length; at++)
          rows.push(`${comfort.slice(at, at + choice.sliding).join(' + ')} >= ${choice.sliding - choice.slidingEco}`)
      }
    }
  }
  // What is lacking and what is left in each slot: i - e = load.
  const objective = Array.from({ length: slots }, (_, slot) => `+ ${over[slot]} i${slot} + ${-under[slot]!} e${slot}`)
  for (let slot = 0; slot < slots; slot++)
    rows.push(`i${slot} - e${slot} ${balance[slot]!.map((term) => term.replace('+', '-')).join(' ')} = ${base[slot]}`)
  return `Minimize\n obj: ${objective.join('\n ')}\nSubject To\n${rows.map((row, index) => ` r${index}: ${row}`).join('\n')}\nBinaries\n ${binaries.join('\n ')}\nEnd\n`
}
