/** What the bridge to a running CitrineOS says to people; French twins and test as for `src/ems/saying.ts`. */
export const SAYING = {
  brokerAway: 'The broker of CitrineOS is away: {fault}',
  checkBridge: "Run 'cariflex charging bridge check'.",
  keptThere: '{action} is the affair of CitrineOS, which this station belongs to.',
  noPath: 'CitrineOS has no {action} for this version of OCPP.',
  apiAway: 'The interface of CitrineOS did not take {action}: {fault}',
  driftSessions: 'CitrineOS and we disagree about the sessions of {station}: {what}.',
  driftProfile: '{station} does not hold the limit that was laid on it: {power} instead of {other}.',
} as const
