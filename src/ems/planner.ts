/** The planner of a site: plans every five minutes and at once on news, one solve at a time; without an answer the last plan stays. */
import { randomUUID } from 'node:crypto'
import { asSentence, describeError, formatInstant, type Instant, MINUTE, SECOND, say } from '#kernel'
import type { Trouble } from './alarms.ts'
import { openHabits } from './forecasting/habits.ts'
import { clockTime } from './limits.ts'
import type { Line } from './line.ts'
import type { News } from './news.ts'
import type { BrokenWish, Plan } from './plan.ts'
import { beliefsOf, planOf } from './planning/answer.ts'
import { type Habits, type Knowledge, type Question, question } from './planning/question.ts'
import { slotAt } from './plans.ts'
import { SAYING } from './saying.ts'
import { scheduleSite } from './scheduling/site.ts'
import type { SolverPool } from './scheduling/solver-pool.ts'

export interface PlannerOptions {
  /** Default 5 min. */
  period?: number
  /** News within this time are answered by one plan; default 250 ms. */
  gather?: number
  /** For one solve, ms; default 20 s. */
  deadlineMs?: number
  pool?: SolverPool
  /** Wishes of cars whose users said nothing; default from their history. */
  habits?: Habits
  /** When cars usually are there; default from their history. */
  presence?: Knowledge['presence']
  /** Which car stands at which charger, as the rooms that know tell it; default from readings. */
  plugged?: () => ReadonlyMap<string, string>
}

export interface Planner {
  /** Plans now; resolves to the plan that is then in force (undefined when there is none at all). */
  plan(trigger: string): Promise<Plan | undefined>
  stop(): Promise<void>
}

/** A jump of the clock by more than this calls for a new plan. */
const JUMP = MINUTE

/** Starts the planner; the first plan is asked for by the caller or by the first news. */
export function startPlanner(line: Line, given: PlannerOptions = {}): Planner {
  const { period = 5 * MINUTE, gather = 250 } = given
  const book = openHabits(line.beliefs, line.site)
  const options = { ...given, habits: given.habits ?? book.wish, presence: given.presence ?? book.of }
  const { clock, bus, site, log } = line
  let running: Promise<Plan | undefined> | undefined
  let next: string | undefined
  let stopped = false
  let gathering = false
  let newest = ''

  const plan = (trigger: string): Promise<Plan | undefined> => {
    next = trigger
    running ??= (async () => {
      let made: Plan | undefined
      while (next !== undefined && !stopped) {
        const why = next
        next = undefined
        made = await planOnce(line, why, options).catch(async (error: unknown) => {
          log.error({ site: site.name, error }, 'planning failed')
          return line.plans.latest(site.asset, clock.now()).catch(() => undefined)
        })
      }
      running = undefined
      return made
    })()
    return running
  }
  const soon = (trigger: string, isRoutine = false) => {
    if (!(gathering && isRoutine)) newest = trigger
    if (gathering) return
    gathering = true
    clock.in(gather, () => {
      gathering = false
      if (!stopped) void plan(newest)
    })
  }
  let ticked = clock.now()
  const timers = [
    clock.every(period, () => soon(say(SAYING.routine, { count: Math.round(period / MINUTE) }), true)),
    clock.every(10 * SECOND, () => {
      const now = clock.now()
      if (Math.abs(now - ticked - 10 * SECOND) > JUMP) soon(say(SAYING.clockJumped))
      ticked = now
    }),
  ]
  const subscriptions = [
    bus.any((news) => {
      const trigger = triggerOf(line, news)
      if (trigger) soon(trigger)
    }),
  ]
  return {
    plan,
    async stop() {
      stopped = true
      for (const timer of timers) timer.cancel()
      for (const unsubscribe of subscriptions) unsubscribe()
      await running
    },
  }
}

