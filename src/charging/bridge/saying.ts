/** What the bridge to a running CitrineOS says to people; French twins and test as for `src/ems/saying.ts`. */
export const SAYING = {
  brokerAway: 'The broker of CitrineOS is away: {fault}',
  checkBridge: "Run 'cariflex charging bridge check'.",
  keptThere: '{action} is the affair of CitrineOS, which this station belongs to.',
  noPath: 'CitrineOS has no {action} for this version of OCPP.',
  apiAway: 'The interface of CitrineOS did not take {action}: {fault}',
  noAnswer: '{device} did not answer {action} within {age}.',
  openThere: '{station}: session {transaction} goes on at CitrineOS and not here.',
  endedThere: '{station}: session {transaction} has ended at CitrineOS and goes on here.',
  openHere: '{station}: session {transaction} goes on here and not at CitrineOS.',
  metersLack: '{station}: meter values of session {transaction} are at CitrineOS and not here.',
  driftProfile: '{station} does not hold the limit that was laid on it: {power} instead of {other}.',
} as const
