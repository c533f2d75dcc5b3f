import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { isProblem } from '#kernel'
import { encodeValue, memoryUnit, serveModbus } from '#protocols/modbus'
import { checkTemplate } from './check-template.ts'
import { TemplateSchema } from './template.ts'
import { loadTemplate, parseTemplate, shippedTemplates } from './template-file.ts'

const plain = readFileSync(new URL('./templates/battery/plain-battery.yaml', import.meta.url), 'utf8')

/** Faults of the plain battery's template after one change, as 'line: message'. */
function faults(from: string | RegExp, to: string): string[] {
  const changed = plain.replace(from, to)
  assert.notEqual(changed, plain, `nothing to change for ${from}`)
  return parseTemplate(changed).faults.map(({ line, message }) => `${line}: ${message}`)
}

/** Line of the shipped file on which a text stands. */
const lineOf = (text: string): number => plain.slice(0, plain.indexOf(text)).split('\n').length

test('every shipped template is sound', () => {
  assert.deepEqual(shippedTemplates(), ['battery/plain-battery', 'battery/sunspec-battery', 'pv/sunspec-inverter'])
  for (const name of shippedTemplates()) assert.ok(loadTemplate(name).name)
})

test('the published JSON Schema is the one that checks', () => {
  const published = JSON.parse(readFileSync(new URL('./template.schema.json', import.meta.url), 'utf8'))
  assert.deepEqual(published, JSON.parse(JSON.stringify(TemplateSchema)), 'run npm run generate')
})

test('a template may lie anywhere on the disk', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cariflex-template-'))
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20 }))
  const file = join(folder, 'my battery.yaml')
  writeFileSync(file, plain.replace('Battery with a plain register map', 'Mine'))
  assert.equal(loadTemplate(file).name, 'Mine')
  writeFileSync(file, plain.replace('kind: battery', 'kind: batery'))
  assert.throws(
    () => loadTemplate(file),
    (error) =>
      isProblem(error) &&
      error.code === 'template-invalid' &&
      /my battery\.yaml:5: kind is 'batery'\. Did you mean 'battery'\?/.test(error.message),
  )
})

test('a template that does not exist is named, with the one that was probably meant', () => {
  assert.throws(
    () => loadTemplate('battery/plain-batery'),
    (error) => isProblem(error) && error.code === 'template-not-found' && error.hint === "Did you mean 'battery/plain-battery'?",
  )
})

test('a slip of the pen is told with its line and what was meant', () => {
  assert.deepEqual(faults('watchdog: 60 s', 'watchdogg: 60 s'), [
    `${lineOf('  watchdog: 60 s')}: 'watchdogg' is not known in orders. Did you mean 'watchdog'?`,
  ])
  assert.deepEqual(faults('  power: { register: 10', '  powr: { register: 10'), [
    `${lineOf('readings:')}: 'power' is missing in readings. Is 'powr' meant for it?`,
  ])
  assert.deepEqual(faults('type: i32, unit: W, sign: production-positive }\n  soc', 'type: int32, unit: W }\n  soc'), [
    `${lineOf('  power: { register: 10')}: readings.power.type is 'int32', which is none of u16, i16, u32, i32, u64, i64, f32, f64, string.`,
  ])
  assert.deepEqual(faults('register: 14', 'register: fourteen'), [
    `${lineOf('  temperature:')}: readings.temperature.register must be integer.`,
  ])
})

