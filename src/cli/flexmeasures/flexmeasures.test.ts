// Every verb of the command line of FlexMeasures, one after the other on one real database: it works, or is refused clearly.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after, before, type TestContext } from 'node:test'
import { formatInstant, HOUR, type Instant, instant } from '#kernel'
import { type Store, scratchStore } from '#store'
import { clock } from '../settings.ts'
import { cariflex, type Ran } from '../terminal.fixture.ts'
import { TABLE } from './table.ts'
import { isRefused } from './verb.ts'

/** As reference/flexmeasures.md 4.3 and 4.9 list them. */
const REFERENCE: Record<string, string> = {
  add: `initial-structure account-role account plan user asset-type asset sensor source sources-for-generators beliefs annotation holidays
    forecasts schedule report toy-account automation`,
  show: 'accounts account plans roles assets asset asset-types data-sources beliefs chart forecasters reporters schedulers automation automations',
  edit: 'attribute plan secret resample-data transfer-ownership transfer-parenthood automation',
  delete: `structure account-role account user asset secret sensor beliefs measurements prognoses unchanged-beliefs nan-beliefs automation`,
  jobs: 'run-worker show-queues clear-queue delete-queue save-last run-job inspect-job stats run-automations',
  'db-ops': 'reset dump restore',
  db: 'upgrade downgrade current',
  monitor: 'latest-run last-seen',
}

let store: Store
let folder: string
const asked = new Set<string>()

/** Words are split at spaces, except between single quotes. */
async function fm(line: string, env: Record<string, string> = {}): Promise<Ran> {
  const words = (line.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replace(/^'|'$/g, ''))
  const name = TABLE.map((entry) => entry.name)
    .filter((one) => `${words.join(' ')} `.startsWith(`${one} `))
    .sort((a, b) => b.length - a.length)[0]
  if (name !== undefined) asked.add(name)
  return cariflex('flexmeasures', { env: { DATABASE_URL: store.url, CARIFLEX_LOG_LEVEL: 'debug', ...env }, more: words })
}

/** Runs it, and holds the exit code and what was said. */
async function says(line: string, expected: RegExp, code = 0): Promise<Ran> {
  const ran = await fm(line)
  assert.equal(ran.code, code, `${line}\n${ran.out}${ran.err}`)
  assert.match(ran.out + ran.err, expected, line)
  return ran
}

const only = async <T>(sql: string, params: unknown[] = []): Promise<T> => (await store.first<{ it: T }>(sql, params))!.it
const file = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}
/** Midnight UTC of a day from now. */
const day = (days: number): Instant => instant(Math.floor(clock.now() / (24 * HOUR) + days) * 24 * HOUR)
const iso = (at: Instant): string => formatInstant(at)

let close: (() => Promise<void> | void)[] = []
before(async () => {
  const scratch = { after: (work: () => Promise<void> | void) => void close.push(work) } as unknown as TestContext
  store = await scratchStore(scratch)
  folder = mkdtempSync(join(tmpdir(), 'cariflex-fm-'))
})
after(async () => {
  for (const work of close.reverse()) await work()
  close = []
  rmSync(folder, { recursive: true, force: true })
})

