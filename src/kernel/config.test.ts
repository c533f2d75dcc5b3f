import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { listConfig, loadConfig } from './config.ts'
import { configJsonSchema } from './config-schema.ts'
import { isProblem } from './problem.ts'

/** `${NAME}` as it stands in a file. */
const taken = (name: string) => ['$', '{', name, '}'].join('')

function fileWith(t: TestContext, text: string, more: Record<string, string> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'cariflex-config-'))
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20 }))
  for (const [name, content] of Object.entries(more)) writeFileSync(join(folder, name), content)
  const file = join(folder, 'cariflex.yaml')
  writeFileSync(file, text)
  return file
}

/** The lines of the refusal, without the folder of the file. */
function refusal(t: TestContext, text: string, more: Omit<Parameters<typeof loadConfig>[0] & object, 'file'> = {}): string[] {
  const file = fileWith(t, text)
  try {
    loadConfig({ file, ...more })
  } catch (error) {
    assert.ok(isProblem(error), String(error))
    assert.equal(error.code, 'config-invalid')
    return error.message.split('\n').map((line) => line.replace(file, 'cariflex.yaml'))
  }
  assert.fail('it was accepted')
}

const here = process.cwd()

test('without file, environment and options everything has its default, and lengths are milliseconds', (t) => {
  process.chdir(tmpdir())
  t.after(() => process.chdir(here))
  const { config, file, originOf, notes } = loadConfig()
  assert.equal(file, undefined)
  assert.deepEqual([config.server.host, config.server.port, config.database.folder], ['127.0.0.1', 5000, './data'])
  assert.deepEqual(
    [config.ems.heartbeat, config.ems.replan, config.ems.horizon, config.ems.resolution],
    [10_000, 300_000, 86_400_000, 900_000],
  )
  assert.deepEqual(config.grid.demandResponseLevels, [100, 75, 50, 0])
  assert.deepEqual(
    [config.platform.timezone, config.platform.currency, config.charging.unknownStations],
    ['America/Martinique', 'EUR', 'refuse'],
  )
  assert.equal(config.territory, undefined)
  assert.equal(originOf('server.port'), 'default')
  assert.deepEqual(notes, [])
})

test('the command line wins over the environment, that over the file, that over the defaults; each value knows its origin', (t) => {
  const file = fileWith(t, 'server:\n  port: 1\n  host: 0.0.0.0\n  bodyLimit: 2048\nems: {heartbeat: PT5S}\n')
  const env = {
    CARIFLEX_SERVER__PORT: '2',
    PORT: '3',
    CARIFLEX_PORT: '4',
    CARIFLEX_SERVER__BODY_LIMIT: '4096',
    CARIFLEX_ADMIN_EMAIL: 'a@b.c',
  }
  const loaded = loadConfig({ file, env, args: { port: '5', set: ['ems.horizon=PT48H'], json: true } })
  const { config, originOf } = loaded
  assert.deepEqual([config.server.port, config.server.host, config.server.bodyLimit], [5, '0.0.0.0', 4096])
  assert.deepEqual([config.ems.heartbeat, config.ems.horizon, config.admin.email], [5000, 172_800_000, 'a@b.c'])
  assert.deepEqual(
    ['server.port', 'server.host', 'server.bodyLimit', 'ems.heartbeat', 'ems.horizon', 'ems.replan'].map((key) =>
      originOf(key).replace(file, 'file'),
    ),
    ['--port', 'file:3:3', 'CARIFLEX_SERVER__BODY_LIMIT', 'file:5:7', '--set ems.horizon', 'file:5:1'],
  )
  assert.equal(loadConfig({ file, env }).config.server.port, 4)
})

test('flags, lists and numbers of the environment become what the setting wants', (t) => {
  const env = {
    CARIFLEX_GRID__DEMAND_RESPONSE_LEVELS: '100, 50,0',
    CARIFLEX_SERVER__TRUST_PROXY: 'yes',
    CARIFLEX_SIMULATION__PORTS: '{"BAT001": 1502}',
    CARIFLEX_CHARGING__SECURITY_PROFILE: '0',
    CARIFLEX_PLATFORM__NAME: '42',
  }
  const { config } = loadConfig({ file: fileWith(t, ''), env })
  assert.deepEqual(config.grid.demandResponseLevels, [100, 50, 0])
  assert.equal(config.server.trustProxy, true)
  assert.deepEqual(config.simulation.ports, { BAT001: 1502 })
  assert.equal(config.charging.securityProfile, 0)
  assert.equal(config.platform.name, '42')
})

