// `cariflex forecast evaluate` on files, on a folder of them and on a sensor; what it says is held against a reckoning of its own.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { type News, openAssets, openBeliefs, openSensors } from '#ems'
import { after, DAY, formatInstant, HOUR, type Instant, inProcessBus, instant, systemClock } from '#kernel'
import { scratchStore } from '#store'
import { cariflex } from './terminal.fixture.ts'

const WEATHER = '../shared/data/weather'
const START = instant(Date.parse('2026-03-01T00:00:00+01:00'))
const ZONE = 'Etc/GMT-1'
/** Numbers in [0, 1) that a seed decides. */
const noise = (seed: number) => Math.abs(Math.sin(seed * 12.9898 + 4.1) * 43_758.5453) % 1

interface Row {
  model: string
  n: number
  rmse: number
}
interface Found {
  name: string
  n: number
  days: number
  rmse: number
  rmsePersistence: number
  skill: number
  regressors: string[]
  models: Row[]
  choices: { models: string[] }[]
}

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'cariflex-evaluate-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const write = (folder: string, file: string, values: readonly number[]): string => {
  const rows = values.map((value, slot) => `${formatInstant(after(START, slot * HOUR), ZONE)},${value}`)
  writeFileSync(join(folder, file), `event_start,event_value\n${rows.join('\n')}\n`)
  return join(folder, file)
}

const light = Array.from({ length: 21 * 24 }, (_, slot) => {
  const hour = slot % 24
  return hour > 6 && hour < 18 ? Math.round(900 * noise(slot) * Math.sin(((hour - 6) / 12) * Math.PI)) : 0
})

test('a file is foretold day by day; persistence is what a reader would reckon, every model has its line', async (t) => {
  const folder = folderOf(t)
  const power = light.map((watts, slot) => 0.005 * watts + 0.05 * noise(slot + 999) * Math.sign(watts))
  const plant = write(folder, 'plant.csv', power)
  const sun = write(folder, 'sun.csv', light)
  const ran = await cariflex('forecast evaluate --once --json --data', { more: [plant, '--regressor', `${sun}:W/m²`] })
  assert.equal(ran.code, 0, ran.err)
  const found = ran.json<Found>()
  const naive = power.slice(7 * 24).map((value, slot) => (value - power[slot + 6 * 24]!) ** 2)
  const wanted = Math.sqrt(naive.reduce((sum, one) => sum + one, 0) / naive.length)
  assert.deepEqual([found.n, found.days, Math.abs(found.rmsePersistence - wanted) < 1e-9], [336, 14, true])
  assert.ok(found.skill > 0.9, `a plant under known light is nearly certain: ${found.skill}`)
  const rmse = new Map(found.models.map((one) => [one.model, one.rmse]))
  assert.ok(Math.abs(rmse.get('Yesterday')! - wanted) < 1e-9, 'yesterday alone is persistence')
  for (const model of ['Persistence', 'MeanOf7Days', 'Ridge', 'Trees', 'PvPhysical', 'PvTrees']) assert.ok(rmse.get(model)! > 0, model)
  assert.deepEqual([found.models[0]!.model.startsWith('Pv'), found.choices[0]!.models], [true, ['PvPhysical']])
  const text = (await cariflex('forecast evaluate --once --model MeanOf3Days --data', { more: [plant] })).out
  assert.match(text, /^336 values of 14 days compared\./)
  assert.match(text, /\nforecast +[\d.]+ [\s\S]*\npersistence +[\d.]+ [\s\S]*\n {2}MeanOf3Days +[\d.]+ /)
})

test('of a folder each series is foretold, plants with and without the light beside them, and what is no series is named', async (t) => {
  const folder = folderOf(t)
  write(
    folder,
    'pv_roof.csv',
    light.map((watts) => 0.005 * watts),
  )
  write(folder, 'irradiation.csv', light)
  write(
    folder,
    'kitchen.csv',
    light.map((_, slot) => (slot % 24 === 7 ? 2 : 0.2)),
  )
  write(folder, 'short.csv', light.slice(0, 30))
  writeFileSync(join(folder, 'notes.csv'), 'colour,taste\nred,sweet\n')
  mkdirSync(join(folder, 'empty'))
  const ran = await cariflex('forecast evaluate --json --data', { more: [folder] })
  assert.equal(ran.code, 0, ran.err)
  const { series, left } = ran.json<{ series: Found[]; left: { file: string; why: string }[] }>()
  assert.deepEqual(
    series.map(({ name, regressors }) => [name, regressors]),
    [
      ['kitchen.csv', []],
      ['pv_roof.csv', ['irradiation.csv']],
      ['pv_roof.csv', []],
    ],
  )
  assert.ok(series[1]!.rmse < 0.2 * series[2]!.rmse)
  assert.deepEqual(left.map(({ file }) => file).sort(), ['notes.csv', 'short.csv'])
  const table = (await cariflex('forecast evaluate --quick --data', { more: [folder] })).out
  assert.match(table, /\n2 +pv_roof\.csv +irradiation\.csv +336 [\s\S]*Left out: notes\.csv: .*no moment/)
  const nothing = await cariflex('forecast evaluate --data', { more: [join(folder, 'empty')] })
  assert.deepEqual([nothing.code, /no CSV file/.test(nothing.err)], [1, true])
})

