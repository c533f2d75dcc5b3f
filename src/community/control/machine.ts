/**
 * The state machine of one appliance, pure: ELFE's control-command with its known defects put right (docs/explanation/control-command.md).
 * States change when the device acknowledged, never because an order was sent.
 */
import { after, type Instant, MINUTE, SECOND } from '#kernel'
import { COMMAND, CONTROL, MODE } from '../registry/codes.ts'
import { type Drive, driveOf, isContinuous } from './codes.ts'
import { type Appliance, type Because, type ControlEvent, isOfPlan, type Standing, type Step, type Wish } from './standing.ts'

/** An ON that is older is not carried out. */
export const ON_IS_GOOD_FOR = 15 * MINUTE
/** A relay that goes its own way is put right at most once in so long. */
const RESTORE_EVERY = 30 * SECOND
/** Above this many watts a machine that a finger started is running. */
const RUNNING_WATTS = 10
/** After this long without power a press is taken to have failed. */
const PRESS_SHOWS_WITHIN = 15 * MINUTE

/** A moment, and the UUID that an order made at it gets. */
export interface Turn {
  readonly at: Instant
  readonly order: string
}

interface Case extends Turn {
  readonly appliance: Appliance
  readonly drive: Drive
  readonly state: Standing
}

type Handlers = { readonly [K in ControlEvent['kind']]: (now: Case, event: Extract<ControlEvent, { kind: K }>) => Step }

/** What `event` does to an appliance that stands at `state`. An appliance whose wiring nothing drives stays as it is, with a notice. */
export function step(appliance: Appliance, state: Standing, event: ControlEvent, turn: Turn): Step {
  const drive = driveOf(appliance.typology)
  if (!drive) return state.mode === MODE.piloted || isAsking(event) ? { state, notice: 'undrivable' } : { state }
  if (isAsking(event) && !isDrivable(state)) return { state }
  const handler = HANDLERS[event.kind] as (now: Case, event: ControlEvent) => Step
  return handler({ ...turn, appliance, drive, state }, event)
}

const ASKING: ReadonlySet<ControlEvent['kind']> = new Set(['piloted', 'manual', 'start-now', 'cancel', 'switch', 'decision'])
const isAsking = ({ kind }: ControlEvent) => ASKING.has(kind)
/** Measured, being installed, disabled and removed appliances are never driven. */
export const isDrivable = ({ mode }: Standing): boolean => mode === MODE.manual || mode === MODE.piloted

const isFinger = ({ drive }: Case): boolean => 'presses' in drive
const runsOn = ({ appliance, drive }: Case): boolean => isContinuous(appliance.type) && 'relay' in drive