test('structure: roles, plans, accounts, users, kinds, assets, sensors and sources are added, shown and edited', async () => {
  await says('add initial-structure', /8 asset types and 4 user roles/)
  await says('add account-role --name Village --description small', /'Village' \(ID: 6\)/)
  await says('add account-role --name Village', /There is an account role 'Village' already/, 1)
  await says("add plan --name Pro --trigger-rate-limit '60 per 5 minutes' --rate-limit-key account+asset --max-users 5", /'Pro' \(ID: 1\)/)
  await says('edit plan --id 1 --default-rate-limit unlimited --clear max-users --legacy', /successfully updated/)
  await says('edit plan --id 1 --default-rate-limit often', /'often' is no rate limit/, 1)
  assert.deepEqual((await fm('show plans --json')).json(), [
    {
      id: 1,
      name: 'Pro',
      default_rate_limit: 'unlimited',
      trigger_rate_limit: '60 per 5 minutes',
      rate_limit_key: 'ACCOUNT_PLUS_ASSET',
      max_users: null,
      max_assets: null,
      max_clients: null,
      legacy: true,
    },
  ])
  await says('add account --name Hill --roles Village,Farm --primary-color #123456', /'Hill' \(ID: 1\)/)
  await says('add account --name Dale --consultancy 1', /'Dale' \(ID: 2\)/)
  await says('add account --name Dale', /already exists/, 1)
  await says('show accounts', /1 +Hill +0 +0 +Village,Farm\n2 +Dale/)
  const user = await fm('add user --username ines --email ines@example.org --account 1 --roles account-admin,consultant --roles admin', {
    CARIFLEX_PASSWORD: 'a long secret',
  })
  assert.match(user.out, /user ines \(ID: 1\)/)
  await says('show account --id 1', /ines@example.org +admin,account-admin,consultant +true/)
  await says('show roles', /Farm[\s\S]*account-admin/)
  await says('add asset-type --name boiler --description warm', /ID 9/)
  await says('show asset-types', /9 +boiler +warm/)
  await says('add asset --name Home --asset-type 6 --account-id 1 --latitude 14.6 --longitude -61', /ID:1\./)
  await says('add asset --name Tank --asset-type 9 --account 1 --parent-asset 1', /ID:2\./)
  await says('add asset --name Public --asset-type-id 1', /ID:3\./)
  await says('add asset --name Shed --asset-type 7 --account 1', /ID:4\./)
  await says('add asset --name Home --asset-type 6 --account 1', /already exists/, 1)
  await says('show assets --account 1', /2 +Tank +boiler +1/)
  await says('show assets', /3 +Public/)
  for (const [name, unit] of [
    ['power', 'kW'],
    ['load', 'kW'],
    ['price', 'EUR/MWh'],
    ['cost', 'EUR'],
  ])
    await says(
      `add sensor --name ${name} --unit ${unit} --event-resolution ${name === 'power' ? '15' : 'PT1H'} --timezone America/Martinique --asset 2`,
      /with ID/,
    )
  await says('add sensor --name x --unit kW --event-resolution PT1H --timezone Mars --asset 2', /timezone/i, 1)
  await says('add sensor --name mill --unit kW --event-resolution PT1H --timezone UTC --asset 4', /with ID 5/)
  await says('show asset --id 2', /1 +power +kW +15 min +America\/Martinique/)
  await says('edit attribute --asset 1 --sensor 1 --account 1 --attribute limits --list [1,2]', /Successfully/)
  await says('edit attribute --sensor 1 --attribute consumption_is_positive --bool true', /Successfully/)
  assert.deepEqual(await only('select attributes as it from sensor where id = 1'), { limits: [1, 2], consumption_is_positive: true })
  assert.deepEqual(await only('select attributes as it from account where id = 1'), { limits: [1, 2] })
  await says('edit attribute --sensor 1 --attribute x --int 5 --str 5', /Cannot set multiple values/, 2)
  await says('edit attribute --sensor 99 --attribute x --null', /No sensor found with ID 99/, 1)
  await says('add source --name Weather --type forecaster --model sky --version 2.0 --account 1', /Added source Weather \(ID: 2\)/)
  await says('add sources-for-generators', /ProfitOrLossReporter/)
  await says('show data-sources --id 2', /Weather +forecaster +sky +2.0/)
  assert.ok((await only<string[]>('select array_agg(event) as it from asset_audit_log')).some((event) => /'limits'/.test(event)))
})

