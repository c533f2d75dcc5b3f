/** A grid limit is posted → setpoints are on the wire to all affected devices, three of which are slow; against the floor of one journal write. */
import { startHeartbeat } from '#ems'
import { after, floorTo, HOUR, MINUTE, systemClock } from '#kernel'
import { scratchStore } from '#store'
import { flatPlan, openIsland, settleIsland, smallSite } from '../src/ems/island.fixture.ts'

export const name = 'Grid limit to devices'

const DEVICES = 20
const SLOW = 3

/** p50 and p95 of limit posted → apply() called on all 20 devices, over real PostgreSQL, three of the devices slow. */
export async function run({ short }: { short: boolean }): Promise<string[]> {
  const rounds = short ? 20 : 100
  const undo: (() => unknown)[] = []
  try {
    const store = await scratchStore({ after: (work) => void undo.unshift(work) })
    const clock = systemClock
    const site = smallSite({ batteries: DEVICES, chargers: 0, pv: 0 })
    await settleIsland(store, site)
    const { line, made } = openIsland(store, clock, site, () => [], 200)
    let told = new Map<string, { power: number; at: number }>()
    for (const [index, device] of Object.values(made).entries()) {
      const { apply } = device
      device.apply = async (setpoint) => {
        told.set(setpoint.device, { power: setpoint.power, at: performance.now() })
        const answer = await apply(setpoint)
        // A slow device gets the order at once but answers it late, and answers no read after its first.
        if (index < SLOW) await new Promise((resolve) => setTimeout(resolve, 300))
        return answer
      }
    }
    const powers = Object.fromEntries(Object.keys(made).map((device) => [device, 20]))
    await line.plans.keep(flatPlan(site, floorTo(clock.now(), 15 * MINUTE), powers))
    const heart = startHeartbeat(line)
    undo.unshift(() => heart.stop())
    await heart.beat()
    for (const device of Object.values(made).slice(0, SLOW)) device.reading = 'hang'
    const all = (power: number) => told.size === DEVICES && [...told.values()].every((each) => each.power === power)
    const toAll: number[] = []
    const floor: number[] = []
    for (let round = 0; round < rounds; round++) {
      await until(() => all(20_000) && !Object.keys(made).some((device) => line.lanes.busy(device)))
      told = new Map()
      const posted = performance.now()
      const limit = await line.limits.post({ maxKw: 0, until: after(clock.now(), HOUR), origin: 'bench' })
      await until(() => all(0))
      toAll.push(Math.max(...[...told.values()].map(({ at }) => at)) - posted)
      const begin = performance.now()
      await store.query('update cariflex.site_limit set because = because where id = $1', [limit.id])
      floor.push(performance.now() - begin)
      told = new Map()
      await line.limits.end(limit.id)
    }
    const [p50, p95, least] = [percentile(toAll, 0.5), percentile(toAll, 0.95), percentile(floor, 0.5)]
    return [
      `limit posted → apply() on ${DEVICES} devices (${SLOW} of them slow): p50 ${p50.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms (target 1000 ms)`,
      `one durable write in the same run: ${least.toFixed(2)} ms; the whole way costs ${(p50 / least).toFixed(1)} of them`,
    ]
  } finally {
    for (const step of undo) await step()
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 20_000; turn++) {
    if (condition()) return
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  throw new Error('A device never heard of the order.')
}

function percentile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!
}
