/** What the server itself says to people of an asset; French twins and test as for `src/ems/saying.ts`. */
export const SAYING = {
  onTheRoad: 'It is on the road.',
} as const
