/** What the codes of ELFE's coordination database mean for control. */
import { COMMAND, CONTROL, type CommandState, type ControlState } from '../registry/codes.ts'

/** 12 of an appliance that is off was written by ELFE's own program, which means "waits for its slot": 11 in the words of its database. */
export const readCommand = (command: CommandState, control: ControlState): CommandState =>
  command === COMMAND.pilotedOn && control === CONTROL.off ? COMMAND.waiting : command

/** Appliances that are told on or off in every slot: water heater, heating without and with a thermostat of ours. */
const CONTINUOUS = new Set([131, 151, 155])
export const isContinuous = (type: number): boolean => CONTINUOUS.has(type)

/** Which of the finger's buttons is pressed, by the usage of its device: 31 Power, 32 Start. */
export type Button = 31 | 32

/** How a typology is driven; undefined for those that nothing drives (110, 170 and 200, and what nobody knows). */
export type Drive = { readonly relay: 'straight' | 'inverted' } | { readonly presses: readonly Button[] }
const DRIVES = new Map<number, Drive>([
  [120, { relay: 'straight' }],
  [140, { relay: 'straight' }],
  [180, { relay: 'straight' }],
  [190, { relay: 'inverted' }],
  [130, { presses: [32] }],
  [150, { presses: [31, 32] }],
  [160, { presses: [32, 32] }],
])
export const driveOf = (typology: number): Drive | undefined => DRIVES.get(typology)