test('what a schema cannot see is seen: units, places, shares, watchdogs', () => {
  const line = (text: string) => lineOf(text)
  assert.deepEqual(faults('unit: W, sign: production-positive }\n  soc', 'unit: V }\n  soc'), [
    `${line('  power: { register: 10')}: The unit is 'V', it must measure power or a share (%).`,
  ])
  assert.deepEqual(faults('unit: W, sign: production-positive }\n  soc', 'unit: "%" }\n  soc'), [
    `${line('  power: { register: 10')}: A power in '%' says what 100 % is (of: consumption or production).`,
  ])
  assert.deepEqual(faults('{ register: 14, type: i16', '{ type: i16'), [
    `${line('  temperature:')}: It needs one place: either 'register' or 'model' with 'point'.`,
  ])
  assert.deepEqual(faults('{ register: 14, type: i16, scale: 0.1, unit: °C }', '{ model: 103, point: TmpCb }'), [
    `${line('  temperature:')}: SunSpec model 103 has no point 'TmpCb'. Did you mean 'TmpCab'?`,
  ])
  assert.deepEqual(faults('refresh: 20 s', 'refresh: 90 s'), [
    `${line('  refresh: 20 s')}: An order must be told again before the watchdog of 60 s runs out.`,
  ])
  assert.deepEqual(faults('  watchdog: 60 s\n', ''), [
    `${line('    - { register: 42')}: It writes the watchdog, but orders.watchdog does not say how long it is.`,
  ])
  assert.deepEqual(faults('safe: { power: 0 W }', 'safe: { power: 0 kWh }'), [`${line('  safe:')}: '0 kWh' must measure power.`])
  assert.deepEqual(faults('type: i32, from: power', 'type: i32, value: 7'), [
    `${line('  writes:')}: No write carries the ordered power (from: power).`,
  ])
  assert.deepEqual(faults('  capacity: { register: 16, type: u32, unit: Wh }\n', ''), [
    `${line('nominal:')}: A battery needs nominal.capacity.`,
  ])
})

test('a broken YAML file is told with its line', () => {
  assert.match(parseTemplate('template: 1\nkind: [pv\n').faults[0]!.message, /flow|end/i)
  assert.equal(parseTemplate('template: 1\nkind: pv\nkind: pv\n').faults[0]!.line, 3)
  assert.ok(parseTemplate('').faults.length > 0)
  assert.ok(parseTemplate('- a\n- b\n').faults.length > 0)
})

test('the brand of the how-to is read and ordered by its one file, as the how-to shows', async (t) => {
  const guide = readFileSync(new URL('../../docs/how-to/add-a-modbus-device.md', import.meta.url), 'utf8')
  const example = [...guide.matchAll(/```yaml\n([\s\S]*?)```/g)].map((hit) => hit[1]!).find((text) => text.startsWith('template: 1'))!
  const folder = mkdtempSync(join(tmpdir(), 'cariflex-howto-'))
  const file = join(folder, 'zephyr-zb10.yaml')
  writeFileSync(file, example)

  // The battery of the table in the how-to: "ZB-10", 1.25 kW discharging, 64.0 %, running.
  const input = new Uint16Array(13)
  input.set(encodeValue('string', 'ZB-10', 'big', 8), 0)
  input.set([...encodeValue('i32', 1250), 640, 2], 9)
  const holding = new Uint16Array(102)
  const server = await serveModbus({ unit: () => memoryUnit({ input, holding }) })
  t.after(async () => {
    await server.close()
    rmSync(folder, { recursive: true, force: true, maxRetries: 20 })
  })

  const live = `127.0.0.1:${server.port}`
  const report = await checkTemplate(file, { live })
  const shown = [...guide.matchAll(/```text\n([\s\S]*?)```/g)].map((hit) => hit[1]!.trim()).find((text) => text.startsWith('Zéphyr'))!
  assert.equal(report.lines.map(({ text }) => text).join('\n'), shown.replace('192.168.1.9:502', live))

  assert.equal((await checkTemplate(file, { live, order: -2000 })).ok, true)
  assert.deepEqual([...holding.subarray(100)], [0, 60], 'the safe default came last')

  // The two slips that the how-to shows.
  const slip = (from: string, to: string) =>
    parseTemplate(example.replace(from, to)).faults.map(({ line, message }) => `zephyr-zb10.yaml:${line}: ${message}`)
  for (const fault of [...slip('type: i32, unit: W', 'type: i32, unit: V'), ...slip('watchdog: 60 s', 'watchdogg: 60 s')])
    assert.ok(guide.includes(fault), fault)
})
