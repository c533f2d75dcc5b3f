/** What ready reports say about their numbers; French twins and test as for `src/ems/saying.ts`. */
export const SAYING = {
  counted: '{count} flows were counted; slots of 15 minutes in which one of them was not measured are left out.',
  baseline:
    'Baseline: batteries idle, each car charged from its arrival on at the full power of the charger with the energy it really got.',
  noSessions: 'No sessions are known at {names}: what was measured there stands in the baseline too.',
  feedInUncredited: 'What is fed in is not credited.',
  selfConsumed: 'Self-consumed is what was produced less what the site fed in at that time.',
  consumed: 'Consumed is the net of the site and what it produced: what storages lose counts.',
  productionPrice: 'What is fed in earns the production price.',
  samePrice: 'What is fed in earns the consumption price: there is no other.',
  partOfPrice: 'What is fed in earns {share} of the consumption price.',
  ordersAgainst:
    'Orders of the plan are measured against the baseline; orders above it against what the plan in force wanted without limits of the grid.',
  couldGive: 'What a plant could have given is what the plan in force foresaw.',

  noCarbon: 'No sensor tells how much CO₂ the power of the grid causes.',
  addCarbon: "Add a sensor with a unit such as 'g/kWh' or 'kg/MWh' to the site, or a public one.",
  noPrice: 'Asset {number} has no price.',
  addPrice: "Set 'consumption-price' in its flex-context: a sensor such as {sensor}, or '0.21 EUR/kWh'.",
  noFlows: 'Nothing below asset {number} measures power.',
  addFlows: 'Add sensors of power to its assets, or ask for the report of the site.',
  yearAtMost: 'A ready report looks at a year at most.',
  takeShorter: 'Take a shorter period.',
  priceForm: 'The price of the flex-context is neither a sensor nor a quantity.',
  writePrice: 'Write {sensor} or {quantity}.',
  twoCurrencies: 'The prices are in {one} and {other}: currencies are never exchanged.',
  wrongLineUnit: 'Values in {unit} do not fit sensor {number}, which is in {sensorUnit}.',
} as const