test('data: files in many forms, plots, notes, and every way to delete beliefs', async () => {
  const csv = file(
    'load.csv',
    `moment;junk;value;kind\nskipped;;;\n${[0, 1, 2, 3].map((k) => `2026-03-01 0${k}:00;;1.00${k},5;b`).join('\n')}\n2026-03-01 05:00;;7;other\n2026-03-01 06:00;;missing;b\n`,
  )
  const how = `--sensor-id 2 --source Reader --skiprows 2 --valuecol 2 --delimiter ; --decimal , --thousands . --filter-column 3 --filter-value b --na-values missing --timezone America/Martinique --horizon 0`
  await says(`add beliefs ${csv} ${how} --unit W`, /4 events read, 4 stored/)
  await says(`add beliefs ${csv} ${how} --unit W`, /0 stored, 4 known/)
  const stored = await store.query<{ at: string; value: number }>(
    "select to_char(event_start at time zone 'UTC', 'HH24:MI') as at, event_value as value from timed_belief where sensor_id = 2 order by 1",
  )
  assert.deepEqual(
    stored,
    [
      ['04:00', 1.0005],
      ['05:00', 1.0015],
      ['06:00', 1.0025],
      ['07:00', 1.0035],
    ].map(([at, value]) => ({ at, value })),
  )
  await says(`add beliefs ${csv} ${how} --unit -kW`, /represents a replacement/, 1)
  await says(`add beliefs ${csv} ${how} --unit -kW --allow-overwrite`, /4 stored/)
  assert.equal(await only('select min(event_value) as it from timed_belief where sensor_id = 2'), -1003.5)
  await says(`add beliefs ${csv} --sensor 2 --source 999`, /Failed to find source 999/, 1)
  await says(`add beliefs ${csv} --sensor 2 --source Reader`, /moment/, 1)
  await says(`add beliefs ${join(folder, 'none.csv')} --sensor 2 --source Reader`, /does not exist/, 2)
  const fine = file('fine.csv', 'h,v\n2026-03-02T00:00Z,1\n2026-03-02T00:30Z,3\n2026-03-02T01:00Z,5\n2026-03-02T01:30Z,7\n')
  await says(`add beliefs ${fine} --sensor 2 --source Reader --do-not-resample`, /every 30 minutes, the sensor every 60/, 1)
  await says(`add beliefs ${fine} --sensor 2 --source Reader --cp 0.5`, /2 events read, 2 stored/)

  const out = join(folder, 'out.csv')
  const shown = await says(
    `show beliefs --sensor 2 --sensor 1 --start 2026-03-01T04:00Z --duration PT4H --to-file ${out} --include-ids`,
    /No data found for sensor 1/,
  )
  assert.match(shown.out, /Beliefs for Sensor 'load' \(ID 2\)[\s\S]*\*[\s\S]*load \(ID 2\)/)
  assert.equal(readFileSync(out, 'utf8').split('\n')[2], '2026-03-01T00:00:00-04:00,-1000.5')
  await says('show beliefs --sensor 1 --start 2026-03-01T04:00Z --duration PT4H', /No data found!/, 1)
  await says(
    "add annotation --content 'power cut' --at 2026-03-01T00:00:00-04:00 --sensor 2 --asset 1 --account 1 --user 1",
    /Successfully added/,
  )
  assert.equal(await only('select name as it from annotation a join data_source s on s.id = a.source_id'), 'ines')
  await says('add holidays --year 2026 --country FR-MQ --account 1 --asset 1 --timezone America/Martinique', /15 holidays of FR-MQ/)
  await says('add holidays --year 2026 --country XX --account 1', /'XX' are not known here/, 1)
  assert.equal(
    await only("select start at time zone 'UTC' = '2026-05-22 04:00' as it from annotation where content = 'Abolition of slavery'"),
    true,
  )

  await store.query(
    "insert into timed_belief select event_start, belief_horizon - interval '5 min', cumulative_probability, event_value, sensor_id, source_id from timed_belief where event_start = '2026-03-01 04:00Z'",
  )
  await store.query(
    "insert into timed_belief select event_start, belief_horizon - interval '6 min', cumulative_probability, 'NaN', sensor_id, source_id from timed_belief where event_start = '2026-03-01 05:00Z'",
  )
  await says('delete unchanged-beliefs --sensor 2 --keep-forecasts --force', /Deleted 1 unchanged beliefs/)
  await says('delete nan-beliefs --force', /Deleted 1 NaN beliefs/)
  await says('edit resample-data --sensor 2 --event-resolution 120 --skip-integrity-check', /Successfully resampled/)
  assert.deepEqual(
    await only(
      "select array_agg(event_value order by event_start) as it from timed_belief where sensor_id = 2 and belief_horizon <= '1 h' and event_start < '2026-03-02'",
    ),
    [-1001, -1003],
  )
  await says('delete measurements --sensor 2 --force', /Deleted \d prognoses|Deleted \d measurements|0 measurements/)
  await says('delete prognoses --sensor 2 --force', /prognoses/)
  assert.equal(await only('select count(*)::int as it from timed_belief where sensor_id = 2'), 0)
  await says('delete beliefs --force', /at least one of --asset, --sensor or --source/, 2)
})

