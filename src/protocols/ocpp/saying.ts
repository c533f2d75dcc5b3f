/** What people read when a charging station does not answer; French twins and test as for `src/ems/saying.ts`. */
export const SAYING = {
  noAnswer: '{device} did not answer {action} within {age}.',
  unknownEffect: 'Whether it took effect is unknown; read the state back before repeating.',
  gone: '{device} is not connected any more.',
  waitForIt: 'Wait until it has reconnected.',
} as const