test('an unknown key is refused with its line, its column and what may have been meant', (t) => {
  assert.deepEqual(refusal(t, 'server:\n  hots: 0.0.0.0\nplatfrom:\n  name: x\n').sort(), [
    "cariflex.yaml:2:3: unknown key 'hots' in server; did you mean 'host'?",
    "cariflex.yaml:3:1: unknown key 'platfrom'; did you mean 'platform'?",
  ])
  assert.match(
    refusal(t, '{}', { env: { CARIFLEX_SERVER__PROT: '1' } })[0] ?? '',
    /^CARIFLEX_SERVER__PROT: there is no setting 'PROT' in server/,
  )
  assert.match(refusal(t, '{}', { args: { set: 'server.zzzzzz=1' } })[0] ?? '', /^--set server\.zzzzzz: there is no setting/)
})

test('a value of the wrong kind is refused where it was given', (t) => {
  assert.deepEqual(refusal(t, 'server: {port: eighty}'), ['cariflex.yaml:1:10: server.port must be a whole number; it is "eighty"'])
  assert.deepEqual(refusal(t, 'ems:\n  heartbeat: 10 s\n'), [
    'cariflex.yaml:2:3: ems.heartbeat must be an ISO 8601 duration such as \'PT15M\'; it is "10 s"',
  ])
  assert.deepEqual(refusal(t, 'charging:\n  unknownStations: acept\n'), [
    'cariflex.yaml:2:3: charging.unknownStations must be one of refuse, park, accept; it is "acept" (did you mean \'accept\'?)',
  ])
  assert.match(refusal(t, 'platform:\n  timezone: America/Martinik\n')[0] ?? '', /:2:3: platform\.timezone must be a time zone/)
  assert.deepEqual(refusal(t, '', { env: { PORT: '70000' } }), ['PORT: server.port must be <= 65535; it is 70000'])
  assert.match(refusal(t, '- a\n- b\n')[0] ?? '', /must be a section of keys/)
})

test('what is not YAML, is twice there, or is nested without end is refused with its line', (t) => {
  assert.match(refusal(t, 'server:\n  port: 1\n  port: 2\n')[0] ?? '', /^cariflex\.yaml:3:3: Map keys must be unique/)
  assert.match(refusal(t, 'a: [1\n')[0] ?? '', /^cariflex\.yaml:\d+:\d+: /)
  assert.match(refusal(t, `a: ${'['.repeat(40)}${']'.repeat(40)}\n`)[0] ?? '', /nested too deeply/)
  assert.match(refusal(t, 'a: &a [*a]\n')[0] ?? '', /nested too deeply/)
  assert.throws(() => loadConfig({ file: '/no/such/cariflex.yaml' }), { code: 'config-unreadable', message: /no such file/ })
})

test('secrets come from the environment or from a file, and are never shown', (t) => {
  const text = [
    'admin: {email: a@b.c, password: !file secret.txt}',
    `server: {port: "${taken('MY_PORT')}", host: "${taken('MY_HOST:-127.0.0.2')}"}`,
    `platform: {name: "$${taken('literal')} in ${taken('TOWN')}"}`,
  ].join('\n')
  const file = fileWith(t, text, { 'secret.txt': 'correct horse\n' })
  const loaded = loadConfig({ file, env: { MY_PORT: '8080', TOWN: 'Le Marin', DATABASE_URL: 'postgres://me:hidden@db/x' } })
  const { config } = loaded
  assert.deepEqual([config.admin.password, config.server.port, config.server.host], ['correct horse', 8080, '127.0.0.2'])
  assert.equal(config.platform.name, `${taken('literal')} in Le Marin`)
  const shown = JSON.stringify(listConfig(loaded))
  assert.doesNotMatch(shown, /correct horse|hidden/)
  assert.match(shown, /"path":"database.url","value":"postgres:\/\/me:\[redacted\]@db\/x","origin":"DATABASE_URL"/)
  assert.match(
    refusal(t, `admin:\n  password: ${taken('NOWHERE')}\n`)[0] ?? '',
    /^cariflex\.yaml:2:13: The environment variable NOWHERE is not set/,
  )
  assert.throws(() => loadConfig({ file: fileWith(t, 'admin: {password: !file gone.txt}') }), {
    code: 'config-unreadable',
    message: /:1:25: .*gone\.txt/,
  })
})

