// What the worked cases of the formulation share: a market, a battery, and how to ask for a plan.
import assert from 'node:assert/strict'
import { addDuration, parseDuration, parseInstant } from '#kernel'
import type { ScheduleRequest, ScheduleResult } from '../../src/ems/scheduling/scheduler.ts'
import { schedulerFor } from '../../src/ems/scheduling/schedulers.ts'
import type { SolverPool } from '../../src/ems/scheduling/solver-pool.ts'
import { memoryWorld } from './memory-world.ts'

export const close = (actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-4) => {
  assert.equal(actual.length, expected.length)
  for (let index = 0; index < expected.length; index++)
    assert.ok(Math.abs(actual[index]! - expected[index]!) <= tolerance, `[${index}]: ${actual[index]} instead of ${expected[index]}`)
}
export const some = (count: number, values: Record<number, number>, rest = 0): number[] =>
  Array.from({ length: count }, (_, index) => values[index] ?? rest)

/** Prices of 1 and 2 January 2015, EUR/MWh, hourly. */
export const DAY_1 = [
  0.639427, 0.031484, 0.412544, 0.381045, 1.374274, 1.330341, 1.784359, 0.170915, 0.787317, 0.050867, 0.327957, 0.636151, 0.026536,
  0.147375, 0.324942, 0.15961, 0.029533, 0.020079, 0.0, 0.000221, 0.107959, 0.20448, 0.170125, 0.115238,
]
export const DAY_2 = [...new Array(8).fill(100), ...new Array(8).fill(90), ...new Array(8).fill(100)]

/** A site with hourly prices from 1 January 2015 and one battery with a power sensor (id 10) and outputs 11 to 13. */
export function market(prices: number[], unit = 'MW', resolution = 'PT15M') {
  const world = memoryWorld()
  world.asset(1, { type: 'building' })
  world.asset(2)
  world.sensor(5, 1, 'EUR/MWh', 'PT1H')
  world.post(5, parseInstant('2015-01-01T00:00:00+01:00'), prices.length * 3_600_000, prices)
  world.sensor(10, 2, unit, resolution, { consumptionIsPositive: true })
  world.sensor(11, 2, 'kW', resolution)
  world.sensor(12, 2, 'kW', resolution)
  world.sensor(13, 2, 'MWh', 'PT0S')
  return world
}
/** Plans a request of asset 1 from its start for `duration`, as the API would; what cannot be kept fails. */
export const askWith =
  (pool: SolverPool) =>
  async (
    world: ReturnType<typeof memoryWorld>,
    flexModel: ScheduleRequest['flexModel'],
    flexContext: ScheduleRequest['flexContext'],
    more: { start?: string; duration?: string; resolution?: number; single?: boolean; asset?: number } = {},
  ): Promise<ScheduleResult> => {
    const start = parseInstant(more.start ?? '2015-01-01T00:00:00+01:00')
    const request: ScheduleRequest = {
      asset: more.asset ?? 1,
      start,
      end: addDuration(start, parseDuration(more.duration ?? 'PT24H'), 'Europe/Amsterdam'),
      prior: start,
      flexModel,
      flexContext,
      ...(more.resolution && { resolution: more.resolution }),
      ...(more.single && { single: true }),
    }
    const scheduler = schedulerFor(await world.source.asset(request.asset))
    const read = await scheduler.read(request, world.source)
    return scheduler.schedule(read, { source: world.source, pool, deadlineMs: 20_000, whenInfeasible: 'fail' })
  }
export const output = (result: ScheduleResult, sensor: number): number[] => {
  const found = result.outputs.find((one) => one.sensor.id === sensor)
  assert.ok(found, `nothing for sensor ${sensor}`)
  return found.values
}