test('work: schedules, forecasts and reports are computed here, or left to a worker', async () => {
  const [now, tomorrow] = [day(0), day(1)]
  const hours = Array.from({ length: 10 * 24 }, (_, k) => instant(day(-8) + k * HOUR))
  const rows = (value: (k: number) => number) => `t,v\n${hours.map((at, k) => `${iso(at)},${value(k)}`).join('\n')}\n`
  await says(
    `add beliefs ${file(
      'price.csv',
      rows((k) => 50 + 40 * Math.sin(k / 4)),
    )} --sensor 3 --source Market --horizon 1440`,
    /240 stored/,
  )
  await says('edit resample-data --sensor 2 --event-resolution 60 --skip-integrity-check', /Successfully/)
  await says(
    `add beliefs ${file(
      'past.csv',
      rows((k) => (k < 192 ? 5 + (k % 24) : Number.NaN)),
    )} --sensor 2 --source Meter --horizon 0`,
    /192 stored/,
  )
  const when = `--start ${iso(now)} --duration PT24H`
  const model = `'{"soc-min": "0 kWh", "soc-max": "100 kWh", "power-capacity": "50 kW", "soc-at-start": "20 kWh"}'`
  const context = file('context.json', '{"consumption-price": {"sensor": 3}, "site-power-capacity": "500 kW"}')
  const dry = await says(
    `add schedule --sensor 1 ${when} --flex-model ${model} --flex-context ${context} --dry-run`,
    /computed, and not stored[\s\S]*Sensor 1: 96 values/,
  )
  assert.match(dry.out, /50/)
  assert.equal(await only('select count(*)::int as it from timed_belief where sensor_id = 1'), 0)
  await says(`add schedule --sensor 1 ${when} --flex-model ${model} --flex-context ${context}`, /New schedule is stored/)
  assert.equal(await only('select count(*)::int as it from timed_belief where sensor_id = 1'), 96)
  await says(
    `add schedule --asset 2 ${when} --flex-model '[{"sensor": 1, "soc-at-start": "20 kWh", "soc-max": "100 kWh", "power-capacity": "50 kW"}]' --flex-context ${context} --dry-run`,
    /Sensor 1/,
  )
  await says(
    `add schedule for-storage --sensor-id 1 --consumption-price-sensor 3 ${when} --soc-at-start 50% --soc-min '0 kWh' --soc-max '100 kWh' --storage-power-capacity '50 kW' --soc-target '80 kWh' ${iso(instant(now + 12 * HOUR))}`,
    /stored/,
  )
  await says(
    `add schedule for-process --sensor 5 --consumption-price-sensor 3 ${when} --process-duration PT4H --process-type SHIFTABLE --process-power '20 kW'`,
    /Sensor 5: 24 values/,
  )
  await says(`add schedule --sensor 1 --asset 2 ${when}`, /not both/, 2)
  await says(`add schedule --sensor 1 ${when} --soc-at-start 150% --flex-model ${model}`, /not between 0% and 100%/, 2)
  await says(`add schedule --sensor 1 ${when} --flex-model '{"soc-at-start": "fast"}' --flex-context ${context}`, /soc-at-start/, 1)
  await says(
    `add forecasts --sensor 2 --start ${iso(now)} --duration PT6H --train-period P5D --max-forecast-horizon PT6H`,
    /Successfully computed forecasts/,
  )
  assert.equal(
    await only(
      "select count(*)::int as it from timed_belief b join data_source s on s.id = b.source_id where sensor_id = 2 and s.type = 'forecaster'",
    ),
    6,
  )
  await says('add forecasts --duration PT6H', /Missing option '--sensor'/, 2)
  const parameters = file(
    'report.yaml',
    `input: [{name: load, sensor: 2, source_types: ["CLI script"]}]\noutput: [{sensor: 4}]\ncheck_output_resolution: false\n`,
  )
  const config = file('config.json', '{"method": "sum"}')
  await says(
    `add report --reporter AggregatorReporter --config ${config} --parameters ${parameters} --start-offset -2D,DB --end-offset DB --timezone UTC --output-file ${join(folder, 'r_$name.csv')} --dry-run`,
    /Computed 48 values/,
  )
  await says(
    `add report --reporter AggregatorReporter --config ${config} --parameters ${parameters} --start ${iso(day(-1))} --end ${iso(now)}`,
    /Saved 24 values of .* on sensor 4/,
  )
  await says(`add report --reporter Nobody --start ${iso(day(-1))} --end ${iso(now)}`, /Must be one of/, 1)

  const asJob = await fm(
    `add schedule --sensor 1 ${when} --prior ${iso(instant(now - HOUR))} --flex-model ${model} --flex-context ${context} --as-job --json`,
  )
  const { job } = asJob.json<{ job: string }>()
  await says('jobs show-queues', /scheduling +0 +1/)
  await says(`jobs inspect-job --job ${job}`, /QUEUED/)
  await says(`jobs run-job --job ${job}`, /finished/)
  await says(`jobs run-job --job ${job}`, /has finished already/, 1)
  await says('jobs inspect-job --job nothing', /Job nothing not found/, 1)
  await fm(`add schedule --sensor 1 ${when} --flex-model ${model} --flex-context ${context} --as-job`)
  await says('jobs clear-queue --queue scheduling|forecasting', /Cleared 1 jobs from the queue scheduling/)
  await says(`jobs save-last --registry canceled --sensor 1 --file ${join(folder, 'jobs.csv')}`, /No canceled jobs|Saved 1 canceled jobs/)
  await says('jobs stats', /scheduling +2/)
  await says('jobs delete-queue --queue scheduling', /2 jobs went/)
  await says('jobs clear-queue --queue cooking', /Unknown queue 'cooking'/, 2)
  await says('jobs run-worker --queue cooking', /Unknown queue 'cooking'/, 2)

  const order = `'{"sensor": 2, "duration": "PT6H"}'`
  await says(
    `add automation --asset 2 --name nightly --cron '0 5 * * *' --type forecasting --parameters ${order}`,
    /'nightly' \(ID: 1\)[\s\S]*Next run: /,
  )
  await says(`add automation --asset 2 --name never --cron '0 5 31 2 *' --type forecasting --parameters ${order}`, /cron/, 1)
  await says('edit automation --id 1 --inactive --name daily', /successfully updated/)
  await says('show automations --asset 2', /1 +2 +forecasting +daily .*false/)
  await says('show automation --id 1', /"sensor":2/)
  await says('jobs run-automations', /Nothing is due/)
  await says('delete automation --id 1 --force', /has been deleted/)
  assert.ok(tomorrow > now)
})

