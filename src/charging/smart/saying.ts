/** What smart charging says to people; French twins and test as for `src/ems/saying.ts`. */
export const SAYING = {
  draws: '{station} draws {power} where {other} is allowed.',
  wouldDraw: '{station} would allow {power} where {other} was ordered.',
  unknownSession: "There is no session '{session}' that goes on.",
  seeSessions: 'Look at the sessions in the list of stations.',
} as const
