/** What the signals of the network operator say to people; French twins and test as for `src/ems/saying.ts`. */
export const SAYING = {
  nothingAllowed: 'The grid operator allows no flexible consumption until {time} ({signal}).',
  shareAllowed: 'The grid operator allows {share} of flexible consumption ({power}) until {time} ({signal}).',
  loadControl: 'load control',
  demandResponse: 'demand response level {level}',
} as const
