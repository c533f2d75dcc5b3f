import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { devNull, tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { loadConfig } from './config.ts'
import { parseRates } from './rate.ts'

function cfg(t: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'cariflex-cfg-'))
  t.after(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'flexmeasures.cfg'), text)
  return join(folder, 'flexmeasures.cfg')
}

test('the settings file of a FlexMeasures sets what its names mean here, and the environment wins over it', (t) => {
  const file = cfg(
    t,
    `from datetime import timedelta
SQLALCHEMY_DATABASE_URI = "postgresql+psycopg2://fm:pw@db.example/fm"
SECURITY_PASSWORD_SALT = "s"
SECURITY_TOKEN_MAX_AGE = 3600
SECURITY_TWO_FACTOR = True
FLEXMEASURES_PLATFORM_NAME = ["Flex", ("Other", ["host"])]
FLEXMEASURES_PLANNING_HORIZON = timedelta(days=3)
FLEXMEASURES_MAX_PLANNING_HORIZON = timedelta(days=30)
FLEXMEASURES_PLANNING_TTL = timedelta(days=-1)
FLEXMEASURES_JOB_TIMEOUT = {"scheduling": timedelta(minutes=5), "forecasting": "PT1H"}
FLEXMEASURES_API_TRIGGER_RATE_LIMIT = "10 per 5 minutes; 100/day"
FLEXMEASURES_API_RATE_LIMIT_KEY = "account + asset"
FLEXMEASURES_HOSTS_AND_AUTH_START = {"flex.example": "2024-02"}
FLEXMEASURES_MAX_SENSOR_DATA_INGESTION_BYTES = 3250585.6
CORS_RESOURCES = [r"/api/*"]
CORS_ORIGINS = "https://a.example, https://b.example"
MAIL_SERVER = "smtp.example"
MAIL_DEFAULT_SENDER = ("Flex", "flex@example.org")
MAIL_USERNAME = None
FLEXMEASURES_REDIS_URL = "localhost"
FLEXMEASURES_LP_SOLVER = "highspy"
LOGGING_LEVEL = logging.INFO
`,
  )
  const load = (env: Record<string, string> = {}, own = devNull) => loadConfig({ file: own, env, args: { 'flexmeasures-config': file } })
  const { config, notes, originOf } = load()
  const { flexmeasures, security, mail } = config
  assert.equal(config.database.url, 'postgres://fm:pw@db.example/fm')
  assert.deepEqual([security.passwordSalt, security.tokenLength, security.twoFactor], ['s', 3_600_000, true])
  assert.equal(config.platform.name, 'Flex')
  assert.equal(flexmeasures.planningHorizon, 3 * 86_400_000)
  assert.deepEqual([flexmeasures.maxPlanningSteps, flexmeasures.maxPlanningHorizon], [0, 30 * 86_400_000])
  assert.ok(config.retention.jobs > 36_000 * 86_400_000, 'negative: for ever')
  assert.deepEqual(flexmeasures.jobTimeouts, { scheduling: 300_000, forecasting: 3_600_000 })
  assert.deepEqual(parseRates(flexmeasures.triggerRateLimit), [
    { limit: 10, period: 300_000 },
    { limit: 100, period: 86_400_000 },
  ])
  assert.deepEqual([flexmeasures.rateLimitKey, config.server.ingestLimit], ['account+asset', 3_250_585])
  assert.deepEqual(flexmeasures.hostsAndAuthStart, { 'flex.example': '2024-02' })
  assert.deepEqual([flexmeasures.corsResources, flexmeasures.corsOrigins], [['/api/*'], ['https://a.example', 'https://b.example']])
  assert.deepEqual([mail.server, mail.sender, mail.username], ['smtp.example', 'Flex <flex@example.org>', undefined])
  assert.ok(notes.some((note) => /^FLEXMEASURES_REDIS_URL \(.*:20\) is not needed: .*no Redis/.test(note)))
  assert.ok(notes.some((note) => /flexmeasures\.cfg:22 is no plain setting and was passed over: LOGGING_LEVEL/.test(note)))
  assert.match(originOf('mail.server'), /MAIL_SERVER \(.*flexmeasures\.cfg:17\)/)
  const env = { MAIL_SERVER: 'other.example', FLEXMEASURES_MAX_PLANNING_HORIZON: '96', DATABASE_URL: 'postgres://mine@x/y' }
  const over = load(env).config
  assert.deepEqual([over.mail.server, over.flexmeasures.maxPlanningSteps, over.database.url], ['other.example', 96, 'postgres://mine@x/y'])
  const yaml = join(file, '..', 'cariflex.yaml')
  writeFileSync(yaml, 'mail: { server: ours.example }')
  const own = load({}, yaml)
  assert.deepEqual([own.config.mail.server, own.config.mail.sender], ['ours.example', 'Flex <flex@example.org>'])
})

test('lists, dictionaries and lengths stand in the environment as they stand in the file, or as JSON', () => {
  const env = {
    FLEXMEASURES_HOSTS_AND_AUTH_START: '{"flex.example": "2024-02"}',
    FLEXMEASURES_JOB_CACHE_TTL: '60',
    FLEXMEASURES_DEFAULT_JOB_TIMEOUT: 'timedelta(hours=2)',
    FLEXMEASURES_PLANNING_HORIZON: 'PT36H',
    FLEXMEASURES_MONITORING_MAIL_RECIPIENTS: 'a@example.org,b@example.org',
    FLEXMEASURES_MAX_PLANNING_HORIZON: 'None',
    FLEXMEASURES_DIALECT: '0.33',
    MAIL_USE_TLS: 'True',
    MAIL_PORT: '587',
  }
  const { flexmeasures, mail } = loadConfig({ file: devNull, env }).config
  assert.deepEqual(flexmeasures.hostsAndAuthStart, { 'flex.example': '2024-02' })
  assert.deepEqual([flexmeasures.jobCacheTtl, flexmeasures.jobTimeout, flexmeasures.planningHorizon], [60_000, 7_200_000, 129_600_000])
  assert.deepEqual([flexmeasures.maxPlanningSteps, flexmeasures.dialect], [0, '0.33'])
  assert.deepEqual([mail.useTls, mail.port, mail.monitoring], [true, 587, ['a@example.org', 'b@example.org']])
})

test('the secret key is the salt where no salt is set, and names others may use are left alone', () => {
  const salt = (env: Record<string, string>) => loadConfig({ file: devNull, env }).config.security.passwordSalt
  assert.equal(salt({ SECRET_KEY: 'of another program' }), undefined)
  assert.equal(salt({ SECRET_KEY: 'k', FLEXMEASURES_MODE: 'play' }), 'k')
  assert.equal(salt({ SECRET_KEY: 'k', SECURITY_PASSWORD_SALT: 's' }), 's')
})

test('a value that means nothing is refused with the name and what may stand there', () => {
  for (const [env, words] of [
    [{ FLEXMEASURES_API_DEFAULT_RATE_LIMIT: 'often' }, /flexmeasures\.rateLimit must be a rate such as '500 per minute'/],
    [{ FLEXMEASURES_JOB_CACHE_TTL: 'soon' }, /FLEXMEASURES_JOB_CACHE_TTL: the value .* is not understood/],
    [{ FLEXMEASURES_DIALECT: '0.12' }, /flexmeasures\.dialect must be one of 1\.0, 0\.33/],
    [{ MAIL_PORT: 'smtp' }, /mail\.port must be a whole number/],
  ] as const)
    assert.throws(() => loadConfig({ file: devNull, env }), { code: 'config-invalid', message: words })
})
