/** Sections of the configuration whose keys FlexMeasures knows by another name (`FLEXMEASURES_…`, `SECURITY_…`, `MAIL_…`; see flexmeasures-names.ts). */
import { Type } from 'typebox'
import { Count, Flag, Length, LengthsByName, Section, Text, TextsByName, Words } from './config-fields.ts'

const Rate = (description: string) =>
  Type.String({ format: 'rate', default: '', description, examples: ['500 per minute', '10 per 5 minutes; 100 per day'] })

export const FlexMeasuresSection = Section(
  'The FlexMeasures API (/api/v3_0). FLEXMEASURES_… of the environment and of a flexmeasures.cfg set these keys.',
  {
    dialect: Type.Enum(['1.0', '0.33'], {
      default: '1.0',
      description: 'Which FlexMeasures to behave like where they differ: status of triggers, meaning of relaxations and targets.',
    }),
    announcedVersion: Type.Optional(
      Type.String({
        pattern: '^\\d+\\.\\d+\\.\\d+$',
        description: 'Version that clients are told instead of that of the dialect. Newer clients ask for reports only from 1.1.0 on.',
        examples: ['1.1.0'],
      }),
    ),
    mode: Type.Enum(['', 'demo', 'development', 'play', 'test'], {
      default: '',
      description: 'play: values may be overwritten and there are no limits, for experiments.',
    }),
    rateLimit: Rate("Requests per user; '' = no limit. FlexMeasures itself allows 500 per minute."),
    triggerRateLimit: Rate(
      "Accepted triggers of schedules and forecasts; '' = no limit. FlexMeasures itself allows 10 per 5 minutes and account.",
    ),
    rateLimitKey: Type.Enum(['account', 'account+asset', 'user'], {
      default: 'account',
      description: 'What triggers are counted by, unless the plan of the account says otherwise.',
    }),
    planningHorizon: Length('P2D', 'Length of a schedule whose trigger does not say one, and most that is read of it unless asked for.'),
    maxPlanningSteps: Count(2520, 'Longest schedule that may be asked for, in steps of its resolution; 0 = no limit in steps.'),
    maxPlanningHorizon: Type.Optional(Length('P30D', 'Longest schedule that may be asked for, whatever its resolution.')),
    jobCacheTtl: Length('PT1H', 'The same trigger within this time gets the job of the first one.'),
    jobTimeout: Length('PT180S', 'A job that takes longer is stopped; its best plan so far counts.'),
    jobTimeouts: LengthsByName('The same by queue: scheduling, forecasting, ingestion, reporting.'),
    sunset: Section('Of routes that are going away.', {
      active: Flag(false, 'Gone already: 410, and 202 for schedules that are not ready.'),
      date: Type.Optional(Type.String({ description: 'Told in the header Sunset, e.g. 2027-05-01.' })),
      link: Type.Optional(Type.String({ description: 'Told in the header Link.' })),
    }),
    defaultDatasource: Text('FlexMeasures', 'Name of the data source of forecasts and reports that do not say theirs.'),
    hostsAndAuthStart: TextsByName(
      { 'flexmeasures.io': '2021-01' },
      'For entity addresses: our host names, each with the month since which they are ours.',
    ),
    corsResources: Words(['/api/*'], 'Paths that pages of other origins may use; * stands for anything.'),
    corsOrigins: Words([], "Origins of those pages; '*' allows all."),
    corsCredentials: Flag(true, 'Let those pages send credentials (never with the origin *).'),
    templateAssets: Flag(false, 'Make the public template assets of FlexMeasures at start.'),
  },
)

export const SecuritySection = Section('Signing in.', {
  passwordSalt: Type.Optional(
    Type.String({
      minLength: 1,
      description:
        'Of an adopted FlexMeasures (SECURITY_PASSWORD_SALT; its SECRET_KEY where it had none). New passwords are then written so that FlexMeasures reads them too.',
    }),
  ),
  secretKey: Type.Optional(
    Type.String({
      minLength: 1,
      description: 'Key of the secret store, 32 bytes as base64 or hex, instead of the file secret-key in the data folder.',
    }),
  ),
  tokenHeader: Text('Authorization', 'Header that carries the token of the FlexMeasures API.'),
  tokenLength: Length('PT6H', 'How long a token of /api/requestAuthToken lives.'),
  twoFactor: Flag(false, 'Demand a second factor at the sign-in of pages: a code sent by mail. Needs a mail server.'),
  taskToken: Type.Optional(Type.String({ minLength: 1, description: 'Token that lets a monitor ask /api/ops/getLatestTaskRun.' })),
  trustedHosts: Words([], 'Host names this server answers to, .example.org for all below; empty = any.'),
  outwardAllow: Words(
    [],
    "Private hosts, 'host:port' or networks that webhooks and OCSP responders may name; all others of our network are never called.",
  ),
})

export const MailSection = Section('How mails leave. Without a server they are written to the log and shown to administrators.', {
  server: Type.Optional(Type.String({ minLength: 1, description: 'Host name of the SMTP server.' })),
  port: Type.Integer({ minimum: 1, maximum: 65_535, default: 25, description: 'Its port.' }),
  useTls: Flag(false, 'Encrypt after the greeting (STARTTLS), usually on port 587; a server that cannot is refused.'),
  useSsl: Flag(false, 'Encrypt from the start, usually on port 465.'),
  username: Type.Optional(Type.String()),
  password: Type.Optional(Type.String({ description: 'Prefer `!file` or the environment.' })),
  sender: Type.Optional(Type.String({ description: "Who writes, e.g. 'Cariflex <no-reply@example.org>'." })),
  monitoring: Words([], 'Who gets mails of the monitoring: failed tasks, unseen users, stale sensors.'),
})
