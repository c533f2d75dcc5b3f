/** What chargers say to people: why they take no orders, what became of one; French twins and test as for `src/ems/saying.ts`. */
export const SAYING = {
  offLine: 'The station is not connected.',
  settingUp: 'The station is being set up.',
  noCar: 'No car is plugged in.',
  noToken: 'Nobody has shown a token for the car yet.',
  badToken: 'The token of the car is not accepted ({status}).',
  fault: 'The station reports a fault.',
  problem: '{station} reports a problem of its {part}.',
  clockBehind: 'The clock of {station} is {age} behind; what it tells is taken at the moment it was heard.',
  clockAhead: 'The clock of {station} is {age} ahead; what it tells is taken at the moment it was heard.',
  pause: 'The station asked for a pause of {age}.',
  refused: 'The station refused the profile: {answer}.',
  noForm: 'The station refused every form of the profile.',
  holdsOther: 'The station holds {power} where {other} was ordered.',
} as const
