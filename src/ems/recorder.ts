/** From readings to beliefs: raw readings live in `cariflex.reading` for hours; means of closed slots, and levels every five minutes, are believed for ever. */
import { after, type Bus, type Clock, ceilTo, floorTo, HOUR, type Instant, MINUTE } from '#kernel'
import { asTimestamp, type Store } from '#store'
import type { BeliefBatch, Beliefs, SourceKey } from './belief.ts'
import type { News } from './news.ts'
import type { Reading } from './reading.ts'
import type { Sensors } from './sensors.ts'

export interface RecorderParts {
  store: Store
  clock: Clock
  bus: Bus<News>
  beliefs: Beliefs
  sensors: Sensors
  site: number
  /** Who measured: `{ name, type: 'gateway' }`, or type 'simulation' when the devices are simulated. */
  source: SourceKey
}

export interface LastReading extends Reading {
  device: string
}

export interface Recorder {
  /** Commits what devices just told, and tells the bus. Readings known already are passed over. */
  take(told: readonly LastReading[]): Promise<void>
  /** Turns readings into beliefs: slots that closed lately, levels not yet noted. Harmless to repeat. */
  settle(at: Instant): Promise<void>
  /** Newest reading per sensor within `age` ms (default an hour). */
  latest(at: Instant, age?: number): Promise<LastReading[]>
  /** Drops raw readings older than the moment. */
  forgetBefore(at: Instant): Promise<void>
}

/** Levels such as states of charge are noted once in so many milliseconds. */
const LEVEL_EVERY = 5 * MINUTE
/** Slots that closed within this time are looked at again: a restart or a late reading changes them. */
const LOOK_BACK = HOUR

/** Opens the recorder of one site. */
export function openRecorder({ store, clock, bus, beliefs, sensors, site, source }: RecorderParts): Recorder {
  return {
    async take(told) {
      const sane = told.filter((reading) => Number.isFinite(reading.value) && reading.at <= after(clock.now(), MINUTE))
      if (sane.length === 0) return
      const rows = await store.query<LastReading>(
        `insert into cariflex.reading (sensor, at, value, device)
         select * from unnest($1::int[], $2::timestamptz[], $3::float8[], $4::text[])
         on conflict do nothing returning sensor, at, value, device`,
        [
          sane.map((each) => each.sensor),
          sane.map((each) => asTimestamp(each.at)),
          sane.map((each) => each.value),
          sane.map((each) => each.device),
        ],
      )
      if (rows.length > 0) bus.tell({ kind: 'readings', site, readings: rows })
    },
    async settle(at) {
      const seen = await store.query<{ sensor: number }>('select distinct sensor from cariflex.reading where at > $1', [
        asTimestamp(after(at, -LOOK_BACK)),
      ])
      const batches: BeliefBatch[] = []
      const who = seen.length > 0 ? await beliefs.source(source) : 0
      for (const { sensor } of seen) {
        const known = await sensors.get(sensor)
        if (!known) continue
        const batch = known.resolution > 0 ? await means(sensor, known.resolution, at) : await levels(sensor, at)
        if (batch.starts.length > 0)
          batches.push({ ...batch, sensor, source: who, beliefTime: 'event-end', sign: 'consumption-positive', overwrite: true })
      }
      if (batches.length > 0) await beliefs.record(batches)
    },
    async latest(at, age = HOUR) {
      return store.query<LastReading>(
        `select distinct on (sensor) sensor, at, value, device from cariflex.reading where at > $1 and at <= $2 order by sensor, at desc`,
        [asTimestamp(after(at, -age)), asTimestamp(after(at, MINUTE))],
      )
    },
    async forgetBefore(at) {
      await store.query('delete from cariflex.reading where at < $1', [asTimestamp(at)])
    },
  }

  async function means(sensor: number, resolution: number, at: Instant) {
    const until = floorTo(at, resolution)
    const from = floorTo(after(until, -Math.max(LOOK_BACK, resolution)), resolution)
    const rows = await store.query<{ start: Instant; value: number }>(
      `select date_bin($2::interval, at, 'epoch') as start, avg(value) as value from cariflex.reading
       where sensor = $1 and at >= $3 and at < $4 group by 1 order by 1`,
      [sensor, `${resolution} milliseconds`, asTimestamp(from), asTimestamp(until)],
    )
    // The oldest slot may have lost its first readings to forgetting: leave it as it was believed.
    const whole = rows.filter((row) => row.start > from || resolution >= LOOK_BACK)
    return { starts: whole.map((row) => row.start), values: whole.map((row) => round(row.value)) }
  }

  async function levels(sensor: number, at: Instant) {
    const rows = await store.query<{ at: Instant; value: number }>(
      `select distinct on (date_bin($2::interval, at, 'epoch')) at, value from cariflex.reading
       where sensor = $1 and at >= $3 and at <= $4 order by date_bin($2::interval, at, 'epoch'), at`,
      [sensor, `${LEVEL_EVERY} milliseconds`, asTimestamp(ceilTo(after(at, -LOOK_BACK), LEVEL_EVERY)), asTimestamp(after(at, MINUTE))],
    )
    return { starts: rows.map((row) => row.at), values: rows.map((row) => round(row.value)) }
  }
}

const round = (value: number): number => Math.round(value * 1e6) / 1e6
