/** How an appliance stands: what is known and wanted of it, what can happen to it, and what it then takes. */
import type { Instant } from '#kernel'
import { COMMAND, CONTROL, type CommandState, type ControlState, MODE, type Mode } from '../registry/codes.ts'

export interface Appliance {
  /** Of the coordination database (epom). */
  readonly id: number
  /** 112 washing machine, 131 water heater … */
  readonly type: number
  /** How it is wired: 120 plug or relay, 190 inverted relay … */
  readonly typology: number
  /** It hangs on a channel of the participant's own PLC (device 811), who can force it to manual there. */
  readonly plc: boolean
}

/** Why an order is given. `start`, `run`, `rest` and `restore` come from the plan, the others from a person. */
export type Because = 'piloted' | 'manual' | 'start' | 'start-now' | 'switch' | 'run' | 'rest' | 'restore'
const OF_PLAN: ReadonlySet<Because> = new Set(['start', 'run', 'rest', 'restore'])
export const isOfPlan = (because: Because): boolean => OF_PLAN.has(because)

/** What is to be had from the device and is not confirmed yet: an order under way (`sent`), or one that waits for the device. */
export interface Wish {
  /** The order that carries it, a UUID. */
  readonly order: string
  /** Of the appliance, not the relay. */
  readonly on: boolean
  readonly because: Because
  /** The slot of the plan it comes from; null when a person asked. */
  readonly slot: Instant | null
  readonly askedAt: Instant
  readonly sent: boolean
}

/** One run of a machine that a participant asked for. */
export interface Declaration {
  readonly id: string
  readonly deadline: Instant
}

export interface Standing {
  readonly mode: Mode
  readonly control: ControlState
  readonly command: CommandState
  /** What the appliance is meant to do now (`ems_consigne_marche`). */
  readonly wanted: boolean
  readonly programmedAt: Instant | null
  readonly startedAt: Instant | null
  /** What its last will says; null before it said anything. */
  readonly online: boolean | null
  readonly declaration: Declaration | null
  /** The slot of the last decision of the plan. */
  readonly slot: Instant | null
  /** When a finger pressed for this declaration: there is no second press. */
  readonly pressedAt: Instant | null
  /** When a relay that went its own way was last put right. */
  readonly restoredAt: Instant | null
  readonly wish: Wish | null
}

/** An appliance nobody has asked anything of yet. */
export const freshStanding = (mode: Mode = MODE.manual): Standing => ({
  mode,
  control: CONTROL.unknown,
  command: COMMAND.initial,
  wanted: false,
  programmedAt: null,
  startedAt: null,
  online: null,
  declaration: null,
  slot: null,
  pressedAt: null,
  restoredAt: null,
  wish: null,
})

export type ControlEvent =
  /** The participant hands the appliance over, or takes it back. */
  | { readonly kind: 'piloted'; readonly declaration?: Declaration }
  | { readonly kind: 'manual' }
  | { readonly kind: 'start-now' }
  | { readonly kind: 'cancel' }
  /** By hand, without a change of who drives. */
  | { readonly kind: 'switch'; readonly on: boolean }
  /** What the plan says for the slot that began at `slot`. */
  | { readonly kind: 'decision'; readonly on: boolean; readonly slot: Instant }
  | { readonly kind: 'acknowledged'; readonly order: string }
  | { readonly kind: 'failed'; readonly order: string }
  | { readonly kind: 'online'; readonly online: boolean }
  /** The relay told its state; not the appliance's, which is the reverse at typology 190. */
  | { readonly kind: 'relay'; readonly on: boolean }
  | { readonly kind: 'power'; readonly watts: number }
  | { readonly kind: 'plc'; readonly manual: boolean }

/** What the device is to do: its relay set, or buttons pressed one after the other. */
export type Deed = { readonly relay: boolean } | { readonly presses: readonly (31 | 32)[] }

export interface ControlOrder {
  readonly id: string
  readonly deed: Deed
  /** Of the appliance. */
  readonly on: boolean
  readonly because: Because
  readonly slot: Instant | null
  /** It is not carried out any more from then on; null: it stays good, as every OFF does. */
  readonly expiresAt: Instant | null
}

/** What a person should hear of: nothing that was asked for is lost in silence. */
export type NoticeCode =
  | 'order-failed'
  | 'order-expired'
  | 'start-not-seen'
  | 'already-pressed'
  | 'plc-manual'
  | 'declaration-ended'
  | 'undrivable'

export interface Step {
  readonly state: Standing
  readonly order?: ControlOrder
  readonly notice?: NoticeCode
}
