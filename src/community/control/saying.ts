/** Sentences of control; their French twins are in web/src/i18n/reasons.ts. */
export const SAYING = {
  noAnswer: 'The device did not say within its time that it did it, after {tries} tries.',
  tooOld: 'The order is too old to be carried out.',
  replaced: 'A newer order took its place.',
  wentAway: 'The device went offline.',
  kept: 'The device is offline: the order is kept, and sent when it is back.',
  notDriven: 'The appliance is in mode {mode}: nothing drives it.',
  cannot: 'The device cannot do that.',
  unknownAppliance: 'There is no appliance {id}.',
  liftIt: 'Somebody who operates the community can lift that.',
  everythingManual: 'Everything is manual now: the plan gives no orders.',
} as const