test('the toy account of the tutorials, twice, with variables for a shell', async () => {
  await says('add toy-account', /sensor recording battery discharging is \d+ \(ID: \d+\)/)
  const again = await says('add toy-account --kind battery --shell-vars', /^FM_TOY_ACCOUNT_ID=3\nFM_TOY_PRICE_SENSOR_ID=\d+\n/)
  assert.match(again.out, /FM_TOY_BATTERY_SENSOR_ID=\d+\nFM_TOY_SOLAR_ASSET_ID=\d+/)
  await says('add toy-account --kind process', /shiftable load is/)
  await says('add toy-account --kind reporter', /ProfitOrLossReporter/)
  assert.equal(await only('select count(*)::int as it from generic_asset where account_id = 3'), 4)
  assert.equal(await only("select knowledge_horizon_fnc as it from sensor where name = 'day-ahead prices'"), 'x_days_ago_at_y_oclock')
})

test('owners, parents and what is deleted; the database as a whole; monitoring', async () => {
  await says('edit transfer-parenthood --asset 2 --new-parent 4 --force', /are now below asset 4/)
  await says('edit transfer-parenthood --old-parent 4 --force', /have no parent now/)
  await says('edit transfer-parenthood --old-parent 3 --asset 2', /but not both/, 2)
  await says('edit transfer-ownership --asset 1 --new-owner 2', /transferred to account 2/)
  assert.equal(await only('select account_id as it from generic_asset where id = 1'), 2)
  await says('monitor latest-run --task nightly 60', /has no last run/)
  await store.query("insert into latest_task_run values ('nightly', now() - interval '2 h', true)")
  await says('monitor latest-run --task nightly 60 --recipient ops@example.org', /failed to run at least every 60 minutes/)
  await says('monitor latest-run --task nightly 180', /ran in time/)
  await store.query("update fm_user set last_seen_at = now() - interval '3 h' where id = 1")
  await says('monitor last-seen --maximum-minutes-since-last-seen 60 --recipient 1', /ines \(ines@example.org\) was last seen/)
  await says('monitor last-seen --maximum-minutes-since-last-seen 60', /All good.*an earlier run told/)
  await says('monitor last-seen --maximum-minutes-since-last-seen 60 --all-absent-users --account 2', /All good/)
  assert.equal(await only("select count(*)::int as it from cariflex.outbox where partner = 'mail'"), 2)
  await says('db upgrade', /Nothing to do/)
  await says('db current', /0 pending/)
  const dump = join(folder, 'all.cariflex')
  await says(`db-ops dump --file ${dump}`, /saved to/)
  await says(`db-ops restore ${dump}`, /.+/, 1)
  await says('delete sensor --id 4 --force', /'cost' \(ID: 4\)/)
  await says('delete beliefs --asset 2 --offspring --force', /Deleted \d+ beliefs/)
  await store.query(`update account set secrets = '{"shop": {"token": "x", "other": "y"}}' where id = 1`)
  await says('delete secret --account 1 --secret shop.token --force', /Successfully/)
  assert.deepEqual(await only('select secrets as it from account where id = 1'), { shop: { other: 'y' } })
  await says('delete asset --id 2 --force', /Tank has been deleted/)
  await says('delete user --email ines@example.org --force', /has been deleted/)
  await says('delete account-role --name Village', /these accounts had it: Hill/)
  await says('delete account --id 1 --force', /with 0 users and 1 assets/)
  await says('delete account --id 3 --force', /with 1 users and 4 assets/)
  for (const kind of ['forecasters', 'reporters', 'schedulers'])
    await says(`show ${kind}`, /TrainPredictPipeline|PandasReporter|StorageScheduler/)
})