test('what cannot be evaluated is said with what to do', async (t) => {
  const folder = folderOf(t)
  const short = write(folder, 'short.csv', light.slice(0, 30))
  for (const [more, code, words] of [
    [[], 2, /Give either --sensor or --data/],
    [['--data', join(folder, 'nowhere.csv')], 1, /cannot be read as a series/],
    [['--data', short], 1, /not enough days/],
    [['--data', short, '--column', 'taste'], 1, /no column 'taste'/],
    [['--data', short, '--model', 'Oracle'], 2, /no model 'Oracle'[\s\S]*PvPhysical/],
    [['--data', short, '--latitude', '99', '--longitude', '0'], 2, /-90/],
    [['--data', short, '--latitude', '14'], 2, /Give both/],
    [['--data', short, '--learn-days', 'many'], 2, /above 0/],
    [['--sensor', 'roof'], 2, /whole number/],
  ] as const) {
    const ran = await cariflex('forecast evaluate', { more: [...more] })
    assert.deepEqual([ran.code, words.test(ran.err)], [code, true], `${more.join(' ')}: ${ran.err}`)
  }
})

test('of a sensor only what was known of the weather at each midnight counts, unless one asks otherwise', async (t) => {
  const store = await scratchStore(t)
  const env = { DATABASE_URL: store.url }
  const sensors = openSensors(store, () => systemClock.now())
  const beliefs = openBeliefs({ store, clock: systemClock, bus: inProcessBus<News>(() => {}), sensors })
  await store.query("insert into account (id, name) values (1, 'Island')")
  const asset = (await openAssets(store).create({ name: 'roof', type: 6, account: 1 })).id
  // The day began three hours ago where the sensors are, whatever the hour is here.
  const midnight = instant((Math.floor(systemClock.now() / HOUR) - 3) * HOUR)
  const west = new Date(midnight).getUTCHours()
  const timezone = west > 12 ? `Etc/GMT-${24 - west}` : `Etc/GMT+${west}`
  const make = async (name: string, unit: string) => (await sensors.create({ name, unit, resolution: HOUR, asset, timezone })).id
  const [power, told, measured] = [await make('power', 'kW'), await make('told', 'W/m²'), await make('measured', 'W/m²')]
  const meter = await beliefs.source({ name: 'meter', type: 'gateway' })
  const service = await beliefs.source({ name: 'weather service', type: 'forecaster' })
  const starts: Instant[] = light.map((_, slot) => after(midnight, slot * HOUR - 21 * DAY))
  await beliefs.record([
    { sensor: power, source: meter, starts, values: light.map((watts) => 0.005 * watts), beliefTime: 'event-end' },
    ...[told, measured].map((sensor) => ({ sensor, source: meter, starts, values: light, beliefTime: 'event-end' as const })),
    // Each evening the next day is foretold, half of it wrong.
    ...Array.from({ length: 21 }, (_, day) => ({
      ...{ sensor: told, source: service, starts: starts.slice(24 * day, 24 * day + 24), beliefTime: after(starts[24 * day]!, -HOUR) },
      values: light.slice(24 * day, 24 * day + 24).map((watts, hour) => watts * (0.5 + noise(day * 24 + hour + 5))),
    })),
  ])
  const evaluated = async (more: string[]) => {
    const ran = await cariflex(`forecast evaluate --sensor ${power} --timezone ${timezone} --days 21 --once --quick --json`, { env, more })
    assert.equal(ran.code, 0, ran.err)
    return ran.json<Found & { foreseen: { name: string; share: number }[]; published: unknown[] }>()
  }
  const honest = await evaluated(['--regressor', `${told}`])
  const perfect = await evaluated(['--regressor', `${told}`, '--known'])
  const none = await evaluated([])
  const unforeseen = await evaluated(['--regressor', `${measured}`])
  // Of today, which has begun, nobody has told.
  assert.ok(honest.foreseen[0]!.share > 0.9 && honest.foreseen[0]!.share <= 1, `${honest.foreseen[0]!.share}`)
  assert.deepEqual(
    unforeseen.foreseen.map(({ share }) => share),
    [0],
  )
  assert.ok(perfect.rmse < 0.05, `the weather without error: ${perfect.rmse}`)
  assert.ok(honest.rmse > 5 * perfect.rmse && honest.rmse < 0.8 * none.rmse, `${honest.rmse} between ${perfect.rmse} and ${none.rmse}`)
  assert.ok(unforeseen.rmse > 0.8 * none.rmse, `what nobody foretold explains nothing: ${unforeseen.rmse}, without ${none.rmse}`)
  const text = (
    await cariflex(`forecast evaluate --sensor ${power} --timezone ${timezone} --days 21 --once --quick --regressor ${measured}`, { env })
  ).out
  assert.match(text, /Of measured \(ID: \d+\) 0 % was known at midnight; only that counts \(--known takes/)
  const silent = await cariflex(`forecast evaluate --sensor ${await make('nothing', 'kW')}`, { env })
  assert.deepEqual([silent.code, /Nothing was measured/.test(silent.err)], [1, true], silent.err)
  assert.match((await cariflex('forecast evaluate --sensor 987654', { env })).err, /No sensor found/)
})

const MISSING = existsSync(WEATHER) ? false : `${WEATHER} is not here`
test('on the shared data a plant under known weather errs by 1.03 at most, under unknown weather by 1.73', { skip: MISSING }, async (t) => {
  const ran = await cariflex('forecast evaluate --quick --json --latitude 52.37 --longitude 4.9 --data', { more: [WEATHER] })
  const { series } = ran.json<{ series: Found[] }>()
  const [known, unknown] = series.filter(({ name }) => name === 'PV_production_data.csv')
  t.diagnostic(`RMSE ${known!.rmse} with weather, ${unknown!.rmse} without, persistence ${known!.rmsePersistence}`)
  assert.deepEqual([known!.n, known!.regressors, unknown!.regressors], [336, ['irradiation_data.csv'], []])
  assert.ok(known!.rmse <= 1.03 && unknown!.rmse <= 1.73)
  assert.ok(Math.abs(known!.rmsePersistence - 1.955) < 0.001, 'as the reference measured it')
})
