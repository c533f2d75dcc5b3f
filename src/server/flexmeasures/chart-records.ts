/** The records of a chart as JSON text, long or short, as FlexMeasures writes them (reference 2.8). */
import type { ShownSensor, Source } from '#ems'
import { describeSource } from './sources.ts'

export interface ChartBelief {
  start: number
  value: number
  source: number
  beliefTime: number
  horizon: number
}

export interface RecordWriter {
  record(sensor: ShownSensor, belief: ChartBelief): void
  /** Everything that was recorded. */
  text(): string
}

/** Ids of what is no source: where fixed values stand. */
export const FIXED_SOURCES = { 'flex-model': -1, 'flex-context': -2 } as const

type Factors = ReadonlyMap<string, number>
type Sources = ReadonlyMap<number, Source>

const number = (value: number): string => (Number.isFinite(value) ? String(value) : 'null')

/** Milliseconds as digits. Those of one record begin like those of the one before: only what follows is written anew. */
function momentWriter(): (milliseconds: number) => string {
  let high = Number.NaN
  let begin = ''
  return (milliseconds) => {
    const whole = Math.trunc(milliseconds)
    if (!(whole >= MILLION)) return String(whole)
    const rest = whole % MILLION
    if (whole - rest !== high) {
      high = whole - rest
      begin = String(high / MILLION)
    }
    return begin + String(MILLION + rest).slice(1)
  }
}

const MILLION = 1_000_000

/** `{ data, sensors, sources }`: short names in `data`, sensors and sources once each. */
export function shortRecords(sources: Sources, factors: Factors): RecordWriter {
  let records = ''
  const [momentOf, beliefTimeOf] = [momentWriter(), momentWriter()]
  const usedSensors = new Map<number, ShownSensor>()
  const usedSources = new Set<number>()
  let head = ''
  let last: ShownSensor | undefined
  return {
    record(sensor, { start, value, source, beliefTime, horizon }) {
      if (sensor !== last) {
        last = sensor
        usedSensors.set(sensor.id, sensor)
        head = `,"sid":${sensor.id},"sf":${factors.get(sensor.unit) ?? 1},"val":`
      }
      usedSources.add(source)
      records += `${records === '' ? '' : ','}{"ts":${momentOf(start)}${head}${number(value)},"src":${source},"bh":${Math.trunc(horizon)},"bt":${beliefTimeOf(beliefTime)}}`
    },
    text() {
      const about = Object.fromEntries([...usedSensors].map(([id, sensor]) => [id, shortSensor(sensor)]))
      const from = Object.fromEntries([...usedSources].map((id) => [id, sourceView(id, sources)]))
      return `{"data":[${records}],"sensors":${JSON.stringify(about)},"sources":${JSON.stringify(from)}}`
    },
  }
}

/** A list in which every record says all of its sensor and source. */
export function longRecords(sources: Sources, factors: Factors): RecordWriter {
  let records = ''
  const [momentOf, beliefTimeOf] = [momentWriter(), momentWriter()]
  const views = new Map<number, string>()
  let tail = ''
  let last: ShownSensor | undefined
  const sourceText = (id: number): string => {
    const known = views.get(id)
    if (known !== undefined) return known
    const text = JSON.stringify({ id, ...sourceView(id, sources) })
    views.set(id, text)
    return text
  }
  return {
    record(sensor, { start, value, source, beliefTime, horizon }) {
      if (sensor !== last) {
        last = sensor
        tail = `,"sensor":${JSON.stringify(longSensor(sensor))},"sensor_unit":${JSON.stringify(sensor.unit)},"scale_factor":${factors.get(sensor.unit) ?? 1}}`
      }
      records += `${records === '' ? '' : ','}{"event_start":${momentOf(start)},"event_value":${number(value)},"belief_time":${beliefTimeOf(beliefTime)},"belief_horizon":${Math.trunc(horizon)},"source":${sourceText(source)}${tail}`
    },
    text: () => `[${records}]`,
  }
}

const shortSensor = (sensor: ShownSensor) => ({
  name: sensor.name,
  unit: sensor.unit,
  event_resolution: sensor.resolution / 1000,
  description: sensor.description,
  asset_id: sensor.asset,
  asset_description: sensor.assetDescription,
})

const longSensor = (sensor: ShownSensor) => ({
  asset_id: sensor.asset,
  id: sensor.id,
  name: sensor.name,
  sensor_unit: sensor.unit,
  event_resolution: sensor.resolution / 1000,
  description: sensor.description,
  asset_description: sensor.assetDescription,
})

/** What a chart says of a source. Types fall into three, by which lines are told apart. */
function sourceView(id: number, sources: Sources) {
  const source = sources.get(id)
  if (!source) {
    const name = id === FIXED_SOURCES['flex-model'] ? 'flex-model' : 'flex-context'
    const description = `Configured in the asset's ${name}`
    return { name, model: '', version: '', type: 'other', raw_type: name, display_type: name, description }
  }
  const type = /forecast/i.test(source.type) ? 'forecaster' : /schedul/i.test(source.type) ? 'scheduler' : 'other'
  return {
    name: source.name,
    model: source.model ?? '',
    version: source.version ?? '',
    type,
    raw_type: source.type,
    display_type: type === 'other' ? source.type || 'other' : type,
    description: describeSource(source),
  }
}
