/** Series drawn with characters, as wide as a terminal usually is. */

const WIDTH = 72
const HEIGHT = 16
const MARKS = '*o+x#@%&'

export interface Plot {
  title: string
  unit: string
  series: readonly { name: string; values: readonly (number | null)[] }[]
  /** What stands below the first and the last column. */
  ends: readonly [string, string]
}

/** A frame of characters: each column is the mean of its share of the values, each series has its mark. */
export function plot({ title, unit, series, ends }: Plot): string {
  const known = series.flatMap(({ values }) => values.filter((value) => value !== null))
  let [low, high] = known.reduce(([min, max], value) => [Math.min(min, value), Math.max(max, value)], [Infinity, -Infinity])
  if (low === high) [low, high] = [low - 1, high + 1]
  const grid = Array.from({ length: HEIGHT }, () => new Array<string>(WIDTH).fill(' '))
  const rowOf = (value: number) => HEIGHT - 1 - Math.round(((value - low) / (high - low)) * (HEIGHT - 1))
  if (low < 0 && high > 0) grid[rowOf(0)]!.fill('-')
  for (const [k, { values }] of series.entries())
    for (const [x, value] of columnsOf(values).entries()) if (value !== undefined) grid[rowOf(value)]![x] = MARKS[k % MARKS.length]!
  const labels = grid.map((_, row) => (row % 5 === 0 ? short(high - (row / (HEIGHT - 1)) * (high - low)) : ''))
  const margin = Math.max(...labels.map((text) => text.length))
  const lines = grid.map((row, k) => `${labels[k]!.padStart(margin)} |${row.join('')}`.trimEnd())
  const [first, last] = ends
  const axis = `${' '.repeat(margin + 1)}+${'-'.repeat(WIDTH)}`
  const below = `${' '.repeat(margin + 2)}${first}${last.padStart(Math.max(last.length + 1, WIDTH - first.length))}`
  const legend = series.map(({ name }, k) => `${MARKS[k % MARKS.length]} ${name}`).join('   ')
  return [title, ...(unit === '' ? [] : [`${' '.repeat(margin)} ${unit}`]), ...lines, axis, below, legend].join('\n')
}

/** As many columns as fit; fewer values are spread. */
function columnsOf(values: readonly (number | null)[]): (number | undefined)[] {
  return Array.from({ length: WIDTH }, (_, x) => {
    const from = Math.floor((x * values.length) / WIDTH)
    const share = values.slice(from, Math.max(from + 1, Math.floor(((x + 1) * values.length) / WIDTH))).filter((value) => value !== null)
    return share.length === 0 ? undefined : share.reduce((sum, value) => sum + value, 0) / share.length
  })
}

const short = (value: number): string => Number(value.toPrecision(4)).toString()
