/** Pieces of Vega-Lite 5 that the charts share: fields by the names of the chart data (reference 2.8), axes, tooltips, sources. */
import type { AxisRange } from './shown-row.ts'

export type Json = { [key: string]: unknown }

export const SCHEMA = 'https://vega.github.io/schema/vega-lite/v5.json'

/** Height of one graph in pixels, unless asked otherwise. */
export const HEIGHT = 300

export interface ChartWindow {
  from?: number | undefined
  until?: number | undefined
}

/** Hours and minutes by the clock of 24 hours, dates where a day begins. */
const CLOCK_LABELS =
  "hours(datum.value) == 0 && minutes(datum.value) == 0 || seconds(datum.value) != 0 ? timeFormat(datum.value) : timeFormat(datum.value, '%H:%M')"

export const timeField = ({ from, until }: ChartWindow): Json => ({
  field: 'event_start',
  type: 'temporal',
  title: null,
  axis: { labelExpr: CLOCK_LABELS, labelOverlap: true, labelSeparation: 1 },
  ...domainOf({ from, until }),
})

/** The window as the domain of an axis. */
export const domainOf = ({ from, until }: ChartWindow): Json =>
  from === undefined || until === undefined ? {} : { scale: { domain: [from, until] } }

/** The value on an axis or in a tooltip; `unit` stands in the title. */
export const valueField = (kind: string, unit: string, axis?: AxisRange): Json => ({
  field: 'scaled_event_value',
  type: 'quantitative',
  title: `${capital(kind)} (${unit === '' ? 'dimensionless' : unit})`,
  axis: { format: '.3~r' },
  ...scaleOf(unit, axis),
})

function scaleOf(unit: string, axis: AxisRange | undefined): Json {
  if (axis === 'data') return { scale: { zero: false } }
  if (axis !== undefined && 'min' in axis) return { scale: { domain: [axis.min, axis.max], clamp: true, nice: false } }
  if (axis !== undefined) return { scale: { domain: { unionWith: [...axis] } } }
  return unit === '%' ? { scale: { domain: { unionWith: [0, 105] }, nice: false } } : {}
}

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

export const SOURCE = { field: 'source.id', type: 'nominal', title: null } as const

/** Who believed it, as tooltips name it. */
export const SOURCE_TOOLTIPS: readonly Json[] = [
  { field: 'source_name_and_id', type: 'nominal', title: 'Source' },
  { field: 'source.display_type', type: 'nominal', title: 'Type' },
  { field: 'source.model', type: 'nominal', title: 'Model' },
  { field: 'source.version', type: 'nominal', title: 'Version' },
]

export const valueTooltip = (kind: string, unit: string): Json => ({
  field: 'scaled_event_value',
  type: 'quantitative',
  title: valueField(kind, unit)['title'],
  format: '.3~r',
})

export const DATE_TOOLTIP: Json = { field: 'full_date', type: 'nominal', title: 'Time and date' }
export const HORIZON_TOOLTIP: Json = { field: 'horizon_hours', type: 'quantitative', title: 'Horizon (h)', format: '.2~f' }

/** Fields that every chart computes from its records. */
export const TRANSFORMS: readonly Json[] = [
  { calculate: "datum.source.name + ' (ID: ' + datum.source.id + ')'", as: 'source_name_and_id' },
  { calculate: "timeFormat(datum.event_start, '%H:%M on %A %b %e, %Y')", as: 'full_date' },
  { calculate: 'datum.belief_horizon / 3600000', as: 'horizon_hours' },
]

/** Where the replay of beliefs stands: the page puts a moment into the dataset `replay`. */
export const replayRuler = (window: ChartWindow): Json => ({
  data: { name: 'replay' },
  mark: { type: 'rule' },
  encoding: { x: { field: 'belief_time', type: 'temporal', ...domainOf(window) } },
})

export const CONFIG: Json = {
  view: { continuousWidth: 800, continuousHeight: HEIGHT },
  axis: { titleFontSize: 16, labelFontSize: 16 },
  axisY: { titleAngle: 0, titleAlign: 'left', titleY: -15, titleX: -40 },
  title: { fontSize: 20 },
  legend: { titleFontSize: 16, labelFontSize: 16, labelLimit: 0, orient: 'bottom', columns: 1, direction: 'vertical' },
}

/** Notes as bands over their time (lines for moments), with their text below the graph while one points at them. */
export function annotationLayers(dataset: string, row: number): { behind: Json[]; before: Json[] } {
  const data = { name: dataset }
  const x = { field: 'start', type: 'temporal', title: null }
  const color = { condition: { test: "datum.type === 'alert'", value: '#d9822b' }, value: '#808080' }
  const hover = `note_${row}`
  return {
    behind: [
      {
        data,
        transform: [{ filter: 'datum.start !== datum.end' }],
        params: [{ name: hover, select: { type: 'point', on: 'mouseover', clear: 'mouseout', fields: ['start', 'end'] } }],
        mark: { type: 'rect', clip: true },
        encoding: { x, x2: { field: 'end' }, color, opacity: { condition: { param: hover, empty: false, value: 0.55 }, value: 0.2 } },
      },
      {
        data,
        transform: [{ filter: 'datum.start === datum.end' }],
        mark: { type: 'rule', clip: true, strokeWidth: 2, opacity: 0.6 },
        encoding: { x, color },
      },
    ],
    before: [
      {
        data,
        mark: { type: 'text', clip: false, baseline: 'top', align: 'left', fontSize: 16, fontStyle: 'italic', dy: 32 },
        encoding: {
          x,
          y: { value: 'height' },
          text: { field: 'content', type: 'nominal' },
          opacity: { condition: { param: hover, empty: false, value: 1 }, value: 0 },
        },
      },
    ],
  }
}
