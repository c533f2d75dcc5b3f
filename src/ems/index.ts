export {
  type Action,
  demand,
  forbidden,
  isAdmin,
  mayGrant,
  type Principal,
  permits,
  readableAccounts,
  readsAll,
  type Subject,
  steers,
} from './access.ts'
export { type Account, type AccountChange, type AccountFilter, type Accounts, openAccounts } from './accounts.ts'
export { type Asset, type AssetFields, type AssetFilter, type Assets, type NewAsset, offspring, openAssets } from './assets.ts'
export { type AuditEntry, type AuditPage, auditAccount, auditAsset, readAudit } from './audit.ts'
export type { Belief, BeliefBatch, Beliefs, RecordOutcome, SeriesQuery, SourceKey } from './belief.ts'
export { type BeliefParts, openBeliefs } from './beliefs.ts'
export type { Conversation, Utterance } from './conversation.ts'
export { type Capability, type Device, type Devices, deviceRegistry, type Wish } from './device.ts'
export type { Forecaster, ForecastRequest, ForecastSeries } from './forecaster.ts'
export { type Limit, type LimitSource, RUNGS, type Rung } from './limit.ts'
export type { News } from './news.ts'
export { flexMeasuresPepper, hashPassword, inventPassword, type PasswordVerifier, scryptVerifier, verifyPassword } from './password.ts'
export type { BrokenWish, Plan, PlannedDevice } from './plan.ts'
export type { Reading } from './reading.ts'
export { type Reason, type ReasonCode, sayReason } from './scheduling/reason.ts'
export { type DeviceSchedule, type SiteOptions, type SiteSchedule, scheduleSite } from './scheduling/site.ts'
export type { SiteDevice, SiteProblem, SiteStorage, StockWish } from './scheduling/site-problem.ts'
export { type SolverPool, type SolverPoolOptions, sharedSolverPool, startSolverPool } from './scheduling/solver-pool.ts'
export { type BrokenBound, type MissCause, type MissedWish, sayMissedWish } from './scheduling/wish.ts'
export { type NewSensor, openSensors, type Page, type Sensor, type SensorFilter, type Sensors } from './sensors.ts'
export type { Answer, Receipt, Setpoint } from './setpoint.ts'
export { openSources, type Source, type Sources } from './sources.ts'
export { type AdministratorOptions, createAdministrator, type NewUser, openUsers, type User, type UserFilter, type Users } from './users.ts'
export { type Established, establishTerritory, findTerritory, isVirgin, siteOf } from './territory.ts'