const HANDLERS: Handlers = {
  piloted(now, { declaration = null }) {
    const state = { ...now.state, declaration, pressedAt: null }
    if (!isFinger(now)) return ask({ ...now, state }, false, 'piloted')
    return { state: { ...state, mode: MODE.piloted, wanted: false, programmedAt: now.at, wish: null } }
  },

  manual(now) {
    if (!isFinger(now)) return ask(now, true, 'manual')
    return { state: { ...now.state, mode: MODE.manual, programmedAt: now.at, declaration: null, wish: null, pressedAt: null } }
  },

  'start-now'(now) {
    if (runsOn(now)) return ask(now, true, 'switch')
    const isPressed = isFinger(now) && (now.state.pressedAt !== null || now.state.wish?.sent)
    return isPressed ? { state: now.state, notice: 'already-pressed' } : ask(now, true, 'start-now')
  },

  /** The machine stays off and is the participant's again; what is heated gets its power back. */
  cancel(now) {
    if (runsOn(now)) return ask(now, true, 'manual')
    const { wish, control, command } = now.state
    const state = {
      ...now.state,
      ...{ mode: MODE.manual, declaration: null, pressedAt: null, wish: null, wanted: false },
      command: control === CONTROL.off ? COMMAND.initial : command,
    }
    return wish?.sent && wish.on && !isFinger(now) ? ask({ ...now, state }, false, 'switch') : { state }
  },

  switch(now, { on }) {
    if (isFinger(now)) return on ? HANDLERS['start-now'](now, { kind: 'start-now' }) : { state: now.state }
    const { mode, declaration, wish } = now.state
    if (on && !runsOn(now) && (mode === MODE.piloted || declaration)) return ask(now, true, 'start-now')
    return ask(now, on, !on && wish?.because === 'piloted' ? 'piloted' : 'switch')
  },

  decision(now, { on, slot }) {
    const { mode, wish, pressedAt, command } = now.state
    if (mode !== MODE.piloted || (on && now.at >= after(slot, ON_IS_GOOD_FOR))) return { state: now.state }
    // What a person asked for and is still to come goes before the plan.
    if (wish && !isOfPlan(wish.because) && wish.because !== 'switch') return { state: now.state }
    if (runsOn(now)) return ask(now, on, on ? 'run' : 'rest', slot)
    if (pressedAt !== null && command === COMMAND.starting && now.at >= after(pressedAt, PRESS_SHOWS_WITHIN))
      return { state: { ...now.state, command: COMMAND.fault }, notice: 'start-not-seen' }
    const isUnderWay = pressedAt !== null || (wish?.because === 'start' && wish.sent)
    return on && !isUnderWay ? ask(now, true, 'start', slot) : { state: now.state }
  },

  acknowledged(now, { order }) {
    const { wish } = now.state
    return wish?.order === order && wish.sent ? { state: fulfilled(now, wish) } : { state: now.state }
  },

  failed(now, { order }) {
    const { wish } = now.state
    if (wish?.order !== order || !wish.sent) return { state: now.state }
    // A press whose end nobody knows may have started the machine: it is not done again; power will tell.
    const kept = isFinger(now) ? { wish: null, pressedAt: now.at } : { wish: { ...wish, sent: false } }
    return { state: { ...now.state, ...kept, control: CONTROL.fault, command: COMMAND.fault }, notice: 'order-failed' }
  },

  online(now, { online }) {
    const { wish } = now.state
    if (!online) {
      const pressed = wish?.sent && isFinger(now) ? { wish: null, pressedAt: now.at } : { wish: wish && { ...wish, sent: false } }
      return { state: { ...now.state, ...pressed, online, control: CONTROL.fault, command: COMMAND.fault } }
    }
    const isBack = now.state.control === CONTROL.fault
    const state = { ...now.state, online, ...(isBack && { control: CONTROL.unknown, command: calm(now.state) }) }
    return wish && !wish.sent ? again({ ...now, state }, wish) : { state }
  },

  relay(now, { on: relay }) {
    const { drive, state, at } = now
    if (!('relay' in drive)) return { state }
    const on = relay !== (drive.relay === 'inverted')
    const { wish, restoredAt, slot } = state
    // An order under way is judged by the desk; one that failed is fulfilled late, or stays failed until the device is back.
    if (wish) return { state: !wish.sent && state.online !== false && wish.on === on ? fulfilled(now, wish) : state }
    const seen: Standing = {
      ...state,
      control: on ? CONTROL.on : CONTROL.off,
      command: state.command === COMMAND.fault ? calm({ ...state, wanted: on }) : state.command,
    }
    if (state.mode !== MODE.piloted || !runsOn(now) || on === state.wanted) return { state: seen }
    if (restoredAt !== null && at < after(restoredAt, RESTORE_EVERY)) return { state: seen }
    if (state.wanted && (slot === null || at >= after(slot, ON_IS_GOOD_FOR))) return { state: seen }
    return ask({ ...now, state: { ...seen, restoredAt: at } }, state.wanted, 'restore', slot)
  },

  power(now, { watts }) {
    if (!isFinger(now) || now.state.pressedAt === null || watts <= RUNNING_WATTS) return { state: now.state }
    return { state: started(now) }
  },

  plc(now, { manual }) {
    const { state, appliance } = now
    if (!appliance.plc || isFinger(now)) return { state }
    if (manual) {
      if (!isDrivable(state)) return { state }
      return { state: { ...state, mode: MODE.disabled, wish: null }, ...(state.declaration && { notice: 'plc-manual' as const }) }
    }
    if (state.mode !== MODE.disabled) return { state }
    const given = ask({ ...now, state: { ...state, mode: MODE.manual, declaration: null } }, true, 'manual')
    return { ...given, ...(state.declaration && { notice: 'declaration-ended' as const }) }
  },
}

