/** What the routes of ours refuse to people, and what to do; French twins and test as for `src/ems/saying.ts`. */
export const SAYING = {
  noPlan: 'No plan was made yet.',
  planSoon: 'The first plan comes within a minute of the start.',
  nobody: 'Nobody is signed in.',
  signIn: 'Sign in, or send a token.',
  noEnd: "Neither 'until' nor 'duration' was given.",
  giveEnd: "Add duration: 'PT1H', or until with an offset.",
  noSite: 'This program steers no site.',
  describeSite: 'Describe a territory in cariflex.yaml and start again.',
  stationExists: 'Station {station} is known already.',
  otherStation: 'Choose another identity, or remove the old one first.',
  latitudeAlone: 'The latitude alone is no place.',
  longitudeAlone: 'The longitude alone is no place.',
  wholePlace: 'Give latitude and longitude, or neither.',
  unwatchable: 'No asset that you can reach has the id {names}.',
  watchReadable: 'Watch assets that you can read.',
  unknownAccount: 'There is no account {account}.',
} as const