test('names of the product documents are understood, and it is said what they became', (t) => {
  const env = {
    FLEXMEASURES_PLATFORM_NAME: 'Cariflex Martinique',
    FLEXMEASURES_TIMEZONE: 'Europe/Paris',
    FLEXMEASURES_MAX_PLANNING_HORIZON: '96',
    FLEXMEASURES_API_TRIGGER_RATE_LIMIT: '20 per 5 minutes',
    FLEXMEASURES_ALLOW_DATA_OVERWRITE: 'True',
    FLEXMEASURES_MODE: 'play',
    FLEXMEASURES_MENU_LOGO_PATH: '/logo.svg',
    FLEXMEASURES_REDIS_URL: 'localhost',
    OCPI_CPO_IDENTIFIER: 'FR*CAR',
    GIREVE_API_KEY: 'k3y',
  }
  const file = fileWith(t, 'platform: {name: From the file}')
  const loaded = loadConfig({ file: fileWith(t, ''), env })
  const { config, notes, originOf } = loaded
  assert.deepEqual(
    [config.platform.name, config.platform.timezone, config.flexmeasures.maxPlanningSteps],
    ['Cariflex Martinique', 'Europe/Paris', 96],
  )
  assert.deepEqual([config.flexmeasures.triggerRateLimit, config.ems.allowOverwrite], ['20 per 5 minutes', true])
  assert.deepEqual(config.partners, {
    flexmeasures: { FLEXMEASURES_MENU_LOGO_PATH: '/logo.svg' },
    ocpi: { OCPI_CPO_IDENTIFIER: 'FR*CAR' },
    gireve: { GIREVE_API_KEY: 'k3y' },
  })
  assert.ok(notes.includes('FLEXMEASURES_PLATFORM_NAME is taken as platform.name'))
  assert.equal(config.flexmeasures.mode, 'play')
  assert.ok(notes.includes('FLEXMEASURES_REDIS_URL is not needed: jobs and caches are in the database, no Redis is needed'))
  assert.ok(notes.includes('OCPI_CPO_IDENTIFIER has no home yet; it is kept in partners.ocpi'))
  assert.equal(originOf('platform.name'), 'FLEXMEASURES_PLATFORM_NAME')
  assert.doesNotMatch(JSON.stringify(listConfig(loaded)), /k3y/)
  assert.equal(loadConfig({ file, env: { ...env, CARIFLEX_PLATFORM__NAME: 'Ours' } }).config.platform.name, 'Ours')
})

test('the territory of the demo is a valid configuration', () => {
  const { config } = loadConfig({ file: 'examples/martinique.yaml' })
  assert.equal(config.territory?.site.name, 'Martinique')
  assert.equal(config.territory?.devices.length, 30)
  assert.equal(config.territory?.vehicles?.length, 10)
})

test('faults of a territory are named with the line of the asset, not of the file', (t) => {
  const text = readFileSync('examples/martinique.yaml', 'utf8').replace('{ id: BAT001, kind: battery,', '{ id: BAT001, kind: batery,')
  const line = text.split('\n').findIndex((one) => one.includes('kind: batery')) + 1
  assert.match(
    refusal(t, text)[0] ?? '',
    new RegExp(`^cariflex\\.yaml:${line}:\\d+: territory\\.devices\\.10\\.kind must be one of pv, battery, .*did you mean 'battery'`),
  )
})

test('the published schema is the one that validates, with nothing required but inside a territory', () => {
  assert.equal(readFileSync('cariflex.schema.json', 'utf8'), `${JSON.stringify(configJsonSchema(), null, 2)}\n`)
  const { properties } = configJsonSchema() as { properties: Record<string, { required?: string[]; description?: string }> }
  assert.equal(properties['server']?.required, undefined)
  assert.ok(properties['territory']?.required?.includes('account'))
})
