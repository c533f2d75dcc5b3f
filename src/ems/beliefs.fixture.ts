/** For tests of beliefs: a scratch database with an asset, a source and sensors at need. */
import { type Instant, inProcessBus, instant, manualClock, parseInstant } from '#kernel'
import { type Store, scratchStore } from '#store'
import type { Beliefs } from './belief.ts'
import { openBeliefs } from './beliefs.ts'
import type { News } from './news.ts'
import { openSensors, type Sensors } from './sensors.ts'

export const AT = parseInstant('2026-11-24T12:00:00Z')
export const MIN = 60_000

export interface BeliefHouse {
  store: Store
  beliefs: Beliefs
  sensors: Sensors
  news: News[]
  source: number
  clock: ReturnType<typeof manualClock>
  sensor(options?: { unit?: string; resolution?: number; attributes?: object; zone?: string; fnc?: string; par?: object }): Promise<number>
  count(sensor: number): Promise<number>
}

/** A database with one asset; clock at `AT`. */
export async function house(t: Parameters<typeof scratchStore>[0]): Promise<BeliefHouse> {
  const clock = manualClock(AT)
  const store = await scratchStore(t)
  const news: News[] = []
  const bus = inProcessBus<News>((error) => {
    throw error
  })
  bus.any((one) => void news.push(one))
  const asset = await store.first<{ id: number }>(
    "insert into generic_asset (name, generic_asset_type_id, attributes) values ('house', 6, '{}') returning id",
  )
  const sensors = openSensors(store, () => clock.now())
  const beliefs = openBeliefs({ store, clock, bus, sensors })
  let serial = 0
  return {
    store,
    beliefs,
    sensors,
    news,
    clock,
    source: await beliefs.source({ name: 'meter', type: 'gateway' }),
    async sensor({
      unit = 'kW',
      resolution = 15 * MIN,
      attributes = {},
      zone = 'UTC',
      fnc = 'ex_post',
      par = { ex_post_horizon: 'P0D' },
    } = {}) {
      const made = await sensors.create({
        name: `s${serial++}`,
        unit,
        resolution,
        asset: asset!.id,
        timezone: zone,
        attributes: attributes as Record<string, unknown>,
        knowledge: { fnc, par: par as Record<string, unknown> },
      })
      return made.id
    },
    count: async (sensor) =>
      (await store.first<{ n: number }>('select count(*)::int as n from timed_belief where sensor_id = $1', [sensor]))!.n,
  }
}

/** Moments one step apart. */
export const slots = (start: Instant, step: number, n: number): Instant[] => Array.from({ length: n }, (_, i) => instant(start + i * step))
