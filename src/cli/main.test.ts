import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { VERSION } from '#kernel'
import { cariflex } from './terminal.fixture.ts'
import { VERBS } from './verbs.ts'

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'cariflex-cli-'))
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20 }))
  return folder
}

test("a tariff is priced from a file; what cannot be priced is the caller's mistake", async (t) => {
  const folder = folderOf(t)
  const [input, output] = [join(folder, 'case.json'), join(folder, 'bill.json')]
  const tariff = { id: 'DAY', currency: 'EUR', elements: [{ price_components: [{ type: 'ENERGY', price: 0.25, vat: 20, step_size: 1 }] }] }
  const [start_date_time, end_date_time] = ['2026-11-24T12:00:00Z', '2026-11-24T13:00:00Z']
  const session = { start_date_time, end_date_time, time_zone: 'UTC', periods: [{ start_date_time, state: 'CHARGING', energy_kwh: 10 }] }
  writeFileSync(input, JSON.stringify({ tariff, session }))
  const shown = await cariflex('tariff price', { more: ['--input', input] })
  assert.deepEqual([shown.code, /total +2\.5 +3 EUR/.test(shown.out)], [0, true], shown.out)
  assert.equal((await cariflex('tariff price', { more: ['--input', input, '--output', output] })).code, 0)
  assert.deepEqual((JSON.parse(readFileSync(output, 'utf8')) as { total: object }).total, { excl_vat: '2.5', incl_vat: '3' })
  writeFileSync(input, JSON.stringify({ tariff: { ...tariff, currency: 'euro' }, session }))
  const refused = await cariflex('tariff price', { more: ['--input', input] })
  assert.deepEqual([refused.code, refused.err.includes("'tariff.currency'")], [2, true], refused.err)
  assert.equal((await cariflex('tariff price', { more: ['--input', join(folder, 'none.json')] })).code, 2)
})

