// One round of planning: what goes in, kept as JSON so that it can be replayed, and the problem it makes.
import { after, type Instant, parseInstant } from '#kernel'
import { type Outset, SLOT, SLOTS } from '../declarations/outset.ts'
import { placeableOf } from '../declarations/placeable.ts'
import { sayRepair } from '../declarations/saying.ts'
import { clockTime, deadlineOf } from '../declarations/when.ts'
import type { Declaration, Wish } from '../declarations/wish.ts'
import type { CommunityPlan } from '../planning/plan.ts'
import type { CommunityProblem, Group, Objective } from '../planning/problem.ts'

/** One declaration with what is known of its appliance. */
export interface RoundWish extends Pick<Outset, 'profileW' | 'takenWh' | 'comfortBefore'> {
  /** Of the declaration. */
  id: number
  declaration: Declaration
  /** When it was last started, ISO 8601. */
  lastStart?: string
}

/** What runs already: its load is given, from the slot that `since` begins, ISO 8601. */
export interface Running {
  appliance: number
  since: string
  profileKw: readonly number[]
}

/** All that a round goes by. Powers of the forecast in W, production less consumption, without what is planned. */
export interface RoundInputs {
  format: 'cariflex.community.round/1'
  /** First instant of the plan, ISO 8601, a boundary of a slot. */
  start: string
  zone: string
  objective: Objective
  balanceW: readonly number[]
  wishes: readonly RoundWish[]
  running: readonly Running[]
  groups: readonly Group[]
  /** Starts of the plan before by appliance, ISO 8601: kept where it costs nothing. */
  previous: Readonly<Record<string, string>>
}

export interface Told {
  appliance: number
  text: string
}

export interface Round {
  problem: CommunityProblem
  /** Slots of the starts of the plan before. */
  previous: ReadonlyMap<string, number>
  says: Told[]
}

/**
 * The problem of a round, with what there is to say of wishes that are not placed as they stand.
 *
 * @param dropped kinds of wishes that are left out, as a last resort
 */
export function roundOf(inputs: RoundInputs, dropped: ReadonlySet<Wish['kind']> = new Set()): Round {
  const start = parseInstant(inputs.start)
  const says: Told[] = []
  const appliances: CommunityProblem['appliances'][number][] = []
  for (const { id: _, declaration, lastStart, ...known } of inputs.wishes) {
    const started = lastStart === undefined ? undefined : parseInstant(lastStart)
    if (dropped.has(declaration.wish.kind) || isServed(declaration.wish, started, start, inputs.zone)) continue
    const outset = { start, zone: inputs.zone, ...known, ...(started !== undefined && { lastStart: started }) }
    const placeable = placeableOf(declaration, outset)
    if (placeable.appliance) appliances.push(placeable.appliance)
    says.push(...placeable.says.map((text) => ({ appliance: declaration.appliance, text })))
  }
  const ids = new Set(appliances.map(({ id }) => id))
  const net = inputs.balanceW.map((balance, slot) => runningKw(inputs.running, after(start, slot * SLOT)) - balance / 1000)
  const problem: CommunityProblem = {
    name: inputs.start,
    start,
    step: SLOT,
    slots: SLOTS,
    productionKw: net.map((value) => Math.max(0, -value)),
    baseConsumptionKw: net.map((value) => Math.max(0, value)),
    objective: inputs.objective,
    appliances,
    groups: inputs.groups.map((group) => ({ ...group, appliances: group.appliances.filter((id) => ids.has(id)) })),
  }
  const previous = new Map(Object.entries(inputs.previous).map(([id, moment]) => [id, (parseInstant(moment) - start) / SLOT]))
  return { problem, previous, says }
}

/** True of what runs once and was started for the deadline that counts now. */
function isServed(wish: Wish, lastStart: Instant | undefined, now: Instant, zone: string): boolean {
  if (lastStart === undefined || (wish.kind !== 'machine' && (wish.kind !== 'vehicle' || wish.charging !== 'continuous'))) return false
  return 'at' in wish.done || deadlineOf(wish.done, lastStart, zone) > now
}

const runningKw = (running: readonly Running[], at: Instant): number =>
  running.reduce((sum, { since, profileKw }) => sum + (profileKw[Math.floor((at - parseInstant(since)) / SLOT)] ?? 0), 0)

/** What gave way in a plan, said for people. */
export const repairsSaid = ({ repairs }: CommunityPlan, { start, zone }: Pick<RoundInputs, 'start' | 'zone'>): Told[] =>
  repairs.map(({ id, reason, from, to }) => {
    const time = (text: string): string => clockTime(parseInstant(text), parseInstant(start), zone)
    return { appliance: Number(id), text: sayRepair(reason, { moment: time(to), wished: time(from) }) }
  })

/** What a round leaves for one that starts later: the plan was carried out until then. */
export interface Legacy {
  wishes: RoundWish[]
  running: Running[]
  previous: Record<string, string>
}

/** Of heaters so many quarters of the past are kept: a day. */
const MOST_PAST = SLOTS

/**
 * Carries a plan on to the start of the next round: what began in between is started and goes on, what was taken is counted, what is not begun keeps
 * its start in mind. Half a plan is as good as a whole one: where planning fell out for hours, the last plan went on.
 */
export function carryOn(inputs: RoundInputs, plan: CommunityPlan, next: Instant): Legacy {
  const start = parseInstant(inputs.start)
  const gone = Math.min(SLOTS, Math.max(0, Math.floor((next - start) / SLOT)))
  const placements = new Map(plan.placements.map((placed) => [placed.id, placed]))
  const { problem } = roundOf(inputs)
  const previous: Record<string, string> = {}
  const running = [...inputs.running]
  const wishes = inputs.wishes.map((wish): RoundWish => {
    const id = String(wish.declaration.appliance)
    const placed = placements.get(id)
    if (placed?.comfort) {
      const comfortBefore = [...(wish.comfortBefore ?? []), ...placed.comfort.slice(0, gone).map((one) => one === 1)]
      return { ...wish, comfortBefore: comfortBefore.slice(-MOST_PAST) }
    }
    if (placed?.powerKw) {
      const took = placed.powerKw.slice(0, gone).reduce((sum, power) => sum + (power * 1000 * SLOT) / 3_600_000, 0)
      return { ...wish, takenWh: (wish.takenWh ?? 0) + took }
    }
    if (!placed?.start || wish.declaration.wish.kind === 'servo-heating') return wish
    if (parseInstant(placed.start) >= next) {
      previous[id] = placed.start
      return wish
    }
    running.push({ appliance: wish.declaration.appliance, since: placed.start, profileKw: loadOf(problem, id, placed) })
    return { ...wish, lastStart: placed.start }
  })
  const goesOn = ({ since, profileKw }: Running): boolean => parseInstant(since) + profileKw.length * SLOT > next
  return { wishes, running: running.filter(goesOn), previous }
}

/** kW of what runs in one go, a value a slot from its start. */
function loadOf({ appliances }: CommunityProblem, id: string, { start, end }: { start?: string; end?: string }): readonly number[] {
  const appliance = appliances.find((one) => one.id === id)
  if (appliance?.kind === 'cycle') return appliance.profileKw
  if (appliance?.kind !== 'charge') return []
  const slots = Math.round((parseInstant(end!) - parseInstant(start!)) / SLOT)
  const [top, hours] = [appliance.powerLevelsKw.at(-1)!, SLOT / 3_600_000]
  return Array.from({ length: slots }, (_, slot) => Math.min(top, Math.max(0, appliance.maxEnergyKwh / hours - slot * top)))
}
