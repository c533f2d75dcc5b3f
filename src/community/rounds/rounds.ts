/** Every quarter of an hour, just before it begins, the community is planned anew. */
import { after, type Clock, ceilTo, describeError, formatInstant, type Instant, isProblem, type Log, SECOND, type Timer } from '#kernel'
import type { Store } from '#store'
import { type Declared, listDeclarations } from '../declarations/declarations.ts'
import { SLOT } from '../declarations/outset.ts'
import type { Wish } from '../declarations/wish.ts'
import type { CommunityPlan } from '../planning/plan.ts'
import type { Group, Objective } from '../planning/problem.ts'
import { keepRound, latestRound } from './history.ts'
import type { PlanInThread } from './plan-thread.ts'
import { carryOn, type Legacy, type RoundInputs, type RoundWish, repairsSaid, roundOf } from './round.ts'

export interface RoundParts {
  store: Store
  clock: Clock
  log: Log
  plan: PlanInThread
  zone: string
  objective: Objective
  groups: readonly Group[]
  /** Production less consumption of the 96 quarters from then on, W, without what is planned; undefined when nothing is known. */
  forecast(start: Instant): Promise<readonly number[] | undefined>
  /** Mean power per quarter of an hour of a machine, W. */
  profileOf(declared: Declared): Promise<readonly number[]>
}

/** A round begins so long before its plan does. */
const AHEAD = 30 * SECOND
/** What the solver may take of it. */
const SOLVING = 15 * SECOND
/** Left out one after the other, as a last resort, when no plan is found: from the least trusted on; machines never are. */
const DROP_ORDER: readonly Wish['kind'][] = ['servo-heating', 'heating', 'vehicle', 'water-heater']

export interface Rounds {
  /** Plans from the boundary of a slot on; resolves when the round is kept. */
  round(start: Instant): Promise<void>
  /** Ends the rounds; resolves when the last one is kept. */
  close(): Promise<void>
}

/** Begins the rounds: 30 s before each quarter of an hour. */
export function startRounds(parts: RoundParts): Rounds {
  const { clock, log } = parts
  let timer: Timer | undefined
  let running: Promise<unknown> = Promise.resolve()
  const round = (start: Instant): Promise<void> => {
    const made = running.then(() => makeRound(parts, start))
    running = made.catch(() => undefined)
    return made
  }
  const begin = (): void => {
    // By the clock as it is now: a machine that slept does not make up for what it missed.
    const start = ceilTo(clock.now(), SLOT)
    round(start).catch((error: unknown) =>
      log.error({ error: describeError(error), start: formatInstant(start) }, 'a round of the community failed; the last plan goes on'),
    )
    wait()
  }
  const wait = (): void => {
    timer = clock.in(ceilTo(after(clock.now(), AHEAD + 1), SLOT) - AHEAD - clock.now(), begin)
  }
  wait()
  return {
    round,
    close: async () => {
      timer?.cancel()
      await running
    },
  }
}

async function makeRound(parts: RoundParts, start: Instant): Promise<void> {
  const { store, clock, log } = parts
  const balanceW = await parts.forecast(start)
  if (!balanceW) return log.warn({ start: formatInstant(start) }, 'the balance of the community is not known: no round')
  const inputs = await gather(parts, start, balanceW)
  const madeAt = clock.now()
  try {
    const { plan, dropped } = await planOf(parts, inputs)
    const says = [...roundOf(inputs, new Set(dropped)).says, ...repairsSaid(plan, inputs)]
    await keepRound(store, { inputs, madeAt, plan, dropped, says })
  } catch (error) {
    if (!isProblem(error)) throw error
    await keepRound(store, { inputs, madeAt, failure: error.code, dropped: [], says: [] })
    log.warn({ code: error.code, start: inputs.start }, 'no new plan of the community; the last one goes on')
  }
}

/** What is declared, with what the last plan did for it until now. */
async function gather(parts: RoundParts, start: Instant, balanceW: readonly number[]): Promise<RoundInputs> {
  const { store, zone, objective, groups, profileOf } = parts
  const last = await latestRound(store)
  const legacy: Legacy = last ? carryOn(last.inputs, last.plan, start) : { wishes: [], running: [], previous: {} }
  const wishes = (await listDeclarations(store)).map(async (declared): Promise<RoundWish> => {
    const { id, appliance, home, type, wish } = declared
    // A heater goes on under a new declaration; what starts once is then to be started again.
    const isSame = (one: RoundWish): boolean => one.id === id || (!('done' in wish) && one.declaration.appliance === appliance)
    const { lastStart, takenWh, comfortBefore } = legacy.wishes.find(isSame) ?? {}
    return {
      ...{ id, declaration: { appliance, type, wish, ...(home !== null && { home }) } },
      ...(wish.kind === 'machine' && { profileW: await profileOf(declared) }),
      ...(lastStart !== undefined && { lastStart }),
      ...(takenWh !== undefined && { takenWh }),
      ...(comfortBefore && { comfortBefore }),
    }
  })
  return {
    ...{ format: 'cariflex.community.round/1', start: formatInstant(start), zone, objective, balanceW, groups },
    ...{ wishes: await Promise.all(wishes), running: legacy.running, previous: legacy.previous },
  }
}

/** A plan of a round; where the solver fails, one without the kinds that are trusted least. A late one is not tried again. */
async function planOf({ plan }: RoundParts, inputs: RoundInputs): Promise<{ plan: CommunityPlan; dropped: Wish['kind'][] }> {
  for (let count = 0; ; count++) {
    const dropped = DROP_ORDER.slice(0, count)
    const { problem, previous } = roundOf(inputs, new Set(dropped))
    try {
      return { plan: await plan({ problem, previous, milliseconds: SOLVING }), dropped }
    } catch (error) {
      if (!isProblem(error) || error.code !== 'community-plan-failed' || count === DROP_ORDER.length) throw error
    }
  }
}
