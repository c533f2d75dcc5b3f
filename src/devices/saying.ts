/** What devices on a bus say to people: why they do not answer or take no orders; French twins and test as for `src/ems/saying.ts`. */
export const SAYING = {
  notHeard: 'It has not been heard yet.',
  lastHeard: 'It was last heard {age} ago.',
  state: "Its {reading} is '{status}'.",
  noOrders: 'Its template knows no orders.',
  holdsOther: 'It holds something else in {register} than it was told.',
  frozen: "{device} is frozen: its '{reading}' has stood still for {age}.",
  restart: 'Its measured values are not believed any more; restart the device.',
  brokerAway: 'The MQTT broker of EVerest cannot be reached.',
  everestSilent: 'EVerest has told nothing for {age}.',
  everestState: "EVerest says '{status}'.",
  noCar: 'No car is plugged in.',
  slow: '{device} took longer than {count} ms.',
} as const
