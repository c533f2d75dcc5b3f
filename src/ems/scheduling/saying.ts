/** What explanations of plans say to people, in English; French twins in `web/src/i18n/reasons.ts`. */
export const SAYING = {
  heldAbsent: 'It can neither take nor give power.',
  heldPower: 'It runs at its full power.',
  heldMode: 'It runs at the edge of an operation mode.',
  heldFull: 'Its storage is full.',
  heldEmpty: 'Its storage is at its floor.',
  heldPrice: 'Nothing holds it: more would cost more than it brings.',
  heldLimit: 'The limit of {name} holds it.',
  heldCommitment: 'What counts here is: {name}.',
  heldWish: 'A wish about its storage counts here.',
  heldPeak: 'The highest power of the site costs: it is kept down.',
  heldCapacity: 'A capacity holds it.',
  heldWear: 'Wear makes more not worth while.',
  heldBalance: 'The site neither buys nor sells: both would be dearer.',
  moreStorage: 'One kWh more of storage would bring {price} over this plan.',
  morePower: 'One kW more of power would bring {price} over this plan.',
  moreConnection: 'One kW more of connection would bring {price} over this plan.',
} as const