/** Why this news calls for a new plan; undefined when it does not. */
function triggerOf({ site }: Line, news: News): string | undefined {
  switch (news.kind) {
    case 'device': {
      if (!site.devices.some((member) => member.device === news.device && member.kind !== 'pv')) return undefined
      const said = {
        plugged: SAYING.carArrived,
        unplugged: SAYING.carLeft,
        online: SAYING.backOnLine,
        offline: SAYING.offLine,
        changed: SAYING.changed,
        faulted: SAYING.faulted,
      } as const
      return say(said[news.what], { device: news.device })
    }
    case 'limits':
      return news.site === site.asset ? say(SAYING.limitsChanged) : undefined
    case 'beliefs': {
      const { loadControl, demandResponse, price } = site.sensors
      if (news.sensors.some((sensor) => sensor === loadControl || sensor === demandResponse)) return say(SAYING.signal)
      return price !== undefined && news.ahead && news.sensors.includes(price) ? say(SAYING.pricesChanged) : undefined
    }
    case 'forecast':
      return news.site === site.asset && news.moved ? say(SAYING.forecastMoved) : undefined
    default:
      return undefined
  }
}

/** Plans once. @returns the new plan, or the last one kept with its `fallback` when the solver gave none */
export async function planOnce(
  line: Line,
  trigger: string,
  { deadlineMs = 20_000, pool, habits, presence, plugged }: PlannerOptions = {},
): Promise<Plan | undefined> {
  const { site, clock, bus, log, plans, alarms } = line
  const at = clock.now()
  const previous = await plans.latest(site.asset, at)
  let plan: Plan
  let asked: Question
  try {
    const book = openHabits(line.beliefs, site)
    asked = await question(line, at, previous, { habits: habits ?? book.wish, presence: presence ?? book.of, ...(plugged && { plugged }) })
    const how = { deadlineMs, ...(pool && { pool }) }
    const schedule = await scheduleSite(asked.problem, how)
    const free = asked.free && (await scheduleSite(asked.free, how))
    if (!Number.isFinite(schedule.gap) && previous && slotAt(previous, at) !== undefined)
      return await keepPrevious(line, previous, at, trigger, say(SAYING.solverLate))
    plan = planOf(site, asked, schedule, trigger, free)
  } catch (error) {
    log.warn({ site: site.name, error: describeError(error) }, 'no new plan')
    return keepPrevious(line, previous, at, trigger, asSentence(describeError(error)))
  }
  await plans.keep(plan)
  bus.tell({ kind: 'plan', site: site.asset, plan: plan.id })
  if (plan.gap === null) await alarms.raise(site.asset, 'planner', say(SAYING.oneByOne))
  else await alarms.clear(site.asset, 'planner')
  if (asked.prices.alarm) await alarms.raise(site.asset, 'prices-missing', asked.prices.alarm)
  else await alarms.clear(site.asset, 'prices-missing')
  // Of all devices, not only those that were planned: a car that left misses nothing any more.
  const assets = site.devices.map(({ asset }) => asset)
  await alarms.settle(assets, 'wish-broken', plan.brokenWishes.map(troubleOf))
  await line.beliefs.record(await beliefsOf(line, plan, asked.asked))
  return plan
}

/** A floor is missed now here, now there: it is one wish. */
const troubleOf = ({ asset, name, at, cause, because }: BrokenWish): Trouble => ({
  asset,
  cause: [name, ...(name === 'soc-min' ? [] : [formatInstant(at)]), cause].join(' '),
  message: because,
  ...(name !== 'soc-min' && { until: at }),
})

async function keepPrevious(line: Line, previous: Plan | undefined, at: Instant, trigger: string, why: string): Promise<Plan | undefined> {
  const { site, plans, alarms, bus } = line
  if (!previous || slotAt(previous, at) === undefined) {
    await alarms.raise(site.asset, 'planner', say(SAYING.noPlan, { why }))
    return undefined
  }
  const since = previous.fallback ? previous.fallback : say(SAYING.planKept, { time: clockTime(previous.madeAt, site.zone), why })
  const kept: Plan = { ...previous, id: randomUUID(), madeAt: at, trigger, fallback: since }
  await plans.keep(kept)
  await alarms.raise(site.asset, 'planner', say(SAYING.lastPlan, { why }))
  bus.tell({ kind: 'plan', site: site.asset, plan: kept.id })
  return kept
}
