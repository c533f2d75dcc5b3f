import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { after, DAY, isProblem, manualClock } from '#kernel'
import { openTrialPki, toDer, writeRevocationList } from '#protocols/pki'
import { NOW, ocppHouse } from '../../../test/ocpp/house.ts'
import { chargingCertificates } from './charging-certificates.ts'

test('the revocation list of another authority is taken in from a file of either form, shown and removed', async (t) => {
  const house = await ocppHouse(t)
  const folder = mkdtempSync(join(tmpdir(), 'cariflex-crl-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const { roots, authority } = await openTrialPki(manualClock(NOW))
  const list = writeRevocationList(authority('maker'), [{ serial: '5', at: NOW }], { from: NOW, until: after(NOW, DAY), number: 7 })
  const files = { root: join(folder, 'maker.pem'), pem: join(folder, 'crl.pem'), der: join(folder, 'crl.der') }
  writeFileSync(files.root, roots.maker)
  writeFileSync(files.pem, list)
  writeFileSync(files.der, toDer(list))
  const run = async (...words: string[]): Promise<string> => {
    const said: string[] = []
    const env = { CARIFLEX_URL: house.http, CARIFLEX_TOKEN: house.token }
    const show = (_: unknown, text: () => string) => void said.push(text())
    await chargingCertificates.run({ words, options: {}, env, show, say: () => undefined, progress: () => undefined })
    return said.join('\n')
  }
  await run('trust', files.root, 'Manufacturer')
  assert.match(await run('crl', 'add', files.pem), /^Taken in: the list of CN=Trial maker of stations.*taken back: 1$/)
  const signer = /signed by ([0-9a-f]{64})\./.exec(await run('crl', 'add', files.der))?.[1] ?? ''
  assert.match(await run('crl', 'list'), new RegExp(`${signer.slice(0, 11)}.* 7 +1 +2026-11-25`))
  assert.match(await run('crl', 'remove', signer), /^Removed/)
  assert.equal(await run('crl', 'list'), 'There are no revocation lists.')
  await assert.rejects(run('crl', 'burn'), (error: unknown) => isProblem(error) && error.code === 'usage')
})
