/** How the command line draws: tables and progress. */

/** Columns padded to the widest cell, two spaces apart. */
export function table(rows: string[][]): string {
  const widths = rows.reduce<number[]>((widest, row) => row.map((cell, index) => Math.max(widest[index] ?? 0, cell.length)), [])
  return rows
    .map((row) =>
      row
        .map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd(widths[index] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** A bar on a terminal; elsewhere a line at each new ten percent. */
export function progressOn(stream: NodeJS.WritableStream & { isTTY?: boolean }): (stage: string, done: number, total: number) => void {
  let last = ''
  return (stage, done, total) => {
    if (total <= 0) {
      if (last !== stage) stream.write(`${stage} ...\n`)
      last = stage
      return
    }
    const share = Math.min(1, done / total)
    if (stream.isTTY) {
      const full = Math.round(share * 30)
      stream.write(`\r${stage} [${'#'.repeat(full)}${' '.repeat(30 - full)}] ${Math.round(share * 100)} %${share === 1 ? '\n' : ''}`)
    } else {
      const line = `${stage} ${Math.floor(share * 10) * 10} %`
      if (line !== last) stream.write(`${line}\n`)
      last = line
    }
  }
}
