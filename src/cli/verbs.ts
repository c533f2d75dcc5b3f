/** The verbs, each loaded only when called: `cariflex --help` stays quick. */
import type { Verb } from './verb.ts'

export const VERBS: { name: string; summary: string; load(): Promise<Verb> }[] = [
  {
    name: 'start',
    summary: 'run the platform (with the demo island when nothing is configured)',
    load: async () => (await import('./verbs/start.ts')).start,
  },
  {
    name: 'init',
    summary: 'write a commented cariflex.yaml for a new territory',
    load: async () => (await import('./verbs/init.ts')).init,
  },
  {
    name: 'doctor',
    summary: 'check machine, database, configuration and devices, and say what to do',
    load: async () => (await import('./verbs/doctor.ts')).doctor,
  },
  {
    name: 'adopt',
    summary: 'take over an existing FlexMeasures database where it stands',
    load: async () => (await import('./verbs/adopt.ts')).adopt,
  },
  { name: 'migrate', summary: 'bring the database to this version', load: async () => (await import('./verbs/migrate.ts')).migrateVerb },
  { name: 'user add', summary: 'create a user', load: async () => (await import('./verbs/user-add.ts')).userAdd },
  {
    name: 'user password',
    summary: 'set a new password of a user',
    load: async () => (await import('./verbs/user-password.ts')).userPassword,
  },
  { name: 'token', summary: 'issue an access token of a user', load: async () => (await import('./verbs/token.ts')).token },
  {
    name: 'token list',
    summary: 'your tokens and sessions with their last use, or the end of one',
    load: async () => (await import('./verbs/token-list.ts')).tokenList,
  },
  {
    name: 'show',
    summary: 'assets, sensors, the plan or the setpoints of a running instance',
    load: async () => (await import('./verbs/show.ts')).show,
  },
  {
    name: 'world',
    summary: 'command the simulated world: plug, unplug, cloud, fault, disconnect, freeze',
    load: async () => (await import('./verbs/world.ts')).world,
  },
  { name: 'mcp', summary: 'serve the tools of this platform to an assistant', load: async () => (await import('./verbs/mcp.ts')).mcp },
  {
    name: 'check template',
    summary: 'check a device template, on request against a real device',
    load: async () => (await import('./verbs/check-template.ts')).checkTemplateVerb,
  },
  {
    name: 'config show',
    summary: 'print the configuration in force, with the origin of each value',
    load: async () => (await import('./verbs/config-show.ts')).configShow,
  },
  { name: 'backup', summary: 'write everything into one file', load: async () => (await import('./verbs/backup.ts')).backupVerb },
  {
    name: 'restore',
    summary: 'rebuild an empty folder or database from a backup',
    load: async () => (await import('./verbs/restore.ts')).restoreVerb,
  },
  {
    name: 'maintain',
    summary: 'put the beliefs of each sensor together on disk, while nothing else uses the database',
    load: async () => (await import('./verbs/maintain.ts')).maintain,
  },
  {
    name: 'retention',
    summary: 'show by which policies old beliefs are thinned, or run them, also only to count',
    load: async () => (await import('./verbs/retention.ts')).retentionVerb,
  },
  {
    name: 'forecast run',
    summary: 'make a forecast now, and show the models that were chosen',
    load: async () => (await import('./verbs/forecast-run.ts')).forecastRun,
  },
  {
    name: 'automation run',
    summary: 'run an automation now, or list them',
    load: async () => (await import('./verbs/automation-run.ts')).automationRun,
  },
  {
    name: 'forecast evaluate',
    summary: 'show how good forecasts of a sensor or of a file are',
    load: async () => (await import('./verbs/forecast-evaluate.ts')).forecastEvaluate,
  },
  {
    name: 'flexmeasures',
    summary: 'the verbs of the flexmeasures command line: add, show, edit, delete, jobs, db, monitor',
    load: async () => (await import('./verbs/flexmeasures.ts')).flexmeasures,
  },
  {
    name: 'charging stations',
    summary: 'charging stations and what they do now, or one part of one',
    load: async () => (await import('./verbs/charging.ts')).chargingStations,
  },
  {
    name: 'charging send',
    summary: 'send one OCPP message to a station and show its answer',
    load: async () => (await import('./verbs/charging.ts')).chargingSend,
  },
  {
    name: 'charging boot',
    summary: 'decide how the boots of a station are answered',
    load: async () => (await import('./verbs/charging.ts')).chargingBoot,
  },
  {
    name: 'charging sessions',
    summary: 'charging sessions, one with its events, or a file of them with their costs (CSV, XLSX, PDF)',
    load: async () => (await import('./verbs/charging.ts')).chargingSessions,
  },
  {
    name: 'charging badges',
    summary: 'badges: show, add, remove, those nobody knows, local lists',
    load: async () => (await import('./verbs/charging.ts')).chargingBadges,
  },
  {
    name: 'charging firmware',
    summary: 'have a station fetch and install firmware',
    load: async () => (await import('./verbs/charging-firmware.ts')).chargingFirmware,
  },
  {
    name: 'charging firmware campaign',
    summary: 'bring firmware to many stations in waves',
    load: async () => (await import('./verbs/charging-firmware.ts')).chargingFirmwareCampaign,
  },
  {
    name: 'charging profiles',
    summary: 'the charging profiles on a station, and the schedule it makes of them',
    load: async () => (await import('./verbs/charging-profiles.ts')).chargingProfiles,
  },
  {
    name: 'charging log',
    summary: 'have a station bring a log',
    load: async () => (await import('./verbs/charging.ts')).chargingLog,
  },
  {
    name: 'charging composite',
    summary: 'fold charging profiles into the schedule an EVSE keeps, or check a file of them',
    load: async () => (await import('./verbs/charging-composite.ts')).chargingComposite,
  },
  {
    name: 'charging exi',
    summary: 'read or write messages between car and station (ISO 15118, DIN 70121)',
    load: async () => (await import('./verbs/charging-exi.ts')).chargingExi,
  },
  {
    name: 'charging bill',
    summary: 'what a charging session cost, or costs until now, line by line',
    load: async () => (await import('./verbs/charging-bill.ts')).chargingBill,
  },
  {
    name: 'charging tariffs',
    summary: 'tariffs of the charging stations; what one station holds and refused; another tariff for a running session',
    load: async () => (await import('./verbs/charging-tariffs.ts')).chargingTariffs,
  },
  {
    name: 'charging certificates',
    summary: 'certificates of charging stations: issued, trusted, installed, revoked',
    load: async () => (await import('./verbs/charging-certificates.ts')).chargingCertificates,
  },
  {
    name: 'charging contracts',
    summary: 'contracts that cars pay by (Plug & Charge): list, add, show, revoke, an authority for trials',
    load: async () => (await import('./verbs/charging-contracts.ts')).chargingContracts,
  },
  {
    name: 'charging password',
    summary: 'send a charging station a new password',
    load: async () => (await import('./verbs/charging-security.ts')).chargingPassword,
  },
  {
    name: 'charging security-profile',
    summary: 'bring a charging station to a higher security profile',
    load: async () => (await import('./verbs/charging-security.ts')).chargingProfile,
  },
  {
    name: 'charging bridge',
    summary: 'the bridge to a running CitrineOS: how it is, whether every way is open, both sides compared',
    load: async () => (await import('./verbs/charging-bridge.ts')).chargingBridge,
  },
  {
    name: 'charging sync',
    summary: 'compare assets and charging stations by count, power and place, and mend them',
    load: async () => (await import('./verbs/charging-sync.ts')).chargingSync,
  },
  {
    name: 'charging import',
    summary: 'make the stations of a table, or of a CitrineOS, known',
    load: async () => (await import('./verbs/charging-import.ts')).chargingImport,
  },
  {
    name: 'charging upstream',
    summary: 'connect a charging station to another CSMS as well, through us',
    load: async () => (await import('./verbs/charging-upstream.ts')).chargingUpstream,
  },
  {
    name: 'community plan',
    summary: 'place the appliances of a community, with proof',
    load: async () => (await import('./verbs/community.ts')).communityPlan,
  },
  {
    name: 'community cycles',
    summary: 'find when a machine ran, in the power of its plug',
    load: async () => (await import('./verbs/community.ts')).communityCycles,
  },
  {
    name: 'community indicators',
    summary: 'compute the twelve indicators of a community',
    load: async () => (await import('./verbs/community.ts')).communityIndicators,
  },
  {
    name: 'community adopt',
    summary: "take ELFE's coordination database over into the registry",
    load: async () => (await import('./verbs/community-coordination.ts')).communityAdopt,
  },
  {
    name: 'community hand-back',
    summary: "write the registry into ELFE's coordination database",
    load: async () => (await import('./verbs/community-coordination.ts')).communityHandBack,
  },
  {
    name: 'devices import',
    summary: 'register the devices of an inventory',
    load: async () => (await import('./verbs/devices-import.ts')).devicesImport,
  },
  {
    name: 'devices order',
    summary: 'switch a device of the community by hand and wait for it',
    load: async () => (await import('./verbs/devices.ts')).devicesOrder,
  },
  {
    name: 'devices status',
    summary: 'how the devices of the community are',
    load: async () => (await import('./verbs/devices.ts')).devicesStatus,
  },
  {
    name: 'tariff price',
    summary: 'price a charging session by a tariff, line by line',
    load: async () => (await import('./verbs/tariff-price.ts')).tariffPrice,
  },
  { name: 'version', summary: 'print the version', load: async () => (await import('./verbs/version.ts')).version },
]
