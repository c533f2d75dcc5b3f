/** The chart of an asset: one graph a row below another, sensors by colour, sources by dashes (reference 2.4, 4.5). */
import { commonUnit, dimensionOf } from './common-unit.ts'
import {
  annotationLayers,
  type ChartWindow,
  CONFIG,
  DATE_TOOLTIP,
  HEIGHT,
  HORIZON_TOOLTIP,
  type Json,
  replayRuler,
  SCHEMA,
  SOURCE,
  SOURCE_TOOLTIPS,
  TRANSFORMS,
  timeField,
  valueField,
  valueTooltip,
} from './encodings.ts'
import type { ChartRow, ShownSensor } from './shown-sensor.ts'

export interface AssetChartOptions extends ChartWindow {
  dataset: string
  /** One legend for all graphs (default), or one beside each. */
  combineLegend: boolean
  annotations: boolean
  /** Pixels of one graph. */
  height?: number
  /** Pixels; default the width of the container. */
  width?: number
}

/** A Vega-Lite 5 specification; its records are in, or go into, the dataset of that name. */
export function assetChart(rows: readonly ChartRow[], options: AssetChartOptions): Json {
  return {
    $schema: SCHEMA,
    description: 'A vertically concatenated chart showing sensor data.',
    data: { name: options.dataset },
    transform: TRANSFORMS,
    vconcat: rows.map((row, i) => graph(row, i, options, options.combineLegend ? descriptions(rows) : descriptions([row]))),
    resolve: { scale: { x: 'shared', ...(!options.combineLegend && { color: 'independent' }) } },
    config: CONFIG,
  }
}

/** What the colours stand for: one scale for all graphs that share a legend. */
const descriptions = (rows: readonly ChartRow[]): string[] => [
  ...new Set(rows.flatMap(({ sensors }) => sensors.map(({ description }) => description))),
]

function graph(row: ChartRow, index: number, options: AssetChartOptions, domain: string[]): Json {
  const { sensors } = row
  const { unit } = commonUnit(sensors.map((sensor) => sensor.unit))
  const kinds = new Set(sensors.map((sensor) => sensor.kind))
  const kind = kinds.size === 1 ? sensors[0]!.kind : dimensionOf(unit)
  const hasFixed = sensors.some(({ id }) => id < 0)
  const shared = { x: timeField(options), y: valueField(kind, unit, row.axis) }
  const color = {
    field: 'sensor.description',
    type: 'nominal',
    title: hasFixed ? 'Sensor/Value' : 'Sensor',
    scale: { domain },
    ...(!options.combineLegend && { legend: { orient: 'right', columns: 1, direction: 'vertical' } }),
  }
  const tooltip = [
    { field: 'sensor.description', type: 'nominal', title: color.title },
    valueTooltip(kind, unit),
    DATE_TOOLTIP,
    HORIZON_TOOLTIP,
    ...SOURCE_TOOLTIPS,
  ]
  const notes = options.annotations ? annotationLayers(`${options.dataset}_annotations`, index) : { behind: [], before: [] }
  return {
    title: row.title === null ? '' : row.title.charAt(0).toUpperCase() + row.title.slice(1),
    width: options.width ?? 'container',
    height: options.height ?? HEIGHT,
    transform: [
      { filter: { field: 'sensor.id', oneOf: sensors.map(({ id }) => id) } },
      // Different things on one axis are shown as they are.
      {
        calculate: sensors.length > 1 && unit !== 'a.u.' ? 'datum.event_value * datum.scale_factor' : 'datum.event_value',
        as: 'scaled_event_value',
      },
    ],
    layer: [...notes.behind, line(sensors, shared, color), ...hover(index, shared, color, tooltip), replayRuler(options), ...notes.before],
  }
}

interface Shared {
  x: Json
  y: Json
}

function line(sensors: readonly ShownSensor[], shared: Shared, color: Json): Json {
  return {
    params: [{ name: 'scroll', select: { type: 'interval', encodings: ['x'] }, bind: 'scales' }],
    mark: {
      type: 'line',
      interpolate: sensors.some(({ resolution }) => resolution === 0) ? 'linear' : 'step-after',
      clip: true,
      strokeWidth: 2,
    },
    encoding: {
      ...shared,
      color,
      strokeDash: {
        field: 'source.type',
        type: 'nominal',
        scale: {
          domain: ['forecaster', 'scheduler', 'other'],
          range: [
            [2, 2],
            [4, 4],
            [1, 0],
          ],
        },
        legend: { title: 'Source' },
      },
      detail: [SOURCE],
    },
  }
}

/** Pointing anywhere above a value shows a ruler through it and what is known of it. */
function hover(index: number, { x, y }: Shared, color: Json, tooltip: readonly Json[]): Json[] {
  const name = `hover_${index}`
  const param = { condition: { param: name, empty: false } }
  return [
    {
      mark: { type: 'rule', color: '#6b7280', strokeWidth: 1 },
      encoding: { x, opacity: { condition: { ...param.condition, value: 1 }, value: 0 } },
    },
    {
      params: [{ name, select: { type: 'point', encodings: ['x'], nearest: true, on: 'mouseover', clear: 'mouseout' } }],
      mark: { type: 'circle', opacity: 1, clip: true },
      encoding: { x, y, color, size: { condition: { ...param.condition, value: 200 }, value: 0 }, tooltip },
    },
  ]
}
