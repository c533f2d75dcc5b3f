// What declarations say, in English; the French twins are in the web UI.
import { say } from '#kernel'

export const SAYING = {
  tooShort: 'It cannot be done by {moment}; the earliest end is {earliest}.',
  placed: 'It can be done by {moment}; it starts between {earliest} and {latest}.',
  later: 'It is not to start before {moment}; a later plan takes it up.',
  passed: 'Its deadline has passed; it starts as soon as it can and is done at {moment}.',
  moved: 'Its window was too short; it is done at {moment} instead of {wished}.',
  blockCut: 'It needs {need}; its off-peak hours leave {room}, which it takes.',
  noOffPeak: 'None of its off-peak hours lies in the next 24 hours.',
  heated: 'It was heated less than 12 hours ago.',
  full: 'The battery already holds what is wished.',
  noComfort: 'None of its comfort hours lies in the next 24 hours.',
  comfort: 'It heats in its comfort hours, save for the share of them that may be eco.',
  servo: 'It heats when its room needs it.',
  unknown: 'No declaration that counts has this id.',
  listThem: 'List the declarations: it may have been cancelled, started or replaced.',
  noAppliance: 'There is no appliance {appliance} in the registry.',
  register: 'Register it first, with the inventory of its devices.',
  noPlan: 'No plan of the community was made yet.',
  planSoon: 'One is made every quarter of an hour once the rounds of the community run.',
} as const

/** A length as people write it: `2 h 30`, `45 min`. */
export function sayLength(minutes: number): string {
  const [hours, rest] = [Math.floor(minutes / 60), Math.round(minutes % 60)]
  if (hours === 0) return `${rest} min`
  return rest === 0 ? `${hours} h` : `${hours} h ${String(rest).padStart(2, '0')}`
}

/** A wish that gave way; `moment` is when it is done now. */
export const sayRepair = (reason: 'deadline-passed' | 'window-too-short', slots: { moment: string; wished: string }): string =>
  reason === 'deadline-passed' ? say(SAYING.passed, { moment: slots.moment }) : say(SAYING.moved, slots)
