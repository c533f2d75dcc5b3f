/** What smart charging says to people; French twins and test as for `src/ems/saying.ts`. */
export const SAYING = {
  draws: '{station} draws {power} where {other} is allowed.',
  wouldDraw: '{station} would allow {power} where {other} was ordered.',

  // Wishes of drivers.
  unknownSession: "There is no session '{session}' that goes on.",
  unknownStation: "There is no charging station '{station}'.",
  seeSessions: 'Look at the sessions in the list of stations.',
  manySessions: "Several stations have a session '{session}'.",
  nameTheEvse: 'Name the station and the EVSE instead.',
  noSessionHere: 'No car charges at {station} now.',
  plugFirst: 'Plug the car in and show the badge first.',
  unknownPage: 'Nobody knows this code.',
  scanAgain: 'Scan the code on the charging point again.',
  wishesNothing: 'The wish says nothing.',
  sayWhat: 'Give energyKwh, socPercent, by, maxCost, solarOnly, priority or discharge.',
  twoAmounts: 'The wish gives both energyKwh and socPercent.',
  oneAmount: 'Give one of them.',
  byPast: 'The time of the wish is over.',
  byLater: 'Give a time that is still to come.',
  fastAndSolar: 'The wish asks for priority and for solar energy only.',
  notBoth: 'Choose one of them.',

  // What becomes of a wish.
  willCost: 'About {price} for {energy}.',
  willMiss: '{energy} will be missing at {time}.',
  budgetEnds: '{price} are spent before that.',
  sunEnds: 'The sun is expected to give {energy} by then.',
  roomOnly: 'The battery has room for {energy}.',
  noPower: 'No power is left for this car until then.',
  tooSlow: 'At most {power} can flow into the car.',
  notKnownYet: 'Part of it counts on prices that are not known yet.',
  solarWish: 'The driver wants energy of the sun only.',
  budgetWish: 'What the driver wants to spend is spent.',
} as const
