/** From the scheduler's numbers to a plan that people can read, and to beliefs that dashboards can. */
import { randomUUID } from 'node:crypto'
import { after, type Instant, say } from '#kernel'
import type { BeliefBatch } from '../belief.ts'
import { clockTime } from '../limits.ts'
import type { Line } from '../line.ts'
import type { BrokenWish, ExpectedCar, Plan, PlannedDevice } from '../plan.ts'
import { SAYING } from '../saying.ts'
import { tellExplanation } from '../scheduling/explanation.ts'
import { at, type Series } from '../scheduling/problem.ts'
import { type Reason, sayReason } from '../scheduling/reason.ts'
import type { SiteSchedule } from '../scheduling/site.ts'
import { sayMissedWish } from '../scheduling/wish.ts'
import type { Site } from '../site.ts'
import type { Arrival } from './arrivals.ts'
import { type Asked, type Question, STEP, socSensor, touches } from './question.ts'

const NAMES = { minimum: 'soc-minima', maximum: 'soc-maxima', target: 'soc-targets', floor: 'soc-min' } as const

/** The plan that answers the question. `free` is the answer to the same question without grid limits. */
export function planOf(site: Site, asked: Question, schedule: SiteSchedule, trigger: string, free?: SiteSchedule): Plan {
  const time = (slot: number) => clockTime(after(asked.start, slot * STEP), site.zone)
  const nameOf = (device: string) => {
    const one = asked.asked.find((each) => each.device.id === device)
    return one?.vehicle?.device ?? device
  }
  const told = tellExplanation(schedule.explanation, site.currency)
  const isUnproven = !Number.isFinite(schedule.gap)
  const notes = [...asked.prices.notes, ...(isUnproven ? [say(SAYING.unproven)] : [])]
  return {
    id: randomUUID(),
    site: site.asset,
    madeAt: asked.at,
    start: asked.start,
    step: STEP,
    slots: asked.problem.slots,
    devices: asked.asked.map((one, index): PlannedDevice => {
      const device = schedule.devices[index]!
      const available = one.device.capability().storage ? undefined : series(asked.problem.devices[index]!.minKw, asked.problem.slots)
      const freely = free?.devices[index]?.powerKw
      return {
        device: device.id,
        asset: one.member.asset,
        sensor: one.member.power!,
        powerKw: device.powerKw.map(round),
        ...(freely && { freePowerKw: freely.map(round) }),
        ...(available && { availableKw: available.map(round) }),
        ...(device.storedKwh && { socKwh: device.storedKwh.map(round) }),
        reasons: device.reasons.map((reason) => ({ from: reason.from, to: reason.to, because: sentence(site, asked, one, reason, time) })),
        explanation: told.devices[index]!,
      }
    }),
    inflexibleKw: asked.inflexibleKw.map(round),
    consumptionPrice: asked.prices.consumption.map(round),
    productionPrice: asked.prices.production.map(round),
    currency: site.currency,
    explanation: told.flows,
    objective: schedule.objective,
    bound: Number.isFinite(schedule.bound) ? schedule.bound : null,
    gap: Number.isFinite(schedule.gap) ? schedule.gap : null,
    solver: schedule.solver,
    solveMs: Math.round(schedule.solveMs),
    ...(asked.arrivals.length > 0 && {
      expected: asked.arrivals.map((arrival, index) => expectedCar(arrival, schedule, asked.asked.length + index)),
    }),
    brokenWishes: schedule.missedWishes.flatMap((missed): BrokenWish[] => {
      const one = asked.asked.find((each) => each.device.id === missed.device)
      // A car that is only expected misses nothing yet.
      if (!one) return []
      const giver = one.member.kind === 'evse' ? 'charger' : 'inverter'
      return [
        {
          device: missed.device,
          asset: one.member.asset,
          name: NAMES[missed.kind],
          at: after(asked.start, (missed.slot + 1) * STEP),
          missingKwh: round(missed.missingKwh),
          cause: missed.cause,
          because: sayMissedWish({ ...missed, device: nameOf(missed.device) }, { time: time(missed.slot + 1), giver }),
        },
      ]
    }),
    trigger,
    ...(notes.length > 0 && { notes }),
  }
}

const series = (value: Series, slots: number): number[] => Array.from({ length: slots }, (_, slot) => at(value, slot))

/** What the plan keeps for a car that is away. */
function expectedCar({ vehicle, arrives, leaves, needKwh }: Arrival, schedule: SiteSchedule, index: number): ExpectedCar {
  return {
    device: vehicle.device,
    asset: vehicle.asset,
    arrives,
    leaves,
    needKwh: round(needKwh),
    powerKw: schedule.devices[index]!.powerKw.map(round),
  }
}

/** The reason as one sentence; what the grid forbids is said in the grid's words. */
function sentence(site: Site, asked: Question, { device }: Asked, reason: Reason, time: (slot: number) => string): string {
  const said = sayReason(reason, { time, currency: site.currency })
  if (reason.heldBy !== 'flexible-cap') return said
  const from = after(asked.start, reason.from * STEP)
  const limit = asked.limits.find((each) => touches(each, from) && (each.scope === 'flexible-consumption' || each.asset === device.asset))
  return limit ? `${said.slice(0, said.length - SAYING.heldByLoadControl.length)}${limit.because}` : said
}

/** Beliefs of the scheduler: planned power at the sensor's own resolution, planned energy at slot ends. */
export async function beliefsOf(line: Line, plan: Plan, asked: readonly Asked[]): Promise<BeliefBatch[]> {
  const source = await line.beliefs.source({ name: line.site.author, type: 'scheduler', model: 'StorageScheduler' })
  const batches: BeliefBatch[] = []
  for (const device of plan.devices) {
    const sensor = await line.sensors.get(device.sensor)
    const resolution = sensor?.resolution
    if (!resolution) continue
    const perSlot = Math.max(1, Math.round(STEP / resolution))
    const common = { source, beliefTime: plan.madeAt, sign: 'consumption-positive' as const, overwrite: true }
    const starts: Instant[] = []
    const values: number[] = []
    device.powerKw.forEach((power, slot) => {
      for (let part = 0; part < perSlot; part++) {
        const start = after(plan.start, slot * STEP + part * resolution)
        if (start + resolution <= plan.madeAt) continue
        starts.push(start)
        values.push(Math.round(power * 100) / 100)
      }
    })
    batches.push({ sensor: device.sensor, starts, values, ...common })
    const one = asked.find((each) => each.device.id === device.device)
    const soc = one && socSensor(one)[0]
    if (soc === undefined || !device.socKwh) continue
    const ends = device.socKwh.map((kwh, slot) => ({ at: after(plan.start, slot * STEP), kwh })).filter(({ at }) => at > plan.madeAt)
    batches.push({ sensor: soc, starts: ends.map(({ at }) => at), values: ends.map(({ kwh }) => Math.round(kwh * 10) / 10), ...common })
  }
  return batches
}

const round = (value: number): number => Math.round(value * 1000) / 1000 || 0