/** Something on loopback that answers every request with `body` and remembers what it was told. */
async function answering(t: TestContext, body: string, status = 200) {
  const heard: { url: string; authorization: string | undefined }[] = []
  const server = createServer((request, response) => {
    heard.push({ url: request.url ?? '', authorization: request.headers.authorization })
    response.writeHead(status, { 'content-type': 'application/json' }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => new Promise((resolve) => server.close(resolve)))
  return { port: (server.address() as AddressInfo).port, heard }
}

const deadPort = async (t: TestContext): Promise<number> => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  t.diagnostic(`port ${port}`)
  return port
}

test('help begins with an example and names every verb', async () => {
  const { code, out } = await cariflex('--help')
  assert.equal(code, 0)
  assert.match(out, /^Example: cariflex start\n/)
  for (const { name } of VERBS) assert.ok(out.includes(`\n  ${name} `), name)
  assert.equal((await cariflex('')).code, 2, 'without a verb nothing was done')
})

test('the help of every verb begins with an example of that verb and explains each of its options', async () => {
  for (const entry of VERBS) {
    const { code, out } = await cariflex(entry.name, { more: ['--help'] })
    assert.equal(code, 0, entry.name)
    assert.ok(out.startsWith(`Example: cariflex ${entry.name}`), entry.name)
    const verb = await entry.load()
    assert.equal(verb.name, entry.name)
    for (const name of Object.keys(verb.options ?? {})) assert.ok(verb.explain?.[name], `${entry.name} --${name} is not explained`)
  }
})

test('help stays quick: what it needs loads no other room', () => {
  for (const file of ['main.ts', 'verbs.ts', 'verb.ts', 'terminal.ts']) {
    const source = readFileSync(join(import.meta.dirname, file), 'utf8')
    assert.doesNotMatch(source, /^import (?!type)[^'"]*from '(#|(?!node:|\.\/)[a-z@])/m, file)
  }
})

test('a verb that does not exist is a usage error and the nearest one is named', async () => {
  for (const [wrong, meant] of [
    ['tokn', 'token'],
    ['user', 'user add, user password'],
    ['chek template', 'check template'],
    ['template', 'check template'],
    ['doc', 'doctor'],
  ] as const) {
    const { code, err, out } = await cariflex(wrong)
    assert.equal(code, 2)
    assert.equal(err, `'${wrong}' is not a verb of cariflex.\nDid you mean: ${meant}?\n`)
    assert.equal(out, '')
  }
  assert.match((await cariflex('xyzzy')).err, /--help lists the verbs/)
})

test('an option or a word that does not fit is a usage error that says how to write it', async () => {
  const unknown = await cariflex('version --jsn')
  assert.equal(unknown.code, 2)
  assert.match(unknown.err, /--jsn.*\nUsage: cariflex version /s)
  for (const line of [
    'show',
    'show everything',
    'world',
    'world cloud 7',
    'world fault',
    'check template',
    'user add',
    'token',
    'restore',
    'init --timezone Mars',
    'check template x --unit 300',
  ]) {
    const { code, err } = await cariflex(line)
    assert.equal(code, 2, line)
    assert.ok(err.length > 0, line)
  }
})

test('with --json standard output is JSON and nothing else is said, failures too', async (t) => {
  const folder = folderOf(t)
  assert.deepEqual((await cariflex('version --json')).json(), { cariflex: VERSION, node: process.versions.node })
  const config = await cariflex('config show server --json', { env: { CARIFLEX_PORT: '7001' } })
  const { settings } = config.json<{ settings: { path: string; value: unknown; origin: string }[] }>()
  assert.deepEqual(
    settings.find(({ path }) => path === 'server.port'),
    { path: 'server.port', value: 7001, origin: 'CARIFLEX_PORT' },
  )
  const template = await cariflex('check template battery/plain-battery --json')
  assert.equal(template.json<{ ok: boolean }>().ok, true)
  assert.equal(template.err, '')
  const file = join(folder, 'cariflex.yaml')
  assert.deepEqual((await cariflex('init --json --file', { more: [file] })).json(), { file })
  const again = await cariflex('init --json --file', { more: [file] })
  assert.equal(again.code, 1)
  assert.equal(again.json<{ error: { code: string } }>().error.code, 'file-exists')
})

test('secrets of the configuration are not shown', async () => {
  const { out } = await cariflex('config show', { env: { DATABASE_URL: 'postgres://me:hush@db/x', CARIFLEX_ADMIN_PASSWORD: 'hush-hush' } })
  assert.match(out, /postgres:\/\/me:\[redacted\]@db\/x/)
  assert.doesNotMatch(out, /hush/)
})

test('what init writes is a sound configuration, and a slip in it is exit code 3 with its line', async (t) => {
  const file = join(folderOf(t), 'cariflex.yaml')
  const written = await cariflex('init --latitude 47.6 --longitude -2.1 --timezone Europe/Paris --name', {
    more: ["L'île d'en face", '--file', file],
  })
  assert.equal(written.code, 0, written.err)
  assert.equal((await cariflex('config show --config', { more: [file] })).code, 0)
  writeFileSync(file, readFileSync(file, 'utf8').replace('  port: 5000', '  prot: 5000'))
  const { code, err } = await cariflex('config show --config', { more: [file] })
  assert.equal(code, 3)
  assert.match(err, /cariflex\.yaml:\d+:\d+: unknown key 'prot' in server; did you mean 'port'\?/)
})

test('a faulty template is exit code 1 and says the line', async (t) => {
  const file = join(folderOf(t), 'mine.yaml')
  writeFileSync(file, 'template: 1\nkind: battery\nname: Mine\nreadngs: {}\n')
  const { code, out } = await cariflex('check template', { more: [file] })
  assert.equal(code, 1)
  assert.match(out, /mine\.yaml:4: .*Did you mean 'readings'/)
})

test('an instance that does not answer is exit code 4 and says what to do', async (t) => {
  const port = await deadPort(t)
  const { code, err } = await cariflex('show assets', { env: { CARIFLEX_PORT: String(port), CARIFLEX_TOKEN: 'any' } })
  assert.equal(code, 4)
  assert.match(err, new RegExp(`^No Cariflex answers at http://127.0.0.1:${port}: .*\nStart it with 'cariflex start'`))
})

test('on loopback the token file of the data folder opens the door, a token of the environment goes before it', async (t) => {
  const folder = folderOf(t)
  const { port, heard } = await answering(t, '{"data":[]}')
  const env = { CARIFLEX_DATA: folder, CARIFLEX_PORT: String(port) }
  const without = await cariflex('show setpoints', { env })
  assert.equal(without.code, 1)
  assert.match(without.err, /No access token .*cli-token cannot be read/)
  writeFileSync(join(folder, 'cli-token'), 'from-the-file\n')
  assert.equal((await cariflex('show setpoints --device BAT001', { env })).code, 0)
  await cariflex('show setpoints', { env: { ...env, CARIFLEX_TOKEN: 'mine' } })
  assert.deepEqual(heard, [
    { url: '/api/cariflex/v1/setpoints?device=BAT001', authorization: 'Bearer from-the-file' },
    { url: '/api/cariflex/v1/setpoints', authorization: 'Bearer mine' },
  ])
  const elsewhere = await cariflex('show setpoints', { env: { ...env, CARIFLEX_URL: `http://127.0.0.2:${port}` } })
  assert.match(elsewhere.err, /No access token for http:\/\/127\.0\.0\.2/, 'the token of this machine must not leave it')
  assert.equal(heard.length, 2)
})

test('the problem that the instance answers is told in its own words', async (t) => {
  const problem = { code: 'unknown-vehicle', detail: 'There is no vehicle V2G099.', hint: 'Choose one of V2G001 to V2G010.' }
  const { port } = await answering(t, JSON.stringify(problem), 404)
  const env = { CARIFLEX_TOKEN: 'any', CARIFLEX_PORT: String(port) }
  const { code, err } = await cariflex('world plug V2G099', { env })
  assert.equal(code, 1)
  assert.equal(err, `${problem.detail}\n${problem.hint}\n`)
})

test('the world of an instance without one cannot be commanded, and that is said', async (t) => {
  const { port } = await answering(t, JSON.stringify({ code: 'unknown-path', detail: 'There is nothing at POST x.' }), 404)
  const { code, err } = await cariflex('world cloud 0.9', { env: { CARIFLEX_TOKEN: 'any', CARIFLEX_PORT: String(port) } })
  assert.equal(code, 1)
  assert.match(err, /^This instance has no simulated world/)
})

test('something else that listens there is not taken for Cariflex', async (t) => {
  const { port } = await answering(t, '<html>')
  const { code, err } = await cariflex('show assets', { env: { CARIFLEX_TOKEN: 'any', CARIFLEX_PORT: String(port) } })
  assert.equal(code, 1)
  assert.match(err, /is no Cariflex/)
})

test('the program itself gives the exit code to the shell and keeps data and talk apart', () => {
  const bin = join(import.meta.dirname, '..', '..', 'bin', 'cariflex.js')
  const spawn = (...words: string[]) =>
    spawnSync(process.execPath, [bin, ...words], { encoding: 'utf8', env: { PATH: process.env['PATH'] ?? '' } })
  assert.deepEqual([spawn('--version').stdout, spawn('--help').status], [`${VERSION}\n`, 0])
  const wrong = spawn('nothing')
  assert.deepEqual([wrong.status, wrong.stdout], [2, ''])
  assert.match(wrong.stderr, /not a verb/)
})
