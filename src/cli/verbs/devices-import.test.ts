import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { createCoordination, type ImportedLine } from '#community'
import { communityRegistryRoutes } from '#server'
import { scratchStore } from '#store'
import { yard } from '../../server/cariflex/yard.fixture.ts'
import { cariflex } from '../terminal.fixture.ts'

const HEAD =
  'id,equipement_domotique_type_id,equipement_domotique_usage_id,id_materiel,equipement_pilote_ou_mesure_id,equipement_pilote_ou_mesure_type_id,typologie_installation_domotique_id\n'

test('an inventory goes from a file into a running instance, a coordination database there and back; exit codes tell what was left out', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cariflex-inventory-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const { server, token } = await yard(t, (rooms, account) =>
    rooms.register(communityRegistryRoutes({ account, zone: 'Europe/Paris', rooms }), '/api/cariflex/v1'),
  )
  const { url } = await server.listen()
  const env = { CARIFLEX_TOKEN: token }
  const file = join(folder, 'hardware.csv')
  const run = (...more: string[]) => cariflex('devices import', { env, more: [...more, '--url', url] })

  writeFileSync(file, `${HEAD}A101,112,11,,1,112,120\nA1O2,112,11,,2,112,120\n`)
  const tried = await run(file, '--dry-run')
  assert.deepEqual([tried.code, /1 would be registered, .* 1 refused/.test(tried.out)], [1, true], tried.out + tried.err)
  assert.match(tried.out, /hardware\.csv:3: A1O2: id 'A1O2' is not the id of a device/)
  const told = JSON.parse((await run(file, '--json')).out) as { data: ImportedLine[] }
  assert.deepEqual(
    told.data.map(({ line, outcome }) => `${line} ${outcome}`),
    ['2 made', '3 refused'],
  )
  writeFileSync(file, `${HEAD}A101,112,11,,1,112,120\n`)
  const again = await run(file)
  assert.deepEqual([again.code, again.out.trim()], [0, '0 registered, 0 updated, 1 as they were, 0 refused.'])
  writeFileSync(file, Buffer.from([0x69, 0x64, 0x0a, 0xe9]))
  assert.equal((await run(file)).code, 2)
  writeFileSync(file, 'id\nA101\n')
  assert.equal((await run(file)).code, 2)
  assert.equal((await run(join(folder, 'none.csv'))).code, 2)

  const theirs = await scratchStore(t, { migrated: false })
  const coordinate = (verb: string, ...more: string[]) => cariflex(verb, { env, more: [...more, '--url', url, '--database', theirs.url] })
  const nothing = await coordinate('community adopt')
  assert.match(nothing.err, /no schema 'bdd_coordination_schema'/)
  await createCoordination(theirs)
  await theirs.query(
    `insert into bdd_coordination_schema.equipement_pilote_ou_mesure values (1, 1, 120, 'Lave-linge', 'aucun', 112, 30, 25, 11, false, 0, 0, 'R004')`,
  )
  const looked = await coordinate('community adopt')
  assert.deepEqual([looked.code, /1 would be changed[\s\S]*add --apply/.test(looked.out)], [0, true], looked.out + looked.err)
  assert.equal((await coordinate('community adopt', '--apply')).code, 0)
  const back = await coordinate('community hand-back', '--apply')
  assert.deepEqual(
    [back.code, back.out.trim()],
    [0, 'Appliances: 0 new, 0 changed, 1 as they were.\nDevices: 1 new, 0 changed, 0 as they were.'],
    back.err,
  )
  assert.deepEqual(await theirs.query('select id from bdd_coordination_schema.equipement_domotique'), [{ id: 'A101' }])
})
