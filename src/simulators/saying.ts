/** What the simulated world refuses, and what to do; French twins and test as for `src/ems/saying.ts`. */
export const SAYING = {
  occupied: '{station} is occupied by {device}.',
  unplugFirst: 'Unplug {device} first.',
  notPlugged: '{device} is not plugged anywhere.',
  plugFirst: 'Plug it first.',
  knownStation: "There is a simulated station '{station}' already.",
  otherIdentity: 'Choose another identity.',
  noSuchCar: "There is no simulated car '{id}'.",
  noSuchStation: "There is no simulated station '{id}'.",
  noSuchGuest: "There is no simulated station '{id}' that was added by hand.",
  thereAre: 'Known: {names}.',
  notThereYet: 'The simulated cars are not there yet.',
  inAMoment: 'Try again in a moment.',
} as const
