/** Beliefs kept in `timed_belief`: the face of `belief.ts` over PostgreSQL. */
import { type Bus, type Clock, type Instant, instant } from '#kernel'
import type { Store } from '#store'
import type { BeliefBatch, Beliefs } from './belief.ts'
import { readFigures } from './belief-figures.ts'
import { openBeliefWriter } from './belief-writer.ts'
import type { News } from './news.ts'
import { openNewsQueue } from './news-queue.ts'
import { record } from './record.ts'
import { removeBeliefs } from './remove-beliefs.ts'
import { openSensors, type Sensor, type Sensors } from './sensors.ts'
import { readEvents, readLatest, readSeries, readSeriesByKind, searchBeliefs } from './series.ts'
import { openSourceBook } from './source-ranks.ts'
import { openSources, type Sources } from './sources.ts'
import { openWrittenSpans } from './written-spans.ts'

export interface BeliefParts {
  store: Store
  clock: Clock
  bus: Bus<News>
  /** The repositories shared with other rooms; opened here when absent. */
  sensors?: Sensors
  sources?: Sources
  /** False: starts off the clock of a sensor are kept as sent unless the sensor says otherwise, as FlexMeasures 0.33 does; default true. */
  floors?: boolean
}

/** Opens the beliefs of a database. Everything recorded is told on the bus after it is durable. */
export function openBeliefs({ store, clock, bus, floors = true, ...given }: BeliefParts): Beliefs {
  const sensors = given.sensors ?? openSensors(store, () => clock.now())
  const sources = given.sources ?? openSources(store)
  const writer = openBeliefWriter(store, () => clock.now())
  const ways = { spans: openWrittenSpans(), news: openNewsQueue() }
  const from = { db: store, book: openSourceBook(store, () => clock.now()) }
  return {
    source: (key) => sources.of(key),
    async record(batches) {
      const known: { batch: BeliefBatch; sensor: Sensor }[] = []
      for (const batch of batches) known.push({ batch, sensor: keepingStarts(await sensors.need(batch.sensor), !floors) })
      const now = clock.now()
      const outcome = await record(await writer(), known, now, ways)
      if (outcome.stored > 0) for (const news of newsOf(known, now)) bus.tell(news)
      return outcome
    },
    series: async (query) => readSeries(from, await sensors.need(query.sensor), query),
    seriesByKind: async (query) => readSeriesByKind(from, await sensors.need(query.sensor), query),
    events: async (query) => readEvents(from, await sensors.need(query.sensor), query),
    search: async (query) => searchBeliefs(from, await sensors.need(query.sensor), query),
    figures: async (query) => readFigures(store, clock, await sensors.need(query.sensor), query),
    async remove(query) {
      const now = clock.now()
      const { resolution } = await sensors.need(query.sensor)
      const { count, sources: whose, first, last } = await removeBeliefs(store, query, now)
      const until = last === null ? now : instant(last + resolution)
      for (const source of whose)
        bus.tell({ kind: 'beliefs', sensors: [query.sensor], source, from: first ?? now, until, ahead: until > now })
      return count
    },
    latest: async (sensor, at) => readLatest(from, await sensors.need(sensor), at ?? clock.now()),
  }
}

/** The sensor, whose starts stay as they are sent when that is so unless it says otherwise. */
export const keepingStarts = (sensor: Sensor, keeps: boolean): Sensor =>
  keeps && sensor.attributes['floor_datetimes_to_resolution'] === undefined
    ? { ...sensor, attributes: { ...sensor.attributes, floor_datetimes_to_resolution: false } }
    : sensor

/** One piece of news per source. */
function newsOf(known: readonly { batch: BeliefBatch; sensor: Sensor }[], now: Instant): Extract<News, { kind: 'beliefs' }>[] {
  const bySource = new Map<number, { sensors: Set<number>; from: number; until: number }>()
  for (const { batch, sensor } of known) {
    const news = bySource.get(batch.source) ?? { sensors: new Set(), from: Infinity, until: -Infinity }
    bySource.set(batch.source, news)
    news.sensors.add(sensor.id)
    for (const start of batch.starts) {
      if (start < news.from) news.from = start
      if (start + sensor.resolution > news.until) news.until = start + sensor.resolution
    }
  }
  return [...bySource]
    .filter(([, news]) => news.from !== Infinity)
    .map(([source, { sensors, from, until }]) => ({
      kind: 'beliefs',
      sensors: [...sensors],
      source,
      from: instant(from),
      until: instant(until),
      ahead: until > now,
    }))
}