/** A wish, and the order that carries it, unless the device is away: then it waits for it. */
function ask(now: Case, on: boolean, because: Because, slot: Instant | null = null, askedAt: Instant = now.at): Step {
  const { state: before, drive, order: id } = now
  const sent = before.online !== false
  const state: Standing = { ...before, wish: { order: id, on, because, slot, askedAt, sent }, ...(slot !== null && { slot }) }
  if (!sent) return { state }
  const deed = 'presses' in drive ? drive : { relay: on !== (drive.relay === 'inverted') }
  const expiresAt = on ? after(slot ?? askedAt, ON_IS_GOOD_FOR) : null
  return {
    state: 'presses' in drive ? { ...state, command: COMMAND.starting } : state,
    order: { id, deed, on, because, slot, expiresAt },
  }
}

/** The device is back: what waited for it is ordered, unless it was an ON of long ago. */
function again(now: Case, wish: Wish): Step {
  const { on, because, slot, askedAt } = wish
  if (!on || now.at < after(slot ?? askedAt, ON_IS_GOOD_FOR)) return ask(now, on, because, slot, askedAt)
  const state: Standing = { ...now.state, wish: null }
  // Who took it back has it back, as it stands; a run that was not started stays declared, for the next plan.
  if (because === 'manual')
    return { state: { ...state, mode: MODE.manual, declaration: null, command: COMMAND.initial }, notice: 'order-expired' }
  return { state, ...(runsOn(now) ? {} : { notice: 'order-expired' as const }) }
}

/** How the appliance stands once the device confirmed what was wished. */
function fulfilled(now: Case, { because, on }: Wish): Standing {
  const { at } = now
  const state: Standing = { ...now.state, wish: null }
  if (because === 'piloted') return { ...turned(state, false, at), mode: MODE.piloted, command: COMMAND.waiting, programmedAt: at }
  if (because === 'manual')
    return { ...turned(state, true, at), mode: MODE.manual, programmedAt: at, startedAt: state.startedAt, declaration: null }
  if (because !== 'start' && because !== 'start-now') return turned(state, on, at)
  return isFinger(now) ? { ...state, command: COMMAND.starting, pressedAt: at } : started({ ...now, state })
}

/** A one-shot appliance runs: it is the participant's again, who must declare the next run. */
const started = ({ state, at }: Case): Standing => ({
  ...state,
  ...{ mode: MODE.manual, control: CONTROL.on, command: COMMAND.running, wanted: true, startedAt: at },
  ...{ declaration: null, pressedAt: null, wish: null },
})

/** `startedAt` is when it last went from off to on: an ON said again in the next slot is no start. */
function turned(state: Standing, on: boolean, at: Instant): Standing {
  const isStart = on && !(state.wanted && state.control === CONTROL.on)
  return {
    ...state,
    ...{ control: on ? CONTROL.on : CONTROL.off, wanted: on, startedAt: isStart ? at : state.startedAt },
    command: calm({ ...state, wanted: on }),
  }
}

/** The command of an appliance without a fault. */
const calm = ({ wanted, mode }: Standing) => (wanted ? COMMAND.running : mode === MODE.piloted ? COMMAND.waiting : COMMAND.initial)
