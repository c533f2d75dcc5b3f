/** `sensors_to_show` in all its spellings as rows of plots, and back. */

export type Plot = { sensor: number } | { asset: number; from: 'flex-model' | 'flex-context'; field: string }
export interface ShownRow {
  title: string
  plots: Plot[]
  /** What else the entry said, kept as it was. */
  rest: Record<string, unknown>
}

type Json = Record<string, unknown>
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
const ids = (value: unknown): Plot[] =>
  (Array.isArray(value) ? value : [value]).flatMap((each) => (typeof each === 'number' ? [{ sensor: each }] : []))

/** Legacy lists of ids and lists of lists as well. */
export function readRows(value: unknown): ShownRow[] {
  if (!Array.isArray(value)) return []
  return value.flatMap((entry): ShownRow[] => {
    if (!isObject(entry)) {
      const plots = ids(entry)
      return plots.length > 0 ? [{ title: '', plots, rest: {} }] : []
    }
    const { title, sensor, sensors, plots, ...rest } = entry
    const found = [...ids(sensor), ...ids(sensors), ...(Array.isArray(plots) ? plots : []).flatMap(plotsOf)]
    return [{ title: typeof title === 'string' ? title : '', plots: found, rest }]
  })
}

function plotsOf(plot: unknown): Plot[] {
  if (!isObject(plot)) return []
  const from = typeof plot['flex-model'] === 'string' ? 'flex-model' : 'flex-context'
  const field = plot[from]
  if (typeof plot['asset'] === 'number' && typeof field === 'string') return [{ asset: plot['asset'], from, field }]
  return [...ids(plot['sensor']), ...ids(plot['sensors'])]
}

export const writeRows = (rows: readonly ShownRow[]): Json[] =>
  rows
    .filter(({ plots }) => plots.length > 0)
    .map(({ title, plots, rest }) => ({
      ...(title.trim() && { title: title.trim() }),
      ...rest,
      plots: plots.map((plot) => ('sensor' in plot ? { sensor: plot.sensor } : { asset: plot.asset, [plot.from]: plot.field })),
    }))

export const moved = <T>(list: readonly T[], from: number, to: number): T[] => {
  const next = [...list]
  const [one] = next.splice(from, 1)
  if (one !== undefined) next.splice(Math.max(0, Math.min(next.length, to)), 0, one)
  return next
}
