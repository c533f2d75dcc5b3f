// The example of a home energy management system that flexmeasures-client is released with: parts 1 to 5, in an account made by the command line.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { startTerritory } from '../journeys/territory.ts'
import { foreign } from './foreign.ts'

const BIN = join(import.meta.dirname, '..', '..', 'bin', 'flexmeasures.js')

test('the HEMS example builds its sites, uploads two weeks, forecasts, plans step by step and reports', { timeout: 900_000 }, async (t) => {
  const source = process.env['CARIFLEX_CLIENT_SOURCE']
  if (source === undefined) assert.fail('npm run interop fetches the source of flexmeasures-client, with which this test runs')
  // Newer clients ask for reports of servers of 1.1 only.
  const home = await startTerritory(t, { args: ['--set', 'simulation.enabled=off', '--set', 'flexmeasures.announcedVersion=1.1.0'] })
  const toy = spawnSync(process.execPath, [BIN, 'add', 'toy-account'], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '', CARIFLEX_DATA: join(home.folder, 'data') },
  })
  assert.equal(toy.status, 0, toy.stderr)
  const folder = mkdtempSync(join(tmpdir(), 'cariflex-hems-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  cpSync(join(source, 'examples', 'HEMS'), folder, { recursive: true })
  const example = foreign('flexmeasures_hems.py', [folder, home.url.replace('http://', ''), 'toy-user@flexmeasures.io', 'toy-password'])
  t.after(() => example.kill())
  assert.equal(await example.ended, 0, `${example.stderr()}\n${example.output()}`)
  const said = example.output()
  assert.match(said, /HEMS Tutorial completed successfully!/)
  assert.equal(said.match(/Forecast job completed/g)?.length, 6, said)
  assert.equal(said.match(/\[STEP-COMPLETE\]/g)?.length, 6, said)
  assert.doesNotMatch(said, /failed|Traceback/i)
})
