/** Charts of one sensor: bars over time, a histogram of its values, heat maps by day and by week (reference 2.4, 4.5). */
import {
  annotationLayers,
  type ChartWindow,
  CONFIG,
  capital,
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
import type { ShownSensor } from './shown-sensor.ts'

export const SENSOR_CHARTS = ['bar_chart', 'histogram', 'daily_heatmap', 'weekly_heatmap'] as const
export type SensorChartType = (typeof SENSOR_CHARTS)[number]

export interface SensorChartOptions extends ChartWindow {
  dataset: string
  annotations: boolean
  height?: number
  width?: number
}

/** A Vega-Lite 5 specification; its records are in, or go into, the dataset of that name. */
export function sensorChart(type: SensorChartType, sensor: ShownSensor, options: SensorChartOptions): Json {
  const { layer, transform, description } = PARTS[type](sensor, options)
  const notes =
    options.annotations && type === 'bar_chart' ? annotationLayers(`${options.dataset}_annotations`, 0) : { behind: [], before: [] }
  return {
    $schema: SCHEMA,
    description,
    title: sensor.name === sensor.kind ? '' : capital(sensor.name),
    data: { name: options.dataset },
    transform: [...TRANSFORMS, { calculate: 'datum.event_value', as: 'scaled_event_value' }, ...transform],
    width: options.width ?? 'container',
    height: options.height ?? HEIGHT,
    layer: [...notes.behind, ...layer, ...notes.before],
    config: CONFIG,
  }
}

interface Parts {
  description: string
  transform: Json[]
  layer: Json[]
}

const tooltipOf = (sensor: ShownSensor): Json[] => [
  valueTooltip(sensor.kind, sensor.unit),
  DATE_TOOLTIP,
  HORIZON_TOOLTIP,
  ...SOURCE_TOOLTIPS,
]
const BY_SOURCE: Json = { field: 'source_name_and_id', type: 'nominal', title: 'Source' }

const PARTS: Record<SensorChartType, (sensor: ShownSensor, options: SensorChartOptions) => Parts> = {
  bar_chart(sensor, options) {
    const isMoment = sensor.resolution === 0
    const interpolate = sensor.sensor?.attributes['interpolate']
    const area = isMoment && typeof interpolate === 'string'
    const encoding = {
      // Where events have an end, the ruler below says the window: Vega-Lite reads it differently on either end of a bar.
      x: timeField(isMoment ? options : {}),
      y: isMoment ? { ...valueField(sensor.kind, sensor.unit), stack: null } : valueField(sensor.kind, sensor.unit),
      color: BY_SOURCE,
      opacity: { value: 0.7 },
      tooltip: tooltipOf(sensor),
    }
    return {
      description: `A simple ${area ? 'area' : isMoment ? 'point' : 'bar'} chart showing sensor data.`,
      transform: isMoment ? [] : [{ calculate: `toNumber(datum.event_start) + ${sensor.resolution}`, as: 'event_end' }],
      layer: [
        {
          params: [{ name: 'scroll', select: { type: 'interval', encodings: ['x'] }, bind: 'scales' }],
          mark: area
            ? { type: 'area', interpolate: INTERPOLATIONS.has(interpolate) ? interpolate : 'linear', clip: true }
            : isMoment
              ? { type: 'line', point: true, clip: true }
              : { type: 'bar', clip: true },
          encoding: isMoment ? encoding : { ...encoding, x2: { field: 'event_end' }, y2: { datum: 0 } },
        },
        replayRuler(options),
      ],
    }
  },
  histogram: (sensor) => ({
    description: 'A histogram showing the distribution of sensor data.',
    transform: [],
    layer: [
      {
        mark: { type: 'bar', clip: true },
        encoding: {
          x: { ...valueField(sensor.kind, sensor.unit), bin: true },
          y: { aggregate: 'count', title: 'Count', stack: null },
          color: BY_SOURCE,
          opacity: { value: 0.7 },
          tooltip: [{ aggregate: 'count', title: 'Count' }, BY_SOURCE],
        },
      },
    ],
  }),
  daily_heatmap: (sensor) => heatmap(sensor, 'hoursminutes', 'yearmonthdate', 'A daily heatmap showing sensor data.'),
  weekly_heatmap: (sensor) => heatmap(sensor, 'dayhoursminutes', 'yearweek', 'A weekly heatmap showing sensor data.'),
}

const INTERPOLATIONS = new Set(['linear', 'step', 'step-before', 'step-after', 'basis', 'cardinal', 'monotone', 'natural'])

/** Of several sources the one with most values is shown; the hour that occurs twice in autumn shows its mean. */
function heatmap(sensor: ShownSensor, across: string, down: string, description: string): Parts {
  const minutes = Math.max(1, Math.round(sensor.resolution / 60_000))
  return {
    description,
    transform: [
      { joinaggregate: [{ op: 'count', as: 'source_count' }], groupby: ['source.id'] },
      {
        window: [{ op: 'dense_rank', as: 'source_rank' }],
        sort: [
          { field: 'source_count', order: 'descending' },
          { field: 'source.id', order: 'ascending' },
        ],
        frame: [null, null],
      },
      { filter: 'datum.source_rank === 1' },
    ],
    layer: [
      {
        mark: { type: 'rect', clip: true, opacity: 0.8 },
        encoding: {
          x: { field: 'event_start', type: 'temporal', title: null, timeUnit: { unit: across, step: minutes } },
          y: { field: 'event_start', type: 'temporal', title: null, timeUnit: down, sort: 'descending' },
          color: {
            aggregate: 'mean',
            field: 'scaled_event_value',
            type: 'quantitative',
            title: valueField(sensor.kind, sensor.unit)['title'],
            scale: { scheme: 'blueorange', domainMid: 0 },
            legend: { format: '.3~r' },
          },
          detail: [SOURCE],
          tooltip: [
            { field: 'event_start', type: 'temporal', title: 'Time and date', timeUnit: 'yearmonthdatehoursminutes' },
            { aggregate: 'mean', field: 'scaled_event_value', type: 'quantitative', title: capital(sensor.kind), format: '.3~r' },
            BY_SOURCE,
          ],
        },
      },
    ],
  }
}
