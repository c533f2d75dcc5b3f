export { type Control, type DeviceStatus, type Notice, type OrderView, openControl } from './control/control.ts'
export { type PlanRow, type PlanSource, startExecutor } from './control/executor.ts'
export { openJournal } from './control/journal.ts'
export type { Broker, ControlledDevice, DeviceDriver, Heard, Message } from './control/link.ts'
export type { Appliance as PilotedAppliance } from './control/standing.ts'
export { type Adopted, adoptCoordination } from './coordination/adopt.ts'
export { type Coordination, type LeftOut, readCoordination } from './coordination/read.ts'
export { createCoordination, DETAIL_TABLES } from './coordination/schema.ts'
export { wishOf } from './coordination/wish.ts'
export { type Written, writeCoordination } from './coordination/write.ts'
export { type Cycles, detectCycles, type MachineCycle } from './cycles/detect.ts'
export { type CycleParameters, DEFAULT_PARAMETERS, readTrace, type Trace } from './cycles/trace.ts'
export { declarationFor, profileOf } from './declarations/appliance.ts'
export { type Declared, declare, endDeclaration, listDeclarations } from './declarations/declarations.ts'
export { feasibilityOf } from './declarations/feasibility.ts'
export { outsetAt } from './declarations/outset.ts'
export { WishSchema } from './declarations/wish.ts'
export { forecastBalance } from './forecast/persistence.ts'
export { IndicatorCounter, type IndicatorInput, type Indicators, indicatorsAt } from './indicators/indicators.ts'
export { readIndicatorInput } from './indicators/read.ts'
export { type CommunityPlan, planCommunity } from './planning/plan.ts'
export { type CommunityProblem, OBJECTIVES, type Objective, readObjective, readProblem } from './planning/problem.ts'
export {
  APPLIANCE_TYPES,
  type ApplianceType,
  COMMAND_STATES,
  CONTROL_STATES,
  type CodeSpace,
  type CommandState,
  type ControlState,
  DEVICE_TYPES,
  DEVICE_USAGES,
  type DeviceType,
  type DeviceUsage,
  MODES,
  type Mode,
  TYPOLOGIES,
  type Typology,
} from './registry/codes.ts'
export { type ImportedLine, importInventory } from './registry/inventory.ts'
export {
  type Appliance,
  type ApplianceDetails,
  type Device,
  findDevice,
  keepAppliances,
  keepDevices,
  listAppliances,
  listDevices,
  type Outcome,
  writeRegistry,
} from './registry/registry.ts'
export type { Topics } from './registry/topics.ts'
export { latestRound, planThatCounts } from './rounds/history.ts'
export { planInThread } from './rounds/plan-thread.ts'
export { type Rounds, startRounds } from './rounds/rounds.ts'