test('what makes no sense here is refused, with what to use instead; slips are usage errors; help tells every option', async () => {
  for (const entry of TABLE) {
    if (isRefused(entry)) {
      const { code, err } = await fm(entry.name)
      assert.deepEqual([code, /does nothing in Cariflex[\s\S]*Instead: .{20}/.test(err)], [1, true], entry.name)
    } else {
      const { code, out } = await fm(`${entry.name} --help`)
      assert.equal(code, 0)
      for (const { name } of entry.options) assert.ok(out.includes(`--${name}`), `${entry.name} --${name}`)
    }
  }
  await says('add account', /Missing option '--name'/, 2)
  await says('add account --nme x', /No such option: --nme/, 2)
  await says('add asset --name x --asset-type one', /'one' is not a valid integer/, 2)
  await says('add toy-account --kind castle', /'castle' is not one of 'battery', 'process', 'reporter'/, 2)
  await says('add acount --name x', /No such command 'acount'[\s\S]*account/, 2)
  await says('ad account', /No such command 'ad'/, 2)
  await says('show asset --id 999999', /No asset found with ID 999999/, 1)
  await says('show', /show beliefs/, 2)
})

test('every verb of the reference was asked above', () => {
  const named = Object.entries(REFERENCE).flatMap(([group, verbs]) => verbs.split(/\s+/).map((verb) => `${group} ${verb}`))
  const there = TABLE.map(({ name }) => name)
  assert.deepEqual(
    named.filter((name) => !there.includes(name)),
    [],
  )
  assert.deepEqual(
    there.filter((name) => !asked.has(name)),
    [],
  )
})
