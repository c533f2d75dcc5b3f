/**
 * Measurements of stations as beliefs.
 *
 * A charger's power sensor holds means over events (PT5M): the mean of an event is written once it is over (before that it would be a
 * forecast; screens show `measured()` of the charger), from the samples kept in the database. So a restart loses nothing, and samples that
 * come late (a station that was off line) make the mean anew: the newer belief wins. A sample holds until the next one, a power for at most
 * 90 s (or three sampling intervals), 0 W of an idle EVSE for an event; moments without any are left out of the mean.
 *
 * State of charge is instantaneous: percent of the car's capacity, kWh, kept once a minute and at both ends of a session.
 */

import type { BeliefBatch, Beliefs, SourceKey } from '#ems'
import { type Clock, describeError, floorTo, HOUR, type Instant, instant, type Log, MINUTE, SECOND } from '#kernel'
import { asTimestamp, type Store } from '#store'
import type { ChargingConfig } from './config.ts'
import { isAtWork, type Plugged, type Station } from './station.ts'

export const EVENT = 5 * MINUTE
/** A mean is written this long after its event, for samples under way. */
const GRACE = 3 * SECOND
const IDLE_HOLD = EVENT + 30 * SECOND

/** Mean power over [from, until) of samples in order of time, each holding for a while; undefined when no moment is covered. */
export function meanPower(
  samples: readonly { at: Instant; power: number }[],
  from: Instant,
  until: Instant,
  hold: number,
): number | undefined {
  let energy = 0
  let covered = 0
  samples.forEach(({ at, power }, index) => {
    const end = Math.min(samples[index + 1]?.at ?? Infinity, at + (power === 0 ? Math.max(hold, IDLE_HOLD) : hold), until)
    const length = end - Math.max(at, from)
    if (length <= 0) return
    energy += power * length
    covered += length
  })
  return covered > 0 ? energy / covered : undefined
}

export interface Measurements {
  /** Samples of the station were kept at these moments. */
  sampled(station: Station, moments: readonly Instant[]): void
  /** A state of charge of a plugged car; thinned unless it is one of the ends of the session. */
  charged(plugged: Plugged, at: Instant, isEnd: boolean): void
  /** Resolves when everything due was written (or could not be). */
  settled(): Promise<void>
  close(): Promise<void>
}

interface Taken {
  identity: string
  starts: Instant[]
}

export interface MeasurementParts {
  store: Store
  clock: Clock
  beliefs: Beliefs
  log: Log
  config: ChargingConfig
  source: SourceKey
  stations: () => Iterable<Station>
}

