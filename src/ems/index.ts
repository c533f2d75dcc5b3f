export {
  type Action,
  demand,
  forbidden,
  isAdmin,
  mayConsult,
  mayFoundAccounts,
  mayGrant,
  OPERATOR,
  type Principal,
  permits,
  readableAccounts,
  readsAll,
  type Subject,
  steers,
} from './access.ts'
export { type AccountPlan, type AccountPlans, type Countable, type CountBy, openAccountPlans } from './account-plan.ts'
export { addAccountRole, addAssetType, removeAccountRole } from './account-roles.ts'
export { type Account, type AccountChange, type AccountFilter, type Accounts, openAccounts } from './accounts.ts'
export { type Adoption, adoptDatabase, FLEXMEASURES_REVISION, refuseUnadopted, type Survey, surveyDatabase } from './adoption.ts'
export { type Alarms, type AlarmView, openAlarms, type Trouble } from './alarms.ts'
export { type Relations, relationsTo } from './asset-relation.ts'
export { type Asset, type AssetFields, type AssetFilter, type Assets, type NewAsset, offspring, openAssets } from './assets.ts'
export { type AuditEntry, type AuditPage, auditAccount, auditAsset, readAudit } from './audit.ts'
export { describeCron, nextRuns, readCron } from './automating/cron.ts'
export { type AutomationFilter, type AutomationView, automationsInView } from './automating/view.ts'
export {
  AUTOMATION_TYPES,
  type Automation,
  type Automations,
  type AutomationType,
  type AutomationWork,
  openAutomations,
  startAutomations,
} from './automations.ts'
export type {
  Belief,
  BeliefBatch,
  BeliefFigures,
  BeliefFilter,
  BeliefSearch,
  Beliefs,
  FiguresQuery,
  FoundBeliefs,
  RecordOutcome,
  SeriesByKind,
  SeriesQuery,
  SourceKey,
} from './belief.ts'
export { recountFigures } from './belief-figures.ts'
export { type BeliefParts, keepingStarts, openBeliefs } from './beliefs.ts'
export { type AssetChartOptions, assetChart } from './charts/asset-chart.ts'
export { type CommonUnit, commonUnit } from './charts/common-unit.ts'
export { type ChartNote, chartNotes, type NotesQuery } from './charts/notes.ts'
export { SENSOR_CHARTS, type SensorChartOptions, type SensorChartType, sensorChart } from './charts/sensor-chart.ts'
export { type ChartRow, chartRows, type ShownSensor, sensorsOf, shownSensor } from './charts/shown-sensor.ts'
export type { Conversation, Utterance } from './conversation.ts'
export { type ConversationLog, type ConversationQuery, openConversationLog, type UtteranceView } from './conversation-log.ts'
export { type CopyPlace, copyAsset } from './copy-asset.ts'
export { cycle, steer } from './cycle.ts'
export { type Capability, type Device, type Devices, deviceRegistry, type Wish } from './device.ts'
export { COMMA_CSV, type CsvForm, csvLines, csvText, PROGRAM_CSV } from './export/csv.ts'
export { type TableQuery, type TableRow, tableRows } from './export/table.ts'
export { type FlexSourceParts, flexSource, type InheritedField, inheritedFlexContext } from './flex-source.ts'
export { type ChoiceView, choiceViews } from './forecasting/choice-book.ts'
export { type CycleResult, sunOf } from './forecasting/cycle-job.ts'
export { type Forecasting, type ForecastingOptions, startForecasting } from './forecasting/forecasting.ts'
export { type HabitBook, openHabits } from './forecasting/habits.ts'
export { ALL_CANDIDATES, DEFAULT_CONFIG, keptConfig } from './forecasting/kept.ts'
export { DEFAULT_MODELS, type ForecastKind, KINDS, kindOf } from './forecasting/kinds.ts'
export { CANDIDATES, type CandidateName } from './forecasting/learn/candidates.ts'
export { type EvaluateOptions, type Evaluation, evaluate, evaluationOrigins } from './forecasting/learn/evaluate.ts'
export type { Frame, Regressor } from './forecasting/learn/frame.ts'
export { type Learner, openLearner, sharedLearner } from './forecasting/learn/learner.ts'
export { type Model, modelsOf } from './forecasting/models.ts'
export { type NamedForecast, type NamedForecasts, type NamedParts, orderOf, startNamedForecasts } from './forecasting/named.ts'
export type { AnnotationRegressor, ForecastConfig, ForecastOrder, RegressorReference } from './forecasting/order.ts'
export { leadOf, withForetold } from './forecasting/regressors.ts'
export { SAYING as FORECAST_SAYING } from './forecasting/saying.ts'
export { type SkillQuery, type SkillView, skillViews } from './forecasting/skill.ts'
export type { VehicleHabits } from './forecasting/vehicle.ts'
export { FORECASTER, FORECASTING, type ForecastJob, type Forecasts, openForecasts, type StoredForecast } from './forecasts.ts'
export { beatOnce, type Heartbeat, type HeartbeatOptions, startHeartbeat } from './heartbeat.ts'
export { type Kpi, type KpiFunction, kpisOf } from './kpi.ts'
export { type LastEvents, type LastEventsParts, openLastEvents } from './last-events.ts'
export { type Limit, type LimitSource, RUNGS, type Rung } from './limit.ts'
export { type Limits, type LimitView, openLimits, type PostedLimit } from './limits.ts'
export { type Line, type LineParts, openLine } from './line.ts'
export { type Addressee, type MailCarrier, type Mails, type MailsOptions, type MailView, openMails } from './mail/mails.ts'
export { openPasswordLinks, type PasswordLinks } from './mail/password-links.ts'
export { type AbsenceQuery, type AbsentUser, absentUsers, newlyAbsent } from './monitor/absence.ts'
export { judgeTasks, latestTaskRun, noteTaskRun, type TaskVerdict } from './monitor/task-runs.ts'
export { type Monitor, type MonitorParts, startMonitor } from './monitor/watch.ts'
export { narrow, type Order, type Want } from './narrow.ts'
export type { News } from './news.ts'
export { type NoticeParts, type Notices, startNotices } from './notices/notices.ts'
export {
  keepAccountNotices,
  keepNotices,
  type NoticeLevel,
  type NoticePreference,
  noteAsker,
  type OwnNotices,
  readAccountNotices,
  readNotices,
} from './notices/preferences.ts'
export { type Override, type Overrides, type OverrideView, openOverrides } from './overrides.ts'
export { flexMeasuresPepper, hashPassword, inventPassword, type PasswordVerifier, scryptVerifier, verifyPassword } from './password.ts'
export { openPasswords, type Passwords, type PasswordsOptions } from './passwords.ts'
export type { BrokenWish, Plan, PlannedDevice } from './plan.ts'
export { addPlan, changePlan, listPlans, type PlanFields, type PlanRow } from './plan-rows.ts'
export { type Planner, type PlannerOptions, planOnce, startPlanner } from './planner.ts'
export { openPlans, type Plans, type PlanView, planView } from './plans.ts'
export type { Reading } from './reading.ts'
export { type LastReading, openRecorder, type Recorder } from './recorder.ts'
export { removeAccount, removeUser } from './removal.ts'
export { applyOffsets } from './reporting/offset.ts'
export { OPERATIONS, PROPERTIES } from './reporting/operations.ts'
export { REPORTERS, type ReporterName, type ReportOrder, readReportOrder } from './reporting/order.ts'
export {
  READY_REPORTS,
  type ReadyName,
  type ReadyOrder,
  type ReadyReport,
  type ReportLine,
  readReadyOrder,
  readyOrderIn,
} from './reporting/ready-report.ts'
export { type ReportTable, sensorsOfReport } from './reporting/reporters.ts'
export { isReady, openReports, REPORTING, type ReportParts, type ReportResult, type Reports, type ReportView } from './reports.ts'
export { RETENTION, type Retention, thin } from './retention.ts'
export { SAYING } from './saying.ts'
export {
  type JobSubject,
  openSchedules,
  type ScheduleJob,
  type ScheduleOrder,
  type ScheduleParts,
  type Schedules,
  type StoredSchedule,
} from './schedules.ts'
export type { FlexContext } from './scheduling/flex-context.ts'
export { type FlexField, formsOf } from './scheduling/flex-field.ts'
export { FLEX_CONTEXT_FIELDS, FLEX_MODEL_FIELDS } from './scheduling/flex-fields.ts'
export type { FlexDevice } from './scheduling/flex-model.ts'
export { sensorsNamedIn } from './scheduling/flex-names.ts'
export type { FlexPlan } from './scheduling/flex-request.ts'
export { refusalsOfStored } from './scheduling/flex-stored.ts'
export { type Reason, type ReasonCode, sayReason } from './scheduling/reason.ts'
export type { Refusals } from './scheduling/refusal.ts'
export type {
  ScheduleExplanation,
  ScheduleHow,
  ScheduleOutput,
  ScheduleRequest,
  ScheduleResult,
  Scheduler,
  UnmetWish,
} from './scheduling/scheduler.ts'
export type { AssetFacts, SensorFacts, SeriesSource, SourceFilters } from './scheduling/series-source.ts'
export { type DeviceSchedule, type SiteOptions, type SiteSchedule, scheduleSite } from './scheduling/site.ts'
export type { PlanDevice, SiteProblem, SiteStorage, StockWish } from './scheduling/site-problem.ts'
export { type SolverPool, type SolverPoolOptions, sharedSolverPool, startSolverPool } from './scheduling/solver-pool.ts'
export { storageScheduler } from './scheduling/storage-scheduler.ts'
export { type BrokenBound, type MissCause, type MissedWish, sayMissedWish } from './scheduling/wish.ts'
export { type NewSensor, openSensors, type Page, type Sensor, type SensorFilter, type Sensors } from './sensors.ts'
export type { Answer, Receipt, Setpoint } from './setpoint.ts'
export { openSetpoints, type Setpoints, type SetpointView, setpointView } from './setpoints.ts'
export { flexibleDevices, flexibleNominal, type Site, type SiteDevice, type SiteDevice as SiteAsset } from './site.ts'
export type { SiteLook } from './site-look.ts'
export { type RankedSource, rankSources } from './source-ranks.ts'
export { openSources, type Source, type Sources } from './sources.ts'
export { isoLength, judgeStaleness, type LastEvent, preciseLength, type Staleness, statusSpecs } from './staleness.ts'
export { keepPasswords, sealPasswords, withPasswords } from './station-passwords.ts'
export { countSweep, type Sweep, type SweepCount, sweepBeliefs } from './sweep-beliefs.ts'
export { makeTemplateAssets } from './template-assets.ts'
export { type Established, establishTerritory, findTerritory, isVirgin, joinTerritory, setNominal, siteOf } from './territory.ts'
export {
  type BeliefPolicy,
  describePolicy,
  policiesOf,
  readThinnings,
  type Thinning,
  type ThinningRun,
  thinBeliefs,
} from './thin-beliefs.ts'
export { type UploadOrder, uploadBatches } from './upload/batches.ts'
export { foreseeUpload, type UploadForecast } from './upload/preview.ts'
export { readCsv } from './upload/read-csv.ts'
export { openUploadReader, type UploadReader, type UploadReaderOptions } from './upload/reader.ts'
export type { ReadFile, UploadedFile, UploadReading, UploadTarget } from './upload/target.ts'
export { type UnitTurn, unitTurn } from './upload/unit.ts'
export {
  type AdministratorOptions,
  createAdministrator,
  type NewUser,
  openUsers,
  type User,
  type UserChange,
  type UserFilter,
  type Users,
} from './users.ts'
export { forwardNews, HOOK_EVENTS } from './webhooks/hook-events.ts'
export { type MqttEvents, type MqttStatus, openMqttEvents } from './webhooks/mqtt-events.ts'
export { type HookEvent, openWebhooks, signatureOf, type Webhook, type WebhookOrder, type Webhooks } from './webhooks/webhooks.ts'
