/** What is said of forecasts: how far one is, and why one cannot be made. French twins and test as for `src/ems/saying.ts`. */
export const SAYING = {
  // How far a forecast is.
  reads: 'Reads the past.',
  looks: 'Looks at the past.',
  tries: 'Tries the model {model}.',
  learnsQuantiles: 'Learns how far it may be off.',
  learns: 'Learns the model {model}.',
  trained: 'Has learned.',
  foretells: 'Looks ahead.',
  stores: 'Stores the forecast.',

  // Why there is none.
  allKnown: 'All of the next {length} is known already.',
  askLonger: 'Ask for a longer duration.',
  noSuchForecast: "No forecast is called '{name}'.",
  noneConfigured: 'None is configured.',
  thereAre: 'There are: {names}.',
  noTarget: 'Neither sensor nor name was given.',
  giveOne: 'Give one of them.',
  trainingLength: 'The training period must be between 2 days and a year.',
  writeLength: "Write it like 'P60D'.",
  unreadable: 'You may not read sensor {sensor}, which the forecast would learn from.',
  leaveOut: 'Leave it out, or ask its owner.',
  noSuchJob: 'No such forecast is known.',
  jobsForgotten: 'Ended ones are forgotten after two weeks.',
  over: 'That forecast has ended already.',
  readOrMake: 'Read it, or make another one.',
  fewValues: 'Sensor {name} has {count} values in the training window of {days} days; at least {least} are needed.',
  recordMore: 'Record more data before the start, choose a later start or a longer train-period.',
  manyMissing: 'Sensor {name} has {missing} missing values which exceeds the allowed threshold of {threshold}',
} as const
