export { type Bus, inProcessBus } from './bus.ts'
export { type Clock, type ManualClock, manualClock, pause, systemClock, type Timer } from './clock.ts'
export {
  type ConfigInput,
  FLEXMEASURES_DEFAULTS,
  type LoadedConfig,
  listConfig,
  loadConfig,
  MAIL_DEFAULTS,
  SECURITY_DEFAULTS,
} from './config.ts'
export {
  CONFIG_SCHEMA_FILE,
  type Config,
  ConfigSchema,
  configJsonSchema,
  type FlexMeasuresSettings,
  type MailSettings,
  type MqttSettings,
  type SecuritySettings,
} from './config-schema.ts'
export { addDuration, type Duration, durationLength, formatDuration, parseDuration, parseDurationLength } from './duration.ts'
export { flexMeasuresNames } from './flexmeasures-names.ts'
export { createLog, type Log, redact, silentLog } from './log.ts'
export { addMoney, amountOf, formatMoney, type Money, money } from './money.ts'
export { nearest } from './nearest.ts'
export { isPrivateAddress, type Outward, type OutwardAnswer, type OutwardOptions, type OutwardRequest, openOutward } from './outward.ts'
export { describeError, isProblem, Problem, type ProblemDetails } from './problem.ts'
export { moduleToRun, nodeFlagsFor, VERSION } from './program.ts'
export {
  after,
  ceilTo,
  DAY,
  floorTo,
  HOUR,
  type Instant,
  instant,
  kilowatts,
  MINUTE,
  type Millis,
  millis,
  SECOND,
  type WattHours,
  type Watts,
  wattHours,
  watts,
} from './quantity.ts'
export { parseRates, type Rate, sayRate } from './rate.ts'
export { asSentence, type Slots, say } from './sentence.ts'
export {
  type Territory,
  type TerritoryAsset,
  type TerritoryDevice,
  TerritorySchema,
  type TerritorySensor,
  type TerritoryVehicle,
} from './territory.ts'
export { convert, converter, currencyOf, isUnit, measures, parseQuantity, parseUnit, type Unit } from './unit.ts'
export { atWallClock, dayAfter, dayStart, formatInstant, isZone, parseInstant, wallClock } from './zone.ts'