export function openMeasurements({ store, clock, beliefs, log, config, source, stations }: MeasurementParts): Measurements {
  /** Starts of events to be written, by identity; the value says from when on. */
  const due = new Map<string, Map<Instant, Instant>>()
  const charges: { sensor: number; at: Instant; value: number }[] = []
  const keptAt = new Map<number, Instant>()
  const hold = Math.max(90 * SECOND, 3 * config.sampling * SECOND)
  let boundary = floorTo(clock.now(), EVENT)
  let working = Promise.resolve()
  let lastThinned = clock.now()
  let sourceId: number | undefined

  const ask = (identity: string, start: Instant, from: Instant) => {
    const events = due.get(identity) ?? new Map<Instant, Instant>()
    due.set(identity, events)
    events.set(start, instant(Math.min(from, events.get(start) ?? Infinity)))
  }

  /** At the beginning of an event an idle EVSE is known to draw nothing. */
  const noteIdle = async (start: Instant) => {
    const idle = [...stations()].filter(
      (station) => isAtWork(station) && station.open.size === 0 && station.record.powerSensor !== undefined,
    )
    if (idle.length === 0) return
    await store.query(
      `insert into cariflex.charging_sample (station, evse_id, at, power_w)
       select r.station, r.evse, $2, 0 from jsonb_to_recordset($1::jsonb) as r(station text, evse integer) on conflict do nothing`,
      [JSON.stringify(idle.map(({ record }) => ({ station: record.identity, evse: record.evse }))), asTimestamp(start)],
    )
    for (const { record } of idle) ask(record.identity, start, instant(start + EVENT + GRACE))
  }

  const means = async (now: Instant, taken: Taken[]): Promise<BeliefBatch[]> => {
    const batches: BeliefBatch[] = []
    for (const station of stations()) {
      const { identity, powerSensor } = station.record
      const events = due.get(identity)
      const ready = [...(events ?? [])].filter(([, from]) => from <= now).map(([start]) => start)
      // Taken off the list before anything is read: what comes in meanwhile asks for them again.
      for (const start of ready) events!.delete(start)
      if (ready.length === 0 || powerSensor === undefined) continue
      ready.sort((a, b) => a - b)
      taken.push({ identity, starts: ready })
      const rows = await store.query<{ evse_id: number; at: Instant; power_w: number }>(
        `select evse_id, at, power_w from cariflex.charging_sample
         where station = $1 and power_w is not null and at >= $2 and at < $3 order by evse_id, at`,
        [identity, asTimestamp(instant(ready[0]! - IDLE_HOLD)), asTimestamp(instant(ready.at(-1)! + EVENT))],
      )
      const values = ready.map((start) => {
        const until = instant(start + EVENT)
        const byEvse = [...new Set(rows.map((row) => row.evse_id))].map((evse) =>
          meanPower(
            rows
              .filter((row) => row.evse_id === evse && row.at < until && row.at >= start - IDLE_HOLD)
              .map((row) => ({ at: row.at, power: row.power_w })),
            start,
            until,
            hold,
          ),
        )
        const known = byEvse.filter((value) => value !== undefined)
        return known.length === 0 ? Number.NaN : known.reduce((sum, value) => sum + value, 0) / 1000
      })
      batches.push({ sensor: powerSensor, source: sourceId!, starts: ready, values, beliefTime: now, sign: 'consumption-positive' })
    }
    return batches
  }

  const write = async () => {
    const now = clock.now()
    const current = floorTo(now, EVENT)
    if (current > boundary) {
      await noteIdle(current)
      boundary = current
    }
    if (now - lastThinned >= HOUR) {
      lastThinned = now
      await store.query('delete from cariflex.charging_sample where at < $1', [asTimestamp(instant(now - config.samplesKept))])
    }
    const isDue = [...due.values()].some((events) => [...events.values()].some((from) => from <= now))
    if (!isDue && charges.length === 0) return
    const taken: Taken[] = []
    const charged = charges.splice(0)
    try {
      sourceId ??= await beliefs.source(source)
      const batches = await means(now, taken)
      await recordEach([...batches, ...chargeBatches(charged, sourceId)], now)
    } catch (error) {
      for (const { identity, starts } of taken) for (const start of starts) ask(identity, start, now)
      charges.unshift(...charged)
      if (charges.length > 10_000) charges.length = 10_000
      throw error
    }
  }

  /** All at once; when one sensor spoils it (deleted by somebody), each by itself. */
  const recordEach = async (batches: BeliefBatch[], now: Instant) => {
    if (batches.length === 0) return
    try {
      await beliefs.record(batches)
    } catch (error) {
      if (error instanceof Error && 'retry' in error && error.retry === 'later') throw error
      for (const batch of batches)
        await beliefs.record([batch]).catch((reason: unknown) => {
          if (reason instanceof Error && 'retry' in reason && reason.retry === 'later') throw reason
          log.warn({ sensor: batch.sensor, at: now, error: describeError(reason) }, 'measurements of a charger were not kept')
        })
    }
  }

  const chargeBatches = (taken: typeof charges, id: number): BeliefBatch[] =>
    [...new Set(taken.map(({ sensor }) => sensor))].map((sensor) => {
      const own = new Map(taken.filter((charge) => charge.sensor === sensor).map(({ at, value }) => [at, value]))
      const starts = [...own.keys()].sort((a, b) => a - b)
      return { sensor, source: id, starts, values: starts.map((at) => own.get(at)!), beliefTime: 'event-end' as const }
    })

  const tick = () => {
    working = working.then(write).catch((error: unknown) => log.warn({ error: describeError(error) }, 'measurements wait for the database'))
  }
  const timer = clock.every(SECOND, tick)

  /** What a former run had measured but not yet written. */
  const resume = async () => {
    const rows = await store.query<{ station: string; first: Instant; last: Instant }>(
      'select station, min(at) as first, max(at) as last from cariflex.charging_sample where at > $1 group by station',
      [asTimestamp(instant(clock.now() - 12 * EVENT))],
    )
    for (const row of rows)
      for (const start of [floorTo(row.last, EVENT), instant(floorTo(row.last, EVENT) - EVENT)])
        if (start + EVENT > row.first) ask(row.station, start, instant(start + EVENT + GRACE))
  }
  working = resume().catch((error: unknown) => log.warn({ error: describeError(error) }, 'measurements wait for the database'))

  return {
    sampled(station, moments) {
      const at = clock.now()
      for (const moment of moments) {
        // A clock far off must not make us write the future.
        if (moment > at + HOUR) continue
        const start = floorTo(moment, EVENT)
        ask(station.record.identity, start, instant(Math.max(start + EVENT, at) + GRACE))
      }
    },
    charged({ vehicle, soc }, at, isEnd) {
      if (!vehicle?.socSensor || !soc) return
      const last = keptAt.get(vehicle.socSensor)
      if (!isEnd && last !== undefined && at < last + config.socEvery) return
      keptAt.set(vehicle.socSensor, at)
      charges.push({ sensor: vehicle.socSensor, at, value: Math.round(soc.percent * vehicle.capacity) / 100_000 })
    },
    async settled() {
      tick()
      await working
    },
    async close() {
      timer.cancel()
      tick()
      await working
    },
  }
}
